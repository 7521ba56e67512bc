import { asksToWait } from "../../lib/errors.ts";
import type { LedgerEntry } from "../model/ledger.ts";
import type { Versioned } from "../model/link.ts";
import type { GarminEntry, SendAnswer, UnreadableEntry } from "../model/vendors.ts";
import { seen } from "./actions.ts";
import { aroundAll, type BatchContext } from "./batch.ts";
import type { Item, Written } from "./item.ts";
import { changed, mayBeOurs, OURS, UnclaimedEntries } from "./match.ts";
import { type Change, describe, unconfirmed, writeAll } from "./record.ts";

/** Garmin takes in what it accepted a moment later. Seconds after the look before. */
const READ_BACK_AFTER_SECONDS = [0, 1, 2, 4];

export async function upload(items: Item[], batch: BatchContext): Promise<void> {
  const { sink, ledger, lease, clock, sendContext } = batch;
  await lease.ensure();
  batch.onStage("sending", items.length);
  const attemptedAt = clock.now();
  const earlier = items.map(({ entry }) => entry);
  const sending = await writeAll(
    items.map((item) => ({ item, next: nextAttempt(item, attemptedAt) })),
    ledger,
  );
  const readings = items.map(({ reading }) => reading);
  // Nothing is sent without a lease, and it may have ended while this waited for its turn.
  const { outcomes, stoppedBy } = await sink.send(readings, { ...sendContext, beforeEach: lease.ensure });
  const { awaited, refused } = await recordOutcomes(sending, earlier, outcomes, batch);
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

/** What wasn't sent is taken back to its entry before, or to none. */
async function recordOutcomes(
  sending: Written[],
  earlier: Array<Item["entry"]>,
  outcomes: SendAnswer["outcomes"],
  { ledger, clock }: BatchContext,
): Promise<{ awaited: Written[]; refused: Written[] }> {
  const changes: Array<Change<Written>> = [];
  const unsent: Written[] = [];
  const awaited: Written[] = [];
  const refused: Written[] = [];
  for (const [index, item] of sending.entries()) {
    const { value } = item.entry;
    const before = earlier[index];
    switch (outcomes[index]) {
      case "accepted":
        item.isAccepted = true;
        changes.push({ item, next: { ...value, accepted: (value.accepted ?? 0) + 1, fate: { state: "sent" } } });
        awaited.push(item);
        break;
      case "refused":
        refused.push(item);
        break;
      case "not_sent":
        if (before) changes.push({ item, next: before.value });
        else unsent.push(item);
        break;
      default:
        changes.push({ item, next: { ...value, attemptedAt: clock.now() } });
        awaited.push(item);
    }
  }
  await writeAll(changes, ledger);
  for (const item of unsent) {
    await ledger.forget(item.entry);
    (item as Item).entry = undefined;
  }
  return { awaited, refused };
}

/** Garmin may have stored readings it refused: none is sent again or given up before a look. */
async function settleRefused(refused: Written[], { isAll }: { isAll: boolean }, batch: BatchContext): Promise<void> {
  const { sink, ledger, clock } = batch;
  const { missing, unreadable } = await lookFor(refused, new Set(), batch);
  const absent = missing.filter(({ entry }) => !unreadable.some((it) => mayBeOurs(entry.value, it)));
  if (sink.sendsAsOne && isAll && absent.length > 1) {
    // One bad record spoils a file: sending halves isolates it and delivers the others. All this counts as one attempt.
    for (const item of absent) item.entry = uncounted(item.entry, clock.now());
    const middle = Math.ceil(absent.length / 2);
    await upload(absent.slice(0, middle), batch);
    await upload(absent.slice(middle), batch);
    return;
  }
  const failed = ({ value }: Versioned<LedgerEntry>): LedgerEntry => ({
    ...value,
    ...unconfirmed(value, clock.now()),
    fate: { state: "failed", reason: "refused_by_garmin" },
  });
  await writeAll(
    absent.map((item) => ({ item, next: failed(item.entry), settles: true })),
    ledger,
  );
}

async function readBack(awaited: Written[], batch: BatchContext): Promise<void> {
  let missing = awaited;
  if (missing.length === 0) return;
  batch.onStage("checking", missing.length);
  const removed = new Set<string>();
  for (const seconds of READ_BACK_AFTER_SECONDS) {
    if (seconds > 0) await batch.clock.sleep(seconds);
    ({ missing } = await lookFor(missing, removed, batch));
    // What may never have got there isn't worth waiting for now.
    if (!missing.some(({ entry }) => entry.value.fate.state === "sent")) return;
  }
}

/** Records what is there as seen, and resolves to what isn't. `removed` holds keys of removed versions and grows. */
async function lookFor(
  wanted: Written[],
  removed: Set<string>,
  batch: BatchContext,
): Promise<{ missing: Written[]; unreadable: UnreadableEntry[] }> {
  const times = wanted.flatMap(({ entry: { value } }) => [value.takenAt, value.replaces?.takenAt ?? value.takenAt]);
  // Garmin may still show a removed version for a moment.
  for (const { entry } of wanted) if (entry.value.replaces?.garminKey) removed.add(entry.value.replaces.garminKey.id);
  const { entries: all, unreadable } = await aroundAll(batch.sink, times);
  const shown = new Set(all.map(({ key }) => key.id));
  const { found, left } = await batch.claimed.settled(
    () => takeWanted(wanted, all, removed, batch),
    (taken) => [...taken.found].map(([{ entry }, inGarmin]) => ({ sent: entry.value, inGarmin })),
  );
  for (const other of left) batch.foreign.set(other.key.id, other);
  await writeAll(
    [...found].map(([item, inGarmin]) => seen(item, inGarmin, shown, batch)),
    batch.ledger,
  );
  // A surplus copy is left to the next run: here it can't be told from a twin's.
  return { missing: wanted.filter((item) => !found.has(item)), unreadable };
}

function takeWanted(wanted: Written[], all: GarminEntry[], removed: ReadonlySet<string>, batch: BatchContext) {
  const entries = new UnclaimedEntries(all, { has: (id) => batch.claimed.has(id) || removed.has(id) });
  const found = new Map<Written, GarminEntry>();
  const takeThose = (fits: (wanted: LedgerEntry, inGarmin: GarminEntry) => boolean) => {
    for (const item of wanted.filter((it) => !found.has(it))) {
      const taken = entries.take(item.entry.value, fits);
      if (taken) found.set(item, taken);
    }
  };
  for (const fits of OURS) takeThose(fits);
  for (const { entry } of wanted) entries.takeAll(entry.value.possibleCopies ?? []);
  for (const fits of changed(batch)) takeThose(fits);
  return { found, left: entries.left() };
}

/** As if it had not been sent, except that Garmin may have kept a copy all the same and show it late. */
function uncounted(entry: Versioned<LedgerEntry>, now: Date): Versioned<LedgerEntry> {
  const { attemptedAt: _refused, ...value } = entry.value;
  return { ...entry, value: { ...value, ...unconfirmed(entry.value, now), attempts: value.attempts - 1 } };
}
