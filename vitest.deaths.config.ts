import { defineConfig } from "vitest/config";

/** Ways to stop working without a word, each played against the program: `npm run test:deaths`. */
export default defineConfig({
  test: {
    include: ["test/deaths/**/*.test.ts"],
    globalSetup: ["test/deaths/table.ts", "test/support/run-folder.ts"],
    setupFiles: ["bin/one-grammy.js"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 30_000 } },
    maxWorkers: 2,
    isolate: false,
  },
});
