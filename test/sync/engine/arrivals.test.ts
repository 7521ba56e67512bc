import { afterEach, expect, test } from "vitest";
import { crashAt } from "../../support/crash.ts";
import { ACCOUNT, OWNER, startTestApp, type TestApp } from "../../support/test-app.ts";

let harness: TestApp;
afterEach(() => harness.close());

const minutesAgo = (minutes: number) => new Date(harness.clock.now().getTime() - minutes * 60_000);
const arrived = async () => (await harness.ledger().progress())?.value.arrived ?? [];

test("what was seen in Garmin has arrived once, however often it is read again, and once more when it was replaced", async () => {
  harness = await startTestApp();
  const { person, sync, clock } = harness;
  const weighIn = person.stepOnScale({ at: minutesAgo(30), weightKg: 80.25, fatRatioPercent: 18 });
  person.takeBloodPressure({ at: minutesAgo(20), systolic: 121, diastolic: 79 });
  await sync();
  const first = await arrived();
  expect(first).toMatchObject([
    { kind: "weigh_in", values: { weightKg: 80.25 }, composition: { bodyFatPercent: 18 } },
    { kind: "blood_pressure", values: { systolicMmHg: 121 } },
  ]);
  clock.advance(600);
  await sync();
  expect(await arrived()).toEqual(first);

  person.edit(weighIn, { weightKg: 80.5 });
  await sync();
  expect(await arrived()).toMatchObject([{ kind: "blood_pressure" }, { kind: "weigh_in", values: { weightKg: 80.5 } }]);
  expect((await arrived()).at(-1)?.arrivedAt.getTime()).toBeGreaterThan(first[0]?.arrivedAt.getTime() ?? 0);
});

test("what Garmin had from elsewhere has not arrived", async () => {
  harness = await startTestApp();
  harness.person.stepOnScale({ at: minutesAgo(30), weightKg: 80.25 });
  harness.sandbox.garmin.addManualWeight(OWNER.email, { at: minutesAgo(30), weightKg: 80.2 });
  expect(await harness.sync()).toMatchObject({ skipped: 1 });
  expect(await arrived()).toEqual([]);
});

test("a run that was stopped between seeing a reading and recording it loses no arrival", async () => {
  harness = await startTestApp();
  harness.person.stepOnScale({ at: minutesAgo(30), weightKg: 80.25 });
  for (let n = 1; ; n++) {
    const crash = crashAt(n, "before");
    await harness.sync({}, await harness.newApp(crash));
    harness.clock.advance(121);
    if (!crash.isDead()) break;
  }
  expect(await arrived()).toHaveLength(1);
});

test("the time of the last summary is stored, and of two writers one wins", async () => {
  harness = await startTestApp();
  const { summary } = harness.app.store;
  const lastSummaryAt = harness.clock.now();
  expect(await summary.read(ACCOUNT)).toEqual({ value: {}, version: undefined });
  expect(await summary.write(ACCOUNT, { lastSummaryAt }, undefined)).toBe(true);
  expect(await summary.write(ACCOUNT, {}, undefined)).toBe(false);
  const { value, version } = await summary.read(ACCOUNT);
  expect(value).toEqual({ lastSummaryAt });
  const silenceToldFor = minutesAgo(60);
  const kindSilenceToldFor = { blood_pressure: minutesAgo(90) };
  expect(await summary.write(ACCOUNT, { lastSummaryAt, silenceToldFor, kindSilenceToldFor }, version)).toBe(true);
  expect((await summary.read(ACCOUNT)).value).toEqual({ lastSummaryAt, silenceToldFor, kindSilenceToldFor });
});
