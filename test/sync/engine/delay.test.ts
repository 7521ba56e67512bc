import { afterEach, describe, expect, test } from "vitest";
import type { DelayCause } from "../../../src/lib/errors.ts";
import type { FaultName } from "../../../src/sandbox/named-faults.ts";
import { ACCOUNT, OWNER, startTestApp, type TestApp } from "../../support/test-app.ts";
import { watched } from "../../support/watched-table.ts";

let harness: TestApp;
afterEach(() => harness.close());

const minutesAgo = (minutes: number) => new Date(harness.clock.now().getTime() - minutes * 60_000);
const lastRun = async () => (await harness.app.store.schedule.lastRun(ACCOUNT))?.outcome;
const pass = (minutes: number) => harness.clock.advance(minutes * 60);

/** Linked, with one reading that proved the kind, and a new one. */
async function setUp(options: Parameters<typeof startTestApp>[0] = {}) {
  harness = await startTestApp(options);
  harness.person.stepOnScale({ at: minutesAgo(90), weightKg: 80 });
  expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
  pass(60);
  harness.person.stepOnScale({ at: minutesAgo(5), weightKg: 80.25 });
}

const NEWEST = { newest: { values: { kind: "weigh_in", weightKg: 80.25 } } };
const HANG = { type: "drop_before" } as const;

describe("a run that put something off says whose trouble it is, and of which kind", () => {
  test.each<[FaultName, DelayCause, number | undefined]>([
    ["withings_601", "withings_limited", undefined],
    ["withings_down", "withings_silent", undefined],
    ["withings_html_page", "withings_silent", undefined],
    ["withings_unknown_status", "withings_refusing", undefined],
    ["garmin_api_500", "garmin_silent", 1],
    ["garmin_api_429", "garmin_limited", 1],
    ["garmin_upload_dropped", "garmin_silent", 1],
    ["garmin_slow_to_show", "garmin_not_showing", 1],
    ["garmin_token_not_active", "garmin_refusing", 1],
  ])("%s is %s", async (fault, cause, waiting) => {
    await setUp();
    const since = harness.clock.now();
    harness.sandbox.faults.turnOn(fault);
    const first = await harness.sync();
    expect(first).toMatchObject({ status: "retry_later", delay: { cause, ...(waiting && { waiting, ...NEWEST }) } });
    expect(first.delay?.waiting).toBe(waiting);
    expect(await lastRun()).toMatchObject({ delay: first.delay });

    // The same trouble lasts since its first run, whatever the clock says by now.
    pass(3);
    const second = await harness.sync();
    expect(second.delay?.cause).toBe(cause);
    expect(second.delay?.since).toEqual(first.delay?.since);
    expect(Math.abs((second.delay?.since.getTime() ?? 0) - since.getTime())).toBeLessThan(10_000);
    // A run that did not get that far doesn't forget what waits.
    expect(second.delay?.waiting).toBe(waiting);

    harness.sandbox.faults.turnOff(fault);
    harness.clock.advance(24 * 3600);
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
    expect(await lastRun()).not.toHaveProperty("delay");
  });

  test.each([
    ["no answer to a token renewal", { server: "garmin_diauth", effect: HANG }, "garmin_silent"],
    [
      "an error page at the token endpoint",
      { server: "garmin_diauth", effect: { type: "status", status: 503 } },
      "garmin_silent",
    ],
    [
      "a limit at the token endpoint",
      { server: "garmin_diauth", effect: { type: "status", status: 429 } },
      "garmin_limited",
    ],
    [
      "a wall in front of Garmin",
      { server: "garmin_connectapi", effect: { type: "status", status: 403, body: "<html>" } },
      "garmin_refusing",
    ],
    [
      "a wall at the token endpoint",
      { server: "garmin_diauth", effect: { type: "status", status: 403, body: "<html>" } },
      "garmin_refusing",
    ],
    [
      "a refusal to renew in unknown words",
      { server: "garmin_diauth", effect: { type: "status", status: 400, body: { error: "odd" } } },
      "garmin_refusing",
    ],
    ["no answer of Garmin", { server: "garmin_connectapi", effect: HANG }, "garmin_silent"],
    ["no answer of Withings", { server: "withings", effect: HANG }, "withings_silent"],
    ["HTTP 429 of Withings", { server: "withings", effect: { type: "status", status: 429 } }, "withings_limited"],
    [
      "Withings' own timeout",
      { server: "withings", effect: { type: "body", body: { status: 522, error: "timeout" } } },
      "withings_silent",
    ],
    [
      "an outage of Withings that says for how long",
      { server: "withings", effect: { type: "status", status: 503, headers: { "retry-after": "600" } } },
      "withings_limited",
    ],
  ] as const)("%s", async (_what, { server, effect }, cause) => {
    await setUp();
    if (server === "garmin_diauth") harness.sandbox.garmin.expireAccessToken(OWNER.email);
    if (server === "garmin_diauth") harness.clock.advance(3 * 24 * 3600);
    harness.sandbox.faults.add({ name: "trouble", server, match: {}, times: Number.POSITIVE_INFINITY, effect });
    expect(await harness.sync()).toMatchObject({ status: "retry_later", delay: { cause } });
  });

  test("another cause is dated from when it started, and keeps what waits", async () => {
    await setUp();
    harness.sandbox.faults.turnOn("garmin_api_500");
    await harness.sync();
    pass(5);
    harness.sandbox.faults.turnOff("garmin_api_500");
    harness.sandbox.faults.turnOn("withings_down");
    const since = harness.clock.now();
    const { delay } = await harness.sync();
    expect(delay).toMatchObject({ cause: "withings_silent", since, waiting: 1, ...NEWEST });
  });

  test("a store that is down is our trouble, not a vendor's", async () => {
    await setUp();
    const store = watched();
    const app = await harness.newApp({ wrapTable: store.wrapTable });
    store.takeAway();
    expect(await harness.sync({}, app)).toMatchObject({ status: "retry_later", delay: { cause: "us" } });
  });

  test("a run whose time is up is our trouble, and says how much waits", async () => {
    await setUp();
    const deadlineAt = new Date(harness.clock.now().getTime() + 30_000);
    const app = await harness.newApp({ deadlineAt: () => deadlineAt });
    expect(await harness.sync({}, app)).toMatchObject({
      ...{ status: "retry_later", synced: 0 },
      delay: { cause: "us", waiting: 1, ...NEWEST },
    });
  });

  test("a limit says until when, from run to run", async () => {
    await setUp();
    harness.sandbox.faults.turnOn("garmin_api_429");
    const until = (await harness.sync()).delay?.until;
    expect(until?.getTime()).toBe(harness.clock.now().getTime() + 120_000);
    pass(1);
    // Garmin isn't asked until then, and the run doesn't get to the reading.
    expect(await harness.sync()).toMatchObject({ delay: { cause: "garmin_limited", until, waiting: 1 } });
  });
});

describe("since when", () => {
  /** Runs half an hour apart, each with just this wrong, and since when each said that its trouble lasts. */
  async function sincesOf(faults: Array<FaultName | "none" | "sign_in" | "weigh_in">) {
    const begun = harness.clock.now().getTime();
    const sinces: Array<number | undefined> = [];
    for (const fault of faults) {
      if (fault === "sign_in") await harness.signInAs(OWNER.email);
      else if (fault === "weigh_in") harness.person.stepOnScale({ at: minutesAgo(1), weightKg: 80.5 });
      else {
        harness.sandbox.faults.clear();
        if (fault !== "none") harness.sandbox.faults.turnOn(fault);
        const { delay, since = delay?.since } = await harness.sync();
        sinces.push(since && Math.round((since.getTime() - begun) / 60_000));
      }
      pass(30);
    }
    return sinces;
  }

  test.each<[string, Parameters<typeof sincesOf>[0], Array<number | undefined>]>([
    [
      "a step of the owner's is due, also with an outage in between",
      ["garmin_upload_412", "withings_down", "garmin_upload_412"],
      [0, 30, 0],
    ],
    [
      "an outage lasts, also with another one in between",
      ["garmin_api_500", "withings_down", "garmin_api_500"],
      [0, 30, 0],
    ],
    [
      "an outage lasts, with two others in between",
      ["garmin_api_500", "withings_down", "withings_601", "garmin_api_500", "withings_601"],
      [0, 30, 60, 0, 120],
    ],
    [
      "Withings is silent, which answered in between",
      ["withings_down", "garmin_upload_412", "withings_down"],
      [0, 30, 60],
    ],
    [
      "Garmin is silent, which took an upload in between",
      ["garmin_api_500", "garmin_slow_to_show", "garmin_api_500"],
      [0, 30, 30 + 30],
    ],
    [
      "anything is wrong, after a run that did everything",
      ["garmin_upload_412", "withings_down", "none", "weigh_in", "garmin_upload_412", "withings_down"],
      [0, 30, undefined, 120, 150],
    ],
    [
      "consent is missing, after a new sign-in",
      ["garmin_upload_412", "sign_in", "withings_down", "garmin_upload_412"],
      [0, 60, 90],
    ],
  ])("%s", async (_what, faults, expected) => {
    await setUp();
    expect(await sincesOf(faults)).toEqual(expected);
  });
});

test("a reading that Withings announced counts as waiting, although no run has got to it", async () => {
  await setUp();
  harness.sandbox.faults.turnOn("withings_down");
  expect((await harness.sync()).delay).not.toHaveProperty("announced");
  pass(1);
  expect((await harness.sync({ isAnnounced: true })).delay).toMatchObject({
    cause: "withings_silent",
    announced: true,
  });
  pass(1);
  // The next run learns it from this one.
  expect((await harness.sync()).delay).toMatchObject({ announced: true });
  harness.sandbox.faults.clear();
  harness.sandbox.faults.turnOn("garmin_api_500");
  pass(1);
  const { delay } = await harness.sync({ isAnnounced: true });
  expect(delay).toMatchObject({ cause: "garmin_silent", waiting: 1 });
  expect(delay).not.toHaveProperty("announced");
});

test("while the first reading of a new link has not shown, the delay says how many follow it", async () => {
  harness = await startTestApp();
  for (const minutes of [50, 40, 30])
    harness.person.stepOnScale({ at: minutesAgo(minutes), weightKg: 80 + minutes / 100 });
  harness.sandbox.garmin.settings.readBackDelaySeconds = 600;
  const first = await harness.sync();
  expect(first.delay).toMatchObject({ cause: "garmin_not_showing", waiting: 3, accepted: 1, following: 2 });
  pass(2);
  expect((await harness.sync()).delay).toEqual(first.delay);
});

test("a clock that was ahead doesn't date a delay into the future", async () => {
  await setUp();
  harness.sandbox.faults.turnOn("withings_down");
  harness.clock.advance(3600);
  await harness.sync();
  harness.clock.advance(-3000);
  expect((await harness.sync()).delay?.since).toEqual(harness.clock.now());
});

test("saving how a run ended costs the store one read and one write, even with a delay before it", async () => {
  await setUp();
  const cost = async () => {
    const store = watched();
    const app = await harness.newApp({ wrapTable: store.wrapTable });
    const before = store.calls();
    await app.store.schedule.ended(ACCOUNT, { last: (last) => last ?? expect.fail("there was no run") });
    return store.calls() - before;
  };
  const ordinary = await cost();
  harness.sandbox.faults.turnOn("withings_down");
  await harness.sync();
  expect(await cost()).toBe(ordinary);
  expect(ordinary).toBe(2);
});

describe("after Garmin refused an upload for lack of consent", () => {
  async function refused() {
    await setUp();
    harness.sandbox.faults.turnOn("garmin_upload_412");
    expect(await harness.sync()).toMatchObject({ status: "action_needed", action: "grant_garmin_upload" });
    return harness.clock.now();
  }

  test("only an accepted upload ends that", async () => {
    const at = await refused();
    expect(await lastRun()).toMatchObject({ uploadRefusedAt: at });
    harness.sandbox.faults.clear();
    harness.sandbox.faults.turnOn("withings_down");
    pass(5);
    await harness.sync();
    expect(await lastRun()).toMatchObject({ status: "retry_later", uploadRefusedAt: at });
    harness.sandbox.faults.clear();
    pass(5);
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
    expect(await lastRun()).not.toHaveProperty("uploadRefusedAt");
  });

  test("a reading that had been accepted before doesn't end it when it shows", async () => {
    await setUp();
    harness.sandbox.faults.turnOn("garmin_slow_to_show");
    expect(await harness.sync()).toMatchObject({ delay: { cause: "garmin_not_showing" } });
    harness.sandbox.faults.turnOn("garmin_upload_412");
    pass(1);
    const refusedOne = harness.person.stepOnScale({ at: minutesAgo(0), weightKg: 80.5 });
    expect(await harness.sync()).toMatchObject({ action: "grant_garmin_upload" });
    const at = harness.clock.now();
    harness.person.remove(refusedOne);
    pass(20);
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 1, uploadRefusedAt: at });
    expect(await lastRun()).toMatchObject({ uploadRefusedAt: at });
  });
});
