import { afterEach, expect, test } from "vitest";
import type { Transport } from "../../../src/lib/http-client.ts";
import { OWNER, startTestApp, type TestApp } from "../../support/test-app.ts";

let harness: TestApp;
afterEach(() => harness.close());

const minutesAgo = (minutes: number) => new Date(harness.clock.now().getTime() - minutes * 60_000);
const weights = () => harness.weights().map((it) => it.weightKg);
const uploads = (requests: string[]) => requests.filter((it) => / (POST|DELETE) \/(upload|weight|blood)/.test(it));

/** The program, with a look at Garmin after each of its requests. */
async function watched() {
  const most = { weights: 0, pressures: 0 };
  const wrapSend =
    (send: Transport): Transport =>
    async (request) => {
      const answer = await send(request);
      most.weights = Math.max(most.weights, harness.weights().length);
      most.pressures = Math.max(most.pressures, harness.pressures().length);
      return answer;
    };
  return { most, app: await harness.newApp({ wrapSend }) };
}

test("a changed weight replaces what was sent, and is never beside it", async () => {
  harness = await startTestApp({ heightM: 1.75 });
  const { person, sync, clock, requests } = harness;
  const weighIn = person.stepOnScale({ at: minutesAgo(60), weightKg: 80.25, fatRatioPercent: 18 });
  await sync();
  clock.advance(60);
  requests();
  person.edit(weighIn, { weightKg: 80.5 });
  const { most, app } = await watched();
  expect(await sync({}, app)).toEqual({ status: "success", synced: 1, skipped: 0, held: 0, failed: 0 });
  expect(weights()).toEqual([80.5]);
  expect(most.weights).toBe(1);
  expect(uploads(requests())).toEqual([
    expect.stringMatching("DELETE /weight-service/weight/2026-11-21/byversion/"),
    "garmin_connectapi POST /upload-service/upload",
  ]);
});

test("a changed pressure replaces what was sent, and is never beside it", async () => {
  harness = await startTestApp();
  const { person, sync, clock } = harness;
  const reading = person.takeBloodPressure({ at: minutesAgo(60), systolic: 121, diastolic: 79, pulse: 61 });
  await sync();
  clock.advance(60);
  person.edit(reading, { systolic: 122 });
  const { most, app } = await watched();
  expect(await sync({}, app)).toMatchObject({ status: "success", synced: 1 });
  expect(harness.pressures().map((it) => it.systolic)).toEqual([122]);
  expect(most.pressures).toBe(1);
});

test("two changes before Garmin shows the first one leave the last, though Garmin only said that it had removed the oldest", async () => {
  harness = await startTestApp();
  const { person, sync, clock, sandbox } = harness;
  const weighIn = person.stepOnScale({ at: minutesAgo(3 * 1440), weightKg: 80.25 });
  await sync();
  clock.advance(60);
  person.group(weighIn).date = Math.floor(minutesAgo(60).getTime() / 1000);
  person.touch(weighIn);
  sandbox.garmin.settings.readBackDelaySeconds = 90;
  sandbox.faults.add({
    ...{ server: "garmin_connectapi", match: { method: "DELETE" }, times: 1 },
    effect: { type: "body", body: {} },
  });
  expect(await sync()).toMatchObject({ synced: 0 });
  clock.advance(3600);
  person.edit(weighIn, { weightKg: 80.5 });
  for (let runs = 0; runs < 3; runs++) {
    await sync();
    clock.advance(600);
  }
  expect(weights()).toEqual([80.5]);
  expect(await sync()).toMatchObject({ status: "success" });
});

test("a change of the composition alone is sent too, though the weight looks the same", async () => {
  harness = await startTestApp();
  const { person, sync, clock } = harness;
  const weighIn = person.stepOnScale({ at: minutesAgo(60), weightKg: 80.25, fatRatioPercent: 18 });
  await sync();
  clock.advance(60);
  person.edit(weighIn, { fatRatioPercent: 21 });
  const { most, app } = await watched();
  expect(await sync({}, app)).toMatchObject({ status: "success", synced: 1 });
  expect(harness.weights().map((it) => it.bodyFatPercent)).toEqual([21]);
  expect(most.weights).toBe(1);
});

test("an edit that changes no value sends nothing", async () => {
  harness = await startTestApp();
  const { person, sync, clock, requests } = harness;
  const weighIn = person.stepOnScale({ at: minutesAgo(60), weightKg: 80.25 });
  await sync();
  clock.advance(60);
  person.touch(weighIn);
  requests();
  expect(await sync()).toMatchObject({ status: "success", synced: 0, skipped: 1 });
  expect(requests()).toEqual(["withings POST /measure"]);
});

test("a changed reading that came to Garmin by other means is left alone", async () => {
  harness = await startTestApp();
  const { person, sync, clock, requests } = harness;
  const at = minutesAgo(60);
  const weighIn = person.stepOnScale({ at, weightKg: 80.25 });
  harness.sandbox.garmin.addManualWeight(OWNER.email, { at, weightKg: 80.2 });
  await sync();
  clock.advance(60);
  person.edit(weighIn, { weightKg: 79 });
  requests();
  expect(await sync()).toMatchObject({ status: "success", synced: 0, skipped: 1 });
  expect(weights()).toEqual([80.2]);
  expect(requests()).toEqual(["withings POST /measure"]);
});

test("two weigh-ins of one minute are each corrected separately", async () => {
  harness = await startTestApp();
  const { person, sync, clock } = harness;
  person.stepOnScale({ at: minutesAgo(60), weightKg: 80.25 });
  const second = person.stepOnScale({ at: new Date(minutesAgo(60).getTime() + 30_000), weightKg: 80.25 });
  await sync();
  clock.advance(60);
  person.edit(second, { weightKg: 80.3 });
  await sync();
  expect(weights()).toEqual([80.25, 80.3]);
});

test.each([
  ["arrived, and its answer was lost", "garmin_upload_lost_answer"],
  ["never arrived", "garmin_upload_dropped"],
] as const)(
  "an edit while the first upload is unknown: it %s, and Garmin has only the new version",
  async (_what, fault) => {
    harness = await startTestApp();
    const { person, sync, clock, sandbox } = harness;
    const weighIn = person.stepOnScale({ at: minutesAgo(60), weightKg: 80.25 });
    sandbox.garmin.settings.readBackDelaySeconds = 60;
    sandbox.faults.turnOn(fault, { times: 1 });
    expect((await sync()).status).toBe("retry_later");
    person.edit(weighIn, { weightKg: 80.5 });
    clock.advance(121);
    sandbox.garmin.settings.readBackDelaySeconds = 0;
    const { most, app } = await watched();
    expect(await sync({}, app)).toMatchObject({ status: "success", synced: 1 });
    expect(weights()).toEqual([80.5]);
    expect(most.weights).toBe(1);
  },
);

test("an edit waits until Garmin shows the first version, and then replaces it", async () => {
  harness = await startTestApp();
  const { person, sync, clock, sandbox } = harness;
  const weighIn = person.stepOnScale({ at: minutesAgo(60), weightKg: 80.25 });
  sandbox.garmin.settings.readBackDelaySeconds = 600;
  expect((await sync()).status).toBe("retry_later");
  person.edit(weighIn, { weightKg: 80.5 });
  clock.advance(300);
  const { most, app } = await watched();
  expect((await sync({}, app)).status).toBe("retry_later");
  clock.advance(600);
  expect((await sync({}, app)).status).toBe("retry_later");
  expect(weights()).toEqual([80.5]);
  clock.advance(600);
  expect(await sync({}, app)).toMatchObject({ status: "success", synced: 1 });
  expect(weights()).toEqual([80.5]);
  expect(most.weights).toBe(1);
});

test("an edit to something Garmin can't take leaves the old version, and its correction replaces that", async () => {
  harness = await startTestApp();
  const { person, sync, clock } = harness;
  const weighIn = person.stepOnScale({ at: minutesAgo(60), weightKg: 80.25 });
  await sync();
  clock.advance(60);
  person.edit(weighIn, { weightKg: 802.5 });
  expect(await sync()).toMatchObject({ synced: 0, failed: 1 });
  expect(weights()).toEqual([80.25]);
  clock.advance(60);
  person.edit(weighIn, { weightKg: 80.5 });
  const { most, app } = await watched();
  expect(await sync({}, app)).toMatchObject({ status: "success", synced: 1, failed: 0 });
  expect(weights()).toEqual([80.5]);
  expect(most.weights).toBe(1);
  expect((await harness.ledger().progress())?.value.attention).toEqual([]);
});

test.each([
  ["arrived", "garmin_upload_lost_answer", [80.25, 81]],
  ["never arrived", "garmin_upload_dropped", [81]],
] as const)(
  "a reading edited beyond what Garmin can take, while its upload %s unanswered, stops no other",
  async (_what, fault, expected) => {
    harness = await startTestApp();
    const { person, sync, clock, sandbox } = harness;
    const weighIn = person.stepOnScale({ at: minutesAgo(60), weightKg: 80.25 });
    sandbox.garmin.settings.readBackDelaySeconds = 60;
    sandbox.faults.turnOn(fault, { times: 1 });
    await sync();
    sandbox.garmin.settings.readBackDelaySeconds = 0;
    clock.advance(121);
    person.edit(weighIn, { weightKg: 802.5 });
    person.stepOnScale({ weightKg: 81 });
    expect(await sync()).toMatchObject({ synced: 1, failed: 1 });
    expect(weights()).toEqual(expected);

    clock.advance(60);
    person.edit(weighIn, { weightKg: 80.5 });
    expect(await sync()).toMatchObject({ status: "success", synced: 1, failed: 0 });
    expect(weights()).toEqual([80.5, 81]);
  },
);

test("a replacement that Garmin doesn't take at once follows later, and the old version doesn't come back", async () => {
  harness = await startTestApp();
  const { person, sync, clock, sandbox } = harness;
  const weighIn = person.stepOnScale({ at: minutesAgo(60), weightKg: 80.25 });
  await sync();
  clock.advance(60);
  person.edit(weighIn, { weightKg: 80.5 });
  sandbox.faults.add({
    ...{ server: "garmin_connectapi", match: { method: "POST" }, times: 1 },
    effect: { type: "status", status: 429 },
  });
  expect((await sync()).status).toBe("retry_later");
  clock.advance(60);
  expect(await sync()).toMatchObject({ status: "success", synced: 1 });
  expect(weights()).toEqual([80.5]);
});

test("an old version that Garmin doesn't delete at once is deleted later, and only then the new one is sent", async () => {
  harness = await startTestApp();
  const { person, sync, clock, sandbox } = harness;
  const weighIn = person.stepOnScale({ at: minutesAgo(60), weightKg: 80.25 });
  await sync();
  clock.advance(60);
  person.edit(weighIn, { weightKg: 80.5 });
  sandbox.faults.add({ match: { method: "DELETE" }, times: 2, effect: { type: "status", status: 500 } });
  const { most, app } = await watched();
  for (let runs = 0; runs < 2; runs++) {
    expect(await sync({}, app)).toMatchObject({ status: "retry_later", synced: 0 });
    expect(weights()).toEqual([80.25]);
    clock.advance(200);
  }
  expect(await sync({}, app)).toMatchObject({ status: "success", synced: 1 });
  expect(weights()).toEqual([80.5]);
  expect(most.weights).toBe(1);
});

test("an old version that Garmin doesn't show right now is deleted all the same", async () => {
  harness = await startTestApp();
  const { person, sync, clock, sandbox } = harness;
  const weighIn = person.stepOnScale({ at: minutesAgo(60), weightKg: 80.25 });
  await sync();
  clock.advance(10);
  sandbox.garmin.settings.readBackDelaySeconds = 60;
  person.edit(weighIn, { weightKg: 80.5 });
  await sync();
  expect(weights()).toEqual([80.5]);
});

test("an old version that its owner deleted in Garmin causes no trouble", async () => {
  harness = await startTestApp();
  const { person, sync, clock, sandbox } = harness;
  const weighIn = person.stepOnScale({ at: minutesAgo(60), weightKg: 80.25 });
  await sync();
  sandbox.garmin.accounts.get(OWNER.email).weights.length = 0;
  clock.advance(60);
  person.edit(weighIn, { weightKg: 80.5 });
  expect(await sync()).toMatchObject({ status: "success", synced: 1 });
  expect(weights()).toEqual([80.5]);
});

test.each([
  ["weight", 204, undefined, 0],
  ["weight", 200, {}, 0],
  ["pressure", 204, undefined, 0],
  ["weight", 204, undefined, 20],
] as const)(
  "the old %s goes although Garmin said yes to its removal twice (HTTP %s) and kept it",
  async (kind, status, body, slowSeconds) => {
    harness = await startTestApp();
    const { person, sync, clock, sandbox } = harness;
    const id =
      kind === "weight"
        ? person.stepOnScale({ at: minutesAgo(60), weightKg: 80.25 })
        : person.takeBloodPressure({ at: minutesAgo(60), systolic: 121, diastolic: 79 });
    await sync();
    clock.advance(60);
    person.edit(id, kind === "weight" ? { weightKg: 80.5 } : { systolic: 125 });
    sandbox.garmin.settings.readBackDelaySeconds = slowSeconds;
    sandbox.faults.add({
      ...{ server: "garmin_connectapi", match: { method: "DELETE" }, times: 2 },
      effect: { type: "status", status, body },
    });
    for (let runs = 0; runs < 4; runs++) {
      await sync();
      clock.advance(1800);
    }
    expect([...weights(), ...harness.pressures().map((it) => it.systolic)]).toEqual([kind === "weight" ? 80.5 : 125]);
  },
);
