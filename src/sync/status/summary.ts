import { atLocalHour, localDate, localDateTime } from "../../lib/local-time.ts";
import { type Account, isKindOn, type LastRun } from "../model/account.ts";
import type { Arrival, AttentionItem, Progress, Removal } from "../model/ledger.ts";
import { isIncomplete, type RunOutcome } from "../model/outcome.ts";
import { type Composition, KINDS, type ReadingKind } from "../model/reading.ts";

export interface Summary {
  /** What came to Garmin since the last summary, corrections among it. */
  came: Arrival[];
  /** The newest by the time it was taken. */
  arrived: Partial<Record<ReadingKind, { count: number; newest: Arrival }>>;
  corrected?: Arrival[];
  removed?: Removal[];
  weight?: WeightTrend;
  /** Of the newest weigh-in, if it was taken or has arrived in the last days. */
  composition?: Composition;
  waiting: { held: number; failed: number; gone: number; items: AttentionItem[] };
  paused?: ReadingKind[];
  /** How the last run ended, if it couldn't go through. */
  stuck?: RunOutcome;
}

export interface WeightTrend {
  takenAt: Date;
  weightKg: number;
  /** Whole days since then, if the last seven days passed without a weigh-in. */
  daysAgo?: number;
  /** Mean of the last seven days; absent if they had fewer than two. */
  meanKg?: number;
  /** Of that mean, or else of the newest, against the mean of the seven days before those. */
  changeKg?: number;
}

const DAY_MS = 24 * 3600 * 1000;
const WEEK_MS = 7 * DAY_MS;

/** From 22 to 7, only what needs the owner is said. */
const NIGHT = { from: 22, to: 7 };
const isNightHour = (hour: number) => hour >= NIGHT.from || hour < NIGHT.to;

export function isNight(now: Date, timezone: string): boolean {
  return isNightHour(Number(localDateTime(now, timezone).slice(11, 13)));
}

/** What would come late in the evening comes in the morning after. */
export const hourOf = ({ summaryHour }: Account["settings"]) => (summaryHour >= NIGHT.from ? NIGHT.to : summaryHour);

/** It's due even if none is wanted, so that the next wanted one doesn't cover weeks. */
export function summaryDueAt(
  { settings, createdAt }: Account,
  timezone: string,
  lastSummaryAt: Date | undefined,
  now: Date,
): Date | undefined {
  const today = localDate(now, timezone);
  const dueAt = atLocalHour(today, hourOf(settings), timezone);
  // One of a later day was made by a wrong clock.
  const isMade = lastSummaryAt !== undefined && localDate(lastSummaryAt, timezone) === today;
  return now < dueAt || isMade || createdAt > dueAt ? undefined : dueAt;
}

export function isAfterHour({ settings }: Account, timezone: string, now: Date): boolean {
  return now >= atLocalHour(localDate(now, timezone), hourOf(settings), timezone);
}

export function nextSummaryAt({ settings }: Account, timezone: string, now: Date): Date | undefined {
  const { cards, summaryHour } = settings;
  if (cards === "needed") return undefined;
  const today = localDate(now, timezone);
  // By the calendar: not every day has 24 hours.
  const tomorrow = new Date(Date.parse(today) + DAY_MS).toISOString().slice(0, 10);
  const hours = [isNightHour(summaryHour) ? NIGHT.to : summaryHour, ...(cards === "each" ? [NIGHT.to] : [])];
  const times = [today, tomorrow].flatMap((date) => hours.map((hour) => atLocalHour(date, hour, timezone)));
  return times.sort((a, b) => a.getTime() - b.getTime()).find((at) => now < at);
}

/** To be made between the runs of an account: what a run in progress has sent isn't stored yet. */
export function summaryOf(facts: {
  account: Account;
  progress: Progress | undefined;
  attention: AttentionItem[];
  lastRun: LastRun | undefined;
  since: Date;
  now: Date;
}): Summary | undefined {
  const { account, progress, attention, lastRun, since, now } = facts;
  const came = (progress?.arrived ?? []).filter(({ arrivedAt }) => arrivedAt > since);
  const arrived = byKind(came.filter(({ was }) => !was));
  const corrected = came.filter(({ was }) => was);
  const removed = (progress?.removals ?? []).filter(({ removedAt }) => removedAt && removedAt > since);
  const isWaiting = attention.some(({ waitsSince }) => waitsSince && waitsSince > since);
  const isStuck = lastRun !== undefined && hasReadings(progress) && hasStopped(lastRun.outcome, account, now);
  if (came.length + removed.length === 0 && !isWaiting && !isStuck) return undefined;

  const weight = progress && trendOf(progress, now);
  const paused = KINDS.filter((kind) => progress?.paused?.[kind] && isKindOn(account.settings.sends, kind));
  const newest = came.findLast((it) => it.kind === "weigh_in" && it.takenAt.getTime() === weight?.takenAt.getTime());
  const composition = newest?.composition;
  return {
    ...{ came, arrived },
    ...(corrected.length > 0 && { corrected }),
    ...(removed.length > 0 && { removed }),
    ...(weight && { weight }),
    ...(composition && { composition }),
    waiting: { ...waitingOf(attention, progress), items: attention },
    ...(paused.length > 0 && { paused }),
    ...(isStuck && { stuck: lastRun.outcome }),
  };
}

const waitingOf = (attention: AttentionItem[], progress: Pick<Progress, "gone"> | undefined) => ({
  gone: (progress?.gone ?? []).filter(({ askedAt }) => askedAt).length,
  held: attention.filter(({ fate }) => fate.state === "held").length,
  failed: attention.filter(({ fate }) => fate.state === "failed").length,
});

/** What passes by itself counts once the owner's patience is over. */
function hasStopped(outcome: RunOutcome, { settings }: Account, now: Date): boolean {
  const { status, action, delay, onlyReadings, earlier = {} } = outcome;
  if (status === "action_needed") return action !== undefined && !isIncomplete(action);
  if (status === "error" && !onlyReadings) return true;
  if (!delay) return false;
  const since = Math.min(...[delay.since, ...Object.values(earlier)].map((at) => at.getTime()));
  return now.getTime() - since >= settings.patienceHours * 3600 * 1000;
}

function byKind(all: Arrival[]): Summary["arrived"] {
  const arrived: Summary["arrived"] = {};
  for (const arrival of all) {
    const { count, newest } = arrived[arrival.kind] ?? { count: 0, newest: arrival };
    arrived[arrival.kind] = { count: count + 1, newest: arrival.takenAt >= newest.takenAt ? arrival : newest };
  }
  return arrived;
}

const hasReadings = (progress: Progress | undefined) => KINDS.some((kind) => progress?.lastReadings[kind]);

export function trendOf({ lastReadings, recentWeighIns }: Progress, now: Date): WeightTrend | undefined {
  const newest = lastReadings.weigh_in;
  if (newest?.values.kind !== "weigh_in") return undefined;
  const { takenAt, values } = newest;
  const latest = { takenAt, weightKg: values.weightKg };
  const age = now.getTime() - takenAt.getTime();
  if (age >= WEEK_MS) return { ...latest, daysAgo: Math.floor(age / DAY_MS) };
  const weeksBack = (weeks: number) =>
    recentWeighIns
      .filter((it) => it.takenAt.getTime() > now.getTime() - weeks * WEEK_MS - WEEK_MS)
      .filter((it) => it.takenAt.getTime() <= now.getTime() - weeks * WEEK_MS)
      .map((it) => it.weightKg);
  const [week, weekBefore] = [weeksBack(0), weeksBack(1)];
  const [meanKg, meanBeforeKg] = [week.length < 2 ? undefined : mean(week), mean(weekBefore)];
  return {
    ...latest,
    ...(meanKg !== undefined && { meanKg }),
    ...(meanBeforeKg !== undefined && { changeKg: (meanKg ?? latest.weightKg) - meanBeforeKg }),
  };
}

export function mean(numbers: number[]): number | undefined {
  return numbers.length === 0 ? undefined : numbers.reduce((sum, it) => sum + it, 0) / numbers.length;
}
