import type { LedgerEntry } from "../model/ledger.ts";
import { fingerprint } from "../model/reading.ts";
import type { FailReason, GarminEntry } from "../model/vendors.ts";
import { type BatchContext, remove } from "./batch.ts";
import type { Item, Task } from "./item.ts";
import { compare } from "./read-back.ts";
import {
  awaitedFromNow,
  describe,
  notAttempted,
  settle,
  settleAs,
  stillAwaited,
  toRemove,
  unconfirmed,
  write,
} from "./record.ts";

/** Does what the finding asks for. "send" and "outdated" that are unsettled afterwards still have to be uploaded. */
export async function act(item: Task, batch: BatchContext): Promise<void> {
  const { finding, surplus = [] } = item;
  for (const { key } of surplus) await remove(key, batch);
  switch (finding?.type) {
    case "send":
      return withhold(item, {}, batch);
    case "outdated":
      await withhold(item, keyInGarmin(item, finding.inGarmin), batch);
      return item.isSettled ? undefined : replace(item, finding.inGarmin, batch);
    case "arrived":
      return recordSeen(item, finding.inGarmin, new Set(surplus.map(({ key }) => key.id)), batch);
    case "elsewhere":
      return adopt(item, finding.inGarmin, batch);
    case "gone":
      return giveUp(item, "never_appeared", batch);
    case "unclear":
      return giveUp(item, "unreadable_in_garmin", batch);
    case "absent":
      return hold(item, batch);
    case "watched":
      return endWatch(item, batch);
  }
}

function keyInGarmin({ entry }: Task, inGarmin: GarminEntry | undefined): Pick<LedgerEntry, "garminKey"> {
  const garminKey = inGarmin?.key ?? entry?.value.replaces?.garminKey;
  return garminKey ? { garminKey } : {};
}

/** Settles what must not be sent: it became doubtful, or was edited beyond what Garmin takes, while its upload was open. */
async function withhold(item: Task, inGarmin: Pick<LedgerEntry, "garminKey">, batch: BatchContext): Promise<void> {
  const { reading, step, entry } = item;
  const { sink, ledger, clock } = batch;
  const doubt = step.type === "verify" ? step.hold : undefined;
  const refusal = sink.refusal(reading);
  if (!doubt && !refusal) return;
  const withheld: LedgerEntry = {
    ...notAttempted(reading, entry?.value),
    ...unconfirmed(entry?.value, clock.now()),
    ...inGarmin,
    ...(doubt && { fate: { state: "held", reason: doubt } }),
    ...(!doubt && refusal && { fate: { state: "failed", reason: refusal } }),
  };
  await settle(item, withheld, ledger);
}

async function replace(item: Task, inGarmin: GarminEntry | undefined, batch: BatchContext): Promise<void> {
  const before = item.entry?.value;
  const replaces = before && toRemove(before, inGarmin?.key);
  const replacing: LedgerEntry = {
    ...notAttempted(item.reading, before),
    ...(replaces && { replaces }),
    ...(before?.possibleCopies && { possibleCopies: before.possibleCopies }),
  };
  await write(item, replacing, batch.ledger);
  // Not only what Garmin shows right now: what it showed once is there until it's removed.
  if (replaces?.garminKey) await remove(replaces.garminKey, batch);
}

/** `shown`: keys beside it. A removed version that Garmin still shows is removed again by a later run. */
export async function recordSeen(
  item: Item,
  inGarmin: GarminEntry,
  shown: ReadonlySet<string>,
  { sink, sendContext, ledger, claimed, readBacks, clock }: BatchContext,
): Promise<void> {
  const { reading, entry } = item;
  if (!entry) return;
  const garminKey = inGarmin.key;
  claimed.add(garminKey.id);
  const { replaces, differences: _before, possibleCopies = [], ...kept } = entry.value;
  // If Withings has changed it since, we only know what the ledger kept of the old version.
  const isAsSent = kept.fingerprint === fingerprint(reading);
  const readBack = compare(kept, isAsSent ? sink.sentFields(reading, sendContext) : {}, inGarmin);
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
  await settle(item, seen, ledger);
  readBacks.push(readBack);
}

async function adopt(item: Task, inGarmin: GarminEntry, batch: BatchContext): Promise<void> {
  const { reading, step, entry } = item;
  const adopted: LedgerEntry = {
    ...describe(reading, entry?.value),
    fate: { state: "skipped", reason: "already_in_garmin" },
    attempts: 0,
    garminKey: inGarmin.key,
    // A late copy of ours must still be removed.
    ...unconfirmed(entry?.value, batch.clock.now()),
    ...(step.type === "hold" && { doubt: step.reason }),
  };
  await settle(item, adopted, batch.ledger);
  batch.claimed.add(inGarmin.key.id);
  batch.foreign.delete(inGarmin.key.id);
}

async function giveUp(item: Task, reason: FailReason, { ledger }: BatchContext): Promise<void> {
  const known = item.entry?.value ?? notAttempted(item.reading, undefined);
  await settle(item, { ...known, fate: { state: "failed", reason } }, ledger);
}

async function hold(item: Task, { ledger }: BatchContext): Promise<void> {
  if (item.step.type === "hold") await settleAs(item, { state: "held", reason: item.step.reason }, ledger);
}

/** Only a look after the time is over ends the wait for late copies: there may have been none in between. */
async function endWatch(item: Task, { ledger, clock }: BatchContext): Promise<void> {
  if (!item.entry) return;
  const { possibleCopies = [], ...rest } = item.entry.value;
  if (stillAwaited(possibleCopies, clock.now()).possibleCopies) return;
  if (rest.fate.state === "failed") await write(item, rest, ledger);
  else await settle(item, rest, ledger);
}
