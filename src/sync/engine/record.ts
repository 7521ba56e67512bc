import { isStillAhead } from "../../lib/clock.ts";
import { RetryLaterError } from "../../lib/errors.ts";
import type { Fate, Ledger, LedgerEntry, Progress, UnconfirmedUpload } from "../model/ledger.ts";
import { fingerprint, type Reading, readingId } from "../model/reading.ts";
import type { GarminKey } from "../model/vendors.ts";
import type { Item } from "./item.ts";
import { sentValues } from "./match.ts";
import { isAttempted } from "./plan.ts";

type Entered = Pick<Item, "entry" | "isSettled">;

/** What is to be written about one reading. */
export interface Change<I extends Entered = Entered> {
  item: I;
  next: LedgerEntry;
  /** Nothing is left to do for it then. */
  settles?: boolean;
}

/**
 * All in one write. Resolves to their items.
 * @throws RetryLaterError if another run was faster with one of them. The others are written, and their items know it.
 */
export async function writeAll<I extends Entered>(all: Array<Change<I> | undefined>, ledger: Ledger) {
  const changes = all.filter((it) => it !== undefined);
  if (changes.length === 0) return [];
  const outcomes = await ledger.write(changes.map(({ item, next }) => ({ entry: next, version: item.entry?.version })));
  const written = changes.flatMap(({ item, settles }, index) => {
    const entry = outcomes[index];
    if (!entry || entry === "conflict") return [];
    if (settles) item.isSettled = true;
    return Object.assign(item, { entry });
  });
  if (written.length < changes.length) throw new RetryLaterError("another run works on the same reading");
  return written;
}

/** Undefined if the ledger has this fate of this version already: then nothing is to be written. */
export function settledAs<I extends Item>(item: I, fate: Fate): Change<I> | undefined {
  const before = item.entry?.value;
  const next = withFate(item.reading, before, fate);
  const isSame = JSON.stringify(before?.fate) === JSON.stringify(fate) && before?.fingerprint === next.fingerprint;
  if (!item.entry || !isSame) return { item, next, settles: true };
  item.entry = { ...item.entry, value: next };
  item.isSettled = true;
  return undefined;
}

export function describe(reading: Reading, before: LedgerEntry | undefined) {
  return {
    measureGroupId: reading.measureGroupId,
    kind: reading.kind,
    takenAt: reading.takenAt,
    modifiedAt: reading.modifiedAt,
    fingerprint: fingerprint(reading),
    values: sentValues(reading),
    ...(before?.decision && isForGood(before.decision) && { decision: before.decision }),
    // What was restored though it's gone at Withings isn't asked about again.
    ...((reading.unlisted || (before?.isKept && before.fingerprint === fingerprint(reading))) && {
      isKept: true as const,
    }),
  };
}

const isForGood = ({ type }: NonNullable<LedgerEntry["decision"]>) =>
  type === "mine" || type === "ask_again" || type === "handed_on";

function withFate(reading: Reading, before: LedgerEntry | undefined, fate: Fate): LedgerEntry {
  return {
    ...describe(reading, before),
    fate,
    attempts: before?.attempts ?? 0,
    ...(before?.garminKey && { garminKey: before.garminKey }),
    ...(before?.possibleCopies && { possibleCopies: before.possibleCopies }),
  };
}

export function notAttempted(reading: Reading, before: LedgerEntry | undefined): LedgerEntry {
  return { ...describe(reading, before), fate: { state: "sending" }, attempts: 0 };
}

const WATCH_SECONDS = 24 * 3600;

export function unconfirmed(entry: LedgerEntry | undefined, now: Date): Pick<LedgerEntry, "possibleCopies"> {
  if (!entry) return {};
  return stillAwaited(
    [...(entry.possibleCopies ?? []), ...(isAttempted(entry) ? [awaitedFromNow(entry, now)] : [])],
    now,
  );
}

export const awaitedFromNow = (
  { takenAt, values }: Pick<UnconfirmedUpload, "takenAt" | "values">,
  now: Date,
): UnconfirmedUpload => ({
  ...{ takenAt, values },
  until: new Date(now.getTime() + WATCH_SECONDS * 1000),
});

export function stillAwaited(copies: UnconfirmedUpload[], now: Date): Pick<LedgerEntry, "possibleCopies"> {
  const possibleCopies = copies.filter(({ until }) => isStillAhead(until, now, 2 * WATCH_SECONDS));
  return possibleCopies.length > 0 ? { possibleCopies } : {};
}

/** What was just removed: Garmin may only have said that it's gone, so one more look ends the wait. */
export const lookedForOnce = (copies: UnconfirmedUpload[], now: Date): UnconfirmedUpload[] =>
  copies.map((it) => ({ ...it, until: new Date(Math.max(it.until.getTime(), now.getTime() + 1000)) }));

/** The version that is in Garmin, or the one whose removal an earlier run started. */
export function toRemove(entry: LedgerEntry, key: GarminKey | undefined) {
  if (entry.replaces && !entry.attemptedAt) return entry.replaces;
  const garminKey = entry.garminKey ?? key;
  return { takenAt: entry.takenAt, values: entry.values, ...(garminKey && { garminKey }) };
}

/** Only what Withings lists is decided about, so the cursor goes back to before it. */
export function listedAgain(progress: Progress, entry: LedgerEntry): Progress {
  const cursorAt = Math.min(progress.cursorAt.getTime(), entry.modifiedAt.getTime() - 1000);
  const attention = progress.attention.filter((it) => readingId(it) !== readingId(entry));
  return { ...progress, cursorAt: new Date(cursorAt), attention };
}
