import { ActionNeededError, RetryLaterError } from "../../lib/errors.ts";
import type { LedgerEntry } from "../model/ledger.ts";
import { fingerprint } from "../model/reading.ts";
import type { FailReason, GarminEntry } from "../model/vendors.ts";
import { type BatchContext, remove } from "./batch.ts";
import type { Item, Task } from "./item.ts";
import { compare } from "./read-back.ts";
import {
  awaitedFromNow,
  type Change,
  describe,
  lookedForOnce,
  notAttempted,
  settledAs,
  stillAwaited,
  toRemove,
  unconfirmed,
  writeAll,
} from "./record.ts";

/**
 * Does what the findings ask for, and resolves to those that went well. Of these, "send" and "outdated" that are unsettled still
 * have to be uploaded. What only the ledger has to know goes first, in one write.
 */
export async function actOnEach(items: Task[], batch: BatchContext): Promise<Task[]> {
  const failed = new Set<Task>();
  const inGarminToo = items.filter(({ finding, surplus }) => finding?.type === "outdated" || surplus?.length);
  await record(
    items.filter((item) => !inGarminToo.includes(item)),
    batch,
  );
  for (const item of inGarminToo) {
    try {
      await act(item, batch);
    } catch (error) {
      if (error instanceof RetryLaterError || error instanceof ActionNeededError) throw error;
      // What Garmin won't do for this one says nothing about the others.
      batch.errors.push(error);
      failed.add(item);
    }
  }
  return items.filter((item) => !failed.has(item));
}

async function act(item: Task, batch: BatchContext): Promise<void> {
  const { finding, surplus = [] } = item;
  for (const { key } of surplus) await remove(key, batch);
  if (surplus.length > 0 && item.entry) {
    item.entry = { ...item.entry, value: lookedForAgain(item.entry.value, surplus, batch.clock.now()) };
  }
  await record([item], batch);
  if (finding?.type === "outdated" && !item.isSettled) await replace(item, finding.inGarmin, batch);
}

/** Garmin may only have said that it has removed them. */
function lookedForAgain(entry: LedgerEntry, removed: GarminEntry[], now: Date): LedgerEntry {
  const { possibleCopies = [], replaces } = entry;
  const isOld = removed.some(({ key }) => key.id === replaces?.garminKey?.id);
  const copies = lookedForOnce([...possibleCopies, ...(replaces && isOld ? [awaitedFromNow(replaces, now)] : [])], now);
  return copies.length > 0 ? { ...entry, possibleCopies: copies } : entry;
}

async function record(items: Task[], batch: BatchContext): Promise<void> {
  await writeAll(
    items.map((item) => changeBy(item, batch)),
    batch.ledger,
  );
}

function changeBy(item: Task, batch: BatchContext): Change<Item> | undefined {
  const { finding, step } = item;
  switch (finding?.type) {
    case "send":
      return withheld(item, {}, batch);
    case "outdated":
      return withheld(item, keyInGarmin(item, finding.inGarmin), batch);
    case "arrived":
      return seen(item, finding.inGarmin, new Set(), batch);
    case "elsewhere":
      return adopted(item, finding.inGarmin, batch);
    case "gone":
      return givenUp(item, "never_appeared");
    case "unclear":
      return givenUp(item, "unreadable_in_garmin");
    case "absent":
      return step.type === "hold" ? settledAs(item, { state: "held", reason: step.reason }) : undefined;
    case "watched":
      return watchEnded(item, batch);
    default:
      return undefined;
  }
}

function keyInGarmin({ entry }: Task, inGarmin: GarminEntry | undefined): Pick<LedgerEntry, "garminKey"> {
  const garminKey = inGarmin?.key ?? entry?.value.replaces?.garminKey;
  return garminKey ? { garminKey } : {};
}

/** Settles what must not be sent: it became doubtful, or was edited beyond what Garmin takes, while its upload was open. */
function withheld(
  item: Task,
  inGarmin: Pick<LedgerEntry, "garminKey">,
  { sink, clock }: BatchContext,
): Change<Task> | undefined {
  const { reading, step, entry } = item;
  const doubt = step.type === "verify" ? step.hold : undefined;
  const refusal = sink.refusal(reading);
  if (!doubt && !refusal) return undefined;
  const next: LedgerEntry = {
    ...notAttempted(reading, entry?.value),
    ...unconfirmed(entry?.value, clock.now()),
    ...inGarmin,
    ...(doubt && { fate: { state: "held", reason: doubt } }),
    ...(!doubt && refusal && { fate: { state: "failed", reason: refusal } }),
  };
  return { item, next, settles: true };
}

async function replace(item: Task, inGarmin: GarminEntry | undefined, batch: BatchContext): Promise<void> {
  const before = item.entry?.value;
  const replaces = before && toRemove(before, inGarmin?.key);
  const next: LedgerEntry = {
    ...notAttempted(item.reading, before),
    ...(replaces && { replaces }),
    ...(before?.possibleCopies && { possibleCopies: before.possibleCopies }),
  };
  await writeAll([{ item, next }], batch.ledger);
  // Not only what Garmin shows right now: what it showed once is there until it's removed.
  if (replaces?.garminKey) await remove(replaces.garminKey, batch);
}

/** `shown`: keys beside it that weren't removed just now. A removed version among them is removed again by a later run. */
export function seen(
  item: Item,
  inGarmin: GarminEntry,
  shown: ReadonlySet<string>,
  { sink, sendContext, heightSince, claimed, readBacks, clock }: BatchContext,
): Change<Item> | undefined {
  const { reading, entry } = item;
  if (!entry) return undefined;
  const garminKey = inGarmin.key;
  claimed.add(garminKey.id);
  const { replaces, differences: _before, possibleCopies = [], ...kept } = entry.value;
  // If Withings has changed it since, we only know what the ledger kept of the old version.
  const isAsSent = kept.fingerprint === fingerprint(reading);
  const isSince = !heightSince || !kept.attemptedAt || kept.attemptedAt >= heightSince;
  const sentWith = isSince ? sendContext : { ...sendContext, heightM: undefined };
  const readBack = compare(kept, isAsSent ? sink.sentFields(reading, sentWith) : {}, inGarmin);
  const { differences } = readBack;
  readBacks.push(readBack);
  const seenAt = clock.now();
  const isOldShown = replaces?.garminKey && shown.has(replaces.garminKey.id);
  const next: LedgerEntry = {
    ...kept,
    ...stillAwaited([...possibleCopies, ...(isOldShown ? [awaitedFromNow(replaces, seenAt)] : [])], seenAt),
    fate: { state: "seen" },
    seenAt,
    garminKey,
    ...(differences.length > 0 && { differences }),
  };
  return { item, next, settles: true };
}

function adopted(item: Task, inGarmin: GarminEntry, { clock, claimed, foreign }: BatchContext): Change<Task> {
  const { reading, step, entry } = item;
  claimed.add(inGarmin.key.id);
  foreign.delete(inGarmin.key.id);
  const next: LedgerEntry = {
    ...describe(reading, entry?.value),
    fate: { state: "skipped", reason: "already_in_garmin" },
    attempts: 0,
    garminKey: inGarmin.key,
    // A late copy of ours must still be removed.
    ...unconfirmed(entry?.value, clock.now()),
    ...(step.type === "hold" && { doubt: step.reason }),
  };
  return { item, next, settles: true };
}

function givenUp(item: Task, reason: FailReason): Change<Task> {
  const known = item.entry?.value ?? notAttempted(item.reading, undefined);
  return { item, next: { ...known, fate: { state: "failed", reason } }, settles: true };
}

/** Only a look after the time is over ends the wait for late copies: there may have been none in between. */
function watchEnded(item: Task, { clock }: BatchContext): Change<Task> | undefined {
  if (!item.entry) return undefined;
  const { possibleCopies = [], ...next } = item.entry.value;
  if (stillAwaited(possibleCopies, clock.now()).possibleCopies) return undefined;
  return { item, next, settles: next.fate.state !== "failed" };
}
