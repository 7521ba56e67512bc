import type { Clock } from "../../lib/clock.ts";
import { inParallel } from "../../lib/in-parallel.ts";
import type { Log } from "../../lib/log.ts";
import type { JobQueue } from "../model/jobs.ts";
import type { DueEntry, Schedule, ScheduledRun } from "../model/schedule.ts";
import { regularAfter } from "./next-run.ts";

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
  intervalMinutes: number;
  clock: Clock;
  log: Log;
}

/** Queues runs for accounts that are due. Call it every few minutes; two at once do no harm. */
export async function sweep({ schedule, queue, clock, log, intervalMinutes }: SweepDeps): Promise<Swept> {
  const swept: Swept = { queued: 0, recovered: 0 };
  // Lost by an older version, by hand, or by a crash between two writes.
  for (const account of await schedule.findUnscheduled()) {
    log.warn("account_not_scheduled", { account });
    await schedule.set(account, { dueAt: clock.now(), failures: 0 });
    swept.recovered++;
  }
  swept.queued = await queueDue({ schedule, queue, clock, intervalMinutes });
  return swept;
}

/** When more are due than may wait in the queue, the others stay in the schedule, and each finished run queues the next. */
export async function queueDue(deps: Omit<SweepDeps, "log">): Promise<number> {
  const { entries, othersWait } = await deps.schedule.due(MOST_QUEUED);
  if (entries.length > 0) await (othersWait ? queueInTurn : queueAndMoveOn)(entries, deps);
  return entries.length;
}

type Queue = (entries: DueEntry[], deps: Omit<SweepDeps, "log">) => Promise<void>;

/** The schedule shows who is queued, so that no more are. */
const queueInTurn: Queue = async (entries, { schedule, queue }) => {
  await queue.put(entries.map(({ account, dueAt }) => ({ account, dueAt, reason: "scheduled", othersWait: true })));
  // After the queue took them: after a crash in between, the run is queued twice rather than never.
  await inParallel(entries, PARALLEL, (entry) => schedule.markQueued(entry));
};

/** The schedule has them at their next time already, which saves each run that ends well two writes. */
const queueAndMoveOn: Queue = async (entries, { schedule, queue, clock, intervalMinutes }) => {
  const moved = entries.map((entry) => ({
    entry,
    listedAt: regularAfter(entry.dueAt, intervalMinutes, clock.now()),
  }));
  // In this order: after a crash in between, a run is queued twice rather than never.
  await inParallel(moved, PARALLEL, ({ entry, listedAt }) => schedule.list(entry.account, listedAt));
  await queue.put(
    moved.map(({ entry: { account, dueAt }, listedAt }) => ({ account, dueAt, reason: "scheduled", listedAt })),
  );
  await inParallel(moved, PARALLEL, ({ entry }) => schedule.unlist(entry));
};

/** Later runs are left to a regular sweep, whose delay is less than a tenth of the wait. */
const SOON_SECONDS = 600;

/** Without this wake-up, a run due in one minute would often start after two, having just missed a sweep. */
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
