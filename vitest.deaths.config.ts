import { defineConfig } from "vitest/config";

/** Long plays, each from beginning to end: ways to stop working without a word, and the demo's stories. */
export default defineConfig({
  test: {
    include: ["test/deaths/**/*.test.ts", "test/sandbox/stories.test.ts", "test/sandbox/demo-silence.test.ts"],
    globalSetup: ["test/deaths/table.ts", "test/support/run-folder.ts"],
    setupFiles: ["bin/one-grammy.js"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 30_000 } },
    maxWorkers: 2,
    isolate: false,
  },
});
