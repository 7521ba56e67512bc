/** Shorter timers count as work: a rate limiter starts tasks with timers of 0 ms. */
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

/** For a process whose calls take turns. Waits on purpose use the test's clock and no timer. Returns a function that ends it. */
export function watchTimers(): () => void {
  const before = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };
  Object.assign(globalThis, { setTimeout: Object.assign(setWatched, setReal), clearTimeout: clearWatched });
  return () => Object.assign(globalThis, before);
}

/**
 * Loads what the program loads on demand. Otherwise a process would play its first schedule differently from later ones,
 * because no clock counts the time that loading takes.
 */
export async function loadAll(): Promise<void> {
  await Promise.all([import("../../src/lib/undici.ts"), import("bottleneck/light.js"), import("@garmin/fitsdk")]);
}

/** Waits until the last answers have led to the next calls. */
export async function quiet(): Promise<void> {
  for (let n = 0; n < 3; n++) {
    await new Promise((resolve) => setImmediate(resolve));
    while (under.size > 0) await new Promise((resolve) => setReal(resolve, 1));
  }
}
