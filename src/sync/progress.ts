import type { AttentionItem, Height, LedgerEntry, Progress, SourceAnswer } from "./ports.ts";
import { RECENT_DAYS } from "./probable.ts";
import { type Reading, readingId } from "./reading.ts";

const DAY_MS = 24 * 3600 * 1000;
/** What the owner is shown at most, and what keeps the item small. */
const ATTENTION_ITEMS = 50;
const RECENT_WEIGH_INS = 200;

/** Where a run starts that has never run, or that is told to reach back. */
export function startingPoint(before: Progress | undefined, since: Date | undefined, firstRunStart: Date): Progress {
  if (before && !since) return before;
  const startAt = since ?? firstRunStart;
  if (!before) {
    return {
      startAt,
      cursorAt: startAt,
      adopting: true,
      recentWeighIns: [],
      lastReadings: {},
      attention: [],
      reportedUnknown: [],
    };
  }
  return {
    ...before,
    startAt: earlier(before.startAt, startAt),
    cursorAt: earlier(before.cursorAt, startAt),
    adopting: true,
  };
}

/** What became of one reading in a run. */
export interface Settlement {
  reading: Reading;
  /** As the ledger has it now. */
  entry: LedgerEntry | undefined;
  /** Nothing is left to do for it but, perhaps, a word of the owner. */
  settled: boolean;
}

/**
 * How far the pair is after a run. The cursor stays before the first reading that is not settled (invariant 2), and where
 * it is while there are records that could not be understood.
 */
export function advance(
  before: Progress,
  answer: SourceAnswer,
  height: Height | undefined,
  settlements: Settlement[],
): Progress {
  const open = settlements.filter((it) => !it.settled).map((it) => it.reading.modifiedAt.getTime());
  const newest = Math.max(before.cursorAt.getTime(), ...settlements.map((it) => it.reading.modifiedAt.getTime()));
  const isComplete = open.length === 0 && answer.unreadable === 0;
  const cursorAt = answer.unreadable > 0 ? before.cursorAt.getTime() : Math.min(newest, ...open.map((at) => at - 1000));
  const timezone = answer.timezone ?? before.timezone;
  const { adopting: _adopting, ...rest } = before;
  return {
    ...rest,
    cursorAt: new Date(cursorAt),
    ...(before.adopting && !isComplete && { adopting: true }),
    ...(timezone && { timezone }),
    ...(height && { height }),
    recentWeighIns: recentWeighIns(before, settlements),
    lastReadings: lastReadings(before, settlements),
    attention: attention(before, settlements),
    reportedUnknown: [...new Set([...before.reportedUnknown, ...answer.unknown])],
  };
}

const isOwners = ({ entry }: Settlement) =>
  entry?.fate.state === "seen" || entry?.fate.state === "sent" || entry?.fate.state === "skipped";

function recentWeighIns(before: Progress, settlements: Settlement[]): Progress["recentWeighIns"] {
  const byTime = new Map(before.recentWeighIns.map((it) => [it.takenAt.getTime(), it]));
  for (const settlement of settlements) {
    const { reading } = settlement;
    if (reading.kind !== "weigh_in") continue;
    const { takenAt, weightKg } = reading;
    if (isOwners(settlement)) byTime.set(takenAt.getTime(), { takenAt, weightKg });
  }
  const all = [...byTime.values()].sort((a, b) => a.takenAt.getTime() - b.takenAt.getTime());
  const oldest = (all.at(-1)?.takenAt.getTime() ?? 0) - RECENT_DAYS * DAY_MS;
  return all.filter((it) => it.takenAt.getTime() >= oldest).slice(-RECENT_WEIGH_INS);
}

function lastReadings(before: Progress, settlements: Settlement[]): Progress["lastReadings"] {
  const last = { ...before.lastReadings };
  for (const settlement of settlements) {
    if (!isOwners(settlement) || !settlement.entry) continue;
    const { kind, takenAt, values } = settlement.entry;
    const known = last[kind];
    if (!known || takenAt >= known.takenAt) last[kind] = { takenAt, values };
  }
  return last;
}

function attention(before: Progress, settlements: Settlement[]): AttentionItem[] {
  const items = new Map(before.attention.map((it) => [readingId(it), it]));
  for (const { reading, entry } of settlements) {
    const id = readingId(reading);
    if (!entry) continue;
    const { measureGroupId, kind, takenAt, values, fate } = entry;
    if (fate.state === "held" || fate.state === "failed")
      items.set(id, { measureGroupId, kind, takenAt, values, fate });
    else items.delete(id);
  }
  return [...items.values()].sort((a, b) => a.takenAt.getTime() - b.takenAt.getTime()).slice(-ATTENTION_ITEMS);
}

const earlier = (a: Date, b: Date) => (a < b ? a : b);
