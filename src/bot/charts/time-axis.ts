import { type CountableTimeInterval, utcDay, utcMonday, utcMonth, utcYear } from "d3-time";
import type { axisDates } from "../words/charts.ts";
import type { Period } from "./period.ts";
import type { Tick } from "./value-axis.ts";

export interface DateTick extends Tick {
  /** A year begins, so the label is its number. */
  isYear: boolean;
}

type Dates = ReturnType<typeof axisDates>;
type Unit = "day" | "month";
/** About how many days apart, what to mark, and how it is written. */
const STEPS: Array<[days: number, interval: CountableTimeInterval, every: number, unit: Unit]> = [
  [1, utcDay, 1, "day"],
  [2, utcDay, 2, "day"],
  [7, utcMonday, 1, "day"],
  [14, utcMonday, 2, "day"],
  [30.4, utcMonth, 1, "month"],
  [61, utcMonth, 2, "month"],
  [91, utcMonth, 3, "month"],
  [183, utcMonth, 6, "month"],
  [365, utcYear, 1, "month"],
  [731, utcYear, 2, "month"],
  [1827, utcYear, 5, "month"],
  [3653, utcYear, 10, "month"],
];

/** At most about `count` round dates within a period. */
export function dateTicks({ from, to, days }: Period, dates: Dates, count: number): DateTick[] {
  const [, interval, every, unit] = STEPS.find(([apart]) => days / apart <= count) ??
    STEPS.at(-1) ?? [1, utcDay, 1, "day"];
  return interval
    .range(interval.ceil(new Date(from)), new Date(to))
    .filter(
      (date, index) => (interval === utcDay || interval === utcMonday ? index : countOf(interval, date)) % every === 0,
    )
    .map((date) => {
      const isYear = unit === "month" && date.getUTCMonth() === 0;
      return { at: date.getTime(), label: isYear ? dates.year(date) : dates[unit](date), isYear };
    });
}

/** Months of a year, years of our era: so that every second month begins with January. */
const countOf = (interval: CountableTimeInterval, date: Date) =>
  interval === utcMonth ? date.getUTCMonth() : date.getUTCFullYear();
