import type { Clock } from "../../lib/clock.ts";
import { inParallel } from "../../lib/in-parallel.ts";
import type { Log } from "../../lib/log.ts";
import type { JobQueue } from "../model/jobs.ts";
import type { Schedule, ScheduledRun } from "../model/schedule.ts";

const PARALLEL = 10;
/**
 * Two runs at a time use up all that Withings allows. More would wait for each other in paid workers, and have notifications and
 * people wait behind them.
 */
export const MOST_QUEUED = 2;

interface Swept {
  queued: number;
  recovered: number;
}

interface SweepDeps {
  schedule: Schedule;
  queue: JobQueue;
  clock: Clock;
  log: Log;
}

/** Queues runs for accounts that are due. Call it every few minutes; two at once do no harm. */
export async function sweep({ schedule, queue, clock, log }: SweepDeps): Promise<Swept> {
  const swept: Swept = { queued: 0, recovered: 0 };
  // Lost by an older version, by hand, or by a crash between two writes.
  for (const account of await schedule.findUnscheduled()) {
    log.warn("account_not_scheduled", { account });
    await schedule.set(account, { dueAt: clock.now(), failures: 0 });
    swept.recovered++;
  }
  swept.queued = await queueDue({ schedule, queue });
  return swept;
}

/** When more are due than may wait in the queue, the others stay in the schedule, and each run that ends brings the next one. */
export async function queueDue({ schedule, queue }: Pick<SweepDeps, "schedule" | "queue">): Promise<number> {
  const { entries, othersWait } = await schedule.due(MOST_QUEUED);
  if (entries.length === 0) return 0;
  await queue.put(
    entries.map(({ account, dueAt }) => ({ account, dueAt, reason: "scheduled", ...(othersWait && { othersWait }) })),
  );
  // After the queue took them: after a crash in between, the run is queued twice rather than never.
  await inParallel(entries, PARALLEL, (listed) => schedule.markQueued(listed));
  return entries.length;
}

/** Later runs are left to a regular sweep, whose delay is less than a tenth of the wait. */
const SOON_SECONDS = 600;

/** Without it, a run that has to wait one minute would often come after two, because it falls just after a regular sweep. */
export function createWakingSchedule(schedule: Schedule, clock: Clock, wakeAt: (at: Date) => void): Schedule {
  const wakeIfSoon = ({ dueAt }: ScheduledRun) => {
    if (dueAt.getTime() - clock.now().getTime() <= SOON_SECONDS * 1000) wakeAt(dueAt);
  };
  return {
    ...schedule,
    async set(account, next) {
      await schedule.set(account, next);
      wakeIfSoon(next);
    },
    async ended(account, run) {
      const kept = await schedule.ended(account, run);
      if (kept?.scheduledRun) wakeIfSoon(kept.scheduledRun);
      return kept;
    },
  };
}
