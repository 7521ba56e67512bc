import type { Clock } from "./clock.ts";

/** Does one task after the other, each begun no sooner than `pauseSeconds` after the one before. */
export function createSpacing(clock: Clock, pauseSeconds: number): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  let nextAtMs = Number.NEGATIVE_INFINITY;
  return (task) => {
    const mine = last.then(async () => {
      // A clock that was set back meanwhile must not make anybody wait for the difference.
      const waitSeconds = Math.min(pauseSeconds, (nextAtMs - clock.now().getTime()) / 1000);
      if (waitSeconds > 0) await clock.sleep(waitSeconds);
      nextAtMs = clock.now().getTime() + pauseSeconds * 1000;
      return task();
    });
    last = mine.catch(() => undefined);
    return mine;
  };
}
