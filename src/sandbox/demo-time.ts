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
  const time: DemoTime = {
    clock: running,
    programClock: {
      now: () => {
        const nowMs = running.now().getTime();
        // A small computer without a battery starts there.
        const wrongNowMs = { ahead: nowMs + 60 * DAY_MS, in_1970: nowMs % DAY_MS };
        return new Date(time.wrong ? wrongNowMs[time.wrong] : nowMs);
      },
      sleep: running.sleep,
    },
    get aheadSeconds() {
      return running.aheadSeconds;
    },
    wrong: undefined,
    advance: running.advance,
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
