import { afterEach, describe, expect, test } from "vitest";
import { DEFAULT_SETTINGS, type Sends } from "../../../src/sync/model/account.ts";
import { ACCOUNT, startTestApp, type TestApp } from "../../support/test-app.ts";

let harness: TestApp;
afterEach(() => harness.close());

const DAY = 24 * 3600;
const minutesAgo = (minutes: number) => new Date(harness.clock.now().getTime() - minutes * 60_000);
const weights = () => harness.weights().map((it) => it.weightKg);
const attention = async () => (await harness.ledger().progress())?.value.attention ?? [];
const choose = (sends: Partial<Sends>) =>
  harness.app.store.accounts.save(ACCOUNT, { settings: { sends: { ...DEFAULT_SETTINGS.sends, ...sends } } });
/** The next run as a schedule would make it. */
const nextRun = () => {
  harness.clock.advance(600);
  return harness.sync();
};

const EVERYTHING = { weightKg: 80.25, fatRatioPercent: 18.3, waterKg: 44.1, muscleKg: 61.2, boneKg: 3.2 };

describe("of a weigh-in", () => {
  test("only weight and body-mass index go where composition is off", async () => {
    harness = await startTestApp({ heightM: 1.75 });
    await choose({ composition: false });
    harness.person.stepOnScale({ ...EVERYTHING, visceralFat: 3.3 });
    expect(await harness.sync()).toMatchObject({ synced: 1 });
    const [weighIn] = harness.weights();
    expect(weighIn).toMatchObject({ weightKg: 80.25, bmi: 26.2 });
    for (const part of ["bodyFatPercent", "bodyWaterPercent", "muscleKg", "boneKg", "visceralFatRating"] as const) {
      expect(weighIn?.[part] ?? undefined, part).toBeUndefined();
    }
  });

  test("everything but the muscle goes where that is off", async () => {
    harness = await startTestApp();
    await choose({ muscle: false });
    harness.person.stepOnScale(EVERYTHING);
    await harness.sync();
    const [weighIn] = harness.weights();
    expect(weighIn).toMatchObject({ bodyFatPercent: 18.3, bodyWaterPercent: 54.95, boneKg: 3.2 });
    expect(weighIn?.muscleKg ?? undefined).toBeUndefined();
  });

  test("nothing is sent again when a part is switched, and the next one goes as chosen", async () => {
    harness = await startTestApp();
    harness.person.stepOnScale({ at: minutesAgo(30), ...EVERYTHING });
    await harness.sync();
    for (const sends of [{ composition: false }, { muscle: false }, {}]) {
      await choose(sends);
      harness.requests();
      expect(await nextRun()).toMatchObject({ synced: 0, skipped: 1 });
      expect(harness.requests()).toEqual(["withings POST /measure"]);
    }
  });
});

describe.each([
  [
    "weight",
    (at?: Date) => harness.person.stepOnScale({ ...(at && { at }), weightKg: 80.25 }),
    () => weights().length,
    (at?: Date) => harness.person.takeBloodPressure({ ...(at && { at }), systolic: 121, diastolic: 79 }),
    () => harness.pressures().length,
  ],
  [
    "bloodPressure",
    (at?: Date) => harness.person.takeBloodPressure({ ...(at && { at }), systolic: 121, diastolic: 79 }),
    () => harness.pressures().length,
    (at?: Date) => harness.person.stepOnScale({ ...(at && { at }), weightKg: 80.25 }),
    () => weights().length,
  ],
] as const)("while %s is off", (kind, measure, arrived, measureOther, arrivedOther) => {
  test("none goes, the other kind does, and the cursor moves on", async () => {
    harness = await startTestApp();
    await choose({ [kind]: false });
    measure();
    measureOther();
    expect(await harness.sync()).toEqual({ status: "success", synced: 1, skipped: 1, held: 0, failed: 0 });
    expect([arrived(), arrivedOther()]).toEqual([0, 1]);
    const progress = (await harness.ledger().progress())?.value;
    expect(progress?.cursorAt).toEqual(harness.clock.now());
    expect(progress?.recentWeighIns).toHaveLength(weights().length);
    expect(Object.keys(progress?.lastReadings ?? {})).toHaveLength(1);
  });

  test("what came stays at Withings when it is on again, though the same day is read once more, and what comes then goes", async () => {
    harness = await startTestApp();
    await choose({ [kind]: false });
    measure(minutesAgo(10));
    await harness.sync();
    await choose({});
    harness.requests();
    expect(await nextRun()).toMatchObject({ status: "success", synced: 0 });
    expect(harness.requests()).toEqual(["withings POST /measure"]);
    measure();
    expect(await nextRun()).toMatchObject({ status: "success", synced: 1 });
    expect(arrived()).toBe(1);
  });

  test("what came goes when its owner reaches back to it, and only then", async () => {
    harness = await startTestApp();
    await choose({ [kind]: false });
    measure(minutesAgo(10));
    await harness.sync();
    const before = minutesAgo(20);
    harness.clock.advance(60);
    expect(await harness.sync({ since: before })).toMatchObject({ synced: 0 });
    await choose({});
    harness.clock.advance(3 * DAY);
    await harness.link();
    expect(await harness.sync({ since: new Date(before.getTime() + 15 * 60_000) })).toMatchObject({ synced: 0 });
    harness.clock.advance(60);
    expect(await harness.sync({ since: before })).toMatchObject({ status: "success", synced: 1 });
    expect(arrived()).toBe(1);
    expect(await nextRun()).toMatchObject({ synced: 0 });
  });

  test("what was asked for is brought by a later run if the first one fails", async () => {
    harness = await startTestApp();
    await choose({ [kind]: false });
    measure(minutesAgo(10));
    await harness.sync();
    await choose({});
    harness.sandbox.faults.turnOn("withings_down", { times: 1 });
    harness.clock.advance(60);
    expect(await harness.sync({ since: minutesAgo(60) })).toMatchObject({ status: "retry_later" });
    expect(await nextRun()).toMatchObject({ status: "success", synced: 1 });
  });

  test("what was on its way is completed", async () => {
    harness = await startTestApp();
    measure(minutesAgo(10));
    harness.sandbox.garmin.settings.readBackDelaySeconds = 60;
    expect(await harness.sync()).toMatchObject({ status: "retry_later", synced: 0 });
    await choose({ [kind]: false });
    expect(await nextRun()).toMatchObject({ status: "success", synced: 1 });
    expect(arrived()).toBe(1);
  });
});

test("what is held or refused waits as before while its kind is off, and holds no cursor", async () => {
  harness = await startTestApp();
  const { person, sandbox } = harness;
  const mine = person.stepOnScale({ at: minutesAgo(60), weightKg: 80.25, attrib: 1 });
  await harness.sync();
  sandbox.faults.add({
    match: { method: "POST", path: "/upload-service/upload" },
    times: 1,
    effect: { type: "status", status: 400 },
  });
  person.stepOnScale({ at: minutesAgo(30), weightKg: 80.5 });
  expect(await nextRun()).toMatchObject({ failed: 1, held: 1 });
  await choose({ weight: false });
  harness.clock.advance(2 * DAY);
  await harness.link();
  person.edit(mine, { attrib: 0 });
  const editedAt = harness.clock.now();
  expect(await harness.sync()).toMatchObject({ status: "success", synced: 0, held: 1 });
  expect(weights()).toEqual([]);
  expect((await attention()).map((it) => it.fate.state)).toEqual(["held", "failed"]);
  // Garmin might have shown what it refused, so that run still looked for it.
  expect(await nextRun()).toMatchObject({ status: "success", synced: 0, held: 1 });
  const { cursorAt } = (await harness.ledger().progress())?.value ?? {};
  expect(cursorAt).toEqual(editedAt);

  await choose({});
  expect(await nextRun()).toMatchObject({ status: "success", synced: 1, held: 0 });
  harness.clock.advance(60);
  expect(await harness.sync({ since: minutesAgo(4 * 24 * 60) })).toMatchObject({ status: "success", synced: 1 });
  expect(weights()).toEqual([80.25, 80.5]);
  expect(await attention()).toEqual([]);
});

test("an edited weigh-in stays in Garmin as it is while weights are off", async () => {
  harness = await startTestApp();
  const weighIn = harness.person.stepOnScale({ at: minutesAgo(30), weightKg: 80.25 });
  await harness.sync();
  await choose({ weight: false });
  harness.clock.advance(60);
  harness.person.edit(weighIn, { weightKg: 80.5 });
  await harness.sync();
  expect(weights()).toEqual([80.25]);
  await choose({});
  await nextRun();
  expect(weights()).toEqual([80.5]);
});

test("a dry run says what would stay", async () => {
  harness = await startTestApp();
  await choose({ weight: false });
  harness.person.stepOnScale({ weightKg: 80.25 });
  const account = await harness.app.store.accounts.find(ACCOUNT);
  expect(account && (await harness.app.sync.preview(account))).toMatchObject([
    { step: { type: "skip", reason: "kind_off" } },
  ]);
});
