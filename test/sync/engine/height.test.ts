import { afterEach, expect, test } from "vitest";
import { ACCOUNT, startTestApp, type TestApp } from "../../support/test-app.ts";

let harness: TestApp;
afterEach(() => harness.close());

const SETTINGS = "/userprofile-service/userprofile/user-settings";
const LOOK = `garmin_connectapi GET ${SETTINGS}`;
const looks = () => harness.requests().filter((it) => it === LOOK).length;
const bmis = () => harness.weights().map(({ bmi }) => bmi);
const progress = async () => (await harness.ledger().progress())?.value;
const facts = async () => {
  const account = (await harness.app.store.accounts.find(ACCOUNT)) ?? expect.fail();
  return (await harness.app.overviews.of(account)).facts;
};
const say = (heightM: number) =>
  harness.app.store.accounts.save(ACCOUNT, { settings: { height: { heightM, takenAt: harness.clock.now() } } });

async function weighIn(weightKg = 80.25) {
  harness.clock.advance(600);
  harness.person.stepOnScale({ weightKg });
  return harness.sync();
}

test("without one at Withings, the height comes from Garmin’s profile: asked once, and not at all if Withings has one", async () => {
  harness = await startTestApp({ profileHeightCm: 175 });
  expect(await harness.sync()).toMatchObject({ status: "success" });
  expect(looks()).toBe(0);
  expect(await weighIn()).toMatchObject({ status: "success", synced: 1 });
  expect(bmis()).toEqual([26.2]);
  expect(looks()).toBe(1);
  expect(await weighIn(80)).toMatchObject({ synced: 1 });
  expect(bmis()).toEqual([26.2, 26.1]);
  expect(looks()).toBe(0);
  expect(await facts()).toMatchObject({ isHeightMissing: false, fields: [] });
  await harness.close();

  harness = await startTestApp({ heightM: 1.8, profileHeightCm: 175 });
  await weighIn();
  expect(bmis()).toEqual([24.8]);
  expect(looks()).toBe(0);
});

test("known to neither, it’s missing until its owner says it, and Withings’ own wins once there is one", async () => {
  harness = await startTestApp({ profileHeightCm: null });
  await weighIn();
  expect(bmis()).toEqual([undefined]);
  expect(looks()).toBe(1);
  expect(await facts()).toMatchObject({ isHeightMissing: true });
  await say(1.75);
  expect(await facts()).toMatchObject({ isHeightMissing: false });
  await weighIn();
  expect(bmis()).toEqual([undefined, 26.2]);
  harness.clock.advance(60);
  harness.person.measureHeight({ metres: 1.8 });
  await weighIn();
  expect(bmis()).toEqual([undefined, 26.2, 24.8]);
  expect(looks()).toBe(0);
  // What the owner says after that changes nothing.
  await say(1.6);
  await weighIn();
  expect(bmis().at(-1)).toBe(24.8);
});

test("what the owner says wins over Garmin’s profile", async () => {
  harness = await startTestApp({ profileHeightCm: 172 });
  await weighIn();
  await say(1.75);
  await weighIn();
  expect(bmis()).toEqual([27.1, 26.2]);
});

test.each([
  ["no answer", { type: "drop_before" }],
  ["an error", { type: "status", status: 500 }],
  ["a page", { type: "body", body: "<!doctype html><title>Sorry</title>" }],
  ["“unavailable”", { type: "status", status: 503 }],
] as const)(
  "%s from the profile stops no reading and says nothing: the next weigh-in asks again",
  async (_, effect) => {
    harness = await startTestApp({ profileHeightCm: 175 });
    harness.sandbox.faults.add({ server: "garmin_connectapi", match: { path: SETTINGS }, effect });
    expect(await weighIn()).toMatchObject({ status: "success", synced: 1 });
    expect(bmis()).toEqual([undefined]);
    expect((await progress())?.profileHeight).toBeUndefined();
    expect(await facts()).toMatchObject({ isHeightMissing: false });
    await weighIn();
    expect(bmis()).toEqual([undefined, 26.2]);
  },
);

test.each([
  ["nothing", { userData: { height: null } }],
  ["0", { userData: { height: 0 } }],
  ["metres", { userData: { height: 1.75 } }],
  ["a giant", { userData: { height: 1750 } }],
  ["a text", { userData: { height: "tall" } }],
  ["no user", { userData: null }],
  ["another shape", { user: { heightInCentimetres: 175 } }],
])("a profile that says %s gives no height, so its owner is asked", async (_, body) => {
  harness = await startTestApp();
  harness.sandbox.faults.add({
    server: "garmin_connectapi",
    match: { path: SETTINGS },
    effect: { type: "body", body },
  });
  expect(await weighIn()).toMatchObject({ status: "success", synced: 1 });
  expect(bmis()).toEqual([undefined]);
  expect(await facts()).toMatchObject({ isHeightMissing: true });
});

test("a reading sent before the height was known isn’t said to have lost its BMI", async () => {
  harness = await startTestApp({ profileHeightCm: null });
  await weighIn();
  harness.sandbox.garmin.settings.readBackDelaySeconds = 900;
  expect(await weighIn(80)).toMatchObject({ status: "retry_later" });
  harness.clock.advance(60);
  await say(1.75);
  harness.clock.advance(900);
  expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
  expect(await facts()).toMatchObject({ fields: [], differs: [] });
  harness.sandbox.garmin.settings.readBackDelaySeconds = 0;
  await weighIn(80.5);
  expect(bmis()).toEqual([undefined, undefined, 26.3]);
  expect(await facts()).toMatchObject({ fields: [] });
});
