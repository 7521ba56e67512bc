import { group, max, mean, min } from "d3-array";
import { utcDay, utcMonday, utcMonth } from "d3-time";
import { localDateTime } from "../../lib/local-time.ts";

export const DAY_MS = 24 * 3600 * 1000;

/** What a local clock showed, as if it were UTC. So a day has 24 hours and a calendar of its own, whatever clocks do. */
export function wallTime(instant: Date, timezone: string): number {
  return Date.parse(`${localDateTime(instant, timezone)}Z`);
}

export const dayOf = (wall: number) => Math.floor(wall / DAY_MS);
export const startOf = (day: number) => day * DAY_MS;

export interface Point {
  /** Local time, as `wallTime` says it. */
  at: number;
  value: number;
  isHeld: boolean;
}

export interface Span {
  /** Where its time begins and ends, as `wallTime` says it. */
  from: number;
  to: number;
  min: number;
  max: number;
  mean: number;
  count: number;
}

export type Step = "day" | "week" | "month";
const INTERVAL = { day: utcDay, week: utcMonday, month: utcMonth };
export const LENGTH_DAYS: Record<Step, number> = { day: 1, week: 7, month: 30.4 };
/** The shortest in which a period has few enough spans. */
export function stepFor(days: number, atMost: number): Step {
  return (["day", "week"] as const).find((step) => days / LENGTH_DAYS[step] <= atMost) ?? "month";
}

/** Lowest, highest and mean of each day, week or month that has a point, in order. */
export function spansOf(points: Array<Pick<Point, "at" | "value">>, step: Step): Span[] {
  const interval = INTERVAL[step];
  const days = group(points, ({ at }) => dayOf(at));
  // Of ten years, each day is looked up in the calendar, and not each reading.
  const spans = group(days, ([day]) => interval.floor(new Date(startOf(day))).getTime());
  return [...spans]
    .toSorted(([a], [b]) => a - b)
    .map(([from, inside]) => {
      const values = inside.flatMap(([, of]) => of.map(({ value }) => value));
      return {
        ...{ from, to: interval.offset(new Date(from), 1).getTime() },
        ...{ min: min(values) ?? 0, max: max(values) ?? 0, mean: mean(values) ?? 0, count: values.length },
      };
    });
}
