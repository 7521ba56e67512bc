import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { RunOptions } from "../../../src/sync/engine/run.ts";
import { OWNER, startTestApp, type TestApp } from "../../support/test-app.ts";

/** As the terminal does it. */
const FROM_THE_TERMINAL: RunOptions = { ledgerIsCurrent: false, looksEarly: true };
const MEASURE = "withings POST /measure";
const LOOK = "garmin_connectapi GET /weight-service/weight/range";

let harness: TestApp;
/** An account in use, to whose last weigh-in nothing has been added. */
beforeEach(async () => {
  harness = await startTestApp();
  harness.person.stepOnScale({ weightKg: 80.25 });
  expect(await sync()).toMatchObject({ status: "success", synced: 1 });
  harness.clock.advance(3600);
  harness.requests();
});
afterEach(() => harness.close());

const sync = () => harness.sync(FROM_THE_TERMINAL);
const ago = (minutes: number) => new Date(harness.clock.now().getTime() - minutes * 60_000);
const kilograms = () => harness.weights().map(({ weightKg }) => weightKg);
const requests = () => harness.requests().map((it) => it.replace(/\/\d{4}-.*/, ""));
/** The next look into Garmin finds nothing, as if Garmin had got what it has a moment later. */
const nextLookFindsNothing = () =>
  harness.sandbox.faults.add({
    ...{ server: "garmin_connectapi", match: { path: /weight\/range/ } },
    effect: { type: "body", body: { dailyWeightSummaries: [] }, contentType: "application/json" },
  });

test("Garmin and Withings are asked at the same time, so a weigh-in costs three waits for four requests", async () => {
  const bothAreAsked = Promise.withResolvers<void>();
  const events: string[] = [];
  const app = await harness.newApp({
    wrapSend: (send) => async (request) => {
      const what = `${request.method} ${new URL(request.url).pathname.replace(/\/\d{4}-.*/, "")}`;
      events.push(what);
      if (events.length === 2) bothAreAsked.resolve();
      const answer = await send(request);
      // If one came after the other, the first would wait for good.
      await bothAreAsked.promise;
      events.push(`${what} answered`);
      return answer;
    },
  });
  harness.person.stepOnScale({ at: ago(1), weightKg: 80.5 });
  expect(await harness.sync(FROM_THE_TERMINAL, app)).toMatchObject({ status: "success", synced: 1 });
  const [measure, look, upload] = ["POST /measure", "GET /weight-service/weight/range", "POST /upload-service/upload"];
  expect(events.slice(0, 2).toSorted()).toEqual([look, measure]);
  expect(events.slice(2, 4).toSorted()).toEqual([`${look} answered`, `${measure} answered`]);
  expect(events.slice(4)).toEqual([upload, `${upload} answered`, look, `${look} answered`]);
});

test("it's a request more if nothing is new, and only for a run that was told to", async () => {
  await sync();
  expect(requests().toSorted()).toEqual([LOOK, MEASURE]);
  await harness.sync({ ledgerIsCurrent: false });
  expect(requests()).toEqual([MEASURE]);
  await harness.sync({ ledgerIsCurrent: true, looksEarly: true });
  expect(requests()).toEqual([MEASURE]);
});

test("it isn't made while weigh-ins are off, nor before there was one", async () => {
  const { app } = harness;
  const account = (await app.store.accounts.list())[0] ?? expect.fail();
  const sends = { ...account.settings.sends, weight: false };
  await app.sync.run({ ...account, settings: { ...account.settings, sends } }, FROM_THE_TERMINAL);
  expect(requests()).toEqual([MEASURE]);

  await harness.close();
  harness = await startTestApp();
  harness.person.takeBloodPressure({ at: ago(5), systolic: 121, diastolic: 79 });
  await sync();
  expect(requests().some((it) => it === LOOK)).toBe(false);
});

test("what it finds is not sent", async () => {
  const { person, sandbox } = harness;
  person.stepOnScale({ at: ago(2), weightKg: 80.5 });
  person.stepOnScale({ at: ago(1), weightKg: 81.5 });
  sandbox.garmin.addManualWeight(OWNER.email, { at: ago(2), weightKg: 80.5 });
  expect(await sync()).toMatchObject({ status: "success", synced: 1 });
  expect(kilograms()).toEqual([80.25, 80.5, 81.5]);
});

test("a reading older than that look is looked for again", async () => {
  const { person, sandbox, clock } = harness;
  clock.advance(3 * 24 * 3600);
  await sync();
  const at = ago(40 * 24 * 60);
  sandbox.garmin.addManualWeight(OWNER.email, { at, weightKg: 80.5 });
  person.stepOnScale({ at, weightKg: 80.5, createdAt: clock.now() });
  const progress = await harness.ledger().progress();
  expect(progress?.value.adopting).toBeUndefined();
  requests();
  expect(await harness.sync({ ...FROM_THE_TERMINAL, since: ago(60 * 24 * 60) })).toMatchObject({ status: "success" });
  expect(requests().filter((it) => it === LOOK)).toHaveLength(2);
  expect(kilograms()).toEqual([80.5, 80.25]);
});

describe("nothing arrives twice", () => {
  test("if an upload without an answer turns up right after that look", async () => {
    const { person, sandbox, clock } = harness;
    sandbox.faults.turnOn("garmin_upload_lost_answer", { times: 1 });
    person.stepOnScale({ at: ago(1), weightKg: 80.5 });
    nextLookFindsNothing();
    sandbox.faults.turnOn("garmin_slow_to_show");
    await sync();
    sandbox.faults.turnOff("garmin_slow_to_show");
    clock.advance(121);
    nextLookFindsNothing();
    person.stepOnScale({ at: ago(1), weightKg: 81 });
    expect(await sync()).toMatchObject({ status: "success" });
    expect(kilograms()).toEqual([80.25, 80.5, 81]);
  });

  test("if that look fails", async () => {
    const { person, sandbox } = harness;
    sandbox.garmin.addManualWeight(OWNER.email, { at: ago(1), weightKg: 80.5 });
    person.stepOnScale({ at: ago(1), weightKg: 80.5 });
    sandbox.faults.turnOn("garmin_api_500", { times: 1 });
    expect(await sync()).toMatchObject({ status: "success", synced: 0 });
    expect(kilograms()).toEqual([80.25, 80.5]);
  });
});

test("whatever it comes to, a run that has nothing to send ends well", async () => {
  const { sandbox } = harness;
  for (const fault of ["garmin_api_500", "garmin_api_429", "garmin_signed_out"] as const) {
    harness.clock.advance(1800);
    sandbox.faults.turnOn(fault);
    expect(await sync(), fault).toMatchObject({ status: "success" });
    sandbox.faults.turnOff(fault);
  }
});

test("a reading that comes while Garmin is down waits, and arrives once it's back", async () => {
  const { sandbox, person, clock } = harness;
  person.stepOnScale({ at: ago(1), weightKg: 80.5 });
  sandbox.faults.turnOn("garmin_api_500");
  expect(await sync()).toMatchObject({ status: "retry_later", delay: { cause: expect.stringMatching(/^garmin/) } });
  sandbox.faults.turnOff("garmin_api_500");
  clock.advance(60);
  expect(await sync()).toMatchObject({ status: "success", synced: 1 });
  expect(kilograms()).toEqual([80.25, 80.5]);
});

test("a run doesn't end before that look, which may be renewing the link", async () => {
  const { sandbox, clock, newApp, person } = harness;
  sandbox.garmin.expireAccessToken(OWNER.email);
  sandbox.faults.add({ server: "garmin_diauth", match: {}, effect: { type: "delay", seconds: 0.3 } });
  sandbox.faults.turnOn("withings_down");
  const terminal = await newApp();
  expect(await harness.sync(FROM_THE_TERMINAL, terminal)).toMatchObject({ status: "retry_later" });
  await terminal.close();
  // By then Garmin has taken the old refresh token, whether or not anybody waits for the new one.
  await sleep(400);
  sandbox.faults.clear();
  clock.advance(60);
  person.stepOnScale({ at: ago(1), weightKg: 80.5 });
  expect(await sync()).toMatchObject({ status: "success", synced: 1 });
});
