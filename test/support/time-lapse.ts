import { writeFileSync } from "node:fs";
import path from "node:path";

/** A minute is a tenth of a second. */
export const TIMES = 600;

const PRELOAD = `
  import { syncBuiltinESMExports } from "node:module";
  import promises from "node:timers/promises";
  import { isMainThread } from "node:worker_threads";
  for (const name of ["setTimeout", "setInterval"]) {
    const timer = globalThis[name];
    globalThis[name] = (work, milliseconds = 0, ...rest) => timer(work, milliseconds / ${TIMES}, ...rest);
  }
  const wait = promises.setTimeout;
  promises.setTimeout = (milliseconds, ...rest) => wait(milliseconds / ${TIMES}, ...rest);
  syncBuiltinESMExports();
  if (isMainThread) process.on("SIGUSR2", () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
`;

/**
 * The environment for a program whose timers run faster, in all its threads. Its clock and its request timeouts don't.
 * SIGUSR2 blocks its event loop for good.
 */
export function timeLapse(folder: string): { NODE_OPTIONS: string } {
  const preload = path.join(folder, "time-lapse.mjs");
  writeFileSync(preload, PRELOAD);
  return { NODE_OPTIONS: `--import=${preload}` };
}
