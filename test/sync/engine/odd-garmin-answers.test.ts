import { afterEach, describe, expect, test } from "vitest";
import type { Transport } from "../../../src/lib/http-client.ts";
import type { NewFault } from "../../../src/sandbox/faults.ts";
import { startTestApp, type TestApp } from "../../support/test-app.ts";

let harness: TestApp;
afterEach(() => harness.close());

const DAY = 24 * 3600;
const PAGE = "<!doctype html><title>Sorry</title><h1>We will be back soon</h1>";
const minutesAgo = (minutes: number) => new Date(harness.clock.now().getTime() - minutes * 60_000);
const weights = () => harness.weights().map((it) => it.weightKg);
const systolics = () => harness.pressures().map((it) => it.systolic);
const fault = (it: Omit<NewFault, "server">) => harness.sandbox.faults.add({ server: "garmin_connectapi", ...it });

/** The program with a transport that changes some of Garmin's answers. */
const changing = (
  change: (path: string, method: string, text: string) => { status?: number; text?: string } | undefined,
) =>
  harness.newApp({
    wrapSend:
      (send: Transport): Transport =>
      async (request) => {
        const answer = await send(request);
        return { ...answer, ...change(new URL(request.url).pathname, request.method, answer.text) };
      },
  });

describe("a page with HTTP 200", () => {
  test("doesn't count as a removal: the next run removes the old version and sends the new one", async () => {
    harness = await startTestApp();
    const { person, sync, clock } = harness;
    const weighIn = person.stepOnScale({ at: minutesAgo(60), weightKg: 80 });
    const pressure = person.takeBloodPressure({ at: minutesAgo(60), systolic: 121, diastolic: 79 });
    await sync();
    clock.advance(600);
    person.edit(weighIn, { weightKg: 81 });
    person.edit(pressure, { systolic: 125 });
    fault({ match: { method: "DELETE" }, times: 2, effect: { type: "body", body: PAGE } });
    expect(await sync()).toMatchObject({ status: "retry_later", synced: 0 });
    expect([weights(), systolics()]).toEqual([[80], [121]]);
    clock.advance(60);
    expect(await sync()).toMatchObject({ status: "success", synced: 2 });
    expect([weights(), systolics()]).toEqual([[81], [125]]);
  });

  test("doesn't count as an answer to an upload: it is looked for, and sent again two minutes later", async () => {
    harness = await startTestApp();
    const { person, sync, clock } = harness;
    person.stepOnScale({ at: minutesAgo(60), weightKg: 80 });
    person.takeBloodPressure({ at: minutesAgo(60), systolic: 121, diastolic: 79 });
    fault({ match: { method: "POST" }, times: 2, effect: { type: "body", body: PAGE } });
    expect(await sync()).toMatchObject({ status: "retry_later", synced: 0 });
    expect([weights(), systolics()]).toEqual([[], []]);
    clock.advance(121);
    expect(await sync()).toMatchObject({ status: "success", synced: 2 });
    expect([weights(), systolics()]).toEqual([[80], [121]]);
  });

  test("for an upload that arrived anyway leaves it there once", async () => {
    harness = await startTestApp();
    const { person, sync, clock } = harness;
    person.stepOnScale({ at: minutesAgo(60), weightKg: 80 });
    const app = await changing((path) => (path === "/upload-service/upload" ? { text: PAGE } : undefined));
    await sync({}, app);
    clock.advance(121);
    expect(await sync({}, app)).toMatchObject({ status: "success" });
    expect(weights()).toEqual([80]);
  });
});

describe("a refusal of readings that Garmin has stored anyway", () => {
  test.each([400, 406, 413, 415, 422])("HTTP %d: it is looked for before any of it is sent again", async (status) => {
    harness = await startTestApp();
    const { person, sync, clock } = harness;
    await sync();
    for (const minute of [40, 30, 20]) person.stepOnScale({ at: minutesAgo(minute), weightKg: 80 + minute / 100 });
    person.takeBloodPressure({ at: minutesAgo(30), systolic: 121, diastolic: 79 });
    clock.advance(60);
    const app = await changing((_path, method) => (method === "POST" ? { status } : undefined));
    expect(await sync({}, app)).toMatchObject({ status: "success", synced: 4, failed: 0 });
    for (let day = 0; day < 3; day++) {
      clock.advance(DAY);
      await sync();
    }
    expect([weights(), systolics()]).toEqual([[80.4, 80.3, 80.2], [121]]);
  });

  test("that can't be looked at stays open, and nothing of it is sent in the meantime", async () => {
    harness = await startTestApp();
    const { person, sync, clock } = harness;
    await sync();
    person.stepOnScale({ at: minutesAgo(30), weightKg: 80 });
    person.stepOnScale({ at: minutesAgo(20), weightKg: 80.5 });
    clock.advance(60);
    const isBlind = { now: true };
    const app = await changing((path, method) => {
      if (method === "POST" && path.startsWith("/upload")) return { status: 400 };
      return method === "GET" && isBlind.now ? { status: 502 } : undefined;
    });
    expect(await sync({}, app)).toMatchObject({ status: "retry_later", failed: 0 });
    clock.advance(3600);
    isBlind.now = false;
    expect(await sync({}, app)).toMatchObject({ status: "success", synced: 2 });
    expect(weights()).toEqual([80, 80.5]);
  });
});

describe("an import result that lists failures", () => {
  const result = (successes: object[]) => ({
    detailedImportResult: { successes, failures: [{ messages: [{ code: 404, content: "Unsupported file" }] }] },
  });

  test("alone is a refusal of the file, and reported as such", async () => {
    harness = await startTestApp();
    harness.person.stepOnScale({ at: minutesAgo(30), weightKg: 80 });
    fault({ match: { path: "/upload-service/upload" }, effect: { type: "status", status: 202, body: result([]) } });
    expect(await harness.sync()).toMatchObject({ status: "error", failed: 1, synced: 0 });
    expect((await harness.ledger().progress())?.value.attention).toMatchObject([
      { fate: { state: "failed", reason: "refused_by_garmin" } },
    ]);
    harness.clock.advance(DAY);
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
    expect(weights()).toEqual([80]);
  });

  test("next to successes is sorted out by the read-back: readings in Garmin are not sent again, the others are", async () => {
    harness = await startTestApp();
    const { person, sync, clock } = harness;
    person.stepOnScale({ at: minutesAgo(600), weightKg: 80 });
    await sync();
    for (const minute of [40, 30]) person.stepOnScale({ at: minutesAgo(minute), weightKg: 80 + minute / 100 });
    let uploads = 0;
    const app = await changing((path) => {
      if (path !== "/upload-service/upload" || ++uploads > 1) return undefined;
      // Garmin took one of the two.
      harness.sandbox.garmin.accounts.get("owner@example.org").weights.pop();
      return { status: 202, text: JSON.stringify(result([{}])) };
    });
    expect(await sync({}, app)).toMatchObject({ status: "retry_later", synced: 1 });
    clock.advance(121);
    expect(await sync({}, app)).toMatchObject({ status: "success", synced: 1 });
    expect(weights()).toEqual([80, 80.4, 80.3]);
  });
});

describe("an entry that can't be read", () => {
  /** Changes the single entries of both ranges. */
  const rewriting = (change: (entry: Record<string, unknown>) => object) =>
    changing((path, method, text) => {
      if (method !== "GET" || !path.includes("/range/")) return undefined;
      const body = JSON.parse(text);
      for (const day of body.dailyWeightSummaries ?? []) day.allWeightMetrics = day.allWeightMetrics.map(change);
      for (const day of body.measurementSummaries ?? []) day.measurements = day.measurements.map(change);
      return { text: JSON.stringify(body) };
    });

  test.each<[string, object]>([
    ["a weight of null", { weight: null, systolic: null }],
    ["no time", { timestampGMT: null, measurementTimestampGMT: null }],
    ["a key of null", { samplePk: null, version: null }],
  ])("with %s beside our own changes nothing: all arrive once, on the first run and after", async (_what, odd) => {
    harness = await startTestApp();
    const { person, sync, clock, sandbox } = harness;
    const account = sandbox.garmin.accounts.get("owner@example.org");
    sandbox.garmin.addManualWeight(account.email, { at: minutesAgo(90), weightKg: 71.1 });
    const foreign = account.weights[0]?.samplePk;
    const app = await rewriting((it) => (it.samplePk === foreign ? { ...it, ...odd } : it));
    person.stepOnScale({ at: minutesAgo(60), weightKg: 80 });
    expect(await sync({}, app)).toMatchObject({ status: "success", synced: 1 });
    clock.advance(3600);
    person.stepOnScale({ at: minutesAgo(30), weightKg: 80.5 });
    expect(await sync({}, app)).toMatchObject({ status: "success", synced: 1 });
    expect(weights()).toEqual([71.1, 80, 80.5]);
  });

  test.each<[string, object]>([
    ["a value of null", { weight: null, systolic: null }],
    ["no time", { timestampGMT: null, measurementTimestampGMT: null }],
    ["a key of null", { samplePk: null, version: null }],
    ["nothing that could be read", { timestampGMT: 0, weight: "x", measurementTimestampGMT: "x", systolic: {} }],
  ])("with %s may be what we sent: it is never sent a second time, and reported after a day", async (_what, odd) => {
    harness = await startTestApp();
    const { person, sync, clock } = harness;
    person.stepOnScale({ at: minutesAgo(30), weightKg: 80 });
    person.takeBloodPressure({ at: minutesAgo(30), systolic: 121, diastolic: 79 });
    const app = await rewriting((it) => ({ ...it, ...odd }));
    expect(await sync({}, app)).toMatchObject({ status: "retry_later", synced: 0 });
    for (let hour = 0; hour < 26; hour++) {
      clock.advance(3600);
      await sync({}, app);
    }
    for (let day = 0; day < 4; day++) {
      clock.advance(DAY);
      await harness.link();
      await sync({}, app);
    }
    expect([weights(), systolics()]).toEqual([[80], [121]]);
    const reason = "unreadable_in_garmin";
    expect((await harness.ledger().progress())?.value.attention).toMatchObject([
      { fate: { reason } },
      { fate: { reason } },
    ]);
  });

  test("though it may be ours is forgotten once ours is found beside it", async () => {
    harness = await startTestApp();
    const { person, sync, clock } = harness;
    person.stepOnScale({ at: minutesAgo(30), weightKg: 80 });
    const isOdd = { now: true };
    const app = await rewriting((it) => (isOdd.now ? { ...it, weight: null } : it));
    await sync({}, app);
    clock.advance(600);
    isOdd.now = false;
    expect(await sync({}, app)).toMatchObject({ status: "success", synced: 1 });
    expect(weights()).toEqual([80]);
  });
});

test("an account without entries, whose range answers 204, gets its first readings", async () => {
  harness = await startTestApp();
  harness.person.stepOnScale({ at: minutesAgo(30), weightKg: 80 });
  harness.person.takeBloodPressure({ at: minutesAgo(30), systolic: 121, diastolic: 79 });
  const app = await changing((path, method, text) => {
    if (method !== "GET" || !path.includes("/range/")) return undefined;
    const { dailyWeightSummaries, measurementSummaries } = JSON.parse(text);
    return (dailyWeightSummaries ?? measurementSummaries).length === 0 ? { status: 204, text: "" } : undefined;
  });
  expect(await harness.sync({}, app)).toMatchObject({ status: "success", synced: 2 });
});

test("an odd answer about one reading hides neither the next one's fault nor what the owner has to do", async () => {
  harness = await startTestApp();
  const { person, clock } = harness;
  const weighIn = person.stepOnScale({ at: minutesAgo(120), weightKg: 80.25 });
  await harness.sync();
  clock.advance(60);
  person.edit(weighIn, { weightKg: 80.5 });
  person.stepOnScale({ at: minutesAgo(60), weightKg: 80.75 });
  fault({ match: { method: "DELETE" }, effect: { type: "status", status: 400 } });
  fault({ match: { path: "/upload-service/upload" }, effect: { type: "status", status: 412 } });
  expect(await harness.sync()).toMatchObject({ status: "error", action: "grant_garmin_upload" });
  // Nothing is lost: both follow.
  clock.advance(60);
  expect(await harness.sync()).toMatchObject({ status: "success", synced: 2 });
  expect(weights()).toEqual([80.5, 80.75]);
});
