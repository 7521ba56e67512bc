import { WITHINGS_RATE } from "../../src/app/open-stores.ts";
import { retrySeconds } from "../../src/lambda/sqs-queue.ts";
import { whoActs } from "../../src/lib/errors.ts";
import { createLog } from "../../src/lib/log.ts";
import { createAccounts } from "../../src/store/accounts.ts";
import { createLeases } from "../../src/store/leases.ts";
import { createSchedule } from "../../src/store/schedule.ts";
import { createSharedRateLimiter } from "../../src/store/shared-rate-limiter.ts";
import { createJobHandler } from "../../src/sync/jobs/handler.ts";
import { queueDue, sweep } from "../../src/sync/jobs/sweep.ts";
import { aloneOn } from "../../src/sync/links/with-lease.ts";
import { createMeter } from "./meter.ts";
import type { Kind, LifeOptions } from "./scale-life.ts";
import type { People } from "./scale-people.ts";
import { createFifoQueue, type Delivered, type Delivery } from "./scale-queue.ts";
import { createModelledRun, type Person } from "./scale-run.ts";
import { createMemoryTable } from "./scale-table.ts";
import type { VirtualTime } from "./scale-time.ts";
import type { Vendors } from "./scale-vendors.ts";

const IDLE_UNTIL_COLD_SECONDS = 300;
const COLD_SECONDS = 1;
/** Of lambda/worker. */
const LONGEST_WAIT_SECONDS = 10;

interface ProgramDeps {
  time: VirtualTime;
  vendors: Vendors;
  personOf: (id: number) => Person;
  people: () => People;
  waited: (kind: Kind, wantedAt: Date) => void;
  arrived: (takenAt: Date) => void;
  /** A scheduled run has begun. */
  begun: () => void;
}

/** The program on AWS: its stores, its sweep, its queue and its workers. Real but for the queue and what is inside a run. */
export function createProgram(options: LifeOptions, deps: ProgramDeps) {
  const { time, vendors, personOf, people, waited } = deps;
  const { clock } = time;
  const log = createLog({ level: "silent" });
  const table = createMemoryTable(clock);
  const meter = createMeter();
  const schedule = createSchedule(table, clock, log);
  const accounts = createAccounts(table, schedule, clock.now, log);
  const leases = createLeases(table, clock);
  const limiter = createSharedRateLimiter(table, clock, { name: "withings", ...WITHINGS_RATE });
  const counts = { idle: 0, bringing: 0, putOff: 0, dropped: 0, sweeps: 0, workerSeconds: 0 };
  /** The job of each account that is done at the moment, and since when it was wanted. */
  const current = new Map<number, { kind: Kind; wantedAt: Date; hasRun: boolean }>();

  const run = createModelledRun({
    ...{ time, vendors, leases, limiter, ownSeconds: options.ownSeconds },
    person: ({ telegramUserId }) => personOf(telegramUserId),
    onRead({ telegramUserId }) {
      const job = current.get(telegramUserId);
      if (job && job.kind !== "import") waited(job.kind, job.wantedAt);
    },
    onArrived: deps.arrived,
    onImported: (askedAt) => waited("import", askedAt),
  });
  const sync: Parameters<typeof createJobHandler>[0]["sync"] = async (account, runOptions) => {
    const job = current.get(account.telegramUserId);
    if (job) job.hasRun = true;
    const { status, synced, ...report } = await run.sync(account, runOptions);
    counts[status !== "success" ? "putOff" : synced > 0 ? "bringing" : "idle"]++;
    return { ...report, status, synced };
  };
  const { intervalMinutes } = options;
  const swept = { schedule: createSchedule(meter.wrapTable(table), clock, log), intervalMinutes, clock, log };
  const work = createJobHandler({
    ...{ accounts, schedule, sync, clock, log, intervalMinutes },
    answerSync: (account, _messageId, runOptions) => sync(account, runOptions),
    answerLook: async () => {},
    answerPicture: async () => {},
    answerReading: async () => {},
    confirmUnlink: async () => {},
    keepSubscriptions: run.keepSubscriptions,
    snapshots: { during: (_account, job) => job() },
    alone: (account, job) => aloneOn(leases, account, job),
    notify: async () => {},
    summarize: async () => {},
    nextSummaryAt: () => people().nextSummaryAt(),
    queueDue: () => queueDue({ ...swept, queue: fifo.queue }),
  });

  const usedAt = new Map<number, number>();
  /** As lambda/worker does it. */
  async function perform({ job, deliveries, worker }: Delivered): Promise<Delivery> {
    const beganMs = clock.now().getTime();
    if ((beganMs - (usedAt.get(worker) ?? 0)) / 1000 > IDLE_UNTIL_COLD_SECONDS) await clock.sleep(COLD_SECONDS);
    const waitSeconds = (job.dueAt.getTime() - clock.now().getTime()) / 1000;
    if (waitSeconds > 0) await clock.sleep(Math.min(waitSeconds, LONGEST_WAIT_SECONDS));
    const kind = kindOf(job, personOf(job.account));
    const wantedAt = kind === "notification" ? people().announcedAt(job.account, job.dueAt) : job.dueAt;
    const doing = { kind, wantedAt, hasRun: false };
    current.set(job.account, doing);
    if (kind === "scheduled") deps.begun();
    try {
      await work({ ...job, attempts: deliveries - 1 });
      return { type: "done" };
    } catch (error) {
      if (whoActs(error).who !== "time") throw error;
      return { type: "failed", hiddenSeconds: retrySeconds(deliveries) };
    } finally {
      if (!doing.hasRun) counts.dropped++;
      current.delete(job.account);
      usedAt.set(worker, clock.now().getTime());
      counts.workerSeconds += (clock.now().getTime() - beganMs) / 1000;
    }
  }
  const fifo = createFifoQueue({ time, workers: options.workers, work: perform });

  return {
    ...{ table, accounts, schedule, fifo, counts, importFiles: run.importFiles },
    /** Units that sweeps have used, and what brings the next account after a run. */
    sweepUnits: meter.units,
    async sweep() {
      counts.sweeps++;
      await sweep({ ...swept, queue: fifo.queue });
    },
  };
}
export type Program = ReturnType<typeof createProgram>;

function kindOf({ reason }: Delivered["job"], { backfill }: Person): Kind {
  if (reason === "scheduled") return "scheduled";
  if (reason === "withings_notified" || reason === "withings_unlinked") return "notification";
  return backfill ? "import" : "/sync";
}
