import type { LedgerEntry } from "../model/ledger.ts";
import type { Versioned, WithAccess } from "../model/link.ts";
import { fingerprint, type Reading } from "../model/reading.ts";
import type { Field, GarminEntry, Sink } from "../model/vendors.ts";
import { changed, isOurs, isSameEvent, mayBeOurs, OURS, sentValues, UnclaimedEntries, type Wanted } from "./match.ts";
import { type Step, secondsSinceAttempt } from "./plan.ts";

/** A reading that Garmin has to be asked about, or sent. */
export interface Task {
  reading: Reading;
  step: Extract<Step, { type: "send" | "verify" | "replace" | "watch" | "hold" }>;
  entry: Versioned<LedgerEntry> | undefined;
}

/**
 * What a look into Garmin says about one reading.
 *
 *   send        it is not there
 *   arrived     it is there as ours, perhaps with other values than were sent
 *   elsewhere   it stands there, but not by us
 *   outdated    an older version of it has to go first, if it still stands
 *   wait        it may still turn up
 *   gone        Garmin accepted it several times and never showed it
 *   unclear     an unreadable entry may be it, so it must not be sent again
 *   watched     it was seen before; only late copies of it matter
 *   absent      it is not there, and waits
 */
export type Finding =
  | { type: "send" | "wait" | "gone" | "unclear" | "watched" | "absent" }
  | { type: "arrived" | "elsewhere"; standing: GarminEntry }
  | { type: "outdated"; standing: GarminEntry | undefined };

export interface Lookup {
  finding: Finding;
  /** Copies of it that are one too many. */
  surplus: GarminEntry[];
}

/** Garmin may show an upload late: until then one without an answer is only looked for, not sent again. */
const UNKNOWN_WAIT_SECONDS = 120;
/** One that Garmin said yes to is surely on its way: it gets a day. */
const ACCEPTED_WAIT_SECONDS = 24 * 3600;
const ACCEPTED_ATTEMPTS = 3;

export interface LookupDeps {
  sink: Sink;
  withAccess: WithAccess;
  /** Delete keys of entries that are known to be other readings. */
  taken: ReadonlySet<string>;
  /** Readings of this kind are known to come back as they were sent. */
  isProven: boolean;
  /** Fields whose differences the owner has accepted. */
  accepted: ReadonlySet<Field>;
  now: Date;
  /** Sent, or to be sent: none of these is taken for another reading, although it is not asked about here. */
  expected?: Wanted[];
}

/** Looks, and changes nothing. `strangers` are the entries that are not ours. */
export async function findInGarmin(
  tasks: Task[],
  deps: LookupDeps,
): Promise<{ looks: Lookup[]; strangers: GarminEntry[] }> {
  const { sink, withAccess, taken, isProven, accepted, now, expected = [] } = deps;
  const asked = tasks.filter(({ step }) => step.type !== "send" || step.adopt);
  if (asked.length === 0) {
    return { looks: tasks.map(() => ({ finding: { type: "send" }, surplus: [] })), strangers: [] };
  }

  const times = asked.flatMap(timesOf).sort((a, b) => a.getTime() - b.getTime());
  const { entries: standing, unreadable } = await sink.around(withAccess, times[0] ?? now, times.at(-1) ?? now);
  const own = new Set(tasks.flatMap(({ entry }) => keysOf(entry?.value)));
  const entries = new UnclaimedEntries(standing, new Set([...taken].filter((id) => !own.has(id))));

  // The order matters: by key, then to the second, then to the minute, then what may be the same event. Looser matches
  // must not take away what is surely another's.
  const found = new Map<Task, GarminEntry>();
  const replaced = new Map<Task, GarminEntry | undefined>();
  for (const task of tasks) {
    const { step, entry } = task;
    if (step.type === "replace" || step.type === "watch")
      replaced.set(task, entries.takeByKey(entry?.value.garminKey?.id));
    else if (entry?.value.replaces) replaced.set(task, entries.takeByKey(entry.value.replaces.garminKey?.id));
  }
  // Of two alike, the one that Garmin said yes to has the better right: the other may never have got there.
  const isUnknown = ({ entry }: Task) => Number(entry?.value.fate.state !== "sent");
  const verifying = tasks.filter(({ step }) => step.type === "verify").sort((a, b) => isUnknown(a) - isUnknown(b));
  for (const fits of OURS) {
    for (const task of verifying) {
      if (!task.entry?.value.attemptedAt || found.has(task)) continue;
      const match = entries.take(task.entry.value, fits);
      if (match) found.set(task, match);
    }
  }
  // Before anything else is taken for ours or adopted, because a late copy of ours is not from elsewhere.
  const surplus = new Map(tasks.map((task) => [task, entries.takeAll(task.entry?.value.possibleCopies ?? [])]));
  // An entry is there that nothing else explains: a different value or time alone must not lead to sending again.
  for (const task of verifying) {
    const sent = task.entry?.value;
    if (!sent?.attemptedAt || found.has(task)) continue;
    const isToSend = isSentAgain(verifiedFinding(task.reading, sent, undefined, undefined, now));
    for (const fits of changed({ isProven, accepted, isToSend })) {
      const match = found.has(task) ? undefined : entries.take(sent, fits);
      if (match) found.set(task, match);
    }
  }
  entries.takeAll(expected);
  const adopted = new Map<Task, GarminEntry>();
  for (const fits of [isOurs, isSameEvent]) {
    for (const task of tasks) {
      const { reading, step } = task;
      const mayAdopt = step.type === "hold" || (step.type !== "watch" && step.adopt);
      // While the old version stands, the new one was not brought: the old one goes first.
      if (!mayAdopt || found.has(task) || replaced.get(task) || adopted.has(task)) continue;
      // An imported reading may be the echo of one of ours, so for it no entry is taken.
      const among = reading.imported ? new UnclaimedEntries(standing, new Set()) : entries;
      const match = among.take({ takenAt: reading.takenAt, values: sentValues(reading) }, fits);
      if (match) adopted.set(task, match);
    }
  }
  const looks = tasks.map((task): Lookup => {
    const finding = findingOf(task, found.get(task), replaced.get(task), now);
    const isMissing =
      finding.type === "send" || finding.type === "absent" || (finding.type === "outdated" && !finding.standing);
    const standing = isMissing ? adopted.get(task) : undefined;
    if (standing) return { finding: { type: "elsewhere", standing }, surplus: surplus.get(task) ?? [] };
    const old = replaced.get(task);
    // Garmin said yes to its removal before the new version was sent.
    if (finding.type === "arrived" && old) return { finding, surplus: [...(surplus.get(task) ?? []), old] };
    const sent = task.entry?.value;
    const isUnclear =
      isSentAgain(finding) && sent?.attemptedAt !== undefined && unreadable.some((it) => mayBeOurs(sent, it));
    if (!isUnclear) return { finding, surplus: surplus.get(task) ?? [] };
    // Garmin's answer may be readable tomorrow, when it is complete or this program knows its shape.
    const isPatient = secondsSinceAttempt(sent, now) < ACCEPTED_WAIT_SECONDS;
    return { finding: { type: isPatient ? "wait" : "unclear" }, surplus: surplus.get(task) ?? [] };
  });
  const isAdopted = new Set([...adopted.values()].map(({ key }) => key.id));
  return { looks, strangers: entries.left().filter(({ key }) => !isAdopted.has(key.id)) };
}

/** Now, or never. */
const isSentAgain = ({ type }: Finding) => type === "send" || type === "gone";

function findingOf(task: Task, found: GarminEntry | undefined, replaced: GarminEntry | undefined, now: Date): Finding {
  const { reading, step, entry } = task;
  switch (step.type) {
    case "watch":
      return { type: "watched" };
    case "replace":
      return { type: "outdated", standing: replaced };
    case "send":
      return { type: "send" };
    case "hold":
      return { type: "absent" };
    case "verify":
      return entry ? verifiedFinding(reading, entry.value, found, replaced, now) : { type: "send" };
  }
}

function verifiedFinding(
  reading: Reading,
  entry: LedgerEntry,
  found: GarminEntry | undefined,
  replaced: GarminEntry | undefined,
  now: Date,
): Finding {
  const { attemptedAt } = entry;
  if (!attemptedAt) return entry.replaces ? { type: "outdated", standing: replaced } : { type: "send" };
  if (found) {
    const changed = entry.fingerprint !== fingerprint(reading) && reading.modifiedAt >= entry.modifiedAt;
    return { type: changed ? "outdated" : "arrived", standing: found };
  }
  const seconds = secondsSinceAttempt(entry, now);
  if (entry.fate.state === "sending") return { type: seconds >= UNKNOWN_WAIT_SECONDS ? "send" : "wait" };
  if (seconds < ACCEPTED_WAIT_SECONDS) return { type: "wait" };
  return { type: (entry.accepted ?? 1) < ACCEPTED_ATTEMPTS ? "send" : "gone" };
}

function timesOf({ reading, entry }: Task): Date[] {
  const { replaces, possibleCopies = [], takenAt } = entry?.value ?? {};
  return [reading.takenAt, takenAt, replaces?.takenAt, ...possibleCopies.map((it) => it.takenAt)].filter(
    (it) => it !== undefined,
  );
}

function keysOf(entry: LedgerEntry | undefined): string[] {
  return [entry?.garminKey?.id, entry?.replaces?.garminKey?.id].filter((id) => id !== undefined);
}
