import type { Clock } from "../../lib/clock.ts";
import { RetryLaterError } from "../../lib/errors.ts";
import { errorFacts } from "../../lib/log.ts";
import type { RunOptions, RunReport } from "../engine/run.ts";
import type { Account } from "../model/account.ts";
import type { Job, JobQueue, Look, PictureJob, ReadingJob } from "../model/jobs.ts";
import type { Schedule } from "../model/schedule.ts";
import type { Snapshots } from "../model/store.ts";
import { createRunPlanner, othersWait, type RunPlannerDeps } from "./run-planner.ts";
import { createVisit, type VisitDeps } from "./visit.ts";

/** Together, these attempts outlast the lease of a killed run. */
const BUSY_ATTEMPTS = 4;

interface JobHandlerDeps extends RunPlannerDeps, VisitDeps {
  snapshots: Pick<Snapshots, "during">;
  answerSync: (account: Account, messageId: number, options: RunOptions) => Promise<RunReport>;
  answerPicture: (account: Account, job: PictureJob) => Promise<void>;
  answerLook: (account: Account, messageId: number, what: Look) => Promise<void>;
  /** Throws `RetryLaterError` when it has to be done again. */
  answerReading: (account: Account, job: ReadingJob) => Promise<void>;
  confirmUnlink: (account: number) => Promise<void>;
  /** Before each run: anything measured during it has to be announced already. */
  keepSubscriptions: (account: Account) => Promise<void>;
  /** Sends the daily summary if it's due. */
  summarize: (account: Account, report?: RunReport) => Promise<void>;
  /** A scheduled run has left the queue, and others wait for its place. */
  queueDue: () => Promise<unknown>;
}

/** Throws when the job has to be done again; what just has to wait is scheduled again instead. */
export function createJobHandler(deps: JobHandlerDeps): (job: Job) => Promise<void> {
  const { accounts, schedule, log } = deps;
  const planner = createRunPlanner(deps);
  const keepSubscriptions = (account: Account) => deps.keepSubscriptions(account).catch(logged("subscriptions_failed"));
  const summarize = (account: Account, report?: RunReport) =>
    deps.summarize(account, report).catch(logged("summary_failed"));
  const visit = createVisit(planner, { ...deps, keepSubscriptions, summarize });

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
      case "doctor":
      case "working":
      case "weigh_in_missing":
      case "blood_pressure_missing": {
        const account = await accounts.find(job.account);
        return account && deps.answerLook(account, job.messageId, job.reason);
      }
      case "picture": {
        const account = await accounts.find(job.account);
        return account && deps.answerPicture(account, job);
      }
      case "reading":
      case "readings":
      case "handed_on": {
        const account = await accounts.find(job.account);
        return account && deps.answerReading(account, job);
      }
      case "withings_unlinked":
        if (await accounts.find(job.account)) await deps.confirmUnlink(job.account);
    }
  }

  async function answerSync(job: Job, messageId: number): Promise<void> {
    const account = await accounts.find(job.account);
    if (!account) return;
    const scheduledRun = await schedule.read(job.account);
    await keepSubscriptions(account);
    const report = await deps.answerSync(account, messageId, {
      ledgerIsCurrent: planner.ledgerIsCurrent(job.account, scheduledRun),
      compares: true,
      next: planner.nextAfter(job, account, scheduledRun),
    });
    // It gets its answer when the other run has ended, or the lease of one that was killed.
    if (report.busy && job.attempts < BUSY_ATTEMPTS) throw new RetryLaterError("another run is at work");
    await planner.runEnded(job, account, report, scheduledRun);
    await summarize(account);
  }

  function logged(event: string) {
    return (error: unknown): undefined => {
      if (error instanceof RetryLaterError) log.warn("task_put_off", { what: event, ...errorFacts(error) });
      else log.error(event, errorFacts(error));
    };
  }
}

export async function runSoon(
  { schedule, queue, clock }: { schedule: Schedule; queue: JobQueue; clock: Clock },
  account: number,
) {
  const dueAt = clock.now();
  await schedule.set(account, { dueAt, failures: 0 });
  await queue.put([{ account, reason: "scheduled", dueAt }]);
}
