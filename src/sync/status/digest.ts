import { atLocalHour, localDate } from "../../lib/local-time.ts";
import type { Account } from "../model/account.ts";
import type { Progress } from "../model/ledger.ts";
import type { SummaryMemory } from "../model/people.ts";
import { readingId } from "../model/reading.ts";
import { hourOf, mean } from "./summary.ts";

/** The last week, from Monday to Sunday, or the last month. */
export interface Period {
  of: "week" | "month";
  /** The local date on which the digest is due. */
  key: string;
  from: Date;
  to: Date;
  /** Where the same period before it begins. */
  beforeFrom: Date;
}

export interface Digest extends Period {
  weight?: { meanKg: number; count: number; changeKg?: number };
  pressure?: { systolicMmHg: number; diastolicMmHg: number; count: number };
  /** What was held or not stored in it. `waiting`: how many of them still wait for their owner. */
  setAside?: { held: number; failed: number; waiting: number };
}

/** The limit of the European Society of Cardiology for measurements at home (guidelines of 2024), in mmHg. */
export const ESC_2024_AT_HOME = { systolicMmHg: 135, diastolicMmHg: 85 };

const DAY_MS = 24 * 3600 * 1000;
/** A digest that couldn't be sent for longer than this is left out. */
const LATE_DAYS = 3;

/** Those that are due, from the hour of the cards on Monday, or on the first. */
export function digestsDue(
  { settings, createdAt }: Account,
  timezone: string,
  { digests = {} }: SummaryMemory,
  now: Date,
): Period[] {
  return periodsBefore(localDate(now, timezone), timezone).filter(({ of, key, to }) => {
    const dueAt = atLocalHour(key, hourOf(settings), timezone);
    const isLate = now.getTime() - dueAt.getTime() > LATE_DAYS * DAY_MS;
    return now >= dueAt && !isLate && createdAt < to && digests[of] !== key;
  });
}

/** What was measured in it; undefined if nothing was, and nothing was held either. */
export function digestOf(period: Period, progress: Progress): Digest | undefined {
  const { recentWeighIns, recentPressures = [] } = progress;
  const { from, to, beforeFrom } = period;
  const within = <T extends { takenAt: Date }>(all: T[], start: Date, end: Date) =>
    all.filter(({ takenAt }) => takenAt >= start && takenAt < end);
  const kilograms = within(recentWeighIns, from, to).map(({ weightKg }) => weightKg);
  const pressures = within(recentPressures, from, to);
  const meanKg = mean(kilograms);
  const meanBeforeKg = mean(within(recentWeighIns, beforeFrom, from).map(({ weightKg }) => weightKg));
  const systolicMmHg = mean(pressures.map((it) => it.systolicMmHg));
  const diastolicMmHg = mean(pressures.map((it) => it.diastolicMmHg));
  const setAside = setAsideIn(period, progress);
  if (meanKg === undefined && systolicMmHg === undefined && !setAside) return undefined;
  const changeKg = meanKg !== undefined && meanBeforeKg !== undefined ? meanKg - meanBeforeKg : undefined;
  return {
    ...period,
    ...(meanKg !== undefined && {
      weight: { meanKg, count: kilograms.length, ...(changeKg !== undefined && { changeKg }) },
    }),
    ...(systolicMmHg !== undefined &&
      diastolicMmHg !== undefined && { pressure: { systolicMmHg, diastolicMmHg, count: pressures.length } }),
    ...(setAside && { setAside }),
  };
}

function setAsideIn({ from, to }: Period, { setAside = [], attention }: Progress): Digest["setAside"] {
  const waits = new Set(attention.map(readingId));
  const within = setAside.filter(({ at }) => at >= from && at < to);
  if (within.length === 0) return undefined;
  const failed = new Set(within.filter(({ state }) => state === "failed").map(({ id }) => id));
  const held = new Set(within.filter(({ id }) => !failed.has(id)).map(({ id }) => id));
  const waiting = [...held, ...failed].filter((id) => waits.has(id)).length;
  return { held: held.size, failed: failed.size, waiting };
}

/** By the calendar: not every day has 24 hours. */
function periodsBefore(today: string, timezone: string): Period[] {
  const at = (date: string) => atLocalHour(date, 0, timezone);
  const daysSinceMonday = (new Date(today).getUTCDay() + 6) % 7;
  const monday = daysBefore(today, daysSinceMonday);
  const first = `${today.slice(0, 7)}-01`;
  const firstBefore = `${daysBefore(first, 1).slice(0, 7)}-01`;
  const firstBeforeThat = `${daysBefore(firstBefore, 1).slice(0, 7)}-01`;
  return [
    {
      ...{ of: "week", key: monday, from: at(daysBefore(monday, 7)), to: at(monday) },
      beforeFrom: at(daysBefore(monday, 14)),
    },
    { of: "month", key: first, from: at(firstBefore), to: at(first), beforeFrom: at(firstBeforeThat) },
  ];
}

const daysBefore = (date: string, days: number) =>
  new Date(Date.parse(date) - days * DAY_MS).toISOString().slice(0, 10);
