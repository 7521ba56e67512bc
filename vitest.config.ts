import { configDefaults, defineConfig } from "vitest/config";

/** A test that starts our program, one of its functions or its packaging as a process is in a file of this kind. */
const PROCESSES = "test/**/*.process.test.ts";

export default defineConfig({
  test: {
    setupFiles: ["test/support/setup.ts"],
    // Against what hangs, and nothing else: the longest take half a minute where others work on the same two cores.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // The same for one wait: what is meant to happen does, and the machine may be slow. `vi.waitFor` has no such setting.
    expect: { poll: { timeout: 30_000 } },
    // Most tests wait for sockets, disks and child processes: on two cores one worker would leave half of the time unused.
    maxWorkers: 2,
    // All files share two processes: loading the program again for each of them took a third of the time. So a test cleans up
    // what it changes in the process.
    isolate: false,
    // Node runs the files itself, as it runs the program: in vite's form, each use of an import is a call. No module is mocked.
    experimental: { viteModuleRunner: false, nodeLoader: false },
    projects: [
      {
        extends: true,
        test: {
          name: "main",
          globalSetup: ["test/support/run-folder.ts"],
          include: ["test/**/*.test.ts"],
          exclude: [
            ...configDefaults.exclude,
            PROCESSES,
            // They have configurations of their own: one needs a browser, the other prints a table.
            "test/browser/**",
            "test/deaths/**",
            "test/sandbox/stories.test.ts",
            "test/sandbox/demo-silence.test.ts",
          ],
        },
      },
      {
        extends: true,
        test: {
          name: "processes",
          // The runtime client is what the AWS functions run with.
          globalSetup: ["test/support/run-folder.ts", "test/support/built-cli.ts", "test/lambda/runtime-client.ts"],
          include: [PROCESSES],
        },
      },
    ],
  },
});
