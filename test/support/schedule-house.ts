import { afterEach } from "vitest";
import { openTable } from "../../src/app/open-stores.ts";
import { readConfig } from "../../src/config/config.ts";
import { keys } from "../../src/store/keys.ts";
import type { Table } from "../../src/store/table.ts";
import { createJobHandler } from "../../src/sync/jobs/handler.ts";
import { sweep } from "../../src/sync/jobs/sweep.ts";
import type { Account } from "../../src/sync/model/account.ts";
import type { Job, JobQueue, NewJob } from "../../src/sync/model/jobs.ts";
import { ACCOUNT, type Household, startHousehold } from "./household.ts";

/** For a file of tests: a house for each of them that moves in, closed after it. */
export function scheduleHouses() {
  let house: Household;
  afterEach(() => house.close());
  return {
    house: () => house,
    async moveIn(options?: Parameters<typeof startHousehold>[0]) {
      const started = await startAgendaHouse(options);
      house = started.house;
      return started;
    },
    /** So many from now. */
    minutes: (count: number) => new Date(house.clock.now().getTime() + count * 60_000),
    /** Where appointments stand in the list, by time. */
    async listed(): Promise<string[]> {
      const table = await tableOf(house);
      const items = await table.list(keys.schedule);
      await table.close();
      return items.map(({ key }) => key.sk);
    },
  };
}

/** A household with the sweep and the work of the program, and a queue that shows what came into it. */
async function startAgendaHouse(options: Parameters<typeof startHousehold>[0] = {}) {
  const house = await startHousehold(options);
  const { app, clock } = house;
  const deps = { ...app.store, clock, log: app.log };
  const queued: NewJob[] = [];
  const summaries: Account[] = [];
  let summaryAt: Date | undefined;
  let afterRun = async () => {};
  const work = createJobHandler({
    ...deps,
    async sync(account, runOptions) {
      const report = await app.sync.run(account, runOptions);
      await afterRun();
      return report;
    },
    answerSync: (account, _messageId, runOptions) => app.sync.run(account, runOptions),
    answerDoctor: async () => {},
    confirmUnlink: async () => {},
    keepSubscriptions: async () => {},
    summarize: async (account) => {
      summaries.push(account);
      return summaryAt;
    },
    intervalMinutes: 30,
  });
  return {
    house,
    queued,
    summaries,
    summaryAt: (at: Date) => {
      summaryAt = at;
    },
    /** While the job is still under way. */
    afterRun: (act: () => Promise<void>) => {
      afterRun = act;
    },
    sweep: (queue: JobQueue = { put: async (jobs) => void queued.push(...jobs) }, deadlineAt?: Date) =>
      sweep({ ...deps, queue }, deadlineAt),
    /** Does everything that is queued. */
    async work() {
      for (const job of queued.splice(0)) await work({ ...job, attempts: 0 });
    },
    perform: (job: NewJob, attempts = 0): Promise<void> => work({ ...job, attempts } as Job),
    dueIn: async () => {
      const next = await app.store.schedule.read(ACCOUNT);
      return next && (next.dueAt.getTime() - clock.now().getTime()) / 60_000;
    },
  };
}

/** The table below it all, to be closed. */
export async function tableOf({ env, clock }: Household): Promise<Table> {
  return openTable(readConfig(env, ["store"]).store, clock);
}
