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

/** Runs by itself, from now on by default, and can be moved forward, which ends the sleeps that are over by then. */
export function createRunningClock(start?: Date): ManualClock & { readonly aheadSeconds: number } {
  let aheadSeconds = start ? (start.getTime() - Date.now()) / 1000 : 0;
  const sleepers = new Set<() => void>();
  const now = () => new Date(Date.now() + aheadSeconds * 1000);

  async function sleep(seconds: number, signal?: AbortSignal): Promise<void> {
    const endsAt = now().getTime() + seconds * 1000;
    for (;;) {
      const restMs = endsAt - now().getTime();
      if (restMs <= 0 || signal?.aborted) return;
      const moved = new AbortController();
      const look = () => moved.abort();
      sleepers.add(look);
      await systemClock.sleep(restMs / 1000, signal ? AbortSignal.any([signal, moved.signal]) : moved.signal);
      sleepers.delete(look);
    }
  }

  return {
    get aheadSeconds() {
      return aheadSeconds;
    },
    now,
    advance(seconds) {
      aheadSeconds += seconds;
      for (const look of sleepers) look();
    },
    sleep,
  };
}
