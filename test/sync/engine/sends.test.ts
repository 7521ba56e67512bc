import { afterEach, describe, expect, test } from "vitest";
import { DEFAULT_SETTINGS, type Sends } from "../../../src/sync/model/account.ts";
import { ACCOUNT, startTestApp, type TestApp } from "../../support/test-app.ts";

let house: TestApp;
afterEach(() => house.close());

const DAY = 24 * 3600;
const minutesAgo = (minutes: number) => new Date(house.clock.now().getTime() - minutes * 60_000);
const weights = () => house.weights().map((it) => it.weightKg);
const attention = async () => (await house.ledger().progress())?.value.attention ?? [];
const choose = (sends: Partial<Sends>) =>
  house.app.store.accounts.save(ACCOUNT, { settings: { sends: { ...DEFAULT_SETTINGS.sends, ...sends } } });
/** The next run as a schedule would make it. */
const nextRun = () => {
  house.clock.advance(600);
  return house.sync();
};

const EVERYTHING = { weightKg: 80.25, fatRatioPercent: 18.3, waterKg: 44.1, muscleKg: 61.2, boneKg: 3.2 };

describe("of a weigh-in", () => {
  test("only weight and body-mass index go where composition is off", async () => {
    house = await startTestApp({ heightM: 1.75 });
    await choose({ composition: false });
    house.person.stepOnScale({ ...EVERYTHING, visceralFat: 3.3 });
    expect(await house.sync()).toMatchObject({ synced: 1 });
    const [weighIn] = house.weights();
    expect(weighIn).toMatchObject({ weightKg: 80.25, bmi: 26.2 });
    for (const part of ["bodyFatPercent", "bodyWaterPercent", "muscleKg", "boneKg", "visceralFatRating"] as const) {
      expect(weighIn?.[part] ?? undefined, part).toBeUndefined();
    }
  });

  test("everything but the muscle goes where that is off", async () => {
    house = await startTestApp();
    await choose({ muscle: false });
    house.person.stepOnScale(EVERYTHING);
    await house.sync();
    const [weighIn] = house.weights();
    expect(weighIn).toMatchObject({ bodyFatPercent: 18.3, bodyWaterPercent: 54.95, boneKg: 3.2 });
    expect(weighIn?.muscleKg ?? undefined).toBeUndefined();
  });

  test("nothing is sent again when a part is switched, and the next one goes as chosen", async () => {
    house = await startTestApp();
    house.person.stepOnScale({ at: minutesAgo(30), ...EVERYTHING });
    await house.sync();
    for (const sends of [{ composition: false }, { muscle: false }, {}]) {
      await choose(sends);
      house.requests();
      expect(await nextRun()).toMatchObject({ synced: 0, skipped: 1 });
      expect(house.requests()).toEqual(["withings POST /measure"]);
    }
  });
});

describe.each([
  [
    "weight",
    (at?: Date) => house.person.stepOnScale({ ...(at && { at }), weightKg: 80.25 }),
    () => weights().length,
    (at?: Date) => house.person.takeBloodPressure({ ...(at && { at }), systolic: 121, diastolic: 79 }),
    () => house.pressures().length,
  ],
  [
    "bloodPressure",
    (at?: Date) => house.person.takeBloodPressure({ ...(at && { at }), systolic: 121, diastolic: 79 }),
    () => house.pressures().length,
    (at?: Date) => house.person.stepOnScale({ ...(at && { at }), weightKg: 80.25 }),
    () => weights().length,
  ],
] as const)("while %s is off", (kind, measure, arrived, measureOther, arrivedOther) => {
  test("none goes, the other kind does, and the cursor moves on", async () => {
    house = await startTestApp();
    await choose({ [kind]: false });
    measure();
    measureOther();
    expect(await house.sync()).toEqual({ status: "success", synced: 1, skipped: 1, held: 0, failed: 0 });
    expect([arrived(), arrivedOther()]).toEqual([0, 1]);
    const progress = (await house.ledger().progress())?.value;
    expect(progress?.cursorAt).toEqual(house.clock.now());
    expect(progress?.recentWeighIns).toHaveLength(weights().length);
    expect(Object.keys(progress?.lastReadings ?? {})).toHaveLength(1);
  });

  test("what came stays at Withings when it is on again, though the same day is read once more, and what comes then goes", async () => {
    house = await startTestApp();
    await choose({ [kind]: false });
    measure(minutesAgo(10));
    await house.sync();
    await choose({});
    house.requests();
    expect(await nextRun()).toMatchObject({ status: "success", synced: 0 });
    expect(house.requests()).toEqual(["withings POST /measure"]);
    measure();
    expect(await nextRun()).toMatchObject({ status: "success", synced: 1 });
    expect(arrived()).toBe(1);
  });

  test("what came goes when its owner reaches back to it, and only then", async () => {
    house = await startTestApp();
    await choose({ [kind]: false });
    measure(minutesAgo(10));
    await house.sync();
    const before = minutesAgo(20);
    house.clock.advance(60);
    expect(await house.sync({ since: before })).toMatchObject({ synced: 0 });
    await choose({});
    house.clock.advance(3 * DAY);
    await house.link();
    expect(await house.sync({ since: new Date(before.getTime() + 15 * 60_000) })).toMatchObject({ synced: 0 });
    house.clock.advance(60);
    expect(await house.sync({ since: before })).toMatchObject({ status: "success", synced: 1 });
    expect(arrived()).toBe(1);
    expect(await nextRun()).toMatchObject({ synced: 0 });
  });

  test("what was asked for is brought by a later run if the first one fails", async () => {
    house = await startTestApp();
    await choose({ [kind]: false });
    measure(minutesAgo(10));
    await house.sync();
    await choose({});
    house.sandbox.faults.turnOn("withings_down", { times: 1 });
    house.clock.advance(60);
    expect(await house.sync({ since: minutesAgo(60) })).toMatchObject({ status: "retry_later" });
    expect(await nextRun()).toMatchObject({ status: "success", synced: 1 });
  });

  test("what was on its way is completed", async () => {
    house = await startTestApp();
    measure(minutesAgo(10));
    house.sandbox.garmin.settings.readBackDelaySeconds = 60;
    expect(await house.sync()).toMatchObject({ status: "retry_later", synced: 0 });
    await choose({ [kind]: false });
    expect(await nextRun()).toMatchObject({ status: "success", synced: 1 });
    expect(arrived()).toBe(1);
  });
});

test("what is held or refused waits as before while its kind is off, and holds no cursor", async () => {
  house = await startTestApp();
  const { person, sandbox } = house;
  const mine = person.stepOnScale({ at: minutesAgo(60), weightKg: 80.25, attrib: 1 });
  await house.sync();
  sandbox.faults.add({
    match: { method: "POST", path: "/upload-service/upload" },
    times: 1,
    effect: { type: "status", status: 400 },
  });
  person.stepOnScale({ at: minutesAgo(30), weightKg: 80.5 });
  expect(await nextRun()).toMatchObject({ failed: 1, held: 1 });
  await choose({ weight: false });
  house.clock.advance(2 * DAY);
  await house.link();
  person.edit(mine, { attrib: 0 });
  const editedAt = house.clock.now();
  expect(await house.sync()).toMatchObject({ status: "success", synced: 0, held: 1 });
  expect(weights()).toEqual([]);
  expect((await attention()).map((it) => it.fate.state)).toEqual(["held", "failed"]);
  // Garmin might have shown what it refused, so that run still looked for it.
  expect(await nextRun()).toMatchObject({ status: "success", synced: 0, held: 1 });
  const { cursorAt } = (await house.ledger().progress())?.value ?? {};
  expect(cursorAt).toEqual(editedAt);

  await choose({});
  expect(await nextRun()).toMatchObject({ status: "success", synced: 1, held: 0 });
  house.clock.advance(60);
  expect(await house.sync({ since: minutesAgo(4 * 24 * 60) })).toMatchObject({ status: "success", synced: 1 });
  expect(weights()).toEqual([80.25, 80.5]);
  expect(await attention()).toEqual([]);
});

test("an edited weigh-in stays in Garmin as it is while weights are off", async () => {
  house = await startTestApp();
  const weighIn = house.person.stepOnScale({ at: minutesAgo(30), weightKg: 80.25 });
  await house.sync();
  await choose({ weight: false });
  house.clock.advance(60);
  house.person.edit(weighIn, { weightKg: 80.5 });
  await house.sync();
  expect(weights()).toEqual([80.25]);
  await choose({});
  await nextRun();
  expect(weights()).toEqual([80.5]);
});

test("a dry run says what would stay", async () => {
  house = await startTestApp();
  await choose({ weight: false });
  house.person.stepOnScale({ weightKg: 80.25 });
  const account = await house.app.store.accounts.find(ACCOUNT);
  expect(account && (await house.app.sync.preview(account))).toMatchObject([
    { step: { type: "skip", reason: "kind_off" } },
  ]);
});
