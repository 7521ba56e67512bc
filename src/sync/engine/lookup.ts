import type { LedgerEntry } from "../model/ledger.ts";
import { fingerprint, type Reading } from "../model/reading.ts";
import type { Field, GarminEntry, Measured, Sink, UnreadableEntry } from "../model/vendors.ts";
import { aroundAll } from "./batch.ts";
import type { Claims, Taken } from "./claims.ts";
import type { EarlyLook } from "./early-look.ts";
import type { Finding, Task } from "./item.ts";
import { changed, isAsTyped, isOurs, isSameEvent, mayBeOurs, OURS, sentValues, UnclaimedEntries } from "./match.ts";
import { secondsSinceAttempt } from "./plan.ts";

/** Garmin may show an upload late: until then one without an answer is only looked for, not sent again. */
const UNKNOWN_WAIT_SECONDS = 120;
const ACCEPTED_WAIT_SECONDS = 24 * 3600;
const ACCEPTED_ATTEMPTS = 3;

interface LookupDeps {
  sink: Sink;
  claimed: Claims;
  isProven: boolean;
  accepted: ReadonlySet<Field>;
  now: Date;
  early?: EarlyLook | undefined;
  /** Sent, or to be sent: not asked about here, but not taken for another reading either. */
  expected?: Measured[];
}

interface Match {
  item: Task;
  ours?: GarminEntry | undefined;
  /** The version that is to be deleted, or was. */
  replaced?: GarminEntry | undefined;
  elsewhere?: GarminEntry | undefined;
  copies: GarminEntry[];
}

/** Fills in what Garmin has of each, and changes nothing there. Resolves to the entries that aren't ours. */
export async function findInGarmin(items: Task[], deps: LookupDeps): Promise<GarminEntry[]> {
  const { sink, claimed, now, early } = deps;
  const asked = items.filter(({ step }) => step.type !== "send" || step.adopt);
  if (asked.length === 0) {
    for (const item of items) item.finding = { type: "send" };
    return [];
  }

  const { entries: all, unreadable } = await aroundAll(sink, asked.flatMap(timesOf), early);
  const { matches, left } = await claimed.settled(
    () => matchAll(items, all, deps),
    (found) => found.matches.flatMap(takenBy),
  );
  for (const match of matches) conclude(match, unreadable, now);
  const isElsewhere = new Set(matches.map(({ elsewhere }) => elsewhere?.key.id));
  return left.filter(({ key }) => !isElsewhere.has(key.id));
}

/** What is `replaced` was taken by its key, and so belongs to the reading for certain. */
function takenBy({ item, ours, elsewhere, copies }: Match): Taken[] {
  const others = [elsewhere, ...copies].filter((it) => it !== undefined).map((inGarmin) => ({ inGarmin }));
  return ours ? [{ inGarmin: ours, sent: item.entry?.value }, ...others] : others;
}

function matchAll(items: Task[], all: GarminEntry[], deps: LookupDeps): { matches: Match[]; left: GarminEntry[] } {
  const { claimed, expected = [] } = deps;
  const own = new Set(items.flatMap(({ entry }) => keysOf(entry?.value)));
  const entries = new UnclaimedEntries(all, { has: (id) => claimed.has(id) && !own.has(id) });
  const matches = items.map((item): Match => ({ item, copies: [] }));
  // Of two alike, the one that Garmin accepted comes first: the other may never have got there.
  const isUnknown = ({ item }: Match) => Number(item.entry?.value.fate.state !== "sent");
  const verifying = matches
    .filter(({ item }) => item.step.type === "verify")
    .sort((a, b) => isUnknown(a) - isUnknown(b));

  // The order matters: by key, then to the second, then to the minute, then what may be the same event. Looser matches must not
  // take what certainly belongs to another reading.
  takeReplaced(matches, entries);
  takeOurs(verifying, entries);
  takeOurs(matches.filter(isRefused), entries);
  // Before anything else is taken for ours or adopted, because a late copy of ours isn't from elsewhere.
  for (const match of matches) match.copies = entries.takeAll(match.item.entry?.value.possibleCopies ?? []);
  takeChanged(verifying, entries, deps);
  entries.takeAll(expected);
  takeFromElsewhere(matches, entries, all);
  return { matches, left: entries.left() };
}

/** Garmin may have stored what it refused, and show it late. */
function isRefused({ item: { reading, step, entry } }: Match): boolean {
  if (!entry || (step.type !== "watch" && step.type !== "send")) return false;
  const { fate, fingerprint: sent } = entry.value;
  return fate.state === "failed" && fate.reason === "refused_by_garmin" && sent === fingerprint(reading);
}

function takeReplaced(matches: Match[], entries: UnclaimedEntries): void {
  for (const match of matches) {
    const { step, entry } = match.item;
    const isReplaced = step.type === "replace" || step.type === "watch";
    const key = isReplaced ? entry?.value.garminKey : entry?.value.replaces?.garminKey;
    match.replaced = entries.takeByKey(key?.id);
  }
}

function takeOurs(verifying: Match[], entries: UnclaimedEntries): void {
  for (const fits of OURS) {
    for (const match of verifying) {
      const sent = match.item.entry?.value;
      if (sent?.attemptedAt) match.ours ??= entries.take(sent, fits);
    }
  }
}

/** Nothing else explains this entry: a different value or time alone must not lead to sending again. */
function takeChanged(verifying: Match[], entries: UnclaimedEntries, deps: LookupDeps): void {
  const { isProven, accepted, now } = deps;
  for (const match of verifying) {
    const { reading, entry } = match.item;
    const sent = entry?.value;
    if (!sent?.attemptedAt || match.ours) continue;
    const isToSend = isSentAgain(verifiedFinding(reading, sent, undefined, undefined, now));
    for (const fits of changed({ isProven, accepted, isToSend })) match.ours ??= entries.take(sent, fits);
  }
}

function takeFromElsewhere(matches: Match[], entries: UnclaimedEntries, all: GarminEntry[]): void {
  // What is about to be removed is nobody's.
  const removed = new Set(matches.flatMap(({ copies }) => copies.map(({ key }) => key.id)));
  for (const fits of [isOurs, isSameEvent, isAsTyped]) {
    for (const match of matches) {
      const { reading, step } = match.item;
      const mayAdopt = step.type === "hold" || (step.type !== "watch" && step.adopt);
      // While the old version is there, the new one was not brought: the old one goes first.
      if (!mayAdopt || match.ours || match.replaced) continue;
      // An imported reading may be a copy of one of ours, so it takes no entry. What a device measured is a copy only to the second.
      const mayBeCopy = reading.imported && (!isHandedOn(reading) || fits === isOurs);
      const among = mayBeCopy ? new UnclaimedEntries(all, removed) : entries;
      const { takenAt, within = match.item.within } = reading;
      match.elsewhere ??= among.take({ takenAt, within, values: sentValues(reading) }, fits);
    }
  }
}

const isHandedOn = ({ within, typed }: Reading) => within !== undefined && !typed;

function conclude(match: Match, unreadable: UnreadableEntry[], now: Date): void {
  const { item, elsewhere, replaced, copies } = match;
  const finding = findingOf(match, now);
  item.finding = finding;
  item.surplus = copies;
  const isMissing =
    finding.type === "send" || finding.type === "absent" || (finding.type === "outdated" && !finding.inGarmin);
  if (isMissing && elsewhere) {
    item.finding = { type: "elsewhere", inGarmin: elsewhere };
    return;
  }
  // Also if it's changed once more: then the version before has to go, and what it had replaced.
  const isBeside = finding.type === "arrived" || (finding.type === "outdated" && finding.inGarmin !== replaced);
  if (isBeside && replaced) item.surplus = [...copies, replaced];
  const sent = item.entry?.value;
  if (!isSentAgain(finding) || !sent?.attemptedAt || !unreadable.some((it) => mayBeOurs(sent, it))) return;
  // Garmin's answer may be readable tomorrow, when it's complete or this program knows its shape.
  const isPatient = secondsSinceAttempt(sent, now) < ACCEPTED_WAIT_SECONDS;
  item.finding = { type: isPatient ? "wait" : "unclear" };
}

const isSentAgain = ({ type }: Finding) => type === "send" || type === "gone";

function findingOf({ item, ours, replaced }: Match, now: Date): Finding {
  const { reading, step, entry } = item;
  switch (step.type) {
    case "watch":
      return ours ? { type: "arrived", inGarmin: ours } : { type: "watched" };
    case "replace":
      return { type: "outdated", inGarmin: replaced };
    case "send":
      return ours ? { type: "arrived", inGarmin: ours } : { type: "send" };
    case "hold":
      return { type: "absent" };
    case "verify":
      return entry ? verifiedFinding(reading, entry.value, ours, replaced, now) : { type: "send" };
  }
}

function verifiedFinding(
  reading: Reading,
  entry: LedgerEntry,
  ours: GarminEntry | undefined,
  replaced: GarminEntry | undefined,
  now: Date,
): Finding {
  const { attemptedAt } = entry;
  if (!attemptedAt) return entry.replaces ? { type: "outdated", inGarmin: replaced } : { type: "send" };
  if (ours) {
    const changed = entry.fingerprint !== fingerprint(reading) && reading.modifiedAt >= entry.modifiedAt;
    return { type: changed ? "outdated" : "arrived", inGarmin: ours };
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
