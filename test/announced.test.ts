import { afterEach, describe, expect, test } from "vitest";
import { RetryLaterError } from "../src/lib/errors.ts";
import { ACCOUNT, NOON, startTestApp, type TestApp, USERID } from "./support/test-app.ts";

let house: TestApp;
afterEach(() => house.close());

const unlinked = () => house.logged.filter((line) => line.includes('"unlinked_at_withings"'));
const link = () => house.app.store.links.read(ACCOUNT, "withings");

describe("from the scale to Garmin", () => {
  const runs = () => house.logged.filter((line) => line.includes('"run_ended"')).length;

  test("one weigh-in with its three notifications causes one sync", async () => {
    house = await startTestApp({ hasAddress: true });
    await house.app.subscriptions.keep(ACCOUNT);
    const worker = house.startWorker();
    house.person.stepOnScale({ weightKg: 80.25, siblings: true });
    await house.sandbox.withings.notifications.delivered();
    expect(house.sandbox.withings.notifications.sent.map(({ status }) => status)).toEqual([200, 200, 200]);
    house.clock.advance(8);
    worker.wake();
    await expect.poll(() => house.jobs()).toEqual([]);
    await worker.stop();
    expect(house.weights().map(({ weightKg }) => weightKg)).toEqual([80.25]);
    expect(runs()).toBe(1);
  });

  test("a program that is killed after its answer does the work when it starts again", async () => {
    house = await startTestApp({ hasAddress: true });
    await house.app.subscriptions.keep(ACCOUNT);
    house.person.stepOnScale({ weightKg: 80.25 });
    await house.sandbox.withings.notifications.delivered();
    house.clock.advance(3600);
    expect(house.weights()).toEqual([]);
    const worker = house.startWorker();
    await expect.poll(() => house.jobs()).toEqual([]);
    await worker.stop();
    expect(house.weights().map(({ weightKg }) => weightKg)).toEqual([80.25]);
  });

  test("a notification during a run causes another run", async () => {
    house = await startTestApp({ hasAddress: true });
    const job = { account: ACCOUNT, reason: "withings_notified" as const, dueAt: NOON, attempts: 0 };
    const lease = await house.app.store.leases.acquire(`account#${ACCOUNT}`, 60);
    await house.service().work(job);
    await lease?.release();
    const next = await house.app.store.schedule.read(ACCOUNT);
    expect(next?.dueAt).toEqual(new Date(house.clock.now().getTime() + 60_000));
  });
});

describe("a person whom Withings reports as gone", () => {
  const OTHER = ACCOUNT + 1;
  const OTHER_USERID = USERID + 1;
  const job = { account: ACCOUNT, reason: "withings_unlinked" as const, dueAt: NOON, attempts: 0 };
  const addNeighbour = async () => {
    house.sandbox.withings.addPerson({ userid: OTHER_USERID, name: "other", timezone: "Europe/Berlin" });
    await house.app.store.accounts.save(OTHER, {});
    await fetch(house.consent(OTHER, OTHER_USERID));
  };

  test("is unlinked if Withings refuses the link, free for others, and notified once", async () => {
    house = await startTestApp({ hasAddress: true });
    await addNeighbour();
    await house.app.subscriptions.keep(ACCOUNT);
    house.sandbox.withings.revoke(USERID);
    await house.service().work(job);
    await house.service().work(job);
    expect(unlinked()).toHaveLength(1);
    expect(await link()).toBeUndefined();
    expect(await house.app.store.withingsUsers.accountOf(String(USERID))).toBeUndefined();
    expect(await house.app.store.subscriptionMemory.read(ACCOUNT)).toBeUndefined();
    expect((await house.app.store.links.read(OTHER, "withings"))?.value.state).toBe("linked");
    expect((await house.app.store.links.read(ACCOUNT, "garmin"))?.value.state).toBe("linked");
  });

  test("stays linked if they link again while the bot notifies them", async () => {
    house = await startTestApp({ hasAddress: true });
    house.sandbox.withings.revoke(USERID);
    await house.app.confirmUnlink(ACCOUNT, async () => void (await fetch(house.consent())));
    expect((await link())?.value.state).toBe("linked");
    expect(await house.app.store.withingsUsers.accountOf(String(USERID))).toBe(ACCOUNT);
  });

  test("stays linked if they aren't gone", async () => {
    house = await startTestApp({ hasAddress: true });
    const before = await link();
    await house.service().work(job);
    expect(await link()).toEqual(before);
    expect(unlinked()).toEqual([]);
  });

  test("stays linked while Withings doesn't answer, and is checked again later", async () => {
    house = await startTestApp({ hasAddress: true });
    house.sandbox.withings.revoke(USERID);
    house.sandbox.faults.turnOn("withings_down");
    await expect(house.service().work(job)).rejects.toThrow(RetryLaterError);
    expect((await link())?.value.state).toBe("linked");
    house.sandbox.faults.clear();
    house.clock.advance(60);
    await house.service().work(job);
    expect(await link()).toBeUndefined();
  });

  test("stays linked if only a scope is missing", async () => {
    house = await startTestApp({ hasAddress: true });
    house.sandbox.faults.add({
      ...{ server: "withings", match: { path: "/measure" } },
      effect: { type: "body", body: { status: 403, error: "Insufficient_scope" } },
    });
    await house.service().work(job);
    expect((await link())?.value.state).toBe("linked");
    expect(unlinked()).toEqual([]);
  });
});
