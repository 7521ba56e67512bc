import type { Action, DelayCause } from "../../lib/errors.ts";
import { present } from "../../lib/present.ts";
import type { Vendor } from "./link.ts";
import { KINDS, type ReadingKind } from "./reading.ts";
import { FAIL_REASONS, type Measured } from "./vendors.ts";

/** From best to worst; of several accounts, the worst counts. */
export const RUN_STATUSES = ["success", "retry_later", "action_needed", "error"] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

export interface RunOutcome {
  status: RunStatus;
  /** Readings this run brought into Garmin, or found there as ours after a crash. */
  synced: number;
  skipped: number;
  held: number;
  failed: number;
  action?: Action;
  /** Kinds not sent for now: Garmin doesn't offer them, or a reading came back different. */
  paused?: ReadingKind[];
  /** With "error": all that went wrong is that Garmin didn't take single readings. Their owner hears of those. */
  onlyReadings?: true;
  unexpectedFrom?: Vendor;
  /** With "action_needed" and "error": since when it has been like this. Absent if the clock is wrong. */
  since?: Date;
  /** Other troubles that earlier runs met and nothing has ended yet, by name, and since when each lasts. */
  earlier?: Record<string, Date>;
  /** Why not everything was settled. Always there with "retry_later", unless another run is at work. */
  delay?: Delay;
  /** When Garmin last refused an upload for lack of consent, if it has accepted none since. */
  uploadRefusedAt?: Date;
}

export interface Delay {
  cause: DelayCause;
  /** Since when this has lasted; for `garmin_not_showing`, since when the first upload is accepted. */
  since: Date;
  /** Readings that wait; absent if no run has got that far. */
  waiting?: number;
  announced?: true;
  /** The newest that waits; if some were accepted, of those. */
  newest?: Measured;
  accepted?: number;
  /** How many of them are sent only once the first one of their kind has shown in this Garmin. */
  following?: number;
  until?: Date;
}

/** Whether the account only lacks what its owner hasn't set up, or has removed again. */
export function isIncomplete(action: Action): boolean {
  return action === "add_account" || action === "link_withings" || action === "link_garmin";
}

/** Whether only the person who runs the program can do something. */
export const isAboutSetup = (action: Action) => action.startsWith("fix_");

export const isAboutOneReading = (cause: string | undefined) => FAIL_REASONS.some((reason) => reason === cause);

export function worse(a: RunStatus, b: RunStatus): RunStatus {
  return RUN_STATUSES.indexOf(a) > RUN_STATUSES.indexOf(b) ? a : b;
}

export const noReadings = (status: RunStatus): RunOutcome => ({ status, synced: 0, skipped: 0, held: 0, failed: 0 });

export function total(outcomes: RunOutcome[]): RunOutcome {
  const sum = noReadings("success");
  for (const outcome of outcomes) {
    sum.status = worse(sum.status, outcome.status);
    sum.synced += outcome.synced;
    sum.skipped += outcome.skipped;
    sum.held += outcome.held;
    sum.failed += outcome.failed;
    if (outcome.action && !sum.action) sum.action = outcome.action;
    if (outcome.since && !sum.since) sum.since = outcome.since;
    if (outcome.delay && !sum.delay) sum.delay = outcome.delay;
    if (outcome.unexpectedFrom && !sum.unexpectedFrom) sum.unexpectedFrom = outcome.unexpectedFrom;
    const paused = KINDS.filter((kind) => sum.paused?.includes(kind) || outcome.paused?.includes(kind));
    if (paused.length > 0) sum.paused = paused;
  }
  return sum;
}

export interface OutcomeReport extends RunOutcome {
  accounts?: Array<{ account: number } & RunOutcome>;
}

export function outcomeReport(
  all: Array<{ account: number; report: RunOutcome }>,
  { isOfOne }: { isOfOne: boolean },
): OutcomeReport {
  const noAccount: RunOutcome = { ...noReadings("action_needed"), action: "add_account" };
  const sum = all.length > 0 ? total(all.map(({ report }) => report)) : noAccount;
  const accounts = all.map(({ account, report }) => ({ account, ...plain(report) }));
  return { ...plain(sum), ...(!isOfOne && { accounts }) };
}

function plain(outcome: RunOutcome): RunOutcome {
  const { status, synced, skipped, held, failed, action, unexpectedFrom, since, delay, paused } = outcome;
  return { status, synced, skipped, held, failed, ...present({ action, unexpectedFrom, since, delay, paused }) };
}
