import { afterEach, expect, test } from "vitest";
import { OWNER, startTestApp, type TestApp } from "../../support/test-app.ts";

let harness: TestApp;
afterEach(() => harness.close());

const HOUR = 3600;
const ago = ({ days = 0, minutes = 0 }) =>
  new Date(harness.clock.now().getTime() - (days * 24 * 60 + minutes) * 60_000);
const weights = () => harness.weights().map((it) => it.weightKg);

test("a reading that reaches Withings after a later one is sent, even days afterwards", async () => {
  harness = await startTestApp();
  const { person, sync, clock } = harness;
  person.stepOnScale({ at: ago({ minutes: 30 }), weightKg: 80 });
  await sync();
  clock.advance(HOUR);
  person.stepOnScale({ at: ago({ minutes: 300 }), createdAt: ago({ minutes: 1 }), weightKg: 81 });
  expect(await sync()).toMatchObject({ status: "success", synced: 1 });

  clock.advance(24 * HOUR);
  await harness.link();
  person.stepOnScale({ at: ago({ minutes: 10 }), weightKg: 80.2 });
  await sync();
  clock.advance(HOUR);
  person.stepOnScale({ at: ago({ days: 17 }), createdAt: ago({ minutes: 1 }), weightKg: 82 });
  person.takeBloodPressure({ at: ago({ days: 20 }), createdAt: ago({ minutes: 1 }), systolic: 121, diastolic: 79 });
  expect(await sync()).toMatchObject({ status: "success", synced: 2 });
  expect(weights()).toEqual([82, 81, 80, 80.2]);
  expect(harness.pressures()).toHaveLength(1);
});

test("a reading that Withings lists an hour after it stored it is sent", async () => {
  harness = await startTestApp();
  const { person, sync, clock } = harness;
  person.stepOnScale({ at: ago({ minutes: 5 }), weightKg: 80 });
  await sync();
  const stored = ago({ minutes: 6 });
  clock.advance(HOUR);
  person.stepOnScale({ at: stored, createdAt: stored, weightKg: 81 });
  expect(await sync()).toMatchObject({ synced: 1 });
});

test("450 readings in pages of 200 all arrive, in files of at most a hundred, each sorted by time", async () => {
  harness = await startTestApp();
  const { person, sync, sandbox } = harness;
  sandbox.withings.settings.pageSize = 200;
  const minutes = Array.from({ length: 450 }, (_, index) => 30 + index * 60);
  // Withings promises no order: every second one was stored long after it was taken.
  for (const [index, each] of minutes.entries()) {
    person.stepOnScale({
      at: ago({ minutes: each }),
      weightKg: 80 + (index % 7) / 10,
      ...(index % 2 && { createdAt: ago({ minutes: index }) }),
    });
  }
  expect(await sync()).toEqual({ status: "success", synced: 450, skipped: 0, held: 0, failed: 0 });
  expect(harness.weights().map((it) => it.takenAt)).toEqual(minutes.map((each) => ago({ minutes: each })).reverse());
  const files = sandbox.garmin.requests.filter((it) => it.path.startsWith("/upload-service"));
  expect(files).toHaveLength(6);
  // In the order they were stored: each file sorted, and the files one after the other.
  const [first, ...rest] = sandbox.garmin.accounts.get("owner@example.org").weights.map((it) => it.takenAt);
  expect(rest).toEqual(harness.weights().flatMap(({ takenAt }) => (takenAt === first ? [] : takenAt)));
});

test("a weight and a pressure of the same second both arrive", async () => {
  harness = await startTestApp();
  const { person, sync } = harness;
  const at = ago({ minutes: 10 });
  person.stepOnScale({ at, weightKg: 80.25, siblings: true });
  person.takeBloodPressure({ at, systolic: 121, diastolic: 79, pulse: 61 });
  person.addGroup({
    date: Math.floor(at.getTime() / 1000) - 300,
    measures: [
      ...[{ type: 1, value: 80_500, unit: -3 }],
      ...[
        { type: 9, value: 78, unit: 0 },
        { type: 10, value: 119, unit: 0 },
      ],
    ],
    deviceid: "a device that measures both",
  });
  expect(await sync()).toMatchObject({ status: "success", synced: 4 });
  expect([weights(), harness.pressures().map((it) => it.systolic)]).toEqual([
    [80.5, 80.25],
    [119, 121],
  ]);
});

test("the groups beside a weigh-in are no readings, and don't hold it up", async () => {
  harness = await startTestApp();
  const { person, sync, clock } = harness;
  const at = ago({ minutes: 10 });
  person.stepOnScale({ at, weightKg: 80.25, fatRatioPercent: 18, visceralFat: 3.3, siblings: true });
  expect(await sync()).toEqual({ status: "success", synced: 1, skipped: 0, held: 0, failed: 0 });
  // One of them is changed hours later, as a late classification does.
  clock.advance(5 * HOUR);
  await harness.link();
  person.touch(person.groups[1]?.grpid ?? 0);
  expect(await sync()).toMatchObject({ status: "success", synced: 0, skipped: 1 });
  expect(weights()).toEqual([80.25]);
});

test("four readings around the end of summer time arrive as four, the pressures with the right wall clock", async () => {
  harness = await startTestApp({ at: new Date("2026-10-25T12:00:00Z"), timezone: "Europe/Berlin" });
  const { person, sync } = harness;
  const [before, after] = [new Date("2026-10-25T00:30:00Z"), new Date("2026-10-25T01:30:00Z")];
  for (const at of [before, after]) {
    person.stepOnScale({ at, weightKg: 80.25 });
    person.takeBloodPressure({ at, systolic: 121, diastolic: 79, pulse: 61 });
  }
  expect(await sync()).toMatchObject({ status: "success", synced: 4, skipped: 0 });
  expect(harness.weights().map((it) => it.takenAt)).toEqual([before, after]);
  expect(harness.pressures().map((it) => it.takenAt)).toEqual([before, after]);
  const wallClocks = harness.pressures().map((it) => new Date(it.wallClockMs).toISOString());
  expect(wallClocks).toEqual(["2026-10-25T02:30:00.000Z", "2026-10-25T02:30:00.000Z"]);
  expect(await sync()).toMatchObject({ synced: 0, skipped: 4 });
});

test("four readings from the end of summer time 2025 arrive as four when a run reaches back to them", async () => {
  harness = await startTestApp({ at: new Date("2026-01-10T12:00:00Z"), timezone: "Europe/Berlin" });
  const { person, sync } = harness;
  const hours = ["2025-10-25T23:30:00Z", "2025-10-26T00:30:00Z", "2025-10-26T01:30:00Z", "2025-10-26T02:30:00Z"];
  for (const at of hours) person.takeBloodPressure({ at: new Date(at), systolic: 121, diastolic: 79 });
  expect(await sync({ since: new Date("2025-10-01T00:00:00Z") })).toMatchObject({ status: "success", synced: 4 });
  expect(harness.pressures().map((it) => new Date(it.wallClockMs).toISOString())).toEqual([
    ...["2025-10-26T01:30:00.000Z", "2025-10-26T02:30:00.000Z", "2025-10-26T02:30:00.000Z", "2025-10-26T03:30:00.000Z"],
  ]);
});

test("the owner's own zone overrides the one of Withings for a wall clock", async () => {
  harness = await startTestApp({ timezone: "Europe/Berlin" });
  await harness.app.store.accounts.save(4711, { timezone: "Asia/Kathmandu" });
  harness.person.takeBloodPressure({ at: new Date("2026-11-21T11:00:00Z"), systolic: 121, diastolic: 79 });
  await harness.sync();
  expect(new Date(harness.pressures()[0]?.wallClockMs ?? 0).toISOString()).toBe("2026-11-21T16:45:00.000Z");
});

test("of three heights the newest makes the body-mass index, in any order", async () => {
  harness = await startTestApp();
  const { person, sync } = harness;
  person.measureHeight({ at: new Date("2019-01-01T00:00:00Z"), metres: 1.62 });
  person.measureHeight({
    at: new Date("2025-01-01T00:00:00Z"),
    metres: 1.75,
    createdAt: new Date("2025-01-02T00:00:00Z"),
  });
  person.measureHeight({ at: new Date("2022-01-01T00:00:00Z"), metres: 1.6 });
  person.stepOnScale({ weightKg: 80.25 });
  await sync();
  expect(harness.weights()[0]?.bmi).toBe(26.2);

  harness.clock.advance(HOUR);
  person.measureHeight({ at: ago({ minutes: 20 }), metres: 1.8 });
  person.stepOnScale({ weightKg: 81 });
  await sync();
  expect(harness.weights()[1]?.bmi).toBe(25);
});

test("a weight typed by hand with a fat ratio of zero is sent as a weight alone", async () => {
  harness = await startTestApp({ heightM: 1.75 });
  harness.person.stepOnScale({ weightKg: 80.25, attrib: 2, fatRatioPercent: 0, fatMassKg: 0, muscleKg: 0 });
  expect(await harness.sync()).toMatchObject({ synced: 1 });
  const [{ bodyFatPercent, muscleKg, weightKg } = {}] = harness.weights();
  expect({ bodyFatPercent, muscleKg, weightKg }).toEqual({ weightKg: 80.25 });
});

test("a newly linked Garmin account starts from scratch, and the first one is left as it is", async () => {
  harness = await startTestApp();
  const { person, sync, sandbox } = harness;
  person.stepOnScale({ weightKg: 80.25 });
  await sync();
  const second = {
    email: "second@example.org",
    password: "a-password-for-tests",
    displayName: "second",
    fullName: "Second",
  };
  sandbox.garmin.addAccount({ ...second, timezone: "Europe/Berlin" });
  await harness.signInAs(second.email);
  harness.clock.advance(60);
  expect(await sync()).toMatchObject({ status: "success", synced: 1 });
  expect(sandbox.garmin.weights(second.email)).toHaveLength(1);
  await harness.signInAs(OWNER.email);
  harness.clock.advance(60);
  expect(await sync()).toMatchObject({ status: "success", synced: 0, skipped: 1 });
  expect(weights()).toEqual([80.25]);
});
