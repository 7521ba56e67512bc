/** The time, so that tests can move it. Everything that asks for the time takes a clock. */
export interface Clock {
  now(): Date;
  /** Resolves after `seconds` of this clock. */
  sleep(seconds: number): Promise<void>;
}

export const systemClock: Clock = {
  now: () => new Date(),
  sleep: (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000)),
};

/** Epoch seconds, the unit in which vendors and the store count. */
export function epochSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}

/** Whether something is to be waited for. A time further ahead than anything lasts was written by a wrong clock, and doesn't count. */
export function isStillAhead(at: Date, now: Date, longestSeconds: number): boolean {
  const seconds = (at.getTime() - now.getTime()) / 1000;
  return seconds > 0 && seconds <= longestSeconds;
}
