import { type Account, isKindOn, type LastRun } from "../model/account.ts";
import type { AttentionItem, Progress } from "../model/ledger.ts";
import type { SummaryMemory } from "../model/people.ts";
import { KINDS, type ReadingKind } from "../model/reading.ts";

/**
 * Nothing has come for `days` whole days: from a device that used to measure every `everyDays` days, or, with `linkedAt`,
 * nothing at all since Withings was linked. `isSinceLink`: the days count from the link, made after the newest reading.
 */
export type Silence =
  | { kind: ReadingKind; days: number; newestAt: Date; everyDays?: number; isSinceLink?: true }
  | { days: number; linkedAt: Date };

const DAY_MS = 24 * 3600 * 1000;
const FIRST_READING_DAYS = 3;
const SHORTEST_DAYS = 3;
const UNKNOWN_RHYTHM_DAYS = 7;
const OCCASIONS_FOR_A_RHYTHM = 4;
/** If somebody measures less often than this, a gap means nothing. */
const SELDOM_DAYS = 31;

/** Twice the median gap between the last readings, at least three days. Undefined if they come too seldom to say. */
export function patienceOf(measuredAt: readonly Date[]): { days: number; everyDays?: number } | undefined {
  if (measuredAt.length < OCCASIONS_FOR_A_RHYTHM) return { days: UNKNOWN_RHYTHM_DAYS };
  const gaps = measuredAt
    .slice(1)
    .map((at, index) => (at.getTime() - (measuredAt[index] as Date).getTime()) / DAY_MS)
    .sort((a, b) => a - b);
  const median = gaps[Math.floor(gaps.length / 2)] as number;
  if (median > SELDOM_DAYS) return undefined;
  return { days: Math.max(SHORTEST_DAYS, Math.round(2 * median)), everyDays: Math.max(1, Math.round(median)) };
}

/** Each is reported once. None if the last run didn't end well, or if the kind is paused: what was measured is unknown. */
export function silencesOf(facts: {
  account: Account;
  progress: Progress | undefined;
  attention: AttentionItem[];
  withingsLinkedAt: Date | undefined;
  lastRun: LastRun | undefined;
  memory: SummaryMemory;
  now: Date;
}): Silence[] {
  const { account, progress, attention, withingsLinkedAt, lastRun, memory, now } = facts;
  const { sends, tellsSilence } = account.settings;
  const on = KINDS.filter((kind) => isKindOn(sends, kind));
  if (!withingsLinkedAt || lastRun?.outcome.status !== "success") return [];
  const daysSince = (at: Date) => Math.floor((now.getTime() - at.getTime()) / DAY_MS);

  if (KINDS.every((kind) => newestOf(progress, attention, kind) === undefined)) {
    const days = daysSince(withingsLinkedAt);
    const isTold = memory.silenceToldFor?.getTime() === withingsLinkedAt.getTime();
    const isWanted = on.some((kind) => tellsSilence[kind]) && on.every((kind) => !progress?.paused?.[kind]);
    return isWanted && !isTold && days >= FIRST_READING_DAYS ? [{ days, linkedAt: withingsLinkedAt }] : [];
  }
  return on.flatMap((kind): Silence[] => {
    const newestAt = newestOf(progress, attention, kind);
    const patience = patienceOf(progress?.measuredAt?.[kind] ?? []);
    if (!newestAt || !patience || !tellsSilence[kind] || progress?.paused?.[kind]) return [];
    const { days: enough, ...rhythm } = patience;
    // Without a link nothing could come from the scale.
    const isSinceLink = withingsLinkedAt > newestAt;
    const days = daysSince(isSinceLink ? withingsLinkedAt : newestAt);
    const isTold = memory.kindSilenceToldFor?.[kind]?.getTime() === newestAt.getTime();
    return isTold || days < enough ? [] : [{ kind, days, newestAt, ...rhythm, ...(isSinceLink && { isSinceLink }) }];
  });
}

export function afterSilences(memory: SummaryMemory, silences: Silence[]): SummaryMemory {
  let next = memory;
  for (const it of silences) {
    next =
      "linkedAt" in it
        ? { ...next, silenceToldFor: it.linkedAt }
        : { ...next, kindSilenceToldFor: { ...next.kindSilenceToldFor, [it.kind]: it.newestAt } };
  }
  return next;
}

function newestOf(progress: Progress | undefined, attention: AttentionItem[], kind: ReadingKind): Date | undefined {
  const times = [
    ...(progress?.lastReadings[kind] ? [progress.lastReadings[kind].takenAt] : []),
    ...(progress?.measuredAt?.[kind] ?? []),
    ...attention.filter((it) => it.kind === kind).map(cameAt),
  ];
  return times.sort((a, b) => a.getTime() - b.getTime()).at(-1);
}

/** A date in the future says nothing about when it was taken, nor does an old one that has only just come. */
function cameAt({ takenAt, modifiedAt, fate: { reason } }: AttentionItem): Date {
  const isOld = reason === "impossible_date" || reason === "before_start";
  return takenAt < modifiedAt && !isOld ? takenAt : modifiedAt;
}
