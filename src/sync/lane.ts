import { look, type Task } from "./look.ts";
import type { LedgerEntry } from "./ports.ts";
import { readingId } from "./reading.ts";
import {
  describe,
  type LaneDeps,
  type LaneReport,
  notAttempted,
  recordFailed,
  recordSeen,
  toRemove,
} from "./record.ts";
import { type Outgoing, upload } from "./upload.ts";

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
      const value = { ...notAttempted(reading), ...(stands && { garminKey: stands }) };
      await recordFailed(value, refusal, task, deps, report);
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
        await recordSeen(entry, finding.standing.key, deps, report);
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
        await recordFailed(entry?.value ?? notAttempted(reading), "never_appeared", task, deps, report);
        break;
      case "wait":
        break;
    }
  }
  if (outgoing.length > 0) await upload(outgoing, deps, report);
}
