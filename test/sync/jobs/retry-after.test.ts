import { describe, expect, test } from "vitest";
import type { FaultEffect, FaultMatch, ServerName } from "../../../src/sandbox/fault.ts";
import { ACCOUNT, OWNER } from "../../support/test-app.ts";
import { testSchedules } from "../../support/test-schedule.ts";

const schedules = testSchedules();
const { harness, minutes } = schedules;

interface Case {
  server: ServerName;
  match: FaultMatch;
  effect: FaultEffect;
  vendor: "withings" | "garmin";
  /** As seconds from now. */
  asked: number;
}
const UPLOAD = { method: "POST", path: "/upload-service/upload" };
const limited = (retryAfter: string): FaultEffect => ({
  type: "status",
  status: 429,
  headers: { "retry-after": retryAfter, date: "Sat, 21 Nov 2026 12:00:00 GMT" },
});
const HOUR = 3600;
const CASES: Array<[string, Case]> = [
  [
    "an upload's 429 in seconds",
    { server: "garmin_connectapi", match: UPLOAD, effect: limited("3600"), vendor: "garmin", asked: HOUR },
  ],
  [
    "an upload's 429 as a date",
    {
      server: "garmin_connectapi",
      match: UPLOAD,
      effect: limited("Sat, 21 Nov 2026 14:00:00 GMT"),
      vendor: "garmin",
      asked: 2 * HOUR,
    },
  ],
  [
    "an upload's 503, which may have been stored",
    {
      server: "garmin_connectapi",
      match: UPLOAD,
      effect: { type: "status", status: 503, headers: { "retry-after": "3600" } },
      vendor: "garmin",
      asked: HOUR,
    },
  ],
  [
    "Withings' 429",
    { server: "withings", match: { path: "/measure" }, effect: limited("5400"), vendor: "withings", asked: 1.5 * HOUR },
  ],
  [
    "Withings' 503",
    {
      server: "withings",
      match: { path: "/measure" },
      effect: { type: "status", status: 503, headers: { "retry-after": "3600" } },
      vendor: "withings",
      asked: HOUR,
    },
  ],
  [
    "Withings' 601 that says how long",
    {
      server: "withings",
      match: { path: "/measure" },
      effect: { type: "body", body: { status: 601, body: { wait_seconds: 3600 }, error: "Too Many Requests" } },
      vendor: "withings",
      asked: HOUR,
    },
  ],
  [
    "Withings' 601 that says how long in its header",
    {
      server: "withings",
      match: { path: "/measure" },
      effect: {
        ...{ type: "status", status: 200, headers: { "retry-after": "3600" } },
        body: { status: 601, body: {}, error: "Too Many Requests" },
      },
      vendor: "withings",
      asked: HOUR,
    },
  ],
  [
    "a limit that is longer than a day",
    { server: "garmin_connectapi", match: UPLOAD, effect: limited("999999999"), vendor: "garmin", asked: 24 * HOUR },
  ],
];

describe.each(CASES)("after %s", (_what, { server, match, effect, vendor, asked }) => {
  async function toldToWait() {
    const started = await schedules.start();
    const { person, sandbox, requests, clock } = harness();
    person.stepOnScale({ at: minutes(-30), weightKg: 80.25 });
    person.takeBloodPressure({ at: minutes(-20), systolic: 121, diastolic: 79, pulse: 61 });
    const until = new Date(clock.now().getTime() + asked * 1000);
    sandbox.faults.add({ name: "limit", server, match, times: Number.POSITIVE_INFINITY, effect });
    requests();
    return { ...started, until };
  }
  /** Of this vendor, since the last time this was called. */
  const asks = () =>
    harness()
      .requests()
      .filter((it) => it.startsWith(vendor));

  test("the run ends at once, and the next one comes when the vendor may be asked again", async () => {
    const { perform, dueIn, until } = await toldToWait();
    await perform({ account: ACCOUNT, reason: "withings_notified", dueAt: minutes(0) });
    // The limited request and those before it. None after it.
    const { path } = match;
    expect(asks().at(-1)).toContain(path);
    const inMinutes = await dueIn();
    expect(inMinutes).toBeCloseTo((until.getTime() - harness().clock.now().getTime()) / 60_000, 1);
  });

  test("no run asks that vendor before then, whatever starts it and in any process, and everything arrives afterwards", async () => {
    const { perform, sweep, work } = await toldToWait();
    const { sync, newApp, sandbox, clock, weights, pressures } = harness();
    expect(await sync()).toMatchObject({ status: "retry_later", synced: 0 });
    asks();
    sandbox.faults.remove("limit");
    const left = asked - 60;
    clock.advance(left / 2);
    await perform({ account: ACCOUNT, reason: "withings_notified", dueAt: minutes(0) });
    await perform({ account: ACCOUNT, reason: "requested", messageId: 1, dueAt: minutes(0) });
    clock.advance(left / 2 - 10);
    const report = await sync({}, await newApp());
    expect(report).toMatchObject({ status: "retry_later", rests: { vendor } });
    expect(asks()).toEqual([]);
    clock.advance(130);
    await sweep();
    await work();
    clock.advance(130);
    await sync();
    expect([weights().length, pressures().length]).toEqual([1, 1]);
  });
});

test("a limited renewal of the tokens is respected like anything else", async () => {
  await schedules.start();
  const { sync, sandbox, clock, requests } = harness();
  await sync();
  clock.advance(8 * 24 * HOUR);
  sandbox.faults.add({ name: "limit", server: "garmin_diauth", match: {}, times: 9, effect: limited("3600") });
  requests();
  expect(await sync()).toMatchObject({ status: "retry_later", rests: { vendor: "garmin" } });
  expect(requests().filter((it) => it.startsWith("garmin"))).toHaveLength(1);
  expect(await sync()).toMatchObject({ status: "retry_later", rests: { vendor: "garmin" } });
  expect(requests().filter((it) => it.startsWith("garmin"))).toEqual([]);
});

test("a limit met while a refused token is checked elsewhere is respected too", async () => {
  await schedules.start();
  const { sync, sandbox, requests, person } = harness();
  await sync();
  person.stepOnScale({ at: minutes(-5), weightKg: 80.25 });
  const garmin = { server: "garmin_connectapi", times: 9 } as const;
  sandbox.faults.add({ ...garmin, match: { path: /socialProfile/ }, effect: limited("3600") });
  sandbox.faults.add({ ...garmin, match: {}, effect: { type: "status", status: 401 } });
  expect(await sync()).toMatchObject({ status: "retry_later", rests: { vendor: "garmin" } });
  sandbox.faults.clear();
  requests();
  expect(await sync()).toMatchObject({ status: "retry_later", rests: { vendor: "garmin" } });
  expect(requests().filter((it) => it.startsWith("garmin"))).toEqual([]);
});

test("an ended link whose daily try is limited isn't tried again before the wait is over", async () => {
  await schedules.start();
  const { sync, sandbox, clock, requests, app, person } = harness();
  person.stepOnScale({ at: minutes(-5), weightKg: 80.25 });
  sandbox.garmin.revoke(OWNER.email);
  const ended = { status: "action_needed", action: "relink_garmin" };
  expect(await sync()).toMatchObject(ended);
  clock.advance(24 * HOUR + 1);
  sandbox.faults.add({ name: "limit", server: "garmin_diauth", match: {}, times: 9, effect: limited("7200") });
  expect(await sync()).toMatchObject(ended);
  requests();
  clock.advance(7000);
  expect(await sync()).toMatchObject(ended);
  expect(requests().filter((it) => it.startsWith("garmin"))).toEqual([]);
  clock.advance(300);
  expect(await sync()).toMatchObject(ended);
  expect(requests().filter((it) => it.startsWith("garmin_diauth"))).not.toEqual([]);
  expect((await app.store.links.read(ACCOUNT, "garmin"))?.value.state).toBe("stale");
});

test("a time more than a day ahead was written by a wrong clock, and delays nobody", async () => {
  await schedules.start();
  const { sync, sandbox, clock, person, weights } = harness();
  person.stepOnScale({ at: minutes(-30), weightKg: 80.25 });
  clock.advance(20 * 24 * HOUR);
  sandbox.faults.add({ server: "garmin_connectapi", match: {}, effect: limited("7200") });
  expect(await sync()).toMatchObject({ status: "retry_later" });
  clock.advance(-20 * 24 * HOUR);
  expect(await sync()).toMatchObject({ status: "success" });
  expect(weights()).toHaveLength(1);
});
