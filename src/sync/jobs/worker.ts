import type { Clock } from "../../lib/clock.ts";
import { whoActs } from "../../lib/errors.ts";
import { errorFacts, type Log } from "../../lib/log.ts";
import { LONGEST_RETRY_AFTER_SECONDS } from "../../lib/retry-after.ts";
import { within } from "../../lib/within.ts";
import type { Job, Jobs, NewJob } from "../model/jobs.ts";
import type { Versioned } from "../model/link.ts";

/** The notifications of one weigh-in come within seconds, one for each of its groups: they become one sync. */
const GATHER_SECONDS = 8;
const FIRST_PAUSE_SECONDS = 15;
const LONGEST_PAUSE_SECONDS = 600;
/** The longest import takes minutes, and every outside call has a limit: a job that takes this long hangs. */
const LONGEST_JOB_MINUTES = 45;
/**
 * Withings may announce many readings at once, as after an outage. More runs side by side would only wait for a turn at Withings,
 * in memory, and give up after a minute. Twenty use every turn even if each takes twelve seconds.
 */
const MOST_AT_WORK = 20;

export type Notified = "withings_notified" | "withings_unlinked";

export function jobOf(account: number, reason: Notified, now: Date): NewJob {
  const waitSeconds = reason === "withings_notified" ? GATHER_SECONDS : 0;
  return { account, reason, dueAt: new Date(now.getTime() + waitSeconds * 1000) };
}

export type Worker = ReturnType<typeof startWorker>;

interface WorkerDeps {
  jobs: Jobs;
  work: (job: Job) => Promise<void>;
  longestJobMinutes?: number;
  mostAtWork?: number;
  onLook?: () => void;
  clock: Clock;
  log: Log;
}

/**
 * The jobs of one account run one after the other, those of several in parallel: at once if somebody waits in the chat, the
 * others by age, up to a limit. One that fails is tried again, after growing pauses, or once the wait that a vendor asked for is
 * over. A job that hangs is given up, so that its account isn't stuck.
 *
 * It has a timer only while a job waits for its time. So wake it regularly, too: the store may have failed, or the clock have
 * been set.
 */
export function startWorker(deps: WorkerDeps) {
  const { jobs, mostAtWork = MOST_AT_WORK, onLook, clock, log } = deps;
  const running = new Map<number, Promise<void>>();
  let atWork = 0;
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> = Promise.resolve();
  let isWanted = false;
  let isStopped = false;

  function wake() {
    if (isStopped || isWanted) return;
    isWanted = true;
    looking = looking.then(look);
  }

  async function look() {
    // Before the list is read: what is put from here on needs another look.
    isWanted = false;
    clearTimeout(timer);
    // What ends while the list is read is still in it. When it ends, the list is read again.
    const busy = new Set(running.keys());
    let pauseSeconds = Number.POSITIVE_INFINITY;
    try {
      for (const job of byAge(await jobs.list())) {
        const { account, dueAt } = job.value;
        const waitSeconds = (dueAt.getTime() - clock.now().getTime()) / 1000;
        if (waitSeconds > 0) pauseSeconds = Math.min(pauseSeconds, waitSeconds);
        else if (isStopped || busy.has(account) || running.has(account)) continue;
        else if (isAwaited(job.value) || atWork < mostAtWork) begin(job);
      }
    } catch (error) {
      log.warn("jobs_not_read", errorFacts(error));
    }
    onLook?.();
    if (!isStopped && Number.isFinite(pauseSeconds)) timer = setTimeout(wake, pauseSeconds * 1000);
  }

  function begin(job: Versioned<Job>) {
    const { account } = job.value;
    const place = isAwaited(job.value) ? 0 : 1;
    atWork += place;
    const done = perform(job, deps)
      .finally(() => {
        atWork -= place;
        running.delete(account);
      })
      // If the store didn't take the result, the job is still due, and a later look finds it; at once it would loop.
      .then(wake, (error: unknown) => log.warn("job_not_settled", { account, ...errorFacts(error) }));
    running.set(account, done);
  }

  wake();
  return {
    /** Looks into the queue now. Call it after putting something there. */
    wake,
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await looking;
      await Promise.all(running.values());
    },
  };
}

/** Whether somebody waits for it in the chat. */
const isAwaited = (job: Job) => "messageId" in job;

/** One that was postponed goes behind those that became due in the meantime. */
const byAge = (jobs: Array<Versioned<Job>>) =>
  jobs.toSorted((a, b) => a.value.dueAt.getTime() - b.value.dueAt.getTime());

async function perform(job: Versioned<Job>, deps: WorkerDeps): Promise<void> {
  const { jobs, work, longestJobMinutes = LONGEST_JOB_MINUTES, clock, log } = deps;
  const { account, reason, attempts } = job.value;
  try {
    await within(longestJobMinutes * 60_000, work(job.value), () => {
      throw new Error(`the job has not ended after ${longestJobMinutes} minutes`);
    });
  } catch (error) {
    const acting = whoActs(error);
    const asked = acting.who === "time" ? (acting.error.retryAfterSeconds ?? 0) : 0;
    const own = Math.min(FIRST_PAUSE_SECONDS * 2 ** attempts, LONGEST_PAUSE_SECONDS);
    const pauseSeconds = Math.max(own, Math.min(asked, LONGEST_RETRY_AFTER_SECONDS));
    const facts = { account, reason, pauseSeconds, ...errorFacts(error) };
    if (acting.who === "time") log.warn("job_postponed", facts);
    else log.error("job_failed", facts);
    return jobs.postpone(job, new Date(clock.now().getTime() + pauseSeconds * 1000));
  }
  await jobs.finish(job);
}
