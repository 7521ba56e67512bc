import type { Clock } from "../../lib/clock.ts";
import { RetryLaterError } from "../../lib/errors.ts";
import { errorFacts, type Log } from "../../lib/log.ts";
import type { RunOptions, RunReport } from "../engine/run.ts";
import type { Account, Accounts } from "../model/account.ts";
import type { Job, JobQueue } from "../model/jobs.ts";
import type { Schedule, ScheduledRun } from "../model/schedule.ts";
import { isLedgerCurrent, nextScheduledRun } from "./next-run.ts";

/** Together, these attempts outlast the lease of a killed run. */
const BUSY_ATTEMPTS = 4;

interface JobHandlerDeps {
  accounts: Accounts;
  schedule: Schedule;
  /** A run that nobody asked for; its owner hears only what is news. */
  sync: (account: Account, options: RunOptions) => Promise<RunReport>;
  answerSync: (account: Account, messageId: number, options: RunOptions) => Promise<RunReport>;
  answerDoctor: (account: Account, messageId: number) => Promise<void>;
  confirmUnlink: (account: number) => Promise<void>;
  keepSubscriptions: (account: Account) => Promise<void>;
  /** Sends the daily summary if it's due, and resolves to when the next one is. */
  summarize: (account: Account) => Promise<Date | undefined>;
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
  const { accounts, schedule, clock, log, intervalMinutes, runsAlone = false } = deps;
  const settledHere = new Set<number>();

  return async (job) => {
    await perform(job);
    // If this fails, the next sweep does it.
    if (othersWait(job)) await deps.queueDue().catch(logged("others_not_queued"));
  };

  async function perform(job: Job) {
    const id = job.account;
    const scheduledRun = await schedule.read(id);
    if (job.reason === "scheduled") {
      if (scheduledRun?.dueAt.getTime() !== job.dueAt.getTime()) {
        await schedule.drop(id, job.dueAt);
        // Queued twice, or left over from a crash. If the account is due, the job has only waited, for another try for instance.
        if (!scheduledRun || scheduledRun.dueAt > clock.now()) return;
      }
    }
    const account = await accounts.find(id);
    if (!account) return job.reason === "scheduled" ? schedule.forget(id) : undefined;
    const ledgerIsCurrent =
      (!runsAlone || settledHere.has(id)) && isLedgerCurrent(scheduledRun?.settledAt, intervalMinutes, clock.now());
    switch (job.reason) {
      case "scheduled":
      case "withings_notified": {
        // A notification shows by itself that they come, and many people weigh themselves at the same hour.
        if (job.reason === "scheduled") await keepSubscriptions(account);
        const isAnnounced = job.reason === "withings_notified";
        return scheduleNext(job, account, await deps.sync(account, { ledgerIsCurrent, isAnnounced }), scheduledRun);
      }
      case "requested": {
        await keepSubscriptions(account);
        const report = await deps.answerSync(account, job.messageId, { ledgerIsCurrent });
        // It gets its answer when the other run has ended, or the lease of one that was killed.
        if (report.busy && job.attempts < BUSY_ATTEMPTS) throw new RetryLaterError("another run is at work");
        return scheduleNext(job, account, report, scheduledRun);
      }
      case "doctor":
        return deps.answerDoctor(account, job.messageId);
      case "withings_unlinked":
        return deps.confirmUnlink(id);
    }
  }

  /** Before the run: anything measured during it has to be announced already. */
  async function keepSubscriptions(account: Account) {
    await deps.keepSubscriptions(account).catch(logged("subscriptions_failed"));
  }

  async function scheduleNext(job: Job, account: Account, report: RunReport, before: ScheduledRun | undefined) {
    const id = account.telegramUserId;
    if (report.status === "success") settledHere.add(id);
    const summaryAt = await deps.summarize(account).catch(logged("summary_failed"));
    // The owner may have removed the account in the meantime: then nothing of it may come back.
    if (!(await accounts.find(id))) return schedule.forget(id);
    const scheduledRun = await schedule.read(id);
    if (scheduledRun && scheduledRun.dueAt.getTime() !== before?.dueAt.getTime()) return;
    const { failures = 0, settledAt } = scheduledRun ?? {};
    await schedule.set(
      id,
      nextScheduledRun({
        account: id,
        report,
        isOneOfMany: othersWait(job),
        failures,
        settledAt,
        intervalMinutes,
        summaryAt,
        now: clock.now(),
      }),
    );
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
