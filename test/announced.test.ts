import { afterEach, describe, expect, test } from "vitest";
import { RetryLaterError } from "../src/lib/errors.ts";
import { ACCOUNT, NOON, startTestApp, type TestApp, USERID } from "./support/test-app.ts";

let harness: TestApp;
afterEach(() => harness.close());

const unlinked = () => harness.logged.filter((line) => line.includes('"unlinked_at_withings"'));
const link = () => harness.app.store.links.read(ACCOUNT, "withings");

describe("from the scale to Garmin", () => {
  const runs = () => harness.logged.filter((line) => line.includes('"run_ended"')).length;

  test("one weigh-in with its three notifications causes one sync", async () => {
    harness = await startTestApp({ hasAddress: true });
    await harness.app.subscriptions.keep(ACCOUNT);
    const worker = harness.startWorker();
    harness.person.stepOnScale({ weightKg: 80.25, siblings: true });
    await harness.sandbox.withings.notifications.delivered();
    expect(harness.sandbox.withings.notifications.sent.map(({ status }) => status)).toEqual([200, 200, 200]);
    harness.clock.advance(8);
    worker.wake();
    await expect.poll(() => harness.jobs()).toEqual([]);
    await worker.stop();
    expect(harness.weights().map(({ weightKg }) => weightKg)).toEqual([80.25]);
    expect(runs()).toBe(1);
  });

  test("a program that is killed after its answer does the work when it starts again", async () => {
    harness = await startTestApp({ hasAddress: true });
    await harness.app.subscriptions.keep(ACCOUNT);
    harness.person.stepOnScale({ weightKg: 80.25 });
    await harness.sandbox.withings.notifications.delivered();
    harness.clock.advance(3600);
    expect(harness.weights()).toEqual([]);
    const worker = harness.startWorker();
    await expect.poll(() => harness.jobs()).toEqual([]);
    await worker.stop();
    expect(harness.weights().map(({ weightKg }) => weightKg)).toEqual([80.25]);
  });

  test("a notification during a run causes another run", async () => {
    harness = await startTestApp({ hasAddress: true });
    const job = { account: ACCOUNT, reason: "withings_notified" as const, dueAt: NOON, attempts: 0 };
    const lease = await harness.app.store.leases.acquire(`account#${ACCOUNT}`, 60);
    await harness.service().work(job);
    await lease?.release();
    const next = await harness.app.store.schedule.read(ACCOUNT);
    expect(next?.dueAt).toEqual(new Date(harness.clock.now().getTime() + 60_000));
  });
});

describe("a person whom Withings reports as gone", () => {
  const OTHER = ACCOUNT + 1;
  const OTHER_USERID = USERID + 1;
  const job = { account: ACCOUNT, reason: "withings_unlinked" as const, dueAt: NOON, attempts: 0 };
  const addNeighbour = async () => {
    harness.sandbox.withings.addPerson({ userid: OTHER_USERID, name: "other", timezone: "Europe/Berlin" });
    await harness.app.store.accounts.save(OTHER, {});
    await fetch(harness.consent(OTHER, OTHER_USERID));
  };

  test("is unlinked if Withings refuses the link, free for others, and notified once", async () => {
    harness = await startTestApp({ hasAddress: true });
    await addNeighbour();
    await harness.app.subscriptions.keep(ACCOUNT);
    harness.sandbox.withings.revoke(USERID);
    await harness.service().work(job);
    await harness.service().work(job);
    expect(unlinked()).toHaveLength(1);
    expect(await link()).toBeUndefined();
    expect(await harness.app.store.withingsUsers.accountOf(String(USERID))).toBeUndefined();
    expect(await harness.app.store.subscriptionMemory.read(ACCOUNT)).toBeUndefined();
    expect((await harness.app.store.links.read(OTHER, "withings"))?.value.state).toBe("linked");
    expect((await harness.app.store.links.read(ACCOUNT, "garmin"))?.value.state).toBe("linked");
  });

  test("stays linked if they link again while the bot notifies them", async () => {
    harness = await startTestApp({ hasAddress: true });
    harness.sandbox.withings.revoke(USERID);
    await harness.app.confirmUnlink(ACCOUNT, async () => void (await fetch(harness.consent())));
    expect((await link())?.value.state).toBe("linked");
    expect(await harness.app.store.withingsUsers.accountOf(String(USERID))).toBe(ACCOUNT);
  });

  test("stays linked if they aren't gone", async () => {
    harness = await startTestApp({ hasAddress: true });
    const before = await link();
    await harness.service().work(job);
    expect(await link()).toEqual(before);
    expect(unlinked()).toEqual([]);
  });

  test("stays linked while Withings doesn't answer, and is checked again later", async () => {
    harness = await startTestApp({ hasAddress: true });
    harness.sandbox.withings.revoke(USERID);
    harness.sandbox.faults.turnOn("withings_down");
    await expect(harness.service().work(job)).rejects.toThrow(RetryLaterError);
    expect((await link())?.value.state).toBe("linked");
    harness.sandbox.faults.clear();
    harness.clock.advance(60);
    await harness.service().work(job);
    expect(await link()).toBeUndefined();
  });

  test("stays linked if only a scope is missing", async () => {
    harness = await startTestApp({ hasAddress: true });
    harness.sandbox.faults.add({
      ...{ server: "withings", match: { path: "/measure" } },
      effect: { type: "body", body: { status: 403, error: "Insufficient_scope" } },
    });
    await harness.service().work(job);
    expect((await link())?.value.state).toBe("linked");
    expect(unlinked()).toEqual([]);
  });
});
