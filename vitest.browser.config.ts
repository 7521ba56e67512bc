import { defineConfig } from "vitest/config";

/** The tests that need a browser; `npm test` does without. */
export default defineConfig({
  test: {
    include: ["test/browser/**/*.test.ts"],
    setupFiles: ["bin/one-grammy.js"],
    globalSetup: ["test/browser/screenshots.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 15_000 } },
    // A browser, the demo and the test already share the machine; and the pictures are numbered in the order they are taken.
    fileParallelism: false,
  },
});
