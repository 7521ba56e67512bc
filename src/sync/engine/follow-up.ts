import type { Ledger, LedgerEntry, Progress } from "../model/ledger.ts";
import type { Versioned } from "../model/link.ts";
import { readingId } from "../model/reading.ts";
import { isTask, type Planned } from "./collect.ts";
import { OURS, UnclaimedEntries } from "./match.ts";
import { isAttempted, isOpen, secondsSinceAttempt } from "./plan.ts";
import { type BatchContext, stillAwaited } from "./record.ts";

/** How long an upload that Garmin accepted or did not answer may still turn up. */
const AWAITED_SECONDS = 24 * 3600;

/** The open readings that no lane handles: Withings no longer lists them, or they are held. */
export async function openWithoutTask(
  planned: Planned[],
  progress: Progress,
  fates: Map<string, LedgerEntry>,
  ledger: Ledger,
): Promise<Array<Versioned<LedgerEntry>>> {
  const ids = new Set(progress.open);
  for (const { reading, entry, step } of planned) {
    const id = readingId(reading);
    const now = fates.get(id) ?? entry?.value;
    if (!isTask(step) && now && isOpen(now)) ids.add(id);
    else ids.delete(id);
  }
  return [...(await ledger.entries([...ids])).values()].filter(({ value }) => isOpen(value));
}

/**
 * Follows up uploads of readings that are not to be sent any more. One copy that turns up stays, as everything sent stays;
 * further copies are removed. Puts those still open into `stillOpen`, all of them if it fails.
 */
export async function followUp(
  entries: Array<Versioned<LedgerEntry>>,
  deps: BatchContext,
  stillOpen: string[],
): Promise<void> {
  const open = new Set(entries.map(({ value }) => readingId(value)));
  try {
    await lookAfter(entries, deps, open);
  } finally {
    stillOpen.push(...open);
  }
}

async function lookAfter(entries: Array<Versioned<LedgerEntry>>, deps: BatchContext, open: Set<string>): Promise<void> {
  const { sink, withAccess, ledger, lease, clock, taken } = deps;
  const times = entries
    .flatMap(({ value: { takenAt, possibleCopies = [] } }) => [takenAt, ...possibleCopies.map((it) => it.takenAt)])
    .sort((a, b) => a.getTime() - b.getTime());
  const [from, to] = [times[0], times.at(-1)];
  if (!from || !to) return;
  await lease.ensure();
  const now = clock.now();
  const standing = new UnclaimedEntries((await sink.around(withAccess, from, to)).entries, taken);

  for (const { value, version } of entries) {
    const { possibleCopies = [] } = value;
    const isOnItsWay = isAttempted(value);
    const found = isOnItsWay ? ours(value, standing) : undefined;
    for (const { key } of standing.takeAll(possibleCopies)) {
      await lease.ensure();
      await sink.remove(withAccess, key);
      // Garmin may still show it for a moment.
      taken.add(key.id);
    }
    const { possibleCopies: _before, ...rest } = value;
    const next: LedgerEntry = {
      ...rest,
      ...(found && { fate: { state: "seen" }, seenAt: now, garminKey: found.key }),
      ...stillAwaited(possibleCopies, now),
    };
    if (found) taken.add(found.key.id);
    if (JSON.stringify(next) !== JSON.stringify(value)) await ledger.write(next, version);
    const isAwaited = isOnItsWay && !found && secondsSinceAttempt(value, now) < AWAITED_SECONDS;
    if (!isAwaited && !next.possibleCopies) open.delete(readingId(value));
  }
}

function ours(entry: LedgerEntry, standing: UnclaimedEntries) {
  for (const fits of OURS) {
    const found = standing.take(entry, fits);
    if (found) return found;
  }
  return undefined;
}
