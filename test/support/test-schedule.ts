import { afterEach } from "vitest";
import { openTable } from "../../src/app/open-stores.ts";
import { readConfig } from "../../src/config/config.ts";
import { keys } from "../../src/store/keys.ts";
import type { Table } from "../../src/store/table.ts";
import { sweep } from "../../src/sync/jobs/sweep.ts";
import type { Job, JobQueue, NewJob } from "../../src/sync/model/jobs.ts";
import { ACCOUNT, startTestApp, type TestApp, type TestAppOptions } from "./test-app.ts";

/** Each test of the file gets a program of its own, which is closed after it. */
export function testSchedules() {
  let harness: TestApp;
  afterEach(() => harness.close());
  return {
    harness: () => harness,
    async start(options?: TestAppOptions) {
      const started = await startTestSchedule(options);
      harness = started.harness;
      return started;
    },
    /** This many minutes from now. */
    minutes: (count: number) => new Date(harness.clock.now().getTime() + count * 60_000),
    async listed(): Promise<string[]> {
      const table = await tableOf(harness);
      const items = await table.list(keys.schedule);
      await table.close();
      return items.map(({ key }) => key.sk);
    },
  };
}

/** The program with its sweep and job handler, without summaries. Its queue shows what came in. */
async function startTestSchedule(options: TestAppOptions = {}) {
  let afterRun = async () => {};
  const harness = await startTestApp({
    ...options,
    wrapSync: (deps) => ({
      ...deps,
      schedule: {
        async ended(...args) {
          await afterRun();
          return deps.schedule.ended(...args);
        },
      },
    }),
  });
  const { app, clock } = harness;
  await app.store.accounts.save(ACCOUNT, { settings: { cards: "needed" } });
  const { schedule } = app.store;
  const queued: NewJob[] = [];
  const shown: JobQueue = { put: async (jobs) => void queued.push(...jobs) };
  const { work } = harness.newService(app, { queue: shown });
  return {
    harness,
    queued,
    /** Called when the run is over and its end is not kept yet. */
    afterRun: (act: () => Promise<void>) => {
      afterRun = act;
    },
    sweep: (queue = shown) => sweep({ schedule, queue, intervalMinutes: 30, clock, log: app.log }),
    async work() {
      for (const job of queued.splice(0)) await work({ ...job, attempts: 0 });
    },
    perform: (job: NewJob, attempts = 0): Promise<void> => work({ ...job, attempts } as Job),
    dueIn: async () => {
      const next = await schedule.read(ACCOUNT);
      return next && (next.dueAt.getTime() - clock.now().getTime()) / 60_000;
    },
  };
}

/** The table underneath. The caller closes it. */
export async function tableOf({ env, clock }: TestApp): Promise<Table> {
  return openTable(readConfig(env, ["store"]).store, clock);
}
