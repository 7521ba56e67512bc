import type { Ledger, LedgerEntry, Progress } from "../model/ledger.ts";
import type { Versioned } from "../model/link.ts";
import { readingId } from "../model/reading.ts";
import { type BatchContext, remove } from "./batch.ts";
import { isTask } from "./collect.ts";
import type { Item } from "./item.ts";
import { OURS, UnclaimedEntries } from "./match.ts";
import { isAttempted, isOpen, secondsSinceAttempt } from "./plan.ts";
import { stillAwaited } from "./record.ts";

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

/** Uploads of readings that aren't to be sent any more: one copy stays, as everything sent does, and further ones are removed. */
export async function followUp(
  entries: Array<Versioned<LedgerEntry>>,
  batch: BatchContext,
  stillOpen: string[],
): Promise<void> {
  const open = new Set(entries.map(({ value }) => readingId(value)));
  try {
    await lookAfter(entries, batch, open);
  } finally {
    stillOpen.push(...open);
  }
}

async function lookAfter(
  entries: Array<Versioned<LedgerEntry>>,
  batch: BatchContext,
  open: Set<string>,
): Promise<void> {
  const { sink, ledger, lease, clock, claimed } = batch;
  const times = entries
    .flatMap(({ value: { takenAt, possibleCopies = [] } }) => [takenAt, ...possibleCopies.map((it) => it.takenAt)])
    .sort((a, b) => a.getTime() - b.getTime());
  const [from, to] = [times[0], times.at(-1)];
  if (!from || !to) return;
  await lease.ensure();
  const now = clock.now();
  const unclaimed = new UnclaimedEntries((await sink.around(from, to)).entries, claimed);

  for (const { value, version } of entries) {
    const { possibleCopies = [] } = value;
    const isOnItsWay = isAttempted(value);
    const found = isOnItsWay ? ours(value, unclaimed) : undefined;
    for (const { key } of unclaimed.takeAll(possibleCopies)) {
      await remove(key, batch);
      // Garmin may still show it for a moment.
      claimed.add(key.id);
    }
    const { possibleCopies: _before, ...rest } = value;
    const next: LedgerEntry = {
      ...rest,
      ...(found && { fate: { state: "seen" }, seenAt: now, garminKey: found.key }),
      ...stillAwaited(possibleCopies, now),
    };
    if (found) claimed.add(found.key.id);
    if (JSON.stringify(next) !== JSON.stringify(value)) await ledger.write(next, version);
    const isAwaited = isOnItsWay && !found && secondsSinceAttempt(value, now) < AWAITED_SECONDS;
    if (!isAwaited && !next.possibleCopies) open.delete(readingId(value));
  }
}

function ours(entry: LedgerEntry, unclaimed: UnclaimedEntries) {
  for (const fits of OURS) {
    const found = unclaimed.take(entry, fits);
    if (found) return found;
  }
  return undefined;
}
