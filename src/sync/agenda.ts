import { isIncomplete } from "./outcome.ts";
import type { RunReport } from "./run.ts";
import type { Appointment } from "./web-ports.ts";

const MINUTE_MS = 60_000;
/** What lacks a link has nothing to bring over. Linking makes its own visit. As long as the longest interval. */
const INCOMPLETE_MINUTES = 24 * 60;
const FIRST_PAUSE_MINUTES = 1;

/**
 * When to look again after a run: in an interval; after one that had to put something off in one minute, two, four and so on
 * up to the interval, and not before the time until which a vendor asked to be left alone; and no later than the next summary
 * is due: a run asks nobody who asked for that.
 */
export function nextAppointment(facts: {
  report: RunReport;
  /** Of the appointment before. */
  failures: number;
  intervalMinutes: number;
  summaryAt: Date | undefined;
  now: Date;
}): Appointment {
  const { report, intervalMinutes, summaryAt, now } = facts;
  const isPutOff = report.status === "retry_later";
  const failures = isPutOff ? facts.failures + 1 : 0;
  const ownAt = now.getTime() + minutesUntilNext() * MINUTE_MS;
  const dueAt = new Date(Math.max(ownAt, report.rests?.until.getTime() ?? ownAt));
  return { dueAt: summaryAt && summaryAt > now && summaryAt < dueAt ? summaryAt : dueAt, failures };

  function minutesUntilNext(): number {
    if (isPutOff) return Math.min(FIRST_PAUSE_MINUTES * 2 ** facts.failures, intervalMinutes);
    if (report.action && isIncomplete(report.action)) return INCOMPLETE_MINUTES;
    return intervalMinutes;
  }
}
