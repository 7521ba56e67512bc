/** Everything that needs the time takes a clock, so that tests can move it. */
export interface Clock {
  now(): Date;
  /** Ends early at the signal. */
  sleep(seconds: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => new Date(),
  sleep: (seconds, signal) =>
    new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, seconds * 1000);
      signal?.addEventListener("abort", end);
      if (signal?.aborted) end();
    }),
};

export function epochSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}

/** Whether a wait isn't over. A time further ahead than anything lasts was written by a wrong clock, and doesn't count. */
export function isStillAhead(at: Date, now: Date, longestSeconds: number): boolean {
  const seconds = (at.getTime() - now.getTime()) / 1000;
  return seconds > 0 && seconds <= longestSeconds;
}
