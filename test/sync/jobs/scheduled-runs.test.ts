import { describe, expect, test } from "vitest";
import { RetryLaterError } from "../../../src/lib/errors.ts";
import { keys } from "../../../src/store/keys.ts";
import type { NewJob } from "../../../src/sync/model/jobs.ts";
import { ACCOUNT, NOON, OWNER } from "../../support/test-app.ts";
import { tableOf, testSchedules } from "../../support/test-schedule.ts";

const { harness, start, minutes, listed } = testSchedules();

describe("a scheduled run", () => {
  test("brings over what is new, and sends the summary after it", async () => {
    const { sweep, work } = await start({ at: new Date("2026-11-21T07:30:00Z") });
    await harness().app.store.accounts.save(ACCOUNT, { settings: { cards: "daily" } });
    harness().person.stepOnScale({ weightKg: 80.25 });
    // Nine in the morning in Berlin.
    harness().clock.advance(1800);
    await sweep();
    await work();
    expect(harness().weights()).toHaveLength(1);
    const told = harness().sandbox.telegram.outbox.flatMap(({ params }) => params.text ?? []);
    expect(told).toEqual([expect.stringContaining("80.3 kg is in Garmin.")]);
  });

  test("that was queued twice is done once", async () => {
    const { sweep, queued, work } = await start();
    // The first of all reads further back, and asks more.
    await sweep();
    await work();
    harness().clock.advance(1800);
    await sweep();
    queued.push(...queued);
    harness().requests();
    await work();
    expect(harness().requests()).toEqual(["withings POST /measure"]);
    expect(await listed()).toHaveLength(1);
  });

  test("that failed and was put off is made again after its pause, and not in an hour", async () => {
    const { sweep, perform, dueIn } = await start();
    const { jobs } = harness().app.store;
    await sweep(jobs);
    const [failed] = await jobs.list();
    await jobs.postpone(failed ?? expect.fail(), minutes(0.25));
    harness().clock.advance(15);
    const [again] = await jobs.list();
    await perform(again?.value ?? expect.fail());
    expect(await dueIn()).toBe(29.75);
    expect(await listed()).toHaveLength(1);
  });

  test("that waited until its account was thought lost is still made in its turn", async () => {
    const { sweep, queued, work, dueIn } = await start();
    await sweep();
    harness().clock.advance(2 * 3600 + 1);
    expect((await sweep()).recovered).toBe(1);
    queued.splice(1);
    await work();
    expect(await dueIn()).toBe(30);
    expect(await listed()).toHaveLength(1);
  });

  test("of an account that is gone leaves nothing behind", async () => {
    const { sweep, work } = await start();
    await sweep();
    const account = await harness().app.store.accounts.find(ACCOUNT);
    await harness().app.disconnect(account ?? expect.fail(), "everything");
    await work();
    expect(await listed()).toEqual([]);
    expect(await harness().app.store.schedule.read(ACCOUNT)).toBeUndefined();
  });

  test("keeps the account until it ends", async () => {
    const { sweep, work, afterRun } = await start();
    await sweep();
    afterRun(async () => {
      const account = await harness().app.store.accounts.find(ACCOUNT);
      const removed = harness().app.disconnect(account ?? expect.fail(), "everything");
      await expect(removed).rejects.toThrow("another run is at work");
    });
    await work();
    expect(await listed()).toHaveLength(1);
  });

  test("of an account that was removed after the run had lost its lease leaves nothing behind", async () => {
    const { sweep, work, afterRun } = await start();
    await sweep();
    afterRun(() => harness().app.store.erasure.erase(ACCOUNT));
    await work();
    expect(await listed()).toEqual([]);
    expect(await harness().app.store.schedule.read(ACCOUNT)).toBeUndefined();
  });

  test("whose account is gone removes what a crash has left of it", async () => {
    const { sweep, work } = await start();
    const account = await harness().app.store.accounts.find(ACCOUNT);
    await harness().app.disconnect(account ?? expect.fail(), "everything");
    expect(await listed()).toEqual([]);
    await harness().app.store.schedule.set(ACCOUNT, { dueAt: NOON, failures: 0 });
    await sweep();
    await work();
    expect(await listed()).toEqual([]);
    expect(await harness().app.store.schedule.read(ACCOUNT)).toBeUndefined();
  });

  test("at a time that is no longer scheduled is dropped, with its entry in the list", async () => {
    const { sweep, work, dueIn } = await start();
    const table = await tableOf(harness());
    const left = { account: ACCOUNT, dueAt: NOON.toISOString() };
    await harness().app.store.schedule.set(ACCOUNT, { dueAt: minutes(20), failures: 0 });
    await table.put(keys.dueEntry(ACCOUNT, NOON), left, { expect: "absent" });
    await table.close();
    expect((await sweep()).queued).toBe(1);
    harness().requests();
    await work();
    expect(harness().requests()).toEqual([]);
    expect(await dueIn()).toBe(20);
    expect(await listed()).toHaveLength(1);
  });

  test("comes at the hour of the summary, if that is sooner", async () => {
    const { sweep, work, dueIn } = await start({ at: new Date("2026-11-21T12:48:00Z") });
    // Two in the afternoon in Berlin.
    await harness().app.store.accounts.save(ACCOUNT, { settings: { cards: "daily", summaryHour: 14 } });
    await sweep();
    await work();
    expect(await dueIn()).toBe(12);
  });

  test("comes sooner while something has to wait, in ever longer pauses, and as before when it succeeded", async () => {
    const { sweep, work, dueIn } = await start();
    harness().sandbox.faults.turnOn("withings_down");
    const pauses = [];
    for (let visit = 0; visit < 7; visit++) {
      await sweep();
      await work();
      const pause = (await dueIn()) ?? expect.fail();
      pauses.push(pause);
      harness().clock.advance(pause * 60);
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 30, 30]);
    harness().sandbox.faults.clear();
    await sweep();
    await work();
    expect(await dueIn()).toBe(30);
    expect((await harness().app.store.schedule.read(ACCOUNT))?.failures).toBe(0);
  });

  test("comes an interval later when the hour of the summary is over", async () => {
    const { sweep, work, dueIn } = await start();
    await harness().app.store.accounts.save(ACCOUNT, { settings: { cards: "daily", summaryHour: 13 } });
    await sweep();
    await work();
    expect(await dueIn()).toBe(30);
  });

  test("that is scheduled at a time at which another one waits in the queue is queued all the same", async () => {
    const { sweep } = await start();
    await sweep();
    expect((await sweep()).queued).toBe(0);
    await harness().app.store.schedule.set(ACCOUNT, { dueAt: NOON, failures: 0 });
    expect((await sweep()).queued).toBe(1);
  });

  test("of an account that has not linked both sides comes once a day", async () => {
    const { sweep, work, dueIn } = await start({ linked: false });
    await sweep();
    await work();
    expect(await dueIn()).toBe(24 * 60);
  });

  test("checks once a day whether Withings still notifies; a notification shows it by itself", async () => {
    const { sweep, work, perform } = await start({ hasAddress: true });
    await sweep();
    await work();
    const isChecked = () => harness().requests().includes("withings POST /notify");
    expect(isChecked()).toBe(true);
    harness().clock.advance(24 * 3600);
    await perform({ account: ACCOUNT, reason: "withings_notified", dueAt: harness().clock.now() });
    expect(isChecked()).toBe(false);
    harness().clock.advance(1800);
    await sweep();
    await work();
    expect(isChecked()).toBe(true);
  });

  test("is due an interval after a requested run, so that none is made in between", async () => {
    const { perform, dueIn } = await start();
    harness().clock.advance(600);
    await perform({ account: ACCOUNT, reason: "requested", messageId: 1, dueAt: NOON });
    expect(Math.round((await dueIn()) ?? 0)).toBe(30);
    expect(await listed()).toHaveLength(1);
  });
});

test("a requested run waits for the one that is at work, and in the end leaves it to the schedule", async () => {
  const { perform, dueIn } = await start();
  const asked: NewJob = { account: ACCOUNT, reason: "requested", messageId: 1, dueAt: NOON };
  await harness().app.store.leases.acquire(`account#${ACCOUNT}`, 120);
  for (const attempts of [0, 1, 2, 3]) await expect(perform(asked, attempts)).rejects.toThrow(RetryLaterError);
  await perform(asked, 4);
  expect(await dueIn()).toBe(1);
});

describe("a newly linked account runs at once", () => {
  test("whatever the chat says of it, even if the other side is still missing", async () => {
    const { sweep, work, dueIn } = await start({ linked: false });
    await sweep();
    await work();
    expect(await dueIn()).toBe(24 * 60);
    await harness().linkWithings();
    expect(await dueIn()).toBe(0);
    await sweep();
    await work();
    harness().person.stepOnScale({ weightKg: 80.25 });
    await harness().app.garminSignIn.withPasted(ACCOUNT, harness().sandbox.garmin.mintTicket(OWNER.email));
    expect(await sweep()).toEqual({ queued: 1, recovered: 0 });
    await work();
    expect(harness().weights()).toHaveLength(1);
  });

  test("even if a run that knew nothing of the link ends only then", async () => {
    const { sweep, work, afterRun, dueIn } = await start({ linked: false });
    await sweep();
    harness().person.stepOnScale({ weightKg: 80.25 });
    afterRun(async () => {
      harness().clock.advance(1);
      await harness().link();
    });
    await work();
    expect(await dueIn()).toBe(0);
    afterRun(async () => {});
    await sweep();
    await work();
    expect(harness().weights()).toHaveLength(1);
    expect(await dueIn()).toBe(30);
    expect(await listed()).toHaveLength(1);
  });
});
