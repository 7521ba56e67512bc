import type { Clock } from "../../lib/clock.ts";
import { RetryLaterError } from "../../lib/errors.ts";
import { errorFacts, type Log } from "../../lib/log.ts";
import type { Alone } from "../engine/engine.ts";
import type { KnownAtEnd, RunOptions, RunReport } from "../engine/run.ts";
import { type Account, type Accounts, zoneOf } from "../model/account.ts";
import type { Job, JobQueue } from "../model/jobs.ts";
import { noReadings } from "../model/outcome.ts";
import type { Schedule, ScheduledRun } from "../model/schedule.ts";
import type { Snapshots } from "../model/store.ts";
import { isLedgerCurrent, nextScheduledRun } from "./next-run.ts";

/** Together, these attempts outlast the lease of a killed run. */
const BUSY_ATTEMPTS = 4;

interface JobHandlerDeps {
  accounts: Accounts;
  schedule: Schedule;
  snapshots: Pick<Snapshots, "during">;
  alone: Alone;
  sync: (account: Account, options: RunOptions) => Promise<RunReport>;
  /** After a run that nobody asked for: its owner hears only what is news. */
  notify: (account: Account, report: RunReport) => Promise<void>;
  answerSync: (account: Account, messageId: number, options: RunOptions) => Promise<RunReport>;
  answerDoctor: (account: Account, messageId: number) => Promise<void>;
  confirmUnlink: (account: number) => Promise<void>;
  keepSubscriptions: (account: Account) => Promise<void>;
  /** Sends the daily summary if it's due. */
  summarize: (account: Account) => Promise<void>;
  nextSummaryAt: (account: Account, timezone: string, now: Date) => Date | undefined;
  /** A scheduled run has left the queue, and others wait for its place. */
  queueDue: () => Promise<unknown>;
  intervalMinutes: number;
  /** This process does all the work while it runs, so only its first run of each account may meet a restored store. */
  runsAlone?: boolean;
  clock: Clock;
  log: Log;
}

/** Throws when the job has to be done again; what just has to wait is scheduled again instead. */
export function createJobHandler(deps: JobHandlerDeps): (job: Job) => Promise<void> {
  const { accounts, schedule, alone, clock, log, intervalMinutes, runsAlone = false } = deps;
  const settledHere = new Set<number>();

  return async (job) => {
    await perform(job);
    // If this fails, the next sweep does it.
    if (othersWait(job)) await deps.queueDue().catch(logged("others_not_queued"));
  };

  async function perform(job: Job): Promise<void> {
    switch (job.reason) {
      case "scheduled":
      case "withings_notified":
        return deps.snapshots.during(job.account, () => visit(job));
      case "requested":
        return answerSync(job, job.messageId);
      case "doctor": {
        const account = await accounts.find(job.account);
        return account && deps.answerDoctor(account, job.messageId);
      }
      case "withings_unlinked":
        if (await accounts.find(job.account)) await deps.confirmUnlink(job.account);
    }
  }

  /** A run that nobody asked for. Everything up to its end happens under the account's lease. */
  async function visit(job: Job): Promise<void> {
    const run = await alone(job.account, (lease) => runUnder(lease, job));
    if (run === "busy") return putOff(job);
    if (!run) return;
    await deps.notify(run.account, run.report);
    await deps.summarize(run.account).catch(logged("summary_failed"));
  }

  async function runUnder(lease: RunOptions["lease"], job: Job) {
    const scheduledRun = await schedule.read(job.account);
    if (!(await isWanted(job, scheduledRun))) return undefined;
    const account = await accounts.find(job.account);
    if (!account) return schedule.forget(job.account);
    const isAnnounced = job.reason === "withings_notified";
    // A notification shows by itself that they come, and many people weigh themselves at the same hour.
    if (!isAnnounced) await keepSubscriptions(account);
    const options = { lease, isAnnounced, ledgerIsCurrent: ledgerIsCurrent(job.account, scheduledRun) };
    const report = await deps.sync(account, { ...options, next: planner(job, account, scheduledRun) });
    settle(account, report);
    if (!report.next) await scheduleNext(job, account, report, scheduledRun);
    return { account, report };
  }

  async function putOff(job: Job): Promise<void> {
    log.warn("run_postponed", { account: job.account, message: "another run is at work on this account" });
    const scheduledRun = await schedule.read(job.account);
    const account = (await isWanted(job, scheduledRun)) && (await accounts.find(job.account));
    if (account) await scheduleNext(job, account, { ...noReadings("retry_later"), busy: true }, scheduledRun);
  }

  async function answerSync(job: Job, messageId: number): Promise<void> {
    const account = await accounts.find(job.account);
    if (!account) return;
    const scheduledRun = await schedule.read(job.account);
    await keepSubscriptions(account);
    const report = await deps.answerSync(account, messageId, {
      ledgerIsCurrent: ledgerIsCurrent(job.account, scheduledRun),
      next: planner(job, account, scheduledRun),
    });
    // It gets its answer when the other run has ended, or the lease of one that was killed.
    if (report.busy && job.attempts < BUSY_ATTEMPTS) throw new RetryLaterError("another run is at work");
    settle(account, report);
    if (!report.next) await scheduleNext(job, account, report, scheduledRun);
    await deps.summarize(account).catch(logged("summary_failed"));
  }

  /** A scheduled run may be queued twice, or left over from a crash. It is made if the account is due, or a job has only waited. */
  async function isWanted(job: Job, scheduledRun: ScheduledRun | undefined): Promise<boolean> {
    if (job.reason !== "scheduled" || scheduledRun?.dueAt.getTime() === job.dueAt.getTime()) return true;
    await schedule.drop(job.account, job.dueAt);
    return scheduledRun !== undefined && scheduledRun.dueAt <= clock.now();
  }

  function ledgerIsCurrent(account: number, scheduledRun: ScheduledRun | undefined): boolean {
    const isKnown = !runsAlone || settledHere.has(account);
    return isKnown && isLedgerCurrent(scheduledRun?.settledAt, intervalMinutes, clock.now());
  }

  function settle({ telegramUserId }: Account, { status }: RunReport) {
    if (status === "success") settledHere.add(telegramUserId);
  }

  /** Before the run: anything measured during it has to be announced already. */
  async function keepSubscriptions(account: Account) {
    await deps.keepSubscriptions(account).catch(logged("subscriptions_failed"));
  }

  /** When an account runs next, unless somebody else has decided that since `known`: a new link is due at once. */
  function planner(job: Job, account: Account, known: ScheduledRun | undefined) {
    return (report: RunReport, { scheduledRun: before, timezone }: KnownAtEnd): ScheduledRun | undefined => {
      if (before && before.dueAt.getTime() !== known?.dueAt.getTime()) return undefined;
      const now = clock.now();
      const { failures = 0, settledAt } = before ?? {};
      const summaryAt = deps.nextSummaryAt(account, account.timezone ?? timezone ?? zoneOf(account), now);
      return nextScheduledRun({
        ...{ account: account.telegramUserId, report, isOneOfMany: othersWait(job) },
        ...{ failures, settledAt, intervalMinutes, summaryAt, now },
      });
    };
  }

  /** After a run that couldn't save its end, or that never began. */
  async function scheduleNext(job: Job, account: Account, report: RunReport, known: ScheduledRun | undefined) {
    const id = account.telegramUserId;
    // The owner may have removed the account in the meantime: then nothing of it may come back.
    if (!(await accounts.find(id))) return schedule.forget(id);
    const scheduledRun = await schedule.read(id);
    const next = planner(job, account, known)(report, { scheduledRun, timezone: undefined });
    if (next) await schedule.set(id, next);
  }

  function logged(event: string) {
    return (error: unknown): undefined => {
      if (error instanceof RetryLaterError) log.warn("task_put_off", { what: event, ...errorFacts(error) });
      else log.error(event, errorFacts(error));
    };
  }
}

const othersWait = (job: Job) => job.reason === "scheduled" && job.othersWait === true;

export async function runSoon(
  { schedule, queue, clock }: { schedule: Schedule; queue: JobQueue; clock: Clock },
  account: number,
) {
  const dueAt = clock.now();
  await schedule.set(account, { dueAt, failures: 0 });
  await queue.put([{ account, reason: "scheduled", dueAt }]);
}
