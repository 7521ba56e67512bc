import type { Clock } from "../lib/clock.ts";
import { createRunningClock } from "./manual-clock.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 3600 * 1000;
/** One minute after the daily summary, unless the owner moved it. */
export const MORNING = "09:01";

export type WrongClock = "ahead" | "in_1970";

export interface DemoTime {
  /** The vendors' time. It runs by itself and can be moved forward. */
  readonly clock: Clock;
  /** The same, unless the program's clock is wrong. */
  readonly programClock: Clock;
  readonly aheadSeconds: number;
  wrong: WrongClock | undefined;
  advance(seconds: number): void;
  /** Seconds until a clock there shows this next, as "09:01". */
  until(clockTime: string, timezone: string): number;
}

export function createDemoTime(): DemoTime {
  const running = createRunningClock();
  const sleepers = new Set<() => void>();
  const sleep = (seconds: number): Promise<void> =>
    new Promise((resolve) => {
      const endsAt = running.now().getTime() + seconds * 1000;
      let timer: NodeJS.Timeout | undefined;
      const look = () => {
        clearTimeout(timer);
        const restMs = endsAt - running.now().getTime();
        if (restMs > 0) {
          timer = setTimeout(look, restMs);
          return;
        }
        sleepers.delete(look);
        resolve();
      };
      sleepers.add(look);
      look();
    });
  const time: DemoTime = {
    clock: { now: running.now, sleep },
    programClock: {
      now: () => {
        const nowMs = running.now().getTime();
        // A small computer without a battery starts there.
        const wrongNowMs = { ahead: nowMs + 60 * DAY_MS, in_1970: nowMs % DAY_MS };
        return new Date(time.wrong ? wrongNowMs[time.wrong] : nowMs);
      },
      sleep,
    },
    get aheadSeconds() {
      return running.aheadSeconds;
    },
    wrong: undefined,
    advance(seconds) {
      running.advance(seconds);
      for (const look of sleepers) look();
    },
    until(clockTime, timezone) {
      const nowMs = running.now().getTime();
      const clock = new Intl.DateTimeFormat("en-GB", { timeZone: timezone, hour: "2-digit", minute: "2-digit" });
      // Minute by minute, so that days of 23 or 25 hours need no rule.
      let atMs = nowMs - (nowMs % MINUTE_MS) + MINUTE_MS;
      while (clock.format(atMs) !== clockTime) atMs += MINUTE_MS;
      return (atMs - nowMs) / 1000;
    },
  };
  return time;
}
