import type { Log } from "../../lib/log.ts";
import type { RunOptions, RunReport } from "../engine/run.ts";
import type { Alone } from "../engine.ts";
import type { Account, Accounts } from "../model/account.ts";
import type { Job } from "../model/jobs.ts";
import { noReadings } from "../model/outcome.ts";
import type { Schedule } from "../model/schedule.ts";
import type { RunPlanner } from "./run-planner.ts";

export interface VisitDeps {
  accounts: Accounts;
  schedule: Schedule;
  alone: Alone;
  sync: (account: Account, options: RunOptions) => Promise<RunReport>;
  /** Its owner hears only what is news. */
  notify: (account: Account, report: RunReport) => Promise<void>;
  /** Neither this nor `summarize` throws. */
  keepSubscriptions: (account: Account) => Promise<void>;
  summarize: (account: Account, report: RunReport) => Promise<void>;
  log: Log;
}

/** A run that nobody asked for. Everything up to its end happens under the account's lease. */
export function createVisit(planner: RunPlanner, deps: VisitDeps): (job: Job) => Promise<void> {
  const { accounts, schedule, alone, log } = deps;

  return async (job) => {
    const run = await alone(job.account, (lease) => runUnder(lease, job));
    if (run === "busy") return putOff(job);
    if (!run) return;
    await deps.notify(run.account, run.report);
    await deps.summarize(run.account, run.report);
  };

  async function runUnder(lease: RunOptions["lease"], job: Job) {
    const scheduledRun = await schedule.read(job.account);
    if (!(await planner.isWanted(job, scheduledRun))) return undefined;
    const account = await accounts.find(job.account);
    if (!account) return schedule.forget(job.account);
    const isAnnounced = job.reason === "withings_notified";
    // A notification shows by itself that they come, and many people weigh themselves at the same hour.
    if (!isAnnounced) await deps.keepSubscriptions(account);
    const ledgerIsCurrent = planner.ledgerIsCurrent(job.account, scheduledRun);
    const next = planner.nextAfter(job, account, scheduledRun);
    const report = await deps.sync(account, { lease, isAnnounced, ledgerIsCurrent, next });
    await planner.runEnded(job, account, report, scheduledRun);
    return { account, report };
  }

  async function putOff(job: Job): Promise<void> {
    log.warn("run_postponed", { account: job.account, message: "another run is at work on this account" });
    const scheduledRun = await schedule.read(job.account);
    const account = (await planner.isWanted(job, scheduledRun)) && (await accounts.find(job.account));
    if (account) {
      await planner.scheduleNext(job, account, { ...noReadings("retry_later"), busy: true }, scheduledRun);
    }
  }
}
