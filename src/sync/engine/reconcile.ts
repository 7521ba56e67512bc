import { asksToWait, RetryLaterError } from "../../lib/errors.ts";
import type { Measured, Sink } from "../model/vendors.ts";
import { actOnEach } from "./actions.ts";
import { type BatchContext, isDiffering, isProvenNow } from "./batch.ts";
import type { Item, Task } from "./item.ts";
import { findInGarmin } from "./lookup.ts";
import { sentValues } from "./match.ts";
import { upload } from "./upload.ts";

/**
 * Brings readings of one kind into Garmin, in batches. Safe to stop at any line and run again:
 *
 *  1. Before an upload starts, "sending" is written of all its readings. A run that finds it looks into Garmin before it uploads.
 *  2. Of a changed reading the old version goes before the new one comes, and the ledger says so before that.
 *  3. What Garmin accepted is "sent", and only what was read back is "seen".
 *  4. The first reading of a kind goes alone, and the others follow when it has come back as it was sent. One that Garmin has
 *     not shown after a day is given up as the first, and another one takes its place.
 *
 * `holds` are held afterwards, unless Garmin has them already. What goes wrong is put into the errors of the batch.
 */
export async function reconcile(tasks: Task[], holds: Task[], batch: BatchContext): Promise<void> {
  const { errors, sink } = batch;
  // What Garmin may already have goes first, so that a new reading isn't matched with its entry.
  const newLast = ({ step }: Task) => Number(step.type === "send");
  const sorted = tasks.toSorted((a, b) => newLast(a) - newLast(b));
  try {
    for (const items of slices(sorted, sink.batchSize)) {
      if (isDiffering(batch)) break;
      await settleBatch(items, tasks, batch);
    }
  } catch (error) {
    errors.push(error);
  }
  const [error] = errors;
  if (error && !(error instanceof RetryLaterError && !asksToWait(error))) return;
  // Held readings go last, so that they take no entry from the owner's readings, including what was just sent and turns up at this moment.
  const expected = tasks.map(({ reading }) => ({ takenAt: reading.takenAt, values: sentValues(reading) }));
  try {
    for (const items of nearInTime(holds).flatMap((near) => slices(near, sink.batchSize))) {
      await settleBatch(items, tasks, batch, expected);
    }
  } catch (error) {
    errors.push(error);
  }
}

const NEAR_MS = 30 * 24 * 3600 * 1000;

/** Their dates may be years apart, and Garmin is asked for everything in between. */
function nearInTime(holds: Task[]): Task[][] {
  const groups: Task[][] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const hold of holds.toSorted((a, b) => a.reading.takenAt.getTime() - b.reading.takenAt.getTime())) {
    const at = hold.reading.takenAt.getTime();
    if (at - last > NEAR_MS) groups.push([]);
    groups.at(-1)?.push(hold);
    last = at;
  }
  return groups;
}

async function settleBatch(
  items: Task[],
  tasks: Task[],
  batch: BatchContext,
  expected: Measured[] = [],
): Promise<void> {
  await batch.lease.ensure();
  const now = batch.clock.now();
  const foreign = await findInGarmin(items, { ...batch, isProven: isProvenNow(batch), now, expected });
  for (const other of foreign) batch.foreign.set(other.key.id, other);
  const hasArrived = ({ finding }: Task) => finding?.type === "arrived";
  // Those that arrived come first: they may prove the kind, which decides about the others.
  await actOnEach(items.filter(hasArrived), batch);
  // Nothing else is sent while the first reading of a kind is under way, no matter which run sent it.
  const isFirstAwaited = !isProvenNow(batch) && tasks.some(({ finding }) => finding?.type === "wait");
  const others = items.filter((item) => !hasArrived(item) && !(isFirstAwaited && isUploadNeeded(item)));
  const done = await actOnEach(others, batch);
  await uploadAll(
    done.filter((item) => isUploadNeeded(item) && !item.isSettled),
    batch,
  );
}

const isUploadNeeded = ({ finding }: Task) => finding?.type === "send" || finding?.type === "outdated";

const FAILURES = 3;

/** What got no answer before goes in ever smaller parts, so that a record that breaks Garmin ends up alone. */
async function uploadAll(all: Item[], batch: BatchContext): Promise<void> {
  const items = await uploadFirst(all, batch);
  let failures = 0;
  for (const part of inParts(items, batch.sink)) {
    if (isDiffering(batch)) return;
    const wasTried = part.some((item) => attemptsOf(item) > 0);
    try {
      await upload(part, batch);
      failures = 0;
    } catch (error) {
      const mayBeTheRecord = error instanceof RetryLaterError && wasTried;
      if (!mayBeTheRecord || asksToWait(error)) throw error;
      batch.errors.push(error);
      failures++;
      if (failures === FAILURES) return;
    }
  }
}

/** Until a reading of this kind has come back, one is sent alone. A refused one proves nothing, so another takes its place. */
async function uploadFirst(items: Item[], batch: BatchContext): Promise<Item[]> {
  const isStillUnknown = () => !isProvenNow(batch) && !isDiffering(batch);
  let rest = items;
  for (let tries = 0; tries < FAILURES && rest.length > 1 && isStillUnknown(); tries++) {
    const first = firstOf(rest, batch);
    await upload([first], batch);
    rest = rest.filter((it) => it !== first);
    if (!first.isSettled) return [];
  }
  return isDiffering(batch) || (rest.length > 1 && !isProvenNow(batch)) ? [] : rest;
}

const attemptsOf = ({ entry }: Item) => entry?.value.attempts ?? 0;

function firstOf(items: Item[], { sink, sendContext }: BatchContext): Item {
  const fields = ({ reading }: Item) => Object.keys(sink.sentFields(reading, sendContext)).length;
  return items.reduce((best, item) => {
    const order =
      attemptsOf(best) - attemptsOf(item) ||
      fields(item) - fields(best) ||
      item.reading.takenAt.getTime() - best.reading.takenAt.getTime();
    return order > 0 ? item : best;
  });
}

function inParts(items: Item[], { batchSize }: Sink): Item[][] {
  const byAttempts = Map.groupBy(items, attemptsOf);
  // The least attempted first: what keeps failing must not delay what is new.
  const sorted = [...byAttempts].sort(([a], [b]) => a - b);
  return sorted.flatMap(([attempts, group]) => slices(group, Math.max(1, Math.floor(batchSize / 2 ** attempts))));
}

function slices<T>(all: T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, n) => all.slice(n * size, (n + 1) * size));
}
