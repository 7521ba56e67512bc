import { afterEach, expect, test } from "vitest";
import { createApp } from "../../../src/app/app.ts";
import { readConfig } from "../../../src/config/config.ts";
import { createLog } from "../../../src/lib/log.ts";
import type { UnknownAnswer } from "../../../src/sync/model/vendor-answers.ts";
import { startTestApp, type TestApp } from "../../support/test-app.ts";
import { watched } from "../../support/watched-table.ts";

let harness: TestApp;
afterEach(() => harness.close());

const HOUR = 3600;
const unknown = (value: unknown, vendor: UnknownAnswer["vendor"] = "garmin"): UnknownAnswer => ({
  ...{ vendor, call: "Garmin GET /weight-service/weight/range", httpStatus: 200 },
  ...{ where: "the whole: invalid_type", value, headerNames: ["content-type"] },
});

/** Another process on the same store, whose calls to the store are counted. */
async function newProcess() {
  const store = watched();
  const config = readConfig(harness.env, ["store", "sealing", "withings", "withingsLogin", "garmin"]);
  const log = createLog({ level: "silent" });
  const app = await createApp(config, { clock: harness.clock, log, paced: false, wrapTable: store.wrapTable });
  const cost = async (work: () => Promise<unknown>) => {
    const before = store.calls();
    await work();
    return store.calls() - before;
  };
  return { app, store, cost };
}

test("a run in which all is well counts how the vendors answered, and writes nothing of it", async () => {
  harness = await startTestApp();
  const { app, cost } = await newProcess();
  harness.person.stepOnScale({ at: new Date(harness.clock.now().getTime() - HOUR * 1000), weightKg: 80.25 });
  await harness.sync({}, app);
  // Garmin's sign-in answers a probe with "method not allowed", which is as it should be.
  expect((await app.garminSignIn.probe()).verdict).toBe("reachable");
  expect(await cost(() => app.vendors.answers.flushIfDue())).toBe(0);
  const { endpoints, unknown } = await app.vendors.answers.read();
  expect(endpoints["Garmin POST /upload-service/upload"]).toMatchObject({ "HTTP 201": { times: 1 } });
  expect(endpoints["Withings POST /measure getmeas"]).toMatchObject({ "HTTP 200": { times: expect.any(Number) } });
  expect(unknown).toEqual({ withings: [], garmin: [], telegram: [] });
  expect(await cost(() => app.close())).toBe(0);
});

test("an endpoint that starts to fail is written once in five minutes, with what was counted before", async () => {
  harness = await startTestApp();
  const { app, cost } = await newProcess();
  await harness.sync({}, app);
  harness.sandbox.faults.add({
    ...{ name: "away", server: "withings", match: { path: "/measure" }, times: Number.POSITIVE_INFINITY },
    effect: { type: "body", body: { status: 601, body: {} } },
  });
  harness.clock.advance(HOUR);
  await harness.sync({}, app);
  expect(await cost(() => app.vendors.answers.flushIfDue())).toBe(2);
  harness.sandbox.faults.remove("away");
  harness.clock.advance(60);
  await harness.sync({}, app);
  // It works again, which is news, but too soon to write.
  expect(await cost(() => app.vendors.answers.flushIfDue())).toBe(0);
  harness.clock.advance(300);
  expect(await cost(() => app.vendors.answers.flushIfDue())).toBe(2);
  await app.close();
  const other = await newProcess();
  const { endpoints } = await other.app.vendors.answers.read();
  expect(endpoints["Withings POST /measure getmeas"]).toMatchObject({
    "HTTP 200": { times: expect.any(Number) },
    "HTTP 200, status 601": { times: 1, lastAt: expect.any(Date) },
  });
  await other.app.close();
});

test("of different shapes the last twenty of each vendor are kept, and repeats are counted", async () => {
  harness = await startTestApp({ linked: false });
  const { app, cost } = await newProcess();
  for (let n = 1; n <= 30; n++) app.vendors.answers.note(unknown({ ["x".repeat(n)]: n }));
  for (let n = 0; n < 5; n++) app.vendors.answers.note(unknown({ token: "a".repeat(n + 1) }, "withings"));
  expect(await cost(() => app.close())).toBe(2);
  const { app: other } = await newProcess();
  const kept = (await other.vendors.answers.read()).unknown;
  expect(kept.garmin).toHaveLength(20);
  expect(kept.garmin.at(-1)?.shape.join()).toContain("<30>");
  expect(kept.withings).toMatchObject([{ times: 5, shape: ["the whole: object, length 1", "token: text, length 5"] }]);
  expect(kept.telegram).toEqual([]);
  await other.close();
});

test("what two processes saw is merged, even if both write at once", async () => {
  harness = await startTestApp({ linked: false });
  const [one, other] = [await newProcess(), await newProcess()];
  one.app.vendors.answers.note(unknown({ token: "a" }));
  other.app.vendors.answers.note(unknown({ code: "b" }));
  one.app.vendors.answers.note(unknown({ id: 1 }));
  other.app.vendors.answers.note(unknown({ id: 2 }));
  await Promise.all([one.app.vendors.answers.flushIfDue(), other.app.vendors.answers.flushIfDue()]);
  const { garmin } = (await one.app.vendors.answers.read()).unknown;
  expect(garmin.map(({ shape, times }) => `${shape.at(-1)}, ${times}`).sort()).toEqual([
    "code: text, length 1, 1",
    "id: integer, 2",
    "token: text, length 1, 1",
  ]);
  await one.app.close();
  await other.app.close();
});

test("a store that is down, or holds something else there, stops no run and no report", async () => {
  harness = await startTestApp();
  const { app, store } = await newProcess();
  app.vendors.answers.note(unknown({ token: "a" }));
  store.takeAway();
  await app.vendors.answers.flushIfDue();
  await expect(app.vendors.answers.read()).rejects.toThrow("away");
  await app.close();
});

test("the largest log fits into one item of any store", async () => {
  harness = await startTestApp({ linked: false });
  const { app } = await newProcess();
  const field = (n: number) => "x".repeat(50 + n);
  for (const vendor of ["withings", "garmin", "telegram"] as const) {
    for (let n = 0; n < 25; n++) {
      const value = Object.fromEntries(
        Array.from({ length: 100 }, (_, at) => [field(at), { [field(n)]: [n, "text", null] }]),
      );
      app.vendors.answers.note({
        ...unknown(value, vendor),
        where: "invalid ".repeat(100),
        call: "range ".repeat(50),
        headerNames: Array(99).fill("x".repeat(30)),
      });
    }
  }
  for (let n = 0; n < 200; n++)
    for (let m = 0; m < 30; m++) app.vendors.answers.count(`${field(n)} ${n}`, `HTTP ${m}`, false);
  const known = await app.vendors.answers.read();
  expect(Object.keys(known.endpoints).length).toBeLessThanOrEqual(61);
  // DynamoDB takes 400 KB; sealed, an item is a third longer.
  expect(JSON.stringify(known).length).toBeLessThan(280_000);
  await app.close();
});
