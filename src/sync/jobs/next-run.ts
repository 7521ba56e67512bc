import type { RunReport } from "../engine/run.ts";
import { isIncomplete } from "../model/outcome.ts";
import type { ScheduledRun } from "../model/schedule.ts";

const MINUTE_MS = 60_000;
/** Without a link there is nothing to sync, and linking schedules a run itself. */
const INCOMPLETE_MINUTES = 24 * 60;
const FIRST_PAUSE_MINUTES = 1;
/** Sweeps start the runs; on AWS there is one every five minutes. */
const SWEEP_MINUTES = 5;

/** After more than two intervals, the ledger may come from a snapshot or a restored table, which doesn't know what was sent since. */
export function isLedgerCurrent(settledAt: Date | undefined, intervalMinutes: number, now: Date): boolean {
  if (!settledAt) return false;
  const minutes = (now.getTime() - settledAt.getTime()) / MINUTE_MS;
  return minutes >= 0 && minutes <= 2 * intervalMinutes + SWEEP_MINUTES;
}

/** After a run that put something off in one minute, two, four and so on; but not before the time a vendor asked for. */
export function nextScheduledRun(facts: {
  account: number;
  report: RunReport;
  /** Where the list has the account already, if it was moved on when its run was queued. */
  listedAt?: Date | undefined;
  /** Others were due at the same time, and waited. */
  isOneOfMany?: boolean | undefined;
  failures: number;
  settledAt?: Date | undefined;
  intervalMinutes: number;
  summaryAt: Date | undefined;
  now: Date;
}): ScheduledRun {
  const { report, intervalMinutes, summaryAt, now } = facts;
  // A machine that has just started often gets the right time within a minute.
  const isPutOff = report.status === "retry_later" || report.action === "fix_clock";
  const failures = isPutOff ? facts.failures + 1 : 0;
  const ownAt = now.getTime() + millisecondsUntilNext();
  const dueAt = new Date(Math.max(ownAt, report.rests?.until.getTime() ?? ownAt));
  const settledAt = report.status === "success" ? now : facts.settledAt;
  return {
    dueAt: summaryAt && summaryAt > now && summaryAt < dueAt ? summaryAt : dueAt,
    failures,
    ...(settledAt && { settledAt }),
  };

  function millisecondsUntilNext(): number {
    if (isPutOff) return Math.min(FIRST_PAUSE_MINUTES * 2 ** facts.failures, intervalMinutes) * MINUTE_MS;
    if (report.action && isIncomplete(report.action)) return INCOMPLETE_MINUTES * MINUTE_MS;
    if (facts.listedAt && facts.listedAt > now) return facts.listedAt.getTime() - now.getTime();
    return intervalMinutes * (facts.isOneOfMany ? spread(facts.account) : 1) * MINUTE_MS;
  }
}

/** When a run that is queued now, and ends well, is followed by the next. */
export function regularAfter(dueAt: Date, intervalMinutes: number, now: Date): Date {
  const onTime = new Date(dueAt.getTime() + intervalMinutes * MINUTE_MS);
  return onTime > now ? onTime : new Date(now.getTime() + intervalMinutes * MINUTE_MS);
}

/**
 * From three quarters to five quarters, by the golden ratio: numbers of any pattern come out evenly, and one in the mean. So
 * accounts that were due together, after an outage or at the hour of the summary, aren't together the next time.
 */
function spread(account: number): number {
  return 0.75 + ((account * 0.618033988749895) % 1) / 2;
}
