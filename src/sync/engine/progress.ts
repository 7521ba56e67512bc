import { present } from "../../lib/present.ts";
import type { Arrival, LedgerEntry, ProfileHeight, Progress, RememberedRecord, Removal } from "../model/ledger.ts";
import {
  type ChosenParts,
  type Composition,
  chosenParts,
  fingerprint,
  KINDS,
  type Reading,
  type ReadingKind,
  readingId,
} from "../model/reading.ts";
import type { Difference, GarminEntry, Height, Measured, SourceAnswer } from "../model/vendors.ts";
import { attention, probableNow } from "./attention.ts";
import { comparedNow } from "./compare-due.ts";
import type { Settlement } from "./item.ts";
import type { Pauses } from "./kind-pause.ts";
import { occasions } from "./occasions.ts";
import { isOpen } from "./plan.ts";
import { RECENT_DAYS } from "./plausibility.ts";
import { differingAfter, type ReadBack, shownValues, twinOf } from "./read-back.ts";
import { answeredTogether, MONTH_DAYS, setAside } from "./set-aside.ts";

const DAY_MS = 24 * 3600 * 1000;
const RECENT_WEIGH_INS = 200;
const RECENT_PRESSURES = 100;
/** There are only a few, unless Garmin shows nothing during an import; then Withings lists them again anyway. */
const OPEN_READINGS = 200;
const UNREADABLE_RECORDS = 50;
/** A summary may look back on a week. An import of years must not stay here. */
const ARRIVED_DAYS = 8;
const ARRIVALS = 100;

export function startingPoint(before: Progress | undefined, since: Date | undefined, firstRunStart: Date): Progress {
  if (before && !since) return before;
  const startAt = since ?? firstRunStart;
  if (!before) {
    return {
      startAt,
      cursorAt: startAt,
      adopting: true,
      ...(since && { askedSince: since }),
      recentWeighIns: [],
      lastReadings: {},
      attention: [],
      arrived: [],
      reportedUnknown: [],
    };
  }
  return {
    ...before,
    startAt: earlier(before.startAt, startAt),
    cursorAt: earlier(before.cursorAt, startAt),
    adopting: true,
    askedSince: earlier(before.askedSince ?? startAt, startAt),
  };
}

/** A start or cursor in the future comes from a wrong clock. Handled like a first run, which sends nothing twice. */
export function withoutFuture(progress: Progress, firstRunStart: Date, now: Date): Progress {
  const { startAt, cursorAt } = progress;
  // Clocks of two machines may differ by hours, for instance if a zone is wrong.
  const isAhead = (at: Date) => at.getTime() - now.getTime() > DAY_MS;
  if (!isAhead(startAt) && !isAhead(cursorAt)) return progress;
  const start = isAhead(startAt) ? firstRunStart : startAt;
  return { ...progress, startAt: start, cursorAt: start, adopting: true };
}

export interface Found {
  answer: SourceAnswer;
  since: Date;
  height: Height | undefined;
  profileHeight?: ProfileHeight | undefined;
  settlements: Settlement[];
  stillOpen?: string[];
  parts: ChosenParts;
  /** Kinds whose readings wait without holding the cursor: it goes back when they are tried again. */
  paused?: Pauses;
  readBacks?: ReadBack[];
  foreign?: GarminEntry[];
  now: Date;
}

/**
 * The cursor stays before the first unsettled reading, doesn't move if not everything was listed, and never goes
 * ahead of the time. It passes unreadable records, which are remembered. It goes back for a held weight that has since become
 * plausible, so that Withings lists it again.
 */
export function advance(before: Progress, found: Found): Progress {
  const { answer, since, height, profileHeight, settlements, stillOpen = [], now, paused = {}, readBacks = [] } = found;
  const { adopting, askedSince, ...known } = before;
  const {
    answered: _answered,
    setAside: _setAside,
    recentPressures: _pressures,
    open: _open,
    restoring: _restoring,
    unreadable: _unreadable,
    paused: _paused,
    differing: _differing,
    ...rest
  } = known;
  const isComplete = answer.isComplete;
  const isReadable = isComplete && answer.unreadable.length === 0;
  const unreadable = unreadableRecords(before, found);
  // The cursor is Withings', which doesn't list what was typed into the chat, or restored after it was deleted there.
  const listedThere = settlements.filter(({ reading }) => !reading.within && !reading.unlisted);
  const open = listedThere
    .filter((it) => !it.settled && !paused[it.reading.kind])
    .map((it) => it.reading.modifiedAt.getTime());
  const changed = listedThere.map((it) => it.reading.modifiedAt.getTime());
  const recent = recentWeighIns(before, settlements, now);
  const waiting = attention(before, settlements, isReadable ? since : undefined, now);
  const again = probableNow(waiting, settlements, recent).map((it) => it.modifiedAt.getTime());
  const newest = isComplete ? Math.max(before.cursorAt.getTime(), ...changed) : before.cursorAt.getTime();
  const cursorAt = Math.min(newest, now.getTime(), ...[...(isComplete ? open : []), ...again].map((at) => at - 1000));
  const timezone = answer.timezone ?? before.timezone;
  // The run has not re-read from the ledger what it sent without an answer.
  const unconfirmed = settlements.flatMap(({ reading, entry, settled }) =>
    (!settled && !paused[reading.kind]) || (entry && isOpen(entry)) ? readingId(reading) : [],
  );
  const openNow = [...new Set([...stillOpen, ...unconfirmed])].slice(-OPEN_READINGS);
  const entries = settlements.flatMap(({ entry }) => entry ?? []);
  const arrivals = arrived(before, found);
  const differing = differingAfter(before.differing, readBacks);
  const proven = KINDS.filter((kind) => before.proven?.includes(kind) || isProvenBy(readBacks, kind, paused));
  const twin = before.twin ?? twinOf(found.foreign ?? [], arrivals, settlements.flatMap(openOf));
  return {
    ...rest,
    // One in the future comes from a wrong clock.
    begunAt: before.begunAt && before.begunAt < now ? before.begunAt : now,
    cursorAt: new Date(cursorAt),
    ...(!(isReadable && open.length === 0) && { ...(adopting && { adopting }), ...(askedSince && { askedSince }) }),
    ...(openNow.length > 0 && { open: openNow }),
    ...withFoundRemovals(before.removals, entries),
    // From the ledger's start: an earlier run may have been stopped after it had sent what is deleted by now.
    ...(!before.compared && comparedNow("0", now)),
    ...stillRestoring(before, settlements),
    ...(unreadable.length > 0 && { unreadable }),
    ...(timezone && { timezone }),
    ...(height && { height }),
    ...(profileHeight && { profileHeight }),
    recentWeighIns: recent,
    ...recentPressures(before, settlements, now),
    lastReadings: lastReadings(before, settlements, now),
    ...measuredAt(before, listedThere, now),
    attention: waiting,
    ...setAside(before, waiting, now),
    ...answeredTogether(before, now),
    arrived: arrivals,
    ...(Object.keys(paused).length > 0 && { paused }),
    ...(proven.length > 0 && { proven }),
    ...(differing.length > 0 && { differing }),
    ...(twin && { twin }),
    reportedUnknown: [...new Set([...before.reportedUnknown, ...answer.unknown])],
  };
}

export function unreadableSince({ unreadable = [] }: Progress, now: Date): Date[] {
  return unreadable.filter((it) => isDue(it, now)).map(({ listedSince }) => listedSince);
}

const isDue = ({ lookedAt }: RememberedRecord, now: Date) => Math.abs(now.getTime() - lookedAt.getTime()) >= DAY_MS;

/** A record that should have been listed and wasn't, or is readable now, is forgotten. */
function unreadableRecords({ unreadable = [] }: Progress, { answer, since, now }: Found): RememberedRecord[] {
  const known = new Map(unreadable.map((it) => [it.id, it]));
  const seen = answer.unreadable.map((it) => {
    const before = known.get(it.id);
    return before && !isDue(before, now) ? before : { ...it, listedSince: before?.listedSince ?? since, lookedAt: now };
  });
  const isSeen = new Set(seen.map(({ id }) => id));
  const left = unreadable.filter(
    ({ id, listedSince }) => !isSeen.has(id) && !(answer.isComplete && since.getTime() <= listedSince.getTime()),
  );
  const all = [...left, ...seen];
  const [first, ...others] = all.slice(-UNREADABLE_RECORDS);
  if (!first) return [];
  // Those beyond the limit are listed again too, in case they can be read by then.
  return [{ ...first, listedSince: all.map((it) => it.listedSince).reduce(earlier) }, ...others];
}

/** A different reading proves it too, once the owner accepts it. */
function isProvenBy(readBacks: ReadBack[], kind: ReadingKind, paused: Pauses): boolean {
  return !paused[kind] && readBacks.some((it) => it.kind === kind);
}

function openOf({ entry }: Settlement): Measured[] {
  if (!entry) return [];
  return [...(isOpen(entry) && entry.fate.state !== "seen" ? [entry] : []), ...(entry.possibleCopies ?? [])];
}

/** Whether it's certainly the owner's: in Garmin, or on its way. A doubtful one that was there already may be a guest's. */
export function isOwners(entry: Pick<LedgerEntry, "fate" | "doubt"> | undefined): boolean {
  const { fate, doubt } = entry ?? {};
  return (
    fate?.state === "seen" ||
    fate?.state === "sent" ||
    (fate?.state === "skipped" && fate.reason === "already_in_garmin" && !doubt)
  );
}

function recentWeighIns(before: Progress, settlements: Settlement[], now: Date): Progress["recentWeighIns"] {
  const byTime = new Map(before.recentWeighIns.map((it) => [it.takenAt.getTime(), it]));
  for (const { reading, entry } of settlements) {
    if (reading.kind !== "weigh_in") continue;
    const { takenAt, weightKg } = reading;
    if (isOwners(entry)) byTime.set(takenAt.getTime(), { takenAt, weightKg });
  }
  const all = [...byTime.values()].sort((a, b) => a.takenAt.getTime() - b.takenAt.getTime());
  const newest = Math.min(all.at(-1)?.takenAt.getTime() ?? 0, now.getTime());
  const oldest = newest - RECENT_DAYS * DAY_MS;
  return all.filter((it) => it.takenAt.getTime() >= oldest).slice(-RECENT_WEIGH_INS);
}

function recentPressures(before: Progress, settlements: Settlement[], now: Date): Pick<Progress, "recentPressures"> {
  const byTime = new Map((before.recentPressures ?? []).map((it) => [it.takenAt.getTime(), it]));
  for (const { reading, entry } of settlements) {
    if (reading.kind !== "blood_pressure" || !isOwners(entry)) continue;
    const { takenAt, systolicMmHg, diastolicMmHg } = reading;
    byTime.set(takenAt.getTime(), { takenAt, systolicMmHg, diastolicMmHg });
  }
  const oldest = now.getTime() - MONTH_DAYS * DAY_MS;
  const kept = [...byTime.values()]
    .filter(({ takenAt }) => takenAt.getTime() >= oldest)
    .sort((a, b) => a.takenAt.getTime() - b.takenAt.getTime())
    .slice(-RECENT_PRESSURES);
  return kept.length > 0 ? { recentPressures: kept } : {};
}

function lastReadings(before: Progress, settlements: Settlement[], now: Date): Progress["lastReadings"] {
  const last = { ...before.lastReadings };
  for (const { entry } of settlements) {
    if (!entry || !isOwners(entry)) continue;
    const { kind, takenAt } = entry;
    const known = last[kind];
    if (known && known.takenAt <= now && takenAt < known.takenAt) continue;
    last[kind] = { takenAt, values: shownValues(entry) };
  }
  return last;
}

/** Including what came while its kind was off: the device still works. */
function measuredAt(before: Progress, settlements: Settlement[], now: Date): Pick<Progress, "measuredAt"> {
  const isCounted = (entry: LedgerEntry) =>
    isOwners(entry) || (entry.fate.state === "skipped" && entry.fate.reason === "kind_off");
  const measured: Progress["measuredAt"] = {};
  for (const kind of KINDS) {
    const times = settlements.flatMap(({ entry }) => (entry?.kind === kind && isCounted(entry) ? [entry.takenAt] : []));
    const last = occasions(before.measuredAt?.[kind] ?? [], times, now);
    if (last.length > 0) measured[kind] = last;
  }
  return Object.keys(measured).length > 0 ? { measuredAt: measured } : {};
}

/** By what the ledger says, so that a run that ended before it was written here loses no arrival. */
function arrived(before: Progress, { settlements, parts, now }: Found): Arrival[] {
  const byId = new Map(before.arrived.map((it) => [it.id, it]));
  for (const settlement of settlements) {
    const arrival = arrivalOf(settlement, parts);
    const known = arrival && byId.get(arrival.id);
    if (arrival && known?.arrivedAt.getTime() !== arrival.arrivedAt.getTime()) byId.set(arrival.id, arrival);
  }
  const oldest = now.getTime() - ARRIVED_DAYS * DAY_MS;
  return [...byId.values()]
    .filter((it) => it.arrivedAt.getTime() >= oldest)
    .sort((a, b) => a.arrivedAt.getTime() - b.arrivedAt.getTime() || a.takenAt.getTime() - b.takenAt.getTime())
    .slice(-ARRIVALS);
}

/** Undefined if it isn't in Garmin, or didn't come there by us. */
export function arrivalOf({ reading, entry, before }: Settlement, parts: ChosenParts): Arrival | undefined {
  if (entry?.fate.state !== "seen" || !entry.seenAt) return undefined;
  const { kind, takenAt, seenAt: arrivedAt, garminKey, differences = [] } = entry;
  const isAsSent = entry.fingerprint === fingerprint(reading);
  const composition = isAsSent ? compositionOf(reading, parts, differences) : undefined;
  const values = shownValues(entry);
  const was = before?.replaces?.values ?? (before?.fate.state === "seen" ? before.values : undefined);
  return {
    ...{ id: readingId(entry), kind, takenAt, arrivedAt, values },
    ...(was && JSON.stringify(was) !== JSON.stringify(values) && { was }),
    ...(garminKey && { garminKeyId: garminKey.id }),
    ...(composition && { composition }),
  };
}

function compositionOf(reading: Reading, parts: ChosenParts, differences: Difference[]): Composition | undefined {
  if (reading.kind !== "weigh_in") return undefined;
  const shown = Object.fromEntries(differences.map((it) => [it.field, it.shown]));
  const { bodyFatPercent, bodyWaterPercent, muscleMassKg, boneMassKg, visceralFatIndex } = {
    ...chosenParts(reading, parts),
    ...shown,
  };
  const composition = present<Composition>({
    ...{ bodyFatPercent, bodyWaterPercent, muscleMassKg, boneMassKg, visceralFatIndex },
  });
  return Object.keys(composition).length > 0 ? composition : undefined;
}

/** Removals that the ledger knows and the progress doesn't, for instance because an older store was put back. */
function withFoundRemovals(before: Removal[] = [], entries: LedgerEntry[]): Pick<Progress, "removals"> {
  const known = new Set(before.map(({ id }) => id));
  const found = entries.flatMap(({ fate, removal, kind, takenAt, values, ...it }): Removal[] => {
    const id = readingId({ ...it, kind });
    if (fate.state !== "removing" || !removal || known.has(id)) return [];
    return [{ id, kind, takenAt, values, askedAt: removal.askedAt }];
  });
  const removals = [...before, ...found];
  return removals.length > 0 ? { removals } : {};
}

function stillRestoring({ restoring = [] }: Progress, settlements: Settlement[]): Pick<Progress, "restoring"> {
  const settled = new Set(settlements.flatMap((it) => (it.settled ? readingId(it.reading) : [])));
  const left = restoring.filter((id) => !settled.has(id));
  return left.length > 0 ? { restoring: left } : {};
}

const earlier = (a: Date, b: Date) => (a < b ? a : b);
