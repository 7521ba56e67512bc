import type { Range } from "../../sync/model/jobs.ts";
import { DAY_MS, dayOf, startOf, wallTime } from "./days.ts";

const DAYS: Record<Exclude<Range, "all">, number> = { "30d": 30, "90d": 90, "1y": 365 };
/** So that one reading isn't a hair in an hour. */
const AT_LEAST_DAYS = 7;
/** Before, there were no such devices: the clock of one was wrong. */
const EARLIEST = Date.UTC(1990, 0, 1);

/** Whole local days, the last of which is today; both as `wallTime` says them. */
export interface Period {
  from: number;
  to: number;
  days: number;
}

/** Whether it can have been measured: what can't isn't drawn. */
export const isMeasured = (value: number | undefined): value is number =>
  value !== undefined && Number.isFinite(value) && value > 0;

type Taken = { takenAt: Date };

export interface Dated<T> {
  at: number;
  reading: T;
}

/** In order of time. Without what can't be drawn, such as what is dated tomorrow or later. */
export function dated<T extends Taken>(readings: T[], { now, timezone }: { now: Date; timezone: string }): Dated<T>[] {
  const end = startOf(dayOf(wallTime(now, timezone)) + 1);
  return readings
    .filter(({ takenAt }) => Number.isFinite(takenAt.getTime()))
    .map((reading) => ({ at: wallTime(reading.takenAt, timezone), reading }))
    .filter(({ at }) => at >= EARLIEST && at < end)
    .toSorted((a, b) => a.at - b.at);
}

export function periodOf(
  range: Range,
  { now, timezone }: { now: Date; timezone: string },
  first: number | undefined,
): Period {
  const to = startOf(dayOf(wallTime(now, timezone)) + 1);
  const all = Math.max(AT_LEAST_DAYS, (to - startOf(dayOf(first ?? to - 1))) / DAY_MS);
  const days = range === "all" ? all : DAYS[range];
  return { from: to - days * DAY_MS, to, days };
}

export const isWithin = ({ from, to }: Period, at: number) => at >= from && at < to;
