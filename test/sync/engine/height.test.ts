import { afterEach, describe, expect, test } from "vitest";
import type { FaultEffect } from "../../../src/sandbox/fault.ts";
import type { NewFault } from "../../../src/sandbox/faults.ts";
import { ACCOUNT, OWNER, startTestApp, type TestApp } from "../../support/test-app.ts";

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

describe("what isn’t about the profile is as with any other call to Garmin", () => {
  const LATER = 31 * 3600;
  const everywhere = (match: NewFault["match"], effect: FaultEffect) =>
    harness.sandbox.faults.add({ server: "garmin_connectapi", match, times: Infinity, effect });

  test.each([
    ["fails", { type: "status", status: 503 }],
    ["gets no answer", { type: "drop_before" }],
  ] as const)("a renewal that %s puts the weigh-in off, which has its BMI a minute later", async (_, effect) => {
    harness = await startTestApp({ profileHeightCm: 175 });
    harness.clock.advance(LATER);
    harness.sandbox.faults.add({ server: "garmin_diauth", match: {}, effect });
    expect(await weighIn()).toMatchObject({ status: "retry_later", synced: 0 });
    expect(harness.weights()).toEqual([]);
    harness.clock.advance(60);
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
    expect(bmis()).toEqual([26.2]);
  });

  test("a session that has ended is said to have", async () => {
    harness = await startTestApp({ profileHeightCm: 175 });
    harness.sandbox.garmin.revoke(OWNER.email);
    expect(await weighIn()).toMatchObject({ status: "action_needed", action: "relink_garmin" });
    expect((await harness.app.store.links.read(ACCOUNT, "garmin"))?.value.state).toBe("stale");
    expect(harness.weights()).toEqual([]);
  });

  test("a wait that Garmin asks for is kept, and the weigh-in has its BMI afterwards", async () => {
    harness = await startTestApp({ profileHeightCm: 175 });
    const headers = { "retry-after": "600" };
    const effect = { type: "status", status: 429, headers } as const;
    harness.sandbox.faults.add({ server: "garmin_connectapi", match: { path: SETTINGS }, effect });
    expect(await weighIn()).toMatchObject({ status: "retry_later", delay: { cause: "garmin_limited" } });
    harness.clock.advance(601);
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
    expect(bmis()).toEqual([26.2]);
  });

  test.each([
    ["401", { error: "invalid_token" }],
    ["403", { error: "no scope" }],
    ["404", {}],
  ])("a refusal of this address alone, HTTP %s, stops no reading and asks the owner", async (status, body) => {
    harness = await startTestApp({ profileHeightCm: 175 });
    everywhere({ path: SETTINGS }, { type: "status", status: Number(status), body });
    expect(await weighIn()).toMatchObject({ status: "success", synced: 1 });
    expect(bmis()).toEqual([undefined]);
    expect(await facts()).toMatchObject({ isHeightMissing: true });
    harness.requests();
    await weighIn();
    expect(looks()).toBe(0);
  });
});

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
