import { isDeepStrictEqual } from "node:util";
import type { Ledger, LedgerEntry, Progress } from "../model/ledger.ts";
import type { Versioned } from "../model/link.ts";
import { readingId } from "../model/reading.ts";
import type { GarminEntry } from "../model/vendors.ts";
import { aroundAll, type BatchContext, remove } from "./batch.ts";
import type { Taken } from "./claims.ts";
import { type Item, isTask } from "./item.ts";
import { OURS, UnclaimedEntries } from "./match.ts";
import { isAttempted, isOpen, secondsSinceAttempt } from "./plan.ts";
import { lookedForOnce, stillAwaited, writeAll } from "./record.ts";

/** How long an upload that Garmin accepted or didn't answer may still turn up. */
const AWAITED_SECONDS = 24 * 3600;

export async function openWithoutTask(
  items: Item[],
  progress: Progress,
  ledger: Ledger,
): Promise<Array<Versioned<LedgerEntry>>> {
  const ids = new Set(progress.open);
  for (const item of items) {
    const id = readingId(item.reading);
    if (!isTask(item) && item.entry && isOpen(item.entry.value)) ids.add(id);
    else ids.delete(id);
  }
  return [...(await ledger.entries([...ids])).values()].filter(({ value }) => isOpen(value));
}

export interface FollowedUp {
  /** Readings that are still open, by `readingId`: all of them after an error. */
  stillOpen: string[];
  /** Garmin's delete keys. */
  removed: string[];
  error?: unknown;
}

/** Uploads of readings that aren't to be sent any more: one copy stays, as everything sent does, and further ones are removed. */
export async function followUp(entries: Array<Versioned<LedgerEntry>>, batch: BatchContext): Promise<FollowedUp> {
  const removed: string[] = [];
  try {
    return { stillOpen: entries.length > 0 ? await lookAfter(entries, batch, removed) : [], removed };
  } catch (error) {
    return { stillOpen: entries.map(({ value }) => readingId(value)), removed, error };
  }
}

/** Whether Garmin may still show something of it. */
export function isAwaited(entry: LedgerEntry, now: Date): boolean {
  const { possibleCopies } = stillAwaited(entry.possibleCopies ?? [], now);
  return possibleCopies !== undefined || (isAttempted(entry) && secondsSinceAttempt(entry, now) < AWAITED_SECONDS);
}

async function lookAfter(
  entries: Array<Versioned<LedgerEntry>>,
  batch: BatchContext,
  removed: string[],
): Promise<string[]> {
  const { sink, ledger, lease, clock, claimed } = batch;
  const times = entries.flatMap(({ value: { takenAt, possibleCopies = [] } }) => [
    takenAt,
    ...possibleCopies.map((it) => it.takenAt),
  ]);
  await lease.ensure();
  const now = clock.now();
  const { entries: inGarmin } = await aroundAll(sink, times);
  const looks = await claimed.settled(
    () => lookForEach(entries, new UnclaimedEntries(inGarmin, claimed)),
    (all) => all.flatMap(takenBy),
  );
  const stillOpen: string[] = [];

  for (const { entry, found, copies } of looks) {
    const { value, version } = entry;
    const { possibleCopies = [] } = value;
    for (const { key } of copies) {
      await remove(key, batch);
      claimed.add(key.id);
      removed.push(key.id);
    }
    const { possibleCopies: _before, ...rest } = value;
    const next: LedgerEntry = {
      ...rest,
      ...(found && { fate: { state: "seen" }, seenAt: now, garminKey: found.key }),
      ...stillAwaited(copies.length > 0 ? lookedForOnce(possibleCopies, now) : possibleCopies, now),
    };
    if (found) claimed.add(found.key.id);
    if (!isDeepStrictEqual(next, value)) {
      await writeAll([{ item: { entry: { value, version } }, next }], ledger);
    }
    if (isAwaited(next, now)) stillOpen.push(readingId(value));
  }
  return stillOpen;
}

interface Look {
  entry: Versioned<LedgerEntry>;
  found: GarminEntry | undefined;
  copies: GarminEntry[];
}

function lookForEach(entries: Array<Versioned<LedgerEntry>>, unclaimed: UnclaimedEntries): Look[] {
  return entries.map((entry) => ({
    entry,
    found: isAttempted(entry.value) ? ours(entry.value, unclaimed) : undefined,
    copies: unclaimed.takeAll(entry.value.possibleCopies ?? []),
  }));
}

function takenBy({ entry, found, copies }: Look): Taken[] {
  const others = copies.map((inGarmin) => ({ inGarmin }));
  return found ? [{ inGarmin: found, sent: entry.value }, ...others] : others;
}

function ours(entry: LedgerEntry, unclaimed: UnclaimedEntries) {
  for (const fits of OURS) {
    const found = unclaimed.take(entry, fits);
    if (found) return found;
  }
  return undefined;
}
