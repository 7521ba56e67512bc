import type { Clock } from "../clock.ts";
import type { HeldLease } from "./lease-keeper.ts";
import { look, type Task } from "./look.ts";
import { isOurs, StandingEntries, sentValues } from "./match.ts";
import type { FailReason, GarminKey, Journal, LedgerEntry, SendContext, Sink, Versioned, WithAccess } from "./ports.ts";
import { fingerprint, type Reading, readingId } from "./reading.ts";

/** Garmin takes in what it accepted a moment later: when to look, in seconds after the look before. */
const READ_BACK_AFTER_SECONDS = [0, 1, 2, 4];

export interface LaneDeps {
  sink: Sink;
  withAccess: WithAccess;
  journal: Journal;
  lease: HeldLease;
  clock: Clock;
  context: Omit<SendContext, "beforeEach">;
  /** Delete keys of entries that are known to be other readings. The lane adds those it finds out about. */
  taken: Set<string>;
  onStage: (stage: "sending" | "checking", readings: number) => void;
}

export interface LaneReport {
  synced: number;
  skipped: number;
  /** What each reading came to, for those that got this far. The others are open. */
  fates: Map<string, LedgerEntry>;
  /** What stopped the lane before its end. */
  error?: unknown;
}

/** A reading on its way, and what the ledger says of it. */
interface Outgoing {
  reading: Reading;
  entry: Versioned<LedgerEntry> | undefined;
}

/**
 * Brings readings of one kind into Garmin, in batches. Safe to stop at any line and run again:
 *
 *  1. "sending" is written before an upload starts. A run that finds it looks into Garmin before it uploads.
 *  2. Of a changed reading the old version goes before the new one comes, and the ledger says so before that.
 *  3. What Garmin accepted is "sent", and only what was read back is "seen".
 */
export async function settle(tasks: Task[], deps: LaneDeps): Promise<LaneReport> {
  const report: LaneReport = { synced: 0, skipped: 0, fates: new Map() };
  try {
    for (let start = 0; start < tasks.length; start += deps.sink.batchSize) {
      await settleBatch(tasks.slice(start, start + deps.sink.batchSize), deps, report);
    }
  } catch (error) {
    report.error = error;
  }
  return report;
}

async function settleBatch(tasks: Task[], deps: LaneDeps, report: LaneReport) {
  const { sink, withAccess, journal, lease, clock, taken } = deps;
  const findings = await look(tasks, { sink, withAccess, taken, now: clock.now() });
  const outgoing: Outgoing[] = [];

  for (const [index, finding] of findings.entries()) {
    const task = tasks[index];
    if (!task) continue;
    const { reading, entry } = task;
    // It was edited beyond what Garmin takes while its upload was open. What stands stays.
    const refusal = finding.type === "send" || finding.type === "outdated" ? sink.refusal(reading) : undefined;
    if (refusal) {
      const stands = finding.type === "outdated" && (finding.standing?.key ?? entry?.value.replaces?.garminKey);
      const value = { ...noAttempt(reading), ...(stands && { garminKey: stands }) };
      await failed(value, refusal, task, deps, report);
      continue;
    }
    switch (finding.type) {
      case "send":
        outgoing.push(task);
        break;
      case "arrived":
        for (const { key } of finding.surplus) {
          await lease.ensure();
          await sink.remove(withAccess, key);
        }
        await arrived(entry, finding.standing.key, deps, report);
        break;
      case "elsewhere": {
        const adopted: LedgerEntry = {
          ...describe(reading),
          fate: { state: "skipped", reason: "already_in_garmin" },
          attempts: 0,
          garminKey: finding.standing.key,
        };
        await journal.write(adopted, entry?.version);
        taken.add(finding.standing.key.id);
        report.skipped++;
        report.fates.set(readingId(reading), adopted);
        break;
      }
      case "outdated": {
        const replaces = entry && toRemove(entry.value, finding.standing?.key);
        const replacing = await journal.write(
          { ...describe(reading), fate: { state: "sending" }, attempts: 0, ...(replaces && { replaces }) },
          entry?.version,
        );
        // Not only what Garmin shows at this moment: what it showed once stands there until it is removed.
        if (replaces?.garminKey) {
          await lease.ensure();
          await sink.remove(withAccess, replaces.garminKey);
        }
        outgoing.push({ reading, entry: replacing });
        break;
      }
      case "gone":
        await failed(entry?.value ?? noAttempt(reading), "never_appeared", task, deps, report);
        break;
      case "wait":
        break;
    }
  }
  if (outgoing.length > 0) await send(outgoing, deps, report);
}

async function send(outgoing: Outgoing[], deps: LaneDeps, report: LaneReport): Promise<void> {
  const { sink, withAccess, journal, lease, clock, context } = deps;
  deps.onStage("sending", outgoing.length);
  const attemptedAt = clock.now();
  const sending = await Promise.all(
    outgoing.map(({ reading, entry }) =>
      journal.write(
        {
          ...describe(reading),
          fate: { state: "sending" },
          attempts: (entry?.value.attempts ?? 0) + 1,
          attemptedAt,
          ...(entry?.value.replaces && { replaces: entry.value.replaces }),
        },
        entry?.version,
      ),
    ),
  );

  const readings = outgoing.map(({ reading }) => reading);
  // The queue may be long, the store slow and the machine asleep: nothing is sent on a lease that has ended meanwhile.
  const { outcomes, stoppedBy } = await sink.send(withAccess, readings, { ...context, beforeEach: lease.ensure });
  if (sink.sendsAsOne && outgoing.length > 1 && outcomes.every((outcome) => outcome === "refused")) {
    // One bad record spoils a file: halves find it, and bring the others through.
    const middle = Math.ceil(outgoing.length / 2);
    // All of it is one attempt.
    const again = outgoing.map(({ reading }, index) => ({ reading, entry: uncounted(sending[index]) }));
    await send(again.slice(0, middle), deps, report);
    await send(again.slice(middle), deps, report);
    return;
  }

  const awaited: Array<Versioned<LedgerEntry>> = [];
  for (const [index, written] of sending.entries()) {
    const { value, version } = written;
    switch (outcomes[index]) {
      case "accepted":
        awaited.push(await journal.write({ ...value, fate: { state: "sent" } }, version));
        break;
      case "refused": {
        const refused: LedgerEntry = { ...value, fate: { state: "failed", reason: "refused_by_garmin" } };
        await journal.write(refused, version);
        report.fates.set(readingId(value), refused);
        break;
      }
      case "not_sent": {
        const before = outgoing[index]?.entry;
        if (before) await journal.write(before.value, version);
        else await journal.forget(written);
        break;
      }
      default:
        // Unknown: it stays "sending", and the wait for it starts now.
        awaited.push(await journal.write({ ...value, attemptedAt: clock.now() }, version));
    }
  }
  await readBack(awaited, deps, report);
  if (stoppedBy) throw stoppedBy;
}

/** Looks until everything is there, but not for long: a later run looks again. */
async function readBack(awaited: Array<Versioned<LedgerEntry>>, deps: LaneDeps, report: LaneReport) {
  const { sink, withAccess, clock, taken } = deps;
  let missing = awaited;
  if (missing.length === 0) return;
  deps.onStage("checking", missing.length);
  // A removed version may be shown for a moment longer.
  const notThese = new Set([...taken, ...missing.flatMap(({ value }) => value.replaces?.garminKey?.id ?? [])]);
  for (const seconds of READ_BACK_AFTER_SECONDS) {
    if (seconds > 0) await clock.sleep(seconds);
    const times = missing.map(({ value }) => value.takenAt).sort((a, b) => a.getTime() - b.getTime());
    const [from, to] = [times[0], times.at(-1)];
    if (!from || !to) return;
    const entries = new StandingEntries(await sink.around(withAccess, from, to), notThese);
    const still: typeof missing = [];
    for (const entry of missing) {
      const found = entries.take(entry.value, isOurs);
      if (found) {
        notThese.add(found.key.id);
        await arrived(entry, found.key, deps, report);
      } else still.push(entry);
    }
    missing = still;
    // What may never have got there is not worth waiting for now.
    if (!missing.some(({ value }) => value.fate.state === "sent")) return;
  }
}

async function arrived(
  entry: Versioned<LedgerEntry> | undefined,
  garminKey: GarminKey,
  { journal, taken }: LaneDeps,
  report: LaneReport,
) {
  if (!entry) return;
  taken.add(garminKey.id);
  const { replaces: _gone, ...kept } = entry.value;
  const seen: LedgerEntry = { ...kept, fate: { state: "seen" }, garminKey };
  await journal.write(seen, entry.version);
  report.synced++;
  report.fates.set(readingId(seen), seen);
}

async function failed(
  value: Omit<LedgerEntry, "fate">,
  reason: FailReason,
  { reading, entry }: Task,
  { journal }: LaneDeps,
  report: LaneReport,
) {
  const now: LedgerEntry = { ...value, fate: { state: "failed", reason } };
  await journal.write(now, entry?.version);
  report.fates.set(readingId(reading), now);
}

/** What the ledger keeps of a reading, whatever becomes of it. */
export function describe(reading: Reading) {
  return {
    measureGroupId: reading.measureGroupId,
    kind: reading.kind,
    takenAt: reading.takenAt,
    modifiedAt: reading.modifiedAt,
    fingerprint: fingerprint(reading),
    values: sentValues(reading),
  };
}

function noAttempt(reading: Reading): LedgerEntry {
  return { ...describe(reading), fate: { state: "sending" }, attempts: 0 };
}

function uncounted(entry: Versioned<LedgerEntry> | undefined): Versioned<LedgerEntry> | undefined {
  return entry && { ...entry, value: { ...entry.value, attempts: entry.value.attempts - 1 } };
}

/** What has to go: the version that stands, or the one whose removal an earlier run began. */
function toRemove(entry: LedgerEntry, key: GarminKey | undefined) {
  if (entry.replaces && !entry.attemptedAt) return entry.replaces;
  const garminKey = entry.garminKey ?? key;
  return { takenAt: entry.takenAt, values: entry.values, ...(garminKey && { garminKey }) };
}
