import type { HeldReason, LedgerEntry, SkipReason } from "../model/ledger.ts";
import { fingerprint, type Reading } from "../model/reading.ts";
import type { FailReason } from "../model/vendors.ts";

/**
 * What to do with one reading.
 *
 *   leave      not ours to touch: from before the account's start, or waiting while its kind is off
 *   skip       recorded, so that it isn't sent later by itself
 *   settled    nothing is left to do
 *   hold       it may not be the owner's, or its date is odd: the owner decides
 *   fail       Garmin can't take it
 *   send       send it; with `adopt`, look first whether Garmin has it from elsewhere
 *   verify     an earlier attempt may have arrived: look before anything else
 *   replace    it's in Garmin, and Withings has changed it since; with `adopt`, the change may be in Garmin already
 *   wait       another reading is the same: the one that its owner typed, or a device delivered, or earlier links sent
 *   watch      nothing is left to do, but a late copy may turn up in Garmin
 */
export type Step =
  | { type: "leave" }
  | { type: "skip"; reason: SkipReason }
  | { type: "settled" }
  | { type: "hold"; reason: HeldReason }
  | { type: "fail"; reason: FailReason }
  | { type: "send"; adopt: boolean }
  /** `hold`: if it hasn't arrived, it must not be sent again. `adopt`: nor if Garmin has it from elsewhere. */
  | { type: "verify"; hold?: HeldReason; adopt?: true }
  | { type: "replace"; adopt?: true }
  | { type: "watch" }
  /** `on`: the id of the other one. If that one doesn't get into Garmin, this one goes by itself. */
  | { type: "wait"; on: string };

export interface PlanContext {
  startAt: Date;
  begunAt: Date | undefined;
  now: Date;
  /** Garmin may have readings that the ledger doesn't know: on a first run, one that reaches back, or after a restore. */
  adopting: boolean;
  refusal: FailReason | undefined;
  isOn: boolean;
  askedSince: Date | undefined;
  hasTimezone: boolean;
  probable: boolean | undefined;
}

/** What Garmin refused is offered again once a day for a week: the reason may have been Garmin. */
const REFUSED_AGAIN_SECONDS = 24 * 3600;
const REFUSED_AGAIN_TIMES = 7;
/** Clocks differ by minutes. What lies a day ahead was never measured. */
const FUTURE_SECONDS = 24 * 3600;
/** The first scale that reports by itself came out in 2009. An earlier date from a device means that its clock was reset. */
const FIRST_DEVICES = new Date("2009-01-01T00:00:00Z");

/** Pure, so that every case is a line in its test. */
export function plan(listed: Reading, entry: LedgerEntry | undefined, given: PlanContext): Step {
  const isMine = entry?.decision?.type === "mine";
  const context: OwnedContext = { ...given, isMine };
  const reading: Reading = isMine ? { ...listed, attribution: "confirmed" } : listed;
  const { startAt, begunAt, now, adopting, refusal, isOn, askedSince } = context;
  const isBeforeStart = reading.takenAt < startAt && !hasImpossibleDate(reading);
  if (entry === undefined) {
    if (isBeforeStart) {
      // Not what was there when the account was linked: a scale that was offline, or old values that somebody types in.
      const isLate = begunAt !== undefined && reading.modifiedAt > begunAt;
      return isLate && isOn ? { type: "hold", reason: "before_start" } : { type: "leave" };
    }
    if (!isOn) return { type: "skip", reason: "kind_off" };
    return fresh(reading, context, adopting || reading.imported);
  }
  const changed = entry.fingerprint !== fingerprint(reading) && reading.modifiedAt >= entry.modifiedAt;
  const hold = holdReason(reading, context);
  switch (entry.fate.state) {
    case "sending":
    case "sent":
      return {
        type: "verify",
        ...(hold && { hold }),
        ...((adopting || isDecided(entry)) && { adopt: true }),
      };
    case "seen":
      // What has become doubtful stays as it is.
      if (!changed || hold || !isOn) return atRest(entry);
      return refusal ? { type: "fail", reason: refusal } : { type: "replace", ...(adopting && { adopt: true }) };
    case "skipped": {
      const isAsked = isOn && askedSince !== undefined && reading.takenAt >= askedSince;
      if (entry.fate.reason === "kind_off" && isAsked) return fresh(reading, context, true);
      const isDisowned = entry.fate.reason === "not_mine" && entry.decision?.type !== "handed_on";
      if (isDisowned && isOn && isConfirmedAfter(reading, entry.decision?.at)) {
        return again(entry, fresh(reading, context, true), adopting);
      }
      return atRest(entry);
    }
    case "held": {
      if (!isOn) return whileOff(entry);
      const { reason } = entry.fate;
      const isAsked = entry.decision?.type === "ask_again" && !isConfirmedAfter(reading, entry.decision.at);
      if (isAsked) return { type: "hold", reason };
      if (reason === "before_start" && isBeforeStart) return { type: "hold", reason };
      // Clocks may differ when it arrives, but not by a day: once it's held, its own date counts.
      if (reason === "in_the_future" && !changed && reading.takenAt > now) return { type: "hold", reason };
      // A weight that was far off isn't cleared because there is nothing left to compare it with.
      const isDoubted = reason === "improbable_weight" && !changed;
      const probable = isDoubted ? (context.probable ?? false) : context.probable;
      return again(entry, fresh(reading, { ...context, probable }, true), adopting);
    }
    // Whatever happens to it at Withings: only its owner brings it back.
    case "removing":
    case "removed":
      return atRest(entry);
    case "failed":
      if (!isOn) return whileOff(entry);
      if (changed) return again(entry, fresh(reading, context, adopting), adopting);
      return isOfferedAgain(entry) && secondsSinceAttempt(entry, now) >= REFUSED_AGAIN_SECONDS
        ? fresh(reading, context, true)
        : atRest(entry);
  }
}

const isToSend = ({ decision }: LedgerEntry) => decision?.type === "mine" || decision?.type === "send_old";

export function isDecided(entry: LedgerEntry): boolean {
  return entry.fate.state === "sending" && entry.attempts === 0 && isToSend(entry);
}

function isConfirmedAfter({ attribution, modifiedAt }: Reading, at: Date | undefined): boolean {
  return attribution === "confirmed" && at !== undefined && modifiedAt > at;
}

type OwnedContext = PlanContext & { isMine: boolean };

function fresh(reading: Reading, context: OwnedContext, adopt: boolean): Step {
  const reason = holdReason(reading, context);
  if (reason) return { type: "hold", reason };
  if (context.refusal) return { type: "fail", reason: context.refusal };
  return { type: "send", adopt };
}

/** An older version of it may be in Garmin, from before it was edited into something that couldn't be sent. */
function again(entry: LedgerEntry, step: Step, adopting: boolean): Step {
  return step.type === "send" && entry.garminKey ? { type: "replace", ...(adopting && { adopt: true }) } : step;
}

export function isWatched({ possibleCopies = [] }: LedgerEntry): boolean {
  return possibleCopies.length > 0;
}

export function isAttempted({ fate, attemptedAt }: LedgerEntry): boolean {
  return attemptedAt !== undefined && (fate.state === "sending" || fate.state === "sent");
}

export function isOpen(entry: LedgerEntry): boolean {
  return isAttempted(entry) || isWatched(entry);
}

/** Late copies are still looked for: a watch that never ends would hold the cursor. */
function whileOff(entry: LedgerEntry): Step {
  return { type: isWatched(entry) ? "watch" : "leave" };
}

function atRest(entry: LedgerEntry): Step {
  return { type: isWatched(entry) ? "watch" : "settled" };
}

function holdReason(reading: Reading, { now, probable, hasTimezone, isMine }: OwnedContext): HeldReason | undefined {
  if (secondsSince(reading.takenAt, now) < -FUTURE_SECONDS) return "in_the_future";
  if (hasImpossibleDate(reading) && !isMine) return "impossible_date";
  if (reading.kind === "blood_pressure" && !hasTimezone) return "no_timezone";
  switch (reading.attribution) {
    case "ambiguous":
      return "ambiguous_person";
    case "typed_at_sign_up":
      return "typed_at_sign_up";
    case "unknown":
      return "unknown_attribution";
    case "confirmed":
      return undefined;
    case "certain":
      return probable === false ? "improbable_weight" : undefined;
  }
}

/** Typed or imported readings may have any date: people bring their old diaries. */
function hasImpossibleDate({ takenAt, typed, imported }: Reading): boolean {
  return takenAt < FIRST_DEVICES && !typed && !imported;
}

export function isOfferedAgain(entry: LedgerEntry): boolean {
  return (
    entry.fate.state === "failed" && entry.fate.reason === "refused_by_garmin" && entry.attempts < REFUSED_AGAIN_TIMES
  );
}

function secondsSince(instant: Date, now: Date): number {
  return (now.getTime() - instant.getTime()) / 1000;
}

/** Infinite if never, or if a wrong clock dated it more than a day ahead: it must not hold anything up until then. */
export function secondsSinceAttempt({ attemptedAt }: LedgerEntry, now: Date): number {
  if (!attemptedAt) return Number.POSITIVE_INFINITY;
  const seconds = secondsSince(attemptedAt, now);
  return seconds < -FUTURE_SECONDS ? Number.POSITIVE_INFINITY : seconds;
}
