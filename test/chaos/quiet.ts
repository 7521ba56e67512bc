/** Timers that are as good as due count as work under way: a rate limiter begins what need not wait with one of no milliseconds. */
const SHORT_MS = 20;
const under = new Set<NodeJS.Timeout>();
const { setTimeout: setReal, clearTimeout: clearReal } = globalThis;

const setWatched = (work: (...args: unknown[]) => void, ms = 0, ...args: unknown[]): NodeJS.Timeout => {
  if (ms > SHORT_MS) return setReal(work, ms, ...args);
  const timer = setReal(() => {
    under.delete(timer);
    work(...args);
  }, ms);
  under.add(timer);
  return timer;
};

const clearWatched: typeof clearTimeout = (timer) => {
  if (typeof timer === "object" && timer !== null) under.delete(timer);
  clearReal(timer);
};

/**
 * For a process in which turns are taken. What waits on purpose waits by the clock of its test and not by a timer. Answers how
 * to end it.
 */
export function watchTimers(): () => void {
  const before = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };
  Object.assign(globalThis, { setTimeout: Object.assign(setWatched, setReal), clearTimeout: clearWatched });
  return () => Object.assign(globalThis, before);
}

/**
 * What the program loads when it first needs it. To be awaited before turns are taken: loading takes a while that no clock
 * knows, and the first schedule of a process would go another way than the same one later.
 */
export async function loadAll(): Promise<void> {
  await Promise.all([import("undici"), import("bottleneck/light.js"), import("@garmin/fitsdk")]);
}

/** Until what was just answered has led to the next outside calls. */
export async function quiet(): Promise<void> {
  for (let n = 0; n < 3; n++) {
    await new Promise((resolve) => setImmediate(resolve));
    while (under.size > 0) await new Promise((resolve) => setReal(resolve, 1));
  }
}
