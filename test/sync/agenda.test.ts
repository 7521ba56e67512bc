import { afterEach, describe, expect, test } from "vitest";
import { createApp } from "../../src/app.ts";
import { readConfig } from "../../src/config.ts";
import { RetryLaterError } from "../../src/errors.ts";
import { createLog } from "../../src/log.ts";
import { keys } from "../../src/store/items.ts";
import type { Table } from "../../src/store/table.ts";
import type { Account } from "../../src/sync/account.ts";
import { nextAppointment } from "../../src/sync/agenda.ts";
import type { RunReport } from "../../src/sync/run.ts";
import { syncAccount } from "../../src/sync/run.ts";
import { sweep } from "../../src/sync/sweep.ts";
import type { Job, JobQueue, NewJob } from "../../src/sync/web-ports.ts";
import { createWork } from "../../src/sync/work.ts";
import { ACCOUNT, type Household, NOON, OWNER, startHousehold } from "../support/household.ts";

let house: Household;
afterEach(() => house.close());

const minutes = (count: number) => new Date(house.clock.now().getTime() + count * 60_000);
const deps = () => ({ ...house.app, clock: house.clock, log: house.app.run.log });

/** The sweep and the work of the program, with a queue that shows what came into it. */
async function moveIn(options: Parameters<typeof startHousehold>[0] = {}) {
  house = await startHousehold(options);
  const { app, clock } = house;
  const queued: NewJob[] = [];
  const summaries: Account[] = [];
  let summaryAt: Date | undefined;
  let afterRun = async () => {};
  const work = createWork({
    ...deps(),
    async sync(account) {
      const report = await syncAccount(app.run, account);
      await afterRun();
      return report;
    },
    answerSync: (account) => syncAccount(app.run, account),
    answerDoctor: async () => {},
    settleUnlinked: async () => {},
    keepSubscriptions: async () => {},
    summarize: async (account) => {
      summaries.push(account);
      return summaryAt;
    },
    intervalMinutes: 30,
  });
  return {
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
      sweep({ ...deps(), queue }, deadlineAt),
    /** Does everything that is queued. */
    async work() {
      for (const job of queued.splice(0)) await work({ ...job, attempts: 0 });
    },
    perform: (job: NewJob, attempts = 0): Promise<void> => work({ ...job, attempts } as Job),
    dueIn: async () => {
      const next = await app.agenda.read(ACCOUNT);
      return next && (next.dueAt.getTime() - clock.now().getTime()) / 60_000;
    },
  };
}

const listed = async () => {
  const table = await tableOf();
  const items = await table.list(keys.agenda);
  await table.close();
  return items.map(({ key }) => key.sk);
};

async function tableOf(): Promise<Table> {
  const { openTable } = await import("../../src/stores.ts");
  return openTable(readConfig(house.env, ["store"]).store, house.clock);
}

describe("a sweep", () => {
  test("queues a visit for who is due, once, and again in an interval", async () => {
    const { sweep, queued, work, dueIn } = await moveIn();
    expect(await sweep()).toEqual({ queued: 1, recovered: 0 });
    expect(queued).toEqual([{ account: ACCOUNT, reason: "visit", dueAt: NOON }]);
    await work();
    expect(await dueIn()).toBe(30);
    house.clock.advance(30 * 60 - 1);
    expect(await sweep()).toEqual({ queued: 0, recovered: 0 });
    house.clock.advance(1);
    expect(await sweep()).toEqual({ queued: 1, recovered: 0 });
  });

  test("does not queue again what waits in the queue, for an hour", async () => {
    const { sweep } = await moveIn();
    await sweep();
    house.clock.advance(59 * 60);
    expect((await sweep()).queued).toBe(0);
    house.clock.advance(60);
    expect((await sweep()).queued).toBe(1);
  });

  test("that the queue refuses leaves everybody due", async () => {
    const { sweep } = await moveIn();
    const refusing = { put: () => Promise.reject(new Error("the queue is away")) };
    await expect(sweep(refusing)).rejects.toThrow("away");
    expect((await sweep()).queued).toBe(1);
  });

  test("whose time is up begins no other page, and the next one goes on there", async () => {
    const { sweep, queued } = await moveIn();
    const table = await tableOf();
    for (let account = 1; account <= 1000; account++) {
      const dueAt = minutes(-1);
      const value = { account, dueAt: dueAt.toISOString() };
      await table.put(keys.listedAppointment(account, dueAt), value, { expect: "absent" });
    }
    await table.close();
    expect((await sweep(undefined, house.clock.now())).queued).toBe(1000);
    expect((await sweep()).queued).toBe(1);
    expect(queued.at(-1)?.account).toBe(ACCOUNT);
  });

  test("finds an account that an older version has made, or whose place in the list is gone", async () => {
    const { sweep } = await moveIn();
    const table = await tableOf();
    const remove = async (pk: string, sk: string) => {
      const item = await table.get({ pk, sk });
      if (item) await table.delete(item.key, { version: item.version });
    };
    for (const sk of await listed()) await remove(keys.agenda, sk);
    // It has an appointment that nobody finds: after two hours that is clear.
    expect(await sweep()).toEqual({ queued: 0, recovered: 0 });
    house.clock.advance(2 * 3600 + 1);
    expect(await sweep()).toEqual({ queued: 1, recovered: 1 });

    for (const sk of await listed()) await remove(keys.agenda, sk);
    await remove(keys.appointment(ACCOUNT).pk, keys.appointment(ACCOUNT).sk);
    await table.close();
    expect(await sweep()).toEqual({ queued: 1, recovered: 1 });
  });

  test("finds an account that a clock far ahead has put off for years", async () => {
    const { sweep, work, dueIn } = await moveIn();
    await house.app.agenda.set(ACCOUNT, { dueAt: minutes(5 * 365 * 24 * 60), failures: 0 });
    expect(await sweep()).toEqual({ queued: 1, recovered: 1 });
    await work();
    expect(await dueIn()).toBe(30);
    expect(await listed()).toHaveLength(1);
    await house.app.agenda.set(ACCOUNT, { dueAt: minutes(26 * 60), failures: 0 });
    expect(await sweep()).toEqual({ queued: 0, recovered: 0 });
  });

  test("passes over what is damaged, and finds its account again", async () => {
    const { sweep } = await moveIn();
    const table = await tableOf();
    const [item] = await table.list(keys.agenda);
    await table.put(item?.key ?? expect.fail(), { odd: true }, { expect: { version: item?.version ?? "" } });
    await table.close();
    expect(await sweep()).toEqual({ queued: 0, recovered: 0 });
    house.clock.advance(3 * 3600);
    expect(await sweep()).toEqual({ queued: 1, recovered: 1 });
  });

  test("costs as much with many accounts as with few, where as many are due", async () => {
    house = await startHousehold();
    const calls: string[] = [];
    const counting = (table: Table): Table => ({
      ...table,
      get: (...args) => {
        calls.push("get");
        return table.get(...args);
      },
      list: async (...args) => {
        const items = await table.list(...args);
        calls.push(`list ${items.length}`);
        return items;
      },
      put: (...args) => {
        calls.push("put");
        return table.put(...args);
      },
    });
    const app = await createApp(readConfig(house.env, ["store", "sealing", "withings", "garmin"]), {
      clock: house.clock,
      log: createLog({ level: "silent" }),
      wrapTable: counting,
    });
    const queue = { put: async () => {} };
    const costOf = async (accounts: number) => {
      for (let id = 1; id <= accounts; id++) {
        await app.accounts.save(id, {});
        await app.agenda.set(id, { dueAt: minutes(id <= 10 ? 0 : 60), failures: 0 });
      }
      calls.length = 0;
      await sweep({ ...app, queue, clock: house.clock, log: createLog({ level: "silent" }) });
      return calls.length;
    };
    await app.agenda.set(ACCOUNT, { dueAt: minutes(600), failures: 0 });
    const few = await costOf(60);
    house.clock.advance(1);
    expect(await costOf(400)).toBe(few);
    await app.close();
  });
});

describe("a visit", () => {
  test("brings over what is new, and tells the summary after it", async () => {
    const { sweep, work, summaries } = await moveIn();
    house.person.stepOnScale({ weightKg: 80.25 });
    await sweep();
    await work();
    expect(house.weights()).toHaveLength(1);
    expect(summaries.map(({ telegramUserId }) => telegramUserId)).toEqual([ACCOUNT]);
  });

  test("that was queued twice is done once", async () => {
    const { sweep, queued, work } = await moveIn();
    // The first of all reads further back, and asks more.
    await sweep();
    await work();
    house.clock.advance(1800);
    await sweep();
    queued.push(...queued);
    house.requests();
    await work();
    expect(house.requests()).toEqual(["withings POST /measure"]);
    expect(await listed()).toHaveLength(1);
  });

  test("that failed and was put off is made again after its pause, and not in an hour", async () => {
    const { sweep, perform, dueIn } = await moveIn();
    const { jobs } = house.app;
    await sweep(jobs);
    const [failed] = await jobs.list();
    await jobs.postpone(failed ?? expect.fail(), minutes(0.25));
    house.clock.advance(15);
    const [again] = await jobs.list();
    await perform(again?.value ?? expect.fail());
    expect(await dueIn()).toBe(30);
    expect(await listed()).toHaveLength(1);
  });

  test("that waited so long that its account was taken for lost is made in its turn", async () => {
    const { sweep, queued, work, dueIn } = await moveIn();
    await sweep();
    house.clock.advance(2 * 3600 + 1);
    expect((await sweep()).recovered).toBe(1);
    queued.splice(1);
    await work();
    expect(await dueIn()).toBe(30);
    expect(await listed()).toHaveLength(1);
  });

  test("of an account that is gone leaves nothing behind", async () => {
    const { sweep, work } = await moveIn();
    await sweep();
    const account = await house.app.accounts.find(ACCOUNT);
    await house.app.disconnect(account ?? expect.fail(), "everything");
    await work();
    expect(await listed()).toEqual([]);
    expect(await house.app.agenda.read(ACCOUNT)).toBeUndefined();
  });

  test("of an account that was taken away while it was visited leaves nothing behind", async () => {
    const { sweep, work, afterRun } = await moveIn();
    await sweep();
    afterRun(async () => {
      const account = await house.app.accounts.find(ACCOUNT);
      await house.app.disconnect(account ?? expect.fail(), "everything");
    });
    await work();
    expect(await listed()).toEqual([]);
    expect(await house.app.agenda.read(ACCOUNT)).toBeUndefined();
  });

  test("whose account is gone takes away what a crash has left of it", async () => {
    const { sweep, work } = await moveIn();
    const account = await house.app.accounts.find(ACCOUNT);
    await house.app.disconnect(account ?? expect.fail(), "everything");
    expect(await listed()).toEqual([]);
    await house.app.agenda.set(ACCOUNT, { dueAt: NOON, failures: 0 });
    await sweep();
    await work();
    expect(await listed()).toEqual([]);
    expect(await house.app.agenda.read(ACCOUNT)).toBeUndefined();
  });

  test("at a time that is no appointment any more is dropped, with its place in the list", async () => {
    const { sweep, work, dueIn } = await moveIn();
    const table = await tableOf();
    const left = { account: ACCOUNT, dueAt: NOON.toISOString() };
    await house.app.agenda.set(ACCOUNT, { dueAt: minutes(20), failures: 0 });
    await table.put(keys.listedAppointment(ACCOUNT, NOON), left, { expect: "absent" });
    await table.close();
    expect((await sweep()).queued).toBe(1);
    house.requests();
    await work();
    expect(house.requests()).toEqual([]);
    expect(await dueIn()).toBe(20);
    expect(await listed()).toHaveLength(1);
  });

  test("comes at the hour of the summary, if that is sooner", async () => {
    const { sweep, work, summaryAt, dueIn } = await moveIn();
    summaryAt(minutes(12));
    await sweep();
    await work();
    expect(await dueIn()).toBe(12);
  });

  test("comes sooner while something has to wait, in ever longer pauses, and as before when it went through", async () => {
    const { sweep, work, dueIn } = await moveIn();
    house.sandbox.faults.turnOn("withings_down");
    const pauses = [];
    for (let visit = 0; visit < 7; visit++) {
      await sweep();
      await work();
      const pause = (await dueIn()) ?? expect.fail();
      pauses.push(pause);
      house.clock.advance(pause * 60);
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 30, 30]);
    house.sandbox.faults.clear();
    await sweep();
    await work();
    expect(await dueIn()).toBe(30);
    expect((await house.app.agenda.read(ACCOUNT))?.failures).toBe(0);
  });

  test("comes an interval later where the hour of the summary is over", async () => {
    const { sweep, work, summaryAt, dueIn } = await moveIn();
    summaryAt(NOON);
    await sweep();
    await work();
    expect(await dueIn()).toBe(30);
  });

  test("that is put at a time at which another one waits in the queue is queued all the same", async () => {
    const { sweep } = await moveIn();
    await sweep();
    expect((await sweep()).queued).toBe(0);
    await house.app.agenda.set(ACCOUNT, { dueAt: NOON, failures: 0 });
    expect((await sweep()).queued).toBe(1);
  });

  test("of somebody who has not linked both sides comes once a day", async () => {
    const { sweep, work, dueIn } = await moveIn({ linked: false });
    await sweep();
    await work();
    expect(await dueIn()).toBe(24 * 60);
  });

  test("is due again in an interval after a run that somebody asked for, so that none is made in between", async () => {
    const { perform, dueIn } = await moveIn();
    house.clock.advance(600);
    await perform({ account: ACCOUNT, reason: "asked", messageId: 1, dueAt: NOON });
    expect(await dueIn()).toBe(30);
    expect(await listed()).toHaveLength(1);
  });
});

test("a run that was asked for waits for the one that is at work, and in the end leaves it to the agenda", async () => {
  const { perform, dueIn } = await moveIn();
  const asked: NewJob = { account: ACCOUNT, reason: "asked", messageId: 1, dueAt: NOON };
  await house.app.leases.acquire(`account#${ACCOUNT}`, 120);
  for (const attempts of [0, 1, 2, 3]) await expect(perform(asked, attempts)).rejects.toThrow(RetryLaterError);
  await perform(asked, 4);
  expect(await dueIn()).toBe(1);
});

describe("who has just linked is looked at at once", () => {
  test("whatever they are told of it, and also where the other side is still missing", async () => {
    const { sweep, work, dueIn } = await moveIn({ linked: false });
    await sweep();
    await work();
    expect(await dueIn()).toBe(24 * 60);
    await house.linkWithings();
    expect(await dueIn()).toBe(0);
    await sweep();
    await work();
    house.person.stepOnScale({ weightKg: 80.25 });
    await house.app.garminSignIn.withPasted(ACCOUNT, house.sandbox.garmin.mintTicket(OWNER.email));
    expect(await sweep()).toEqual({ queued: 1, recovered: 0 });
    await work();
    expect(house.weights()).toHaveLength(1);
  });

  test("also when a run that knew nothing of it ends only then", async () => {
    const { sweep, work, afterRun, dueIn } = await moveIn({ linked: false });
    await sweep();
    house.person.stepOnScale({ weightKg: 80.25 });
    afterRun(async () => {
      house.clock.advance(1);
      await house.link();
    });
    await work();
    expect(await dueIn()).toBe(0);
    afterRun(async () => {});
    await sweep();
    await work();
    expect(house.weights()).toHaveLength(1);
    expect(await dueIn()).toBe(30);
    expect(await listed()).toHaveLength(1);
  });
});

test("two who move an appointment at once leave one of the two, and it is found", async () => {
  const { sweep, queued } = await moveIn();
  const { agenda } = house.app;
  await Promise.all([5, 6, 7, 8].map((at) => agenda.set(ACCOUNT, { dueAt: minutes(at), failures: 0 })));
  const { dueAt } = (await agenda.read(ACCOUNT)) ?? expect.fail();
  house.clock.advance(3600);
  await sweep();
  expect(queued).toContainEqual({ account: ACCOUNT, reason: "visit", dueAt });
});

test.each<[string, Partial<RunReport>, number, number]>([
  ["all right", { status: "success" }, 0, 30],
  ["the owner is needed", { status: "action_needed", action: "relink_garmin" }, 0, 30],
  ["something broke", { status: "error" }, 0, 30],
  ["another run is at work", { status: "retry_later", busy: true }, 0, 1],
  ["Withings is not linked", { status: "action_needed", action: "link_withings" }, 0, 1440],
])("after a run where %s the next comes in time", async (_what, report, failures, inMinutes) => {
  house = await startHousehold({ linked: false });
  const next = nextAppointment({
    report: { status: "success", synced: 0, skipped: 0, held: 0, failed: 0, ...report },
    ...{ failures, intervalMinutes: 30, summaryAt: undefined, now: NOON },
  });
  expect((next.dueAt.getTime() - NOON.getTime()) / 60_000).toBe(inMinutes);
});
