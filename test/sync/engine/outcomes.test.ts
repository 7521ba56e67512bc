import { afterEach, expect, test } from "vitest";
import { total, worse } from "../../../src/sync/model/outcome.ts";
import { ACCOUNT, OWNER, startTestApp, type TestApp } from "../../support/test-app.ts";

let harness: TestApp;
afterEach(() => harness?.close());

const minutesAgo = (minutes: number) => new Date(harness.clock.now().getTime() - minutes * 60_000);

test("a run counts each reading once: synced, skipped, held, failed", async () => {
  harness = await startTestApp();
  const { person, sync, clock, sandbox } = harness;
  person.stepOnScale({ at: minutesAgo(50), weightKg: 80.25 });
  person.stepOnScale({ at: minutesAgo(40), weightKg: 80.5 });
  sandbox.garmin.addManualWeight(OWNER.email, { at: minutesAgo(40), weightKg: 80.5 });
  person.stepOnScale({ at: minutesAgo(30), weightKg: 80.75, attrib: 1 });
  person.stepOnScale({ at: minutesAgo(20), weightKg: 700 });
  person.takeBloodPressure({ at: minutesAgo(15), systolic: 121, diastolic: 79 });
  person.takeBloodPressure({ at: minutesAgo(10), systolic: 300, diastolic: 79 });
  expect(await sync()).toEqual({ status: "success", synced: 2, skipped: 1, held: 1, failed: 2 });
  expect((await harness.ledger().progress())?.value.attention.map((it) => it.fate)).toEqual([
    { state: "held", reason: "ambiguous_person" },
    { state: "failed", reason: "out_of_range" },
    { state: "failed", reason: "out_of_range" },
  ]);

  clock.advance(60);
  expect(await sync()).toEqual({ status: "success", synced: 0, skipped: 5, held: 1, failed: 0 });
});

test("a failed reading leaves the owner's list when its correction arrives", async () => {
  harness = await startTestApp();
  const { person, sync, clock } = harness;
  const weighIn = person.stepOnScale({ weightKg: 700 });
  await sync();
  clock.advance(60);
  person.edit(weighIn, { weightKg: 70 });
  expect(await sync()).toMatchObject({ status: "success", synced: 1 });
  expect((await harness.ledger().progress())?.value.attention).toEqual([]);
});

test("the outcome of the last run is remembered, and a run that met another one at work leaves no trace", async () => {
  harness = await startTestApp();
  const { sync, app, clock, sandbox } = harness;
  harness.person.stepOnScale({ weightKg: 80 });
  await sync();
  const first = { finishedAt: clock.now(), outcome: { status: "success", synced: 1, skipped: 0, held: 0, failed: 0 } };
  expect(await app.store.schedule.lastRun(ACCOUNT)).toEqual(first);

  const lease = await app.store.leases.acquire(`account#${ACCOUNT}`, 120);
  expect(await sync()).toMatchObject({ status: "retry_later", synced: 0 });
  await lease?.release();
  expect(await app.store.schedule.lastRun(ACCOUNT)).toEqual(first);

  sandbox.faults.turnOn("withings_down");
  clock.advance(60);
  await sync();
  expect(await app.store.schedule.lastRun(ACCOUNT)).toMatchObject({
    finishedAt: clock.now(),
    outcome: { status: "retry_later" },
  });
});

test("an account that is not linked says which link is missing, Withings first, and asks no vendor", async () => {
  harness = await startTestApp({ linked: false });
  const { sync, app, sandbox, requests } = harness;
  expect(await sync()).toEqual({
    status: "action_needed",
    action: "link_withings",
    synced: 0,
    skipped: 0,
    held: 0,
    failed: 0,
  });
  const address = sandbox.withings.allow(harness.person.userid, app.withingsLinking.begin(ACCOUNT));
  await app.withingsLinking.withPasted(ACCOUNT, address);
  requests();
  expect(await sync()).toMatchObject({ status: "action_needed", action: "link_garmin" });
  expect(requests()).toEqual([]);
});

test("of several outcomes the worst counts for all, and the first action", () => {
  expect(worse("success", "retry_later")).toBe("retry_later");
  expect(worse("error", "action_needed")).toBe("error");
  expect(worse("action_needed", "retry_later")).toBe("action_needed");
  const counts = { synced: 1, skipped: 2, held: 3, failed: 4 };
  expect(
    total([
      { ...counts, status: "retry_later" },
      { ...counts, status: "action_needed", action: "relink_garmin" },
      { ...counts, status: "action_needed", action: "link_withings" },
    ]),
  ).toEqual({ status: "action_needed", action: "relink_garmin", synced: 3, skipped: 6, held: 9, failed: 12 });
  expect(total([])).toEqual({ status: "success", synced: 0, skipped: 0, held: 0, failed: 0 });
});
