import type { Clock } from "../../lib/clock.ts";
import type { KnownAtEnd, RunReport } from "../engine/run.ts";
import { type Account, type Accounts, zoneOf } from "../model/account.ts";
import type { Job } from "../model/jobs.ts";
import type { NextRun, Schedule, ScheduledRun } from "../model/schedule.ts";
import { isLedgerCurrent, nextScheduledRun } from "./next-run.ts";

export interface RunPlannerDeps {
  accounts: Accounts;
  schedule: Schedule;
  nextSummaryAt: (account: Account, timezone: string, now: Date) => Date | undefined;
  intervalMinutes: number;
  /** This process does all the work while it runs, so only its first run of each account may meet a restored store. */
  runsAlone?: boolean;
  clock: Clock;
}

export type RunPlanner = ReturnType<typeof createRunPlanner>;

/** Whether a job's run is to be made, and when the account runs next. */
export function createRunPlanner(deps: RunPlannerDeps) {
  const { accounts, schedule, intervalMinutes, runsAlone = false, clock } = deps;
  const settledHere = new Set<number>();

  /** When an account runs next, unless somebody else has decided that since `known`: a new link is due at once. */
  function nextAfter(job: Job, account: Account, known: ScheduledRun | undefined) {
    return (report: RunReport, { scheduledRun: before, timezone }: KnownAtEnd): NextRun | undefined => {
      if (before && before.dueAt.getTime() !== known?.dueAt.getTime()) return undefined;
      const now = clock.now();
      const { failures = 0, settledAt } = before ?? {};
      const summaryAt = deps.nextSummaryAt(account, account.timezone ?? timezone ?? zoneOf(account), now);
      const listedAt = job.reason === "scheduled" ? job.listedAt : undefined;
      const next = nextScheduledRun({
        ...{ account: account.telegramUserId, report, listedAt, isOneOfMany: othersWait(job) },
        ...{ failures, settledAt, intervalMinutes, summaryAt, now },
      });
      return { ...next, listedAt };
    };
  }

  /** After a run that couldn't save its end, or that never began. */
  async function scheduleNext(job: Job, account: Account, report: RunReport, known: ScheduledRun | undefined) {
    const id = account.telegramUserId;
    // The owner may have removed the account in the meantime: then nothing of it may come back.
    if (!(await accounts.find(id))) return schedule.forget(id);
    const scheduledRun = await schedule.read(id);
    const next = nextAfter(job, account, known)(report, { scheduledRun, timezone: undefined });
    await (next ? schedule.set(id, next) : unlist(job, scheduledRun));
  }

  /** What the list has for a job, unless that is the scheduled run. */
  async function unlist(job: Job, scheduledRun: ScheduledRun | undefined) {
    if (job.reason !== "scheduled") return;
    const listedAt = job.listedAt ?? job.dueAt;
    if (listedAt.getTime() !== scheduledRun?.dueAt.getTime()) await schedule.drop(job.account, listedAt);
  }

  return {
    nextAfter,
    scheduleNext,

    /** A scheduled run may be queued twice, or left over from a crash. It is made if the account is due, or a job has only waited. */
    async isWanted(job: Job, scheduledRun: ScheduledRun | undefined): Promise<boolean> {
      if (job.reason !== "scheduled" || scheduledRun?.dueAt.getTime() === job.dueAt.getTime()) return true;
      const isOverdue = scheduledRun !== undefined && scheduledRun.dueAt <= clock.now();
      // A run that is made relies on being listed at its next time.
      if (!isOverdue || !job.listedAt) await unlist(job, scheduledRun);
      return isOverdue;
    },

    ledgerIsCurrent(account: number, scheduledRun: ScheduledRun | undefined): boolean {
      const isKnown = !runsAlone || settledHere.has(account);
      return isKnown && isLedgerCurrent(scheduledRun?.settledAt, intervalMinutes, clock.now());
    },

    async runEnded(job: Job, account: Account, report: RunReport, known: ScheduledRun | undefined) {
      if (report.status === "success") settledHere.add(account.telegramUserId);
      if (!report.next) await scheduleNext(job, account, report, known);
    },
  };
}

/** Whether more accounts were due than the queue may hold when this one was queued. */
export const othersWait = (job: Job) => job.reason === "scheduled" && job.othersWait === true;
