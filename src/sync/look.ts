import { isOurs, isSameEvent, StandingEntries, sentValues } from "./match.ts";
import type { Step } from "./plan.ts";
import type { LedgerEntry, Sink, Standing, Versioned, WithAccess } from "./ports.ts";
import { fingerprint, type Reading } from "./reading.ts";

/** A reading that Garmin has to be asked about, or sent. */
export interface Task {
  reading: Reading;
  step: Extract<Step, { type: "send" | "verify" | "replace" }>;
  entry: Versioned<LedgerEntry> | undefined;
}

/**
 * What a look into Garmin says about one reading.
 *
 *   send        it is not there
 *   arrived     it stands there as ours; surplus copies came from a second attempt
 *   elsewhere   it stands there, but not by us
 *   outdated    an older version of it has to go first, if it still stands
 *   wait        it may still turn up
 *   gone        Garmin accepted it several times and never showed it
 */
export type Finding =
  | { type: "send" }
  | { type: "arrived"; standing: Standing; surplus: Standing[] }
  | { type: "elsewhere"; standing: Standing }
  | { type: "outdated"; standing: Standing | undefined }
  | { type: "wait" }
  | { type: "gone" };

/** Garmin may show an upload late: until then one without an answer is only looked for, not sent again. */
const UNKNOWN_WAIT_SECONDS = 120;
/** One that Garmin said yes to is surely on its way: it gets more time. */
const ACCEPTED_WAIT_SECONDS = 3600;
const ACCEPTED_ATTEMPTS = 3;

/** Looks, and changes nothing. `taken` are the delete keys of entries that are known to be other readings. */
export async function look(
  tasks: Task[],
  deps: { sink: Sink; withAccess: WithAccess; taken: ReadonlySet<string>; now: Date },
): Promise<Finding[]> {
  const { sink, withAccess, taken, now } = deps;
  const findings = tasks.map((): Finding => ({ type: "send" }));
  const asked = tasks.filter(({ step }) => step.type !== "send" || step.adopt);
  if (asked.length === 0) return findings;

  const times = asked.flatMap(({ reading, entry }) => [reading.takenAt, ...(entry ? [entry.value.takenAt] : [])]);
  const sorted = times.sort((a, b) => a.getTime() - b.getTime());
  const standing = await sink.around(withAccess, sorted[0] ?? now, sorted.at(-1) ?? now);
  const entries = new StandingEntries(standing, taken);

  // Ours first, by their keys or to the second, then the loose matches: those must not take away what is surely another's.
  for (const [index, task] of tasks.entries()) {
    const { step, entry } = task;
    if (step.type !== "send" && entry)
      findings[index] = lookForOurs(task.reading, entry.value, step.type, entries, now);
  }
  for (const fits of [isOurs, isSameEvent]) {
    for (const [index, { reading, step }] of tasks.entries()) {
      if (step.type !== "send" || !step.adopt || findings[index]?.type === "elsewhere") continue;
      // An imported reading may be the echo of one of ours, so for it no entry is taken.
      const among = reading.imported ? new StandingEntries(standing, new Set()) : entries;
      const found = among.take({ takenAt: reading.takenAt, values: sentValues(reading) }, fits);
      if (found) findings[index] = { type: "elsewhere", standing: found };
    }
  }
  for (const [index, { entry }] of tasks.entries()) {
    const finding = findings[index];
    if (finding?.type !== "arrived" || !entry || entry.value.attempts < 2) continue;
    for (let more = entries.take(entry.value, isOurs); more; more = entries.take(entry.value, isOurs)) {
      finding.surplus.push(more);
    }
    // The copy of another attempt may be on its way, and nobody would look for it once this one is settled.
    const copies = 1 + finding.surplus.length;
    if (copies < entry.value.attempts && secondsSince(entry.value.attemptedAt, now) < ACCEPTED_WAIT_SECONDS) {
      findings[index] = { type: "wait" };
    }
  }
  return findings;
}

function lookForOurs(
  reading: Reading,
  entry: LedgerEntry,
  step: "verify" | "replace",
  entries: StandingEntries,
  now: Date,
): Finding {
  if (step === "replace") return { type: "outdated", standing: entries.takeByKey(entry.garminKey?.id) };
  const { replaces, attemptedAt } = entry;
  const old = replaces && (entries.takeByKey(replaces.garminKey?.id) ?? undefined);
  if (replaces && !attemptedAt) return { type: "outdated", standing: old };

  const found = entries.take(entry, isOurs);
  if (found) {
    const changed = entry.fingerprint !== fingerprint(reading) && reading.modifiedAt >= entry.modifiedAt;
    return changed ? { type: "outdated", standing: found } : { type: "arrived", standing: found, surplus: [] };
  }
  const seconds = secondsSince(attemptedAt, now);
  if (entry.fate.state === "sending") return { type: seconds >= UNKNOWN_WAIT_SECONDS ? "send" : "wait" };
  if (seconds < ACCEPTED_WAIT_SECONDS) return { type: "wait" };
  return { type: entry.attempts < ACCEPTED_ATTEMPTS ? "send" : "gone" };
}

function secondsSince(instant: Date | undefined, now: Date): number {
  return instant ? (now.getTime() - instant.getTime()) / 1000 : Number.POSITIVE_INFINITY;
}
