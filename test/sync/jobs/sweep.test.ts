import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { createApp } from "../../../src/app/app.ts";
import { readConfig } from "../../../src/config/config.ts";
import { createLog } from "../../../src/lib/log.ts";
import { keys } from "../../../src/store/keys.ts";
import type { Table } from "../../../src/store/table.ts";
import { sweep } from "../../../src/sync/jobs/sweep.ts";
import type { NewJob } from "../../../src/sync/model/jobs.ts";
import { createMeter } from "../../bench/meter.ts";
import { ACCOUNT, NOON } from "../../support/test-app.ts";
import { tableOf, testSchedules } from "../../support/test-schedule.ts";

const { harness, start, minutes, listed } = testSchedules();

describe("a sweep", () => {
  test("queues a run for every account that is due, once, and again in an interval", async () => {
    const { sweep, queued, work, dueIn } = await start();
    expect(await sweep()).toEqual({ queued: 1, recovered: 0 });
    expect(queued).toEqual([{ account: ACCOUNT, reason: "scheduled", dueAt: NOON, listedAt: minutes(30) }]);
    await work();
    expect(await dueIn()).toBe(30);
    harness().clock.advance(30 * 60 - 1);
    expect(await sweep()).toEqual({ queued: 0, recovered: 0 });
    harness().clock.advance(1);
    expect(await sweep()).toEqual({ queued: 1, recovered: 0 });
  });

  test("doesn't queue again for an interval what waits in the queue, and then does, because its job may be lost", async () => {
    const { sweep, queued, work, dueIn } = await start();
    await sweep();
    queued.length = 0;
    harness().clock.advance(30 * 60 - 1);
    expect((await sweep()).queued).toBe(0);
    harness().clock.advance(1);
    expect((await sweep()).queued).toBe(1);
    await work();
    expect(await dueIn()).toBe(30);
    expect(await listed()).toHaveLength(1);
  });

  test("that dies before the queue has a run queues it at the next", async () => {
    const { sweep, queued, work, dueIn } = await start();
    await expect(sweep({ put: () => Promise.reject(new Error("killed")) })).rejects.toThrow("killed");
    harness().clock.advance(60);
    await sweep();
    await work();
    expect(harness().logged.filter((line) => line.includes("run_ended"))).toHaveLength(1);
    expect(queued).toEqual([]);
    expect(await dueIn()).toBe(29);
    expect(await listed()).toHaveLength(1);
  });

  test("that dies after the queue has a run leaves the account listed, even if the run was quick or comes twice", async () => {
    const { sweep, perform, dueIn } = await start();
    // So late that its next time is counted from the sweep.
    harness().clock.advance(45 * 60);
    const jobs: NewJob[] = [];
    const dying = {
      async put(queued: readonly NewJob[]) {
        for (const job of queued) await perform(job);
        jobs.push(...queued);
        throw new Error("killed");
      },
    };
    await expect(sweep(dying)).rejects.toThrow("killed");
    for (const late of [1, 45]) {
      harness().clock.advance(late * 60);
      await sweep({ put: async (queued) => void jobs.push(...queued) });
      for (const job of jobs.splice(0)) await perform(job);
      expect(await dueIn()).toBeGreaterThan(0);
      expect(await listed()).toHaveLength(1);
    }
  });

  test("that the queue refuses leaves every account due", async () => {
    const { sweep } = await start();
    const refusing = { put: () => Promise.reject(new Error("the queue is away")) };
    await expect(sweep(refusing)).rejects.toThrow("away");
    expect((await sweep()).queued).toBe(1);
  });

  describe("that finds a crowd", () => {
    /** So many accounts, each due a second after the one before. */
    async function crowd(many: number) {
      const { accounts, schedule } = harness().app.store;
      for (let account = 1; account <= many; account++) {
        await accounts.save(account, {});
        await schedule.set(account, { dueAt: minutes(-60 + account / 60), failures: 0 });
      }
    }
    const accountsOf = (jobs: NewJob[]) => jobs.map(({ account }) => account);

    test("queues only the two that have been due longest, and no others while those wait", async () => {
      const { sweep, queued } = await start();
      await crowd(5);
      expect((await sweep()).queued).toBe(2);
      expect(accountsOf(queued)).toEqual([1, 2]);
      expect((await sweep()).queued).toBe(0);
    });

    test("doesn't queue again for an hour what waits in the queue", async () => {
      const { sweep, queued } = await start();
      await crowd(5);
      await sweep();
      queued.length = 0;
      harness().clock.advance(60 * 60 - 1);
      await sweep();
      expect(accountsOf(queued)).not.toContain(1);
      queued.length = 0;
      harness().clock.advance(1);
      await sweep();
      expect(accountsOf(queued)).toContain(1);
    });

    test("brings all of them, in their order, because each run that ends brings the next", async () => {
      const { sweep, queued, perform } = await start();
      await crowd(5);
      await sweep();
      const done: number[] = [];
      for (let job = queued.shift(); job; job = queued.shift()) {
        done.push(job.account);
        await perform(job);
        expect(queued.length).toBeLessThanOrEqual(2);
      }
      expect(done).toEqual([1, 2, 3, 4, 5, ACCOUNT]);
    });

    test("doesn't find it together again an interval later", async () => {
      const { perform, dueIn } = await start();
      await perform({ account: ACCOUNT, reason: "scheduled", dueAt: NOON, othersWait: true });
      const inMinutes = (await dueIn()) ?? expect.fail();
      expect(Math.abs(inMinutes - 30)).toBeGreaterThan(0.5);
      expect(Math.abs(inMinutes - 30)).toBeLessThanOrEqual(7.5);
    });

    test("isn't stopped by a run that is dropped, nor by jobs that never end", async () => {
      const { sweep, queued, perform } = await start();
      await crowd(6);
      await sweep();
      await harness().app.store.schedule.set(1, { dueAt: minutes(10), failures: 0 });
      await perform(queued.shift() ?? expect.fail());
      expect(accountsOf(queued)).toEqual([2, 3]);
      expect((await sweep()).queued).toBe(0);
      harness().clock.advance(120);
      expect((await sweep()).queued).toBe(2);
      expect(accountsOf(queued)).toEqual([2, 3, 4, 5]);
    });

    test("says nothing of others where there are none", async () => {
      const { sweep, queued } = await start();
      await crowd(1);
      await sweep();
      expect(queued.map((job) => "othersWait" in job)).toEqual([false, false]);
    });
  });

  test("finds an account that an older version has made, or whose entry in the list is gone", async () => {
    const { sweep } = await start();
    const table = await tableOf(harness());
    const remove = async (pk: string, sk: string) => {
      const item = await table.get({ pk, sk });
      if (item) await table.delete(item.key, { version: item.version });
    };
    for (const sk of await listed()) await remove(keys.schedule, sk);
    // It has a scheduled run that nobody finds: after two hours that is clear.
    expect(await sweep()).toEqual({ queued: 0, recovered: 0 });
    harness().clock.advance(2 * 3600 + 1);
    expect(await sweep()).toEqual({ queued: 1, recovered: 1 });

    for (const sk of await listed()) await remove(keys.schedule, sk);
    await remove(keys.runs(ACCOUNT).pk, keys.runs(ACCOUNT).sk);
    await table.close();
    harness().clock.advance(30 * 60);
    expect(await sweep()).toEqual({ queued: 1, recovered: 1 });
  });

  test("with nothing due reads the list, and every sixth one searches for lost accounts too", async () => {
    const meter = createMeter();
    const { sweep, work } = await start({ wrapTable: meter.wrapTable });
    await sweep();
    await work();
    await harness().app.store.schedule.set(ACCOUNT, { dueAt: minutes(23 * 60), failures: 0 });
    const reads = [];
    for (let n = 0; n < 12; n++) {
      meter.reset();
      expect(await sweep()).toEqual({ queued: 0, recovered: 0 });
      reads.push(meter.units.reads);
      expect(meter.units.writes).toBe(0);
      harness().clock.advance(5 * 60);
    }
    expect(reads).toEqual([1, 1, 1, 1, 1, 1, 4, 1, 1, 1, 1, 1]);
  });

  test("finds an account that a clock far ahead has put off for years", async () => {
    const { sweep, work, dueIn } = await start();
    await harness().app.store.schedule.set(ACCOUNT, { dueAt: minutes(5 * 365 * 24 * 60), failures: 0 });
    expect(await sweep()).toEqual({ queued: 1, recovered: 1 });
    await work();
    expect(await dueIn()).toBe(30);
    expect(await listed()).toHaveLength(1);
    await harness().app.store.schedule.set(ACCOUNT, { dueAt: minutes(26 * 60), failures: 0 });
    expect(await sweep()).toEqual({ queued: 0, recovered: 0 });
  });

  test.each([
    ["is no scheduled run", "pk = 'schedule'", '{"odd":true}'],
    ["is no JSON", "pk = 'schedule'", "{"],
    ["is no JSON, nor the account's own", "pk = 'schedule' OR sk = 'runs'", "{"],
  ])("passes over a listed account that %s, and finds it again", async (_what, which, value) => {
    const { sweep } = await start();
    const database = new DatabaseSync(path.join(harness().dataDir, "weighbridge.sqlite"));
    database.prepare(`UPDATE weighbridge SET value = ? WHERE ${which}`).run(value);
    database.close();
    if (which !== "pk = 'schedule'") return expect(await sweep()).toEqual({ queued: 1, recovered: 1 });
    expect(await sweep()).toEqual({ queued: 0, recovered: 0 });
    harness().clock.advance(3 * 3600);
    expect(await sweep()).toEqual({ queued: 1, recovered: 1 });
  });

  test("costs as much with many accounts as with few, if as many are due", async () => {
    await start();
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
    const app = await createApp(readConfig(harness().env, ["store", "sealing", "withings", "garmin"]), {
      clock: harness().clock,
      log: createLog({ level: "silent" }),
      wrapTable: counting,
    });
    const queue = { put: async () => {} };
    const costOf = async (accounts: number) => {
      for (let id = 1; id <= accounts; id++) {
        await app.store.accounts.save(id, {});
        await app.store.schedule.set(id, { dueAt: minutes(id <= 10 ? 0 : 60), failures: 0 });
      }
      calls.length = 0;
      const { clock } = harness();
      await sweep({ ...app.store, queue, intervalMinutes: 30, clock, log: createLog({ level: "silent" }) });
      return calls.length;
    };
    await app.store.schedule.set(ACCOUNT, { dueAt: minutes(600), failures: 0 });
    const few = await costOf(200);
    harness().clock.advance(30 * 60);
    expect(await costOf(400)).toBe(few);
    await app.close();
  });
});

test("two who move a scheduled run at the same time leave one of the two, and it is found", async () => {
  const { sweep, queued } = await start();
  const { schedule } = harness().app.store;
  await Promise.all([5, 6, 7, 8].map((at) => schedule.set(ACCOUNT, { dueAt: minutes(at), failures: 0 })));
  const { dueAt } = (await schedule.read(ACCOUNT)) ?? expect.fail();
  harness().clock.advance(3600);
  await sweep();
  expect(queued).toContainEqual(expect.objectContaining({ account: ACCOUNT, reason: "scheduled", dueAt }));
});
