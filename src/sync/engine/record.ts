import { isStillAhead } from "../../lib/clock.ts";
import type { Fate, Ledger, LedgerEntry, UnconfirmedUpload } from "../model/ledger.ts";
import { fingerprint, type Reading } from "../model/reading.ts";
import type { GarminKey } from "../model/vendors.ts";
import type { Item, Written } from "./item.ts";
import { sentValues } from "./match.ts";
import { isAttempted } from "./plan.ts";

export async function write<I extends Item>(item: I, entry: LedgerEntry, ledger: Ledger): Promise<Written<I>> {
  return Object.assign(item, { entry: await ledger.write(entry, item.entry?.version) });
}

export async function settle(item: Item, entry: LedgerEntry, ledger: Ledger): Promise<void> {
  await write(item, entry, ledger);
  item.isSettled = true;
}

/** Writes nothing if the ledger has this fate of this version already. */
export async function settleAs(item: Item, fate: Fate, ledger: Ledger): Promise<void> {
  const before = item.entry?.value;
  const now = withFate(item.reading, before, fate);
  const isSame = JSON.stringify(before?.fate) === JSON.stringify(fate) && before?.fingerprint === now.fingerprint;
  if (item.entry && isSame) item.entry = { ...item.entry, value: now };
  else await write(item, now, ledger);
  item.isSettled = true;
}

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

/** The version that is in Garmin, or the one whose removal an earlier run started. */
export function toRemove(entry: LedgerEntry, key: GarminKey | undefined) {
  if (entry.replaces && !entry.attemptedAt) return entry.replaces;
  const garminKey = entry.garminKey ?? key;
  return { takenAt: entry.takenAt, values: entry.values, ...(garminKey && { garminKey }) };
}
