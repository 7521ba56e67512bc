import type { Clock } from "../../lib/clock.ts";
import type { HeldLease } from "../links/with-lease.ts";
import type { Fate, Ledger, LedgerEntry, UnconfirmedUpload } from "../model/ledger.ts";
import type { Versioned, WithAccess } from "../model/link.ts";
import { fingerprint, type Reading, readingId } from "../model/reading.ts";
import type { FailReason, Field, GarminEntry, GarminKey, SendContext, Sink } from "../model/vendors.ts";
import type { Task } from "./lookup.ts";
import { sentValues } from "./match.ts";
import { isAttempted } from "./plan.ts";
import { compare, isDecisive, type ReadBack } from "./read-back.ts";

export interface BatchContext {
  sink: Sink;
  withAccess: WithAccess;
  ledger: Ledger;
  lease: HeldLease;
  clock: Clock;
  context: Omit<SendContext, "beforeEach">;
  /** Delete keys of entries that are known to be other readings. The lane adds those it finds out about. */
  taken: Set<string>;
  /** Readings of this kind are known to come back as they were sent. */
  isProven: boolean;
  /** Fields whose differences the owner has accepted. */
  accepted: ReadonlySet<Field>;
  onStage: (stage: "sending" | "checking", readings: number) => void;
}

export interface BatchReport {
  synced: number;
  skipped: number;
  held: number;
  /** What each reading came to, for those that got this far. The others are open. */
  fates: Map<string, LedgerEntry>;
  /** What was read back, compared with what was sent. */
  readBacks: ReadBack[];
  /** Entries in Garmin that are not ours, by their key. */
  strangers: Map<string, GarminEntry>;
  /** A reading came back different. Nothing more is sent until the owner says so. */
  isHeld: boolean;
  /** Garmin was sent a reading that it does not show yet. */
  isAwaited: boolean;
  /** What was sent in this run, accepted or without an answer, as the ledger had it right after that. */
  sent: Map<string, LedgerEntry>;
  /** Garmin accepted an upload in this run. */
  hasUploaded: boolean;
  /** What stopped the lane before its end. */
  error?: unknown;
}

/** What the ledger keeps of a reading, whatever becomes of it, after what it has `before`. */
export function describe(reading: Reading, before: LedgerEntry | undefined) {
  return {
    measureGroupId: reading.measureGroupId,
    kind: reading.kind,
    takenAt: reading.takenAt,
    modifiedAt: reading.modifiedAt,
    fingerprint: fingerprint(reading),
    values: sentValues(reading),
    ...(before?.decision?.type === "mine" && { decision: before.decision }),
  };
}

/** The ledger entry of a reading that is held, refused or left out, with what is known of it in Garmin. */
export function withFate(reading: Reading, before: LedgerEntry | undefined, fate: Fate): LedgerEntry {
  return {
    ...describe(reading, before),
    fate,
    attempts: before?.attempts ?? 0,
    ...(before?.garminKey && { garminKey: before.garminKey }),
    ...(before?.possibleCopies && { possibleCopies: before.possibleCopies }),
  };
}

/** Writes an entry unless the ledger says the same of this version already. */
export async function writeChanged(ledger: Ledger, now: LedgerEntry, entry: Versioned<LedgerEntry> | undefined) {
  const before = entry?.value;
  if (JSON.stringify(before?.fate) === JSON.stringify(now.fate) && before?.fingerprint === now.fingerprint) return;
  await ledger.write(now, entry?.version);
}

export function notAttempted(reading: Reading, before: LedgerEntry | undefined): LedgerEntry {
  return { ...describe(reading, before), fate: { state: "sending" }, attempts: 0 };
}

/** After an attempt without a trace a copy may turn up for so long. */
const WATCH_SECONDS = 24 * 3600;

/** What was sent of it and may stand in Garmin without our knowing. */
export function unconfirmed(entry: LedgerEntry | undefined, now: Date): Pick<LedgerEntry, "possibleCopies"> {
  if (!entry) return {};
  return stillAwaited(
    [...(entry.possibleCopies ?? []), ...(isAttempted(entry) ? [awaitedFromNow(entry, now)] : [])],
    now,
  );
}

const awaitedFromNow = (
  { takenAt, values }: Pick<UnconfirmedUpload, "takenAt" | "values">,
  now: Date,
): UnconfirmedUpload => ({
  ...{ takenAt, values },
  until: new Date(now.getTime() + WATCH_SECONDS * 1000),
});

/** Those whose time is not over. One that would last for days was dated by a wrong clock. */
export function stillAwaited(copies: UnconfirmedUpload[], now: Date): Pick<LedgerEntry, "possibleCopies"> {
  const latest = now.getTime() + 2 * WATCH_SECONDS * 1000;
  const possibleCopies = copies.filter(({ until }) => until > now && until.getTime() <= latest);
  return possibleCopies.length > 0 ? { possibleCopies } : {};
}

/** What has to go: the version that stands, or the one whose removal an earlier run began. */
export function toRemove(entry: LedgerEntry, key: GarminKey | undefined) {
  if (entry.replaces && !entry.attemptedAt) return entry.replaces;
  const garminKey = entry.garminKey ?? key;
  return { takenAt: entry.takenAt, values: entry.values, ...(garminKey && { garminKey }) };
}

/**
 * It was read back from Garmin, the same or different. `shown` are the keys of what Garmin showed beside it: a version whose
 * removal Garmin said yes to, and which is there all the same, is removed again by a later run.
 */
export async function recordSeen(
  entry: Versioned<LedgerEntry> | undefined,
  reading: Reading,
  standing: GarminEntry,
  { sink, context, ledger, taken, accepted, clock }: BatchContext,
  report: BatchReport,
  shown: ReadonlySet<string> = new Set(),
) {
  if (!entry) return;
  const garminKey = standing.key;
  taken.add(garminKey.id);
  const { replaces, differences: _before, possibleCopies = [], ...kept } = entry.value;
  // If Withings has changed it since, we only know what the ledger kept of the old version.
  const isAsSent = kept.fingerprint === fingerprint(reading);
  const readBack = compare(kept, isAsSent ? sink.sentFields(reading, context) : {}, standing);
  const { differences } = readBack;
  const seenAt = clock.now();
  const isOldShown = replaces?.garminKey && shown.has(replaces.garminKey.id);
  const seen: LedgerEntry = {
    ...kept,
    ...stillAwaited([...possibleCopies, ...(isOldShown ? [awaitedFromNow(replaces, seenAt)] : [])], seenAt),
    fate: { state: "seen" },
    seenAt,
    garminKey,
    ...(differences.length > 0 && { differences }),
  };
  await ledger.write(seen, entry.version);
  report.synced++;
  report.fates.set(readingId(seen), seen);
  report.readBacks.push(readBack);
  report.isHeld ||= differences.some((it) => isDecisive(it) && !accepted.has(it.field));
}

/** Garmin can not or would not take it. */
export async function recordFailed(
  value: Omit<LedgerEntry, "fate">,
  reason: FailReason,
  { reading, entry }: Task,
  { ledger }: BatchContext,
  report: BatchReport,
) {
  const now: LedgerEntry = { ...value, fate: { state: "failed", reason } };
  await ledger.write(now, entry?.version);
  report.fates.set(readingId(reading), now);
}
