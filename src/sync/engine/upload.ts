import { asksToWait } from "../../lib/errors.ts";
import type { LedgerEntry } from "../model/ledger.ts";
import type { Versioned } from "../model/link.ts";
import type { GarminEntry, UnreadableEntry } from "../model/vendors.ts";
import { recordSeen } from "./actions.ts";
import { aroundAll, type BatchContext } from "./batch.ts";
import type { Item, Written } from "./item.ts";
import { changed, mayBeOurs, OURS, UnclaimedEntries } from "./match.ts";
import { describe, settle, unconfirmed, write } from "./record.ts";

/** Garmin takes in what it accepted a moment later. Seconds after the look before. */
const READ_BACK_AFTER_SECONDS = [0, 1, 2, 4];

export async function upload(items: Item[], batch: BatchContext): Promise<void> {
  const { sink, ledger, lease, clock, sendContext } = batch;
  await lease.ensure();
  batch.onStage("sending", items.length);
  const attemptedAt = clock.now();
  const sending = await Promise.all(
    items.map(async (item) => ({
      earlier: item.entry,
      item: await write(item, nextAttempt(item, attemptedAt), ledger),
    })),
  );

  const readings = items.map(({ reading }) => reading);
  // Nothing is sent without a lease, and it may have ended while this waited for its turn.
  const { outcomes, stoppedBy } = await sink.send(readings, { ...sendContext, beforeEach: lease.ensure });
  const awaited: Written[] = [];
  const refused: Written[] = [];
  for (const [index, { item, earlier }] of sending.entries()) {
    const { value } = item.entry;
    switch (outcomes[index]) {
      case "accepted":
        item.isAccepted = true;
        awaited.push(
          await write(item, { ...value, accepted: (value.accepted ?? 0) + 1, fate: { state: "sent" } }, ledger),
        );
        break;
      case "refused":
        refused.push(item);
        break;
      case "not_sent":
        await takeBack(item, earlier, batch);
        break;
      default:
        awaited.push(await write(item, { ...value, attemptedAt: clock.now() }, ledger));
    }
  }
  if (asksToWait(stoppedBy)) throw stoppedBy;
  await readBack(awaited, batch);
  await settleRefused(refused, { isAll: refused.length === items.length }, batch);
  if (stoppedBy) throw stoppedBy;
}

function nextAttempt({ reading, entry }: Item, attemptedAt: Date): LedgerEntry {
  const before = entry?.value;
  return {
    ...describe(reading, before),
    fate: { state: "sending" },
    attempts: (before?.attempts ?? 0) + 1,
    ...(before?.accepted && { accepted: before.accepted }),
    attemptedAt,
    ...unconfirmed(before, attemptedAt),
    ...(before?.replaces && { replaces: before.replaces }),
  };
}

async function takeBack(item: Written, earlier: Versioned<LedgerEntry> | undefined, { ledger }: BatchContext) {
  if (earlier) await write(item, earlier.value, ledger);
  else {
    await ledger.forget(item.entry);
    (item as Item).entry = undefined;
  }
}

/** Garmin may have stored readings it refused: none is sent again or given up before a look. */
async function settleRefused(refused: Written[], { isAll }: { isAll: boolean }, batch: BatchContext): Promise<void> {
  const { sink, ledger, clock } = batch;
  const { missing, unreadable } = await lookFor(refused, new Set(batch.claimed), batch);
  const absent = missing.filter(({ entry }) => !unreadable.some((it) => mayBeOurs(entry.value, it)));
  if (sink.sendsAsOne && isAll && absent.length > 1) {
    // One bad record spoils a file: sending halves isolates it and delivers the others. All this counts as one attempt.
    for (const item of absent) item.entry = uncounted(item.entry, clock.now());
    const middle = Math.ceil(absent.length / 2);
    await upload(absent.slice(0, middle), batch);
    await upload(absent.slice(middle), batch);
    return;
  }
  for (const item of absent) {
    const { value } = item.entry;
    const open = unconfirmed(value, clock.now());
    await settle(item, { ...value, ...open, fate: { state: "failed", reason: "refused_by_garmin" } }, ledger);
  }
}

async function readBack(awaited: Written[], batch: BatchContext): Promise<void> {
  let missing = awaited;
  if (missing.length === 0) return;
  batch.onStage("checking", missing.length);
  const notThese = new Set(batch.claimed);
  for (const seconds of READ_BACK_AFTER_SECONDS) {
    if (seconds > 0) await batch.clock.sleep(seconds);
    ({ missing } = await lookFor(missing, notThese, batch));
    // What may never have got there isn't worth waiting for now.
    if (!missing.some(({ entry }) => entry.value.fate.state === "sent")) return;
  }
}

/** Records what is there as seen, and resolves to what isn't. `notThese` holds keys of other entries and grows. */
async function lookFor(
  wanted: Written[],
  notThese: Set<string>,
  batch: BatchContext,
): Promise<{ missing: Written[]; unreadable: UnreadableEntry[] }> {
  const times = wanted.flatMap(({ entry: { value } }) => [value.takenAt, value.replaces?.takenAt ?? value.takenAt]);
  // Garmin may still show a removed version for a moment.
  for (const { entry } of wanted) if (entry.value.replaces?.garminKey) notThese.add(entry.value.replaces.garminKey.id);
  const { entries: all, unreadable } = await aroundAll(batch.sink, times);
  const entries = new UnclaimedEntries(all, notThese);
  const shown = new Set(all.map(({ key }) => key.id));
  const missing = () => wanted.filter(({ isSettled }) => !isSettled);
  const takeThose = async (fits: (wanted: LedgerEntry, inGarmin: GarminEntry) => boolean) => {
    for (const item of missing()) {
      const found = entries.take(item.entry.value, fits);
      if (!found) continue;
      notThese.add(found.key.id);
      await recordSeen(item, found, shown, batch);
    }
  };
  for (const fits of OURS) await takeThose(fits);
  for (const { entry } of wanted) entries.takeAll(entry.value.possibleCopies ?? []);
  for (const fits of changed(batch)) await takeThose(fits);
  for (const other of entries.left()) batch.foreign.set(other.key.id, other);
  // A surplus copy is left to the next run: here it can't be told from a twin's.
  return { missing: missing(), unreadable };
}

/** As if it had not been sent, except that Garmin may have kept a copy all the same and show it late. */
function uncounted(entry: Versioned<LedgerEntry>, now: Date): Versioned<LedgerEntry> {
  const { attemptedAt: _refused, ...value } = entry.value;
  return { ...entry, value: { ...value, ...unconfirmed(entry.value, now), attempts: value.attempts - 1 } };
}
