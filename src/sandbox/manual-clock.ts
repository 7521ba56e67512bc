import { type Clock, systemClock } from "../lib/clock.ts";

export interface ManualClock extends Clock {
  advance(seconds: number): void;
}

/**
 * A clock that only a test moves. `sleep` moves it too, so code that waits takes no real time; it resolves on a later
 * macrotask, so that answers on real sockets can arrive in between.
 */
export function createManualClock(start: Date): ManualClock {
  let nowMs = start.getTime();
  const advance = (seconds: number) => {
    nowMs += seconds * 1000;
  };
  return {
    now: () => new Date(nowMs),
    advance,
    sleep: (seconds) => {
      advance(Math.max(0, seconds));
      return new Promise((resolve) => setImmediate(resolve));
    },
  };
}

/** Runs by itself, and can be moved forward. */
export function createRunningClock(): ManualClock & { readonly aheadSeconds: number } {
  let aheadSeconds = 0;
  return {
    get aheadSeconds() {
      return aheadSeconds;
    },
    now: () => new Date(Date.now() + aheadSeconds * 1000),
    advance: (seconds) => {
      aheadSeconds += seconds;
    },
    sleep: systemClock.sleep,
  };
}
