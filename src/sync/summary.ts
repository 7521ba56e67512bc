import { atLocalHour, localDate } from "../local-time.ts";
import { type Account, isKindOn, type LastRun } from "./account.ts";
import type { SummaryMemory } from "./chat-ports.ts";
import type { Arrival, AttentionItem, Progress, SentValues } from "./ports.ts";
import { type Composition, KINDS, type ReadingKind } from "./reading.ts";

/** What a daily summary says, without a sentence. */
export interface Summary {
  /** What arrived in Garmin since the last summary; the newest by the time it was taken. */
  arrived: Partial<Record<ReadingKind, { count: number; newest: Arrival }>>;
  /** The newest weight, whenever it came. */
  weight?: WeightTrend;
  /** Of the newest weigh-in, if it came in the last days. */
  composition?: Composition;
  /** The newest, if one has arrived. */
  bloodPressure?: { takenAt: Date; values: Extract<SentValues, { kind: "blood_pressure" }> };
  waiting: { held: number; failed: number; items: AttentionItem[] };
  /** Kinds that are on but not sent for now. */
  paused?: ReadingKind[];
  quiet?: Silence;
  /** There is nothing else to say, or nothing else is wanted. */
  isSilenceAlone?: true;
}

/**
 * Nothing has come for so many days, which are as many as the owner chose, or more. With `kind`, of that kind alone. With
 * `linkedAt`, nothing at all since Withings was linked, which is three days ago, or more.
 */
export type Silence = { days: number; newestAt: Date; kind?: ReadingKind } | { days: number; linkedAt: Date };

export interface WeightTrend {
  takenAt: Date;
  weightKg: number;
  /** Mean of the seven days that end with it; absent where it is the only one. */
  meanKg?: number;
  /** Against the mean of the seven days before those. */
  changeKg?: number;
}

const DAY_MS = 24 * 3600 * 1000;
const WEEK_MS = 7 * DAY_MS;
const FIRST_READING_DAYS = 3;

/**
 * When today's summary fell due; undefined where it has been made or is not due yet. Where none is wanted it is due all the
 * same, because a silence is told anyway. A machine that was off at the hour makes it late on the same day. An account that came after the hour waits for tomorrow.
 */
export function summaryDueAt(
  { settings, createdAt }: Account,
  timezone: string,
  lastSummaryAt: Date | undefined,
  now: Date,
): Date | undefined {
  const today = localDate(now, timezone);
  const dueAt = atLocalHour(today, settings.summaryHour, timezone);
  const isMade = lastSummaryAt !== undefined && localDate(lastSummaryAt, timezone) >= today;
  return now < dueAt || isMade || createdAt > dueAt ? undefined : dueAt;
}

/** The next owner's hour from now on; undefined where no summary is wanted. */
export function nextSummaryAt({ settings }: Account, timezone: string, now: Date): Date | undefined {
  if (settings.summaryMode === "off") return undefined;
  const today = localDate(now, timezone);
  // By the calendar: not every day has 24 hours.
  const tomorrow = new Date(Date.parse(today) + DAY_MS).toISOString().slice(0, 10);
  const hours = [today, tomorrow].map((date) => atLocalHour(date, settings.summaryHour, timezone));
  return hours.find((hour) => now < hour);
}

/**
 * What there is to say; undefined when there is nothing. To be made between the runs of an account: what a run under way
 * has brought is not written down yet.
 */
export function summaryOf(facts: {
  account: Account;
  /** Undefined before the first run. */
  progress: Progress | undefined;
  attention: AttentionItem[];
  /** Undefined where Withings is not linked. */
  withingsLinkedAt: Date | undefined;
  lastRun: LastRun | undefined;
  memory: SummaryMemory;
  now: Date;
  timezone: string;
}): Summary | undefined {
  const { account, progress, attention, memory } = facts;
  const { summaryMode } = account.settings;
  const since = memory.lastSummaryAt ?? account.createdAt;
  const silence = silenceOf(facts);
  const isRepeated = summaryMode === "daily" && silence && "newestAt" in silence && !silence.kind;
  const quiet = silence && (isRepeated || !isTold(silence, memory)) ? silence : undefined;
  if (summaryMode === "off" || !newestOf(progress, attention)) {
    const nothingElse = { arrived: {}, waiting: { held: 0, failed: 0, items: [] } };
    return quiet && { ...nothingElse, quiet, isSilenceAlone: true };
  }

  const arrived = arrivedSince(progress?.arrived ?? [], since);
  const isNew =
    Object.keys(arrived).length > 0 || attention.some(({ waitsSince }) => waitsSince && waitsSince > since) || quiet;
  if (summaryMode === "when_new" && !isNew) return undefined;

  const weight = progress && trendOf(progress);
  const paused = KINDS.filter((kind) => progress?.paused?.[kind] && isKindOn(account.settings.sends, kind));
  const composition = progress?.arrived.findLast(
    (it) => it.kind === "weigh_in" && it.takenAt.getTime() === weight?.takenAt.getTime(),
  )?.composition;
  const pressure = progress?.lastReadings.blood_pressure;
  return {
    arrived,
    ...(weight && { weight }),
    ...(composition && { composition }),
    ...(arrived.blood_pressure &&
      pressure?.values.kind === "blood_pressure" && {
        bloodPressure: { takenAt: pressure.takenAt, values: pressure.values },
      }),
    waiting: {
      held: attention.filter(({ fate }) => fate.state === "held").length,
      failed: attention.filter(({ fate }) => fate.state === "failed").length,
      items: attention,
    },
    ...(paused.length > 0 && { paused }),
    ...(quiet && { quiet }),
  };
}

/** To be stored when a summary was told, or when there was nothing to say: it is made once a day. */
export function afterSummary(memory: SummaryMemory, summary: Summary | undefined, now: Date): SummaryMemory {
  return { ...memory, ...(summary?.quiet && toldOf(summary.quiet, memory)), lastSummaryAt: now };
}

/** A silence is known by the reading, or the link, that it follows. */
function toldOf(silence: Silence, { kindSilenceToldFor }: SummaryMemory): SummaryMemory {
  if ("linkedAt" in silence) return { silenceToldFor: silence.linkedAt };
  const { kind, newestAt } = silence;
  return kind ? { kindSilenceToldFor: { ...kindSilenceToldFor, [kind]: newestAt } } : { silenceToldFor: newestAt };
}

function isTold(silence: Silence, { silenceToldFor, kindSilenceToldFor }: SummaryMemory): boolean {
  if ("linkedAt" in silence) return silenceToldFor?.getTime() === silence.linkedAt.getTime();
  const { kind, newestAt } = silence;
  return (kind ? kindSilenceToldFor?.[kind] : silenceToldFor)?.getTime() === newestAt.getTime();
}

function arrivedSince(all: Arrival[], since: Date): Summary["arrived"] {
  const arrived: Summary["arrived"] = {};
  for (const arrival of all) {
    if (arrival.arrivedAt <= since) continue;
    const { count, newest } = arrived[arrival.kind] ?? { count: 0, newest: arrival };
    arrived[arrival.kind] = { count: count + 1, newest: arrival.takenAt >= newest.takenAt ? arrival : newest };
  }
  return arrived;
}

/** When the scale or the cuff was last heard of. What is held came in, too. */
function newestOf(progress: Progress | undefined, attention: AttentionItem[], kinds: readonly ReadingKind[] = KINDS) {
  const times = [
    ...kinds.flatMap((kind) => progress?.lastReadings[kind]?.takenAt ?? []),
    // The time of one from the future says nothing.
    ...attention
      .filter(({ kind }) => kinds.includes(kind))
      .map(({ takenAt, modifiedAt }) => (takenAt < modifiedAt ? takenAt : modifiedAt)),
  ];
  return times.sort((a, b) => a.getTime() - b.getTime()).at(-1);
}

/**
 * None where nothing is to be sent, and none where the last run did not end well: without a look nobody knows what was
 * measured. By the calendar: who weighs in at eight and hears at seven counts the same days.
 */
function silenceOf(facts: Parameters<typeof summaryOf>[0]): Silence | undefined {
  const { account, progress, attention, withingsLinkedAt, lastRun, now, timezone } = facts;
  const { sends, quietDays } = account.settings;
  const on = KINDS.filter((kind) => isKindOn(sends, kind));
  // What is paused may well have been measured.
  const watched = on.filter((kind) => !progress?.paused?.[kind]);
  if (!withingsLinkedAt || lastRun?.outcome.status !== "success" || watched.length === 0) return undefined;
  const daysSince = (at: Date) => {
    const [from, to] = [at, now].map((it) => Date.parse(localDate(it, timezone))) as [number, number];
    return Math.round((to - from) / DAY_MS);
  };
  const newestAt = newestOf(progress, attention);
  if (!newestAt) {
    const days = daysSince(withingsLinkedAt);
    return on.length === watched.length && days >= FIRST_READING_DAYS
      ? { days, linkedAt: withingsLinkedAt }
      : undefined;
  }
  if (on.length === watched.length && daysSince(newestAt) >= quietDays) return { days: daysSince(newestAt), newestAt };
  for (const kind of watched) {
    const newestAt = newestOf(progress, attention, [kind]);
    if (newestAt && daysSince(newestAt) >= quietDays) return { days: daysSince(newestAt), newestAt, kind };
  }
  return undefined;
}

function trendOf({ lastReadings, recentWeighIns }: Progress): WeightTrend | undefined {
  const newest = lastReadings.weigh_in;
  if (newest?.values.kind !== "weigh_in") return undefined;
  const { takenAt, values } = newest;
  const endsAt = takenAt.getTime();
  const weeksBack = (weeks: number) =>
    recentWeighIns
      .filter((it) => it.takenAt.getTime() > endsAt - weeks * WEEK_MS - WEEK_MS)
      .filter((it) => it.takenAt.getTime() <= endsAt - weeks * WEEK_MS)
      .map((it) => it.weightKg);
  const [week, weekBefore] = [weeksBack(0), weeksBack(1)];
  const [meanKg, meanBeforeKg] = [week.length < 2 ? undefined : mean(week), mean(weekBefore)];
  return {
    ...{ takenAt, weightKg: values.weightKg },
    ...(meanKg !== undefined && { meanKg }),
    ...(meanKg !== undefined && meanBeforeKg !== undefined && { changeKg: meanKg - meanBeforeKg }),
  };
}

function mean(numbers: number[]): number | undefined {
  return numbers.length === 0 ? undefined : numbers.reduce((sum, it) => sum + it, 0) / numbers.length;
}
