import { ActionNeededError, asksToWait, RetryLaterError } from "../../lib/errors.ts";
import type { LedgerEntry } from "../model/ledger.ts";
import type { Versioned } from "../model/link.ts";
import { readingId } from "../model/reading.ts";
import { findInGarmin, type Lookup, type Task } from "./lookup.ts";
import { sentValues, type Wanted } from "./match.ts";
import {
  type BatchContext,
  type BatchReport,
  describe,
  notAttempted,
  recordFailed,
  recordSeen,
  stillAwaited,
  toRemove,
  unconfirmed,
  withFate,
  writeChanged,
} from "./record.ts";
import { type Outgoing, upload } from "./upload.ts";

/**
 * Brings readings of one kind into Garmin, in batches. Safe to stop at any line and run again:
 *
 *  1. "sending" is written before an upload starts. A run that finds it looks into Garmin before it uploads.
 *  2. Of a changed reading the old version goes before the new one comes, and the ledger says so before that.
 *  3. What Garmin accepted is "sent", and only what was read back is "seen".
 *  4. The first reading of a kind goes alone, and the others follow when it has come back as it was sent. One that Garmin has
 *     not shown after a day is given up as the first, and another one takes its place.
 *
 * `holds` are held afterwards, unless Garmin has them already.
 */
export async function reconcile(tasks: Task[], holds: Task[], deps: BatchContext): Promise<BatchReport> {
  const report: BatchReport = {
    ...{ synced: 0, skipped: 0, held: 0, fates: new Map(), readBacks: [], strangers: new Map() },
    ...{ isHeld: false, isAwaited: false, sent: new Map(), hasUploaded: false },
  };
  // What may stand in Garmin already comes first, so that what is new cannot take its entry for its own.
  const isNew = ({ step }: Task) => Number(step.type === "send");
  const sorted = tasks.toSorted((a, b) => isNew(a) - isNew(b));
  try {
    for (let start = 0; start < sorted.length && !report.isHeld; start += deps.sink.batchSize) {
      await settleBatch(sorted.slice(start, start + deps.sink.batchSize), deps, report);
    }
  } catch (error) {
    report.error ??= error;
  }
  await settleHolds(holds, tasks, deps, report);
  return report;
}

/** Last, so that they take no entry from what is the owner's; and whatever became of the uploads, if Garmin can be asked. */
async function settleHolds(holds: Task[], tasks: Task[], deps: BatchContext, report: BatchReport) {
  // Also of what was just sent, and turns up at this moment.
  const expected = tasks.map(({ reading }) => ({ takenAt: reading.takenAt, values: sentValues(reading) }));
  const isAway = report.error && !(report.error instanceof RetryLaterError && !asksToWait(report.error));
  if (isAway) return;
  try {
    for (const near of nearInTime(holds)) {
      for (let start = 0; start < near.length; start += deps.sink.batchSize) {
        await settleBatch(near.slice(start, start + deps.sink.batchSize), deps, report, expected);
      }
    }
  } catch (error) {
    report.error ??= error;
  }
}

const NEAR_MS = 30 * 24 * 3600 * 1000;

/** Their dates may be years apart, and Garmin is asked for all that lies between. */
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

async function settleBatch(tasks: Task[], deps: BatchContext, report: BatchReport, expected: Wanted[] = []) {
  const { sink, withAccess, lease, taken, clock } = deps;
  await lease.ensure();
  const isProven = isProvenBy(deps, report);
  const { looks, strangers } = await findInGarmin(tasks, {
    sink,
    withAccess,
    taken,
    isProven,
    accepted: deps.accepted,
    now: clock.now(),
    expected,
  });
  for (const stranger of strangers) report.strangers.set(stranger.key.id, stranger);
  report.isAwaited ||= looks.some(({ finding }) => finding.type === "wait");
  const looked = tasks.flatMap((task, index) => {
    const seen = looks[index];
    return seen ? [{ task, seen }] : [];
  });
  // Those that arrived come first: they may prove the kind, which decides about the others.
  const hasNotArrived = ({ seen }: (typeof looked)[number]) => Number(seen.finding.type !== "arrived");
  const outgoing: Outgoing[] = [];
  for (const { task, seen } of looked.toSorted((a, b) => hasNotArrived(a) - hasNotArrived(b))) {
    if (isUploadNeeded(seen) && isFirstAwaited(deps, report)) continue;
    try {
      const next = await settleOne(task, seen, deps, report);
      if (next) outgoing.push(next);
    } catch (error) {
      if (error instanceof RetryLaterError || error instanceof ActionNeededError) throw error;
      // What Garmin will not do for this one says nothing about the others.
      report.error ??= error;
    }
  }
  await uploadAll(outgoing, deps, report);
}

/** Does what is to be done before an upload. Answers what has to be uploaded. */
async function settleOne(
  task: Task,
  { finding, surplus }: Lookup,
  deps: BatchContext,
  report: BatchReport,
): Promise<Outgoing | undefined> {
  const { sink, withAccess, ledger, lease, clock, taken } = deps;
  const { reading, step, entry } = task;
  const remove = async (key: Parameters<typeof sink.remove>[1]) => {
    await lease.ensure();
    await sink.remove(withAccess, key);
  };
  for (const { key } of surplus) await remove(key);

  if (finding.type === "send" || finding.type === "outdated") {
    const stands =
      finding.type === "outdated" ? (finding.standing?.key ?? entry?.value.replaces?.garminKey) : undefined;
    const known = { ...unconfirmed(entry?.value, clock.now()), ...(stands && { garminKey: stands }) };
    // It became doubtful, or was edited beyond what Garmin takes, while its upload was open. What stands stays.
    if (step.type === "verify" && step.hold) {
      const held: LedgerEntry = {
        ...notAttempted(reading, entry?.value),
        ...known,
        fate: { state: "held", reason: step.hold },
      };
      await ledger.write(held, entry?.version);
      report.held++;
      report.fates.set(readingId(reading), held);
      return undefined;
    }
    const refusal = sink.refusal(reading);
    if (refusal) {
      await recordFailed({ ...notAttempted(reading, entry?.value), ...known }, refusal, task, deps, report);
      return undefined;
    }
  }

  switch (finding.type) {
    case "send":
      return task;
    case "arrived":
      await recordSeen(entry, reading, finding.standing, deps, report, new Set(surplus.map(({ key }) => key.id)));
      return undefined;
    case "elsewhere": {
      const adopted: LedgerEntry = {
        ...describe(reading, entry?.value),
        fate: { state: "skipped", reason: "already_in_garmin" },
        attempts: 0,
        garminKey: finding.standing.key,
        // A late copy of ours must still be removed.
        ...unconfirmed(entry?.value, clock.now()),
        ...(step.type === "hold" && { doubt: step.reason }),
      };
      await ledger.write(adopted, entry?.version);
      taken.add(finding.standing.key.id);
      report.strangers.delete(finding.standing.key.id);
      report.skipped++;
      report.fates.set(readingId(reading), adopted);
      return undefined;
    }
    case "outdated": {
      const replaces = entry && toRemove(entry.value, finding.standing?.key);
      const { possibleCopies } = entry?.value ?? {};
      const replacing = await ledger.write(
        {
          ...notAttempted(reading, entry?.value),
          ...(replaces && { replaces }),
          ...(possibleCopies && { possibleCopies }),
        },
        entry?.version,
      );
      // Not only what Garmin shows at this moment: what it showed once stands there until it is removed.
      if (replaces?.garminKey) await remove(replaces.garminKey);
      return { reading, entry: replacing };
    }
    case "gone":
      await recordFailed(entry?.value ?? notAttempted(reading, undefined), "never_appeared", task, deps, report);
      return undefined;
    case "unclear":
      await recordFailed(entry?.value ?? notAttempted(reading, undefined), "unreadable_in_garmin", task, deps, report);
      return undefined;
    case "absent": {
      if (step.type !== "hold") return undefined;
      const held = withFate(reading, entry?.value, { state: "held", reason: step.reason });
      await writeChanged(ledger, held, entry);
      report.held++;
      report.fates.set(readingId(reading), held);
      return undefined;
    }
    case "watched":
      await endWatch(entry, deps, report);
      return undefined;
    default:
      return undefined;
  }
}

/** Only a look after the time is over ends the wait for late copies: there may have been none in between. */
async function endWatch(
  entry: Versioned<LedgerEntry> | undefined,
  { ledger, clock }: BatchContext,
  report: BatchReport,
) {
  if (!entry) return;
  const { possibleCopies = [], ...rest } = entry.value;
  const awaited = stillAwaited(possibleCopies, clock.now());
  if (awaited.possibleCopies) return;
  await ledger.write(rest, entry.version);
  // It had failed before and did not fail again: it releases the cursor with the next run.
  if (rest.fate.state !== "failed") report.fates.set(readingId(rest), rest);
}

const isUploadNeeded = ({ finding }: Lookup) => finding.type === "send" || finding.type === "outdated";

/** So many uploads in a row may fail before the rest waits for the next run. */
const FAILURES = 3;

/**
 * Everything new in one go. What got no answer before goes in ever smaller parts: should one record be what breaks Garmin,
 * it ends up alone, and the others arrive.
 */
async function uploadAll(all: Outgoing[], deps: BatchContext, report: BatchReport) {
  const outgoing = await uploadFirst(all, deps, report);
  let failures: unknown[] = [];
  for (const part of parts(outgoing, deps.sink.batchSize)) {
    if (report.isHeld) return;
    try {
      await upload(part, deps, report);
      failures = [];
    } catch (error) {
      const mayBeTheRecord = error instanceof RetryLaterError && part.some(({ entry }) => entry?.value.attempts);
      failures.push(error);
      if (!mayBeTheRecord || asksToWait(error)) throw error;
      report.error ??= error;
      if (failures.length === FAILURES) return;
    }
  }
}

/** A reading of this kind has come back as it was sent, or its owner has accepted it. */
function isProvenBy({ isProven }: BatchContext, { readBacks, isHeld }: BatchReport): boolean {
  return isProven || (readBacks.length > 0 && !isHeld);
}

/** Nothing else is sent while the first reading of a kind is under way, in whichever run it was sent. */
function isFirstAwaited(deps: BatchContext, report: BatchReport): boolean {
  return report.isAwaited && !isProvenBy(deps, report);
}

/**
 * Until a reading of this kind has come back from this Garmin, one is sent alone. Returns what may follow it: nothing if it is
 * not there yet or came back different. A refused one proves nothing, so another one takes its place.
 */
async function uploadFirst(outgoing: Outgoing[], deps: BatchContext, report: BatchReport): Promise<Outgoing[]> {
  let rest = outgoing;
  for (let tries = 0; tries < FAILURES && rest.length > 1 && !isProvenBy(deps, report) && !report.isHeld; tries++) {
    const first = firstOf(rest, deps);
    await upload([first], deps, report);
    rest = rest.filter((it) => it !== first);
    const fate = report.fates.get(readingId(first.reading))?.fate.state;
    if (fate !== "seen" && fate !== "failed") return [];
  }
  return report.isHeld || (rest.length > 1 && !isProvenBy(deps, report)) ? [] : rest;
}

/** The one tried least often; of those the one with the most fields; of those the newest. */
function firstOf(outgoing: Outgoing[], { sink, context }: BatchContext): Outgoing {
  const attempts = ({ entry }: Outgoing) => entry?.value.attempts ?? 0;
  const fields = ({ reading }: Outgoing) => Object.keys(sink.sentFields(reading, context)).length;
  const [first] = outgoing.toSorted(
    (a, b) =>
      attempts(a) - attempts(b) || fields(b) - fields(a) || b.reading.takenAt.getTime() - a.reading.takenAt.getTime(),
  );
  if (!first) throw new RangeError("there is nothing to send");
  return first;
}

function parts(outgoing: Outgoing[], batchSize: number): Outgoing[][] {
  const byAttempts = Map.groupBy(outgoing, ({ entry }) => entry?.value.attempts ?? 0);
  // The least attempted first: what has failed again and again must not stand in the way of what is new.
  const sorted = [...byAttempts].sort(([a], [b]) => a - b);
  return sorted.flatMap(([attempts, group]) => {
    const size = Math.max(1, Math.floor(batchSize / 2 ** attempts));
    return Array.from({ length: Math.ceil(group.length / size) }, (_, n) => group.slice(n * size, (n + 1) * size));
  });
}
