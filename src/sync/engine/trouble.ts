import type { Clock } from "../../lib/clock.ts";
import { type RetryLaterError, UnexpectedAnswerError, whoActs } from "../../lib/errors.ts";
import { errorFacts, type Log } from "../../lib/log.ts";
import { BusyError } from "../links/with-lease.ts";
import { type Vendor, VendorWaitError } from "../model/link.ts";
import { type Delay, isAboutOneReading, type RunOutcome, worse } from "../model/outcome.ts";
import { KindClosedError } from "../model/vendors.ts";
import { delayOf, type Waiting } from "./delay.ts";

/** What went wrong in a run: the worst trouble, or the first of equally bad ones. */
export interface Trouble
  extends Pick<RunOutcome, "status" | "action" | "delay" | "unexpectedFrom" | "uploadRefusedAt"> {
  /** One sentence, when something in the configuration or the store has to be fixed. */
  problem?: string;
  /** Until when a vendor asked us to wait; of several, the latest. */
  rests?: { vendor: Vendor; until: Date };
  /** Another run is at work on this account, so this one did nothing. */
  busy?: true;
  /** With status "error": what broke, in a few technical words, to tell a new cause from a known one. */
  cause?: string;
}

export function addDelay(trouble: Trouble, waiting: Waiting[], facts: Parameters<typeof delayOf>[2]): void {
  if (waiting.length > 0) trouble.status = worse(trouble.status, "retry_later");
  if (trouble.status !== "retry_later") return;
  trouble.delay = {
    ...delayOf(trouble.delay?.cause, waiting, facts),
    ...(trouble.delay?.until && { until: trouble.delay.until }),
  };
}

export function addFailure(trouble: Trouble, cause: string, unexpectedFrom?: Vendor): void {
  trouble.status = worse(trouble.status, "error");
  // What broke weighs more than a reading that Garmin didn't take.
  if (trouble.cause !== undefined && !isAboutOneReading(trouble.cause)) return;
  trouble.cause = cause;
  if (unexpectedFrom) trouble.unexpectedFrom = unexpectedFrom;
}

interface ErrorDeps {
  log: Log;
  clock: Clock;
}

export function addError(trouble: Trouble, error: unknown, { log, clock }: ErrorDeps): void {
  const acting = whoActs(error);
  if (acting.who === "owner") {
    const { action } = acting.error;
    trouble.status = worse(trouble.status, "action_needed");
    trouble.action ??= action;
    if (action === "grant_garmin_upload") trouble.uploadRefusedAt = clock.now();
  } else if (acting.who === "time") {
    trouble.status = worse(trouble.status, "retry_later");
    if (error instanceof BusyError) trouble.busy = true;
    else trouble.delay ??= delayBy(acting.error, clock.now());
    if (error instanceof VendorWaitError && !(trouble.rests && trouble.rests.until > error.until)) {
      trouble.rests = { vendor: error.vendor, until: error.until };
    }
    log.warn("run_postponed", errorFacts(error));
  } else {
    const unexpectedFrom = error instanceof UnexpectedAnswerError ? error.vendor : undefined;
    addFailure(trouble, error instanceof Error ? error.message : "unknown", unexpectedFrom);
    if (acting.who === "operator") trouble.problem ??= acting.error.message;
    log.error("run_failed", errorFacts(error));
  }
}

function delayBy(error: RetryLaterError, since: Date): Delay {
  return { cause: error.delayedBy, since, ...(error instanceof VendorWaitError && { until: error.until }) };
}

export function addKindError(trouble: Trouble, error: unknown, deps: ErrorDeps): void {
  if (error instanceof KindClosedError) deps.log.warn("garmin_serves_no_such_readings", errorFacts(error));
  else addError(trouble, error, deps);
}
