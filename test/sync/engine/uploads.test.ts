import { afterEach, describe, expect, test } from "vitest";
import type { Transport } from "../../../src/lib/http-client.ts";
import { readWeightFile } from "../../../src/sandbox/garmin/fit-file.ts";
import { readingId } from "../../../src/sync/model/reading.ts";
import { ACCOUNT, OWNER, startTestApp, type TestApp } from "../../support/test-app.ts";

let harness: TestApp;
afterEach(() => harness.close());

const HOUR = 3600;
const minutesAgo = (minutes: number) => new Date(harness.clock.now().getTime() - minutes * 60_000);
const weights = () => harness.weights().map((it) => it.weightKg);
const UPLOADS = /^\/(upload-service|bloodpressure-service)\//;
const isUpload = (request: { method: string; path: string }) => request.method === "POST" && UPLOADS.test(request.path);
const uploads = () => harness.sandbox.garmin.requests.filter(isUpload).length;
const answering = (status: number) =>
  harness.sandbox.faults.add({
    ...{ name: "answer", server: "garmin_connectapi", match: { method: "POST", path: UPLOADS }, times: Infinity },
    effect: { type: "status", status },
  });

const kinds = {
  "a weigh-in": {
    measure: (at: Date) => harness.person.stepOnScale({ at, weightKg: 80.25 }),
    standing: () => harness.weights().length,
  },
  "a pressure": {
    measure: (at: Date) => harness.person.takeBloodPressure({ at, systolic: 121, diastolic: 79, pulse: 61 }),
    standing: () => harness.pressures().length,
  },
};

describe.each(Object.entries(kinds))("the upload of %s", (_kind, { measure, standing }) => {
  test("whose answer got lost is found in Garmin at once, counted, and is there once", async () => {
    harness = await startTestApp();
    const { sync, clock, sandbox } = harness;
    measure(minutesAgo(30));
    sandbox.faults.turnOn("garmin_upload_lost_answer", { times: 1 });
    expect(await sync()).toMatchObject({ synced: 1, failed: 0 });
    clock.advance(150);
    expect(await sync()).toMatchObject({ status: "success", synced: 0, skipped: 1 });
    expect([standing(), uploads()]).toEqual([1, 1]);
  });

  test("whose answer got lost, and that shows later, is found by a later run and counted there", async () => {
    harness = await startTestApp();
    const { sync, clock, sandbox } = harness;
    measure(minutesAgo(30));
    sandbox.garmin.settings.readBackDelaySeconds = 90;
    sandbox.faults.turnOn("garmin_upload_lost_answer", { times: 1 });
    expect(await sync()).toMatchObject({ status: "retry_later", synced: 0 });
    clock.advance(100);
    expect(await sync()).toMatchObject({ status: "success", synced: 1 });
    expect([standing(), uploads()]).toEqual([1, 1]);
  });

  test("that never arrived is looked for over two minutes and then sent once more", async () => {
    harness = await startTestApp();
    const { sync, clock, sandbox } = harness;
    measure(minutesAgo(30));
    sandbox.faults.turnOn("garmin_upload_dropped", { times: 1 });
    expect(await sync()).toMatchObject({ status: "retry_later", synced: 0 });
    clock.advance(60);
    expect(await sync()).toMatchObject({ status: "retry_later", synced: 0 });
    clock.advance(59);
    expect(await sync()).toMatchObject({ status: "retry_later", synced: 0 });
    expect([standing(), uploads()]).toEqual([0, 1]);
    clock.advance(1);
    expect(await sync()).toMatchObject({ status: "success", synced: 1 });
    expect([standing(), uploads()]).toEqual([1, 2]);
  });

  test("that Garmin is slow to show is waited for and never sent again", async () => {
    harness = await startTestApp();
    const { sync, clock, sandbox } = harness;
    measure(minutesAgo(30));
    sandbox.faults.turnOn("garmin_slow_to_show");
    expect(await sync()).toMatchObject({ status: "retry_later", synced: 0 });
    for (const seconds of [1, 120, 121, 240]) {
      clock.advance(seconds);
      expect(await sync()).toMatchObject({ status: "retry_later", synced: 0 });
    }
    clock.advance(120);
    expect(await sync()).toMatchObject({ status: "success", synced: 1 });
    expect([standing(), uploads()]).toEqual([1, 1]);
  });

  test("whose answer got lost, at a Garmin so slow that it is sent again, still ends up there once", async () => {
    harness = await startTestApp();
    const { sync, clock, sandbox } = harness;
    measure(minutesAgo(30));
    sandbox.faults.turnOn("garmin_slow_to_show");
    sandbox.faults.turnOn("garmin_upload_lost_answer", { times: 1 });
    await sync();
    clock.advance(121);
    expect(await sync()).toMatchObject({ status: "retry_later" });
    expect(standing()).toBe(2);
    let synced = 0;
    for (let runs = 0; runs < 8; runs++) {
      clock.advance(120);
      synced += (await sync()).synced;
    }
    expect(await sync()).toMatchObject({ status: "success", skipped: 1 });
    expect([standing(), uploads(), synced]).toEqual([1, 2, 1]);
  });

  test("that gets no answer in time is left for later", async () => {
    harness = await startTestApp();
    const { sync, clock, sandbox } = harness;
    measure(minutesAgo(30));
    sandbox.faults.add({
      server: "garmin_connectapi",
      match: { method: "POST", path: UPLOADS },
      effect: { type: "hang" },
    });
    const impatient =
      (send: Transport): Transport =>
      (request) =>
        send({ ...request, answerSeconds: 0.2 });
    expect(await sync({}, await harness.newApp({ wrapSend: impatient }))).toMatchObject({
      status: "retry_later",
      synced: 0,
    });
    clock.advance(121);
    expect(await sync()).toMatchObject({ status: "success", synced: 1 });
    expect(standing()).toBe(1);
  });

  test.each([500, 502, 503])(
    "that gets HTTP %s may have arrived: it is looked for before it is sent again",
    async (status) => {
      harness = await startTestApp();
      const { sync, clock, sandbox } = harness;
      measure(minutesAgo(30));
      answering(status);
      expect(await sync()).toMatchObject({ status: "retry_later", synced: 0, failed: 0 });
      sandbox.faults.clear();
      expect(await sync()).toMatchObject({ status: "retry_later", synced: 0 });
      clock.advance(121);
      expect(await sync()).toMatchObject({ status: "success", synced: 1 });
      expect([standing(), uploads()]).toEqual([1, 2]);
    },
  );

  test.each([403, 429])("that gets HTTP %s did not happen: the next run makes it at once", async (status) => {
    harness = await startTestApp();
    const { sync, sandbox, clock } = harness;
    measure(minutesAgo(30));
    answering(status);
    expect(await sync()).toMatchObject({ status: "retry_later", synced: 0, failed: 0 });
    expect((await harness.app.store.links.read(4711, "garmin"))?.value.state).toBe("linked");
    sandbox.faults.clear();
    clock.advance(1);
    expect(await sync()).toMatchObject({ status: "success", synced: 1 });
    expect(standing()).toBe(1);
  });

  test("that lacks the consent asks the owner for it, marks nothing, and everything arrives afterwards", async () => {
    harness = await startTestApp();
    const { sync, sandbox, clock } = harness;
    sandbox.garmin.setConsent(OWNER.email, false);
    const groups = [measure(minutesAgo(30)), measure(minutesAgo(20))];
    expect(await sync()).toMatchObject({
      status: "action_needed",
      action: "grant_garmin_upload",
      synced: 0,
      failed: 0,
    });
    const ids = groups.flatMap((measureGroupId) =>
      (["weigh_in", "blood_pressure"] as const).map((kind) => readingId({ measureGroupId, kind })),
    );
    expect((await harness.ledger().entries(ids)).size).toBe(0);
    clock.advance(24 * HOUR);
    await harness.link();
    expect(await sync()).toMatchObject({ status: "action_needed", action: "grant_garmin_upload" });
    sandbox.garmin.setConsent(OWNER.email, true);
    expect(await sync()).toEqual({ status: "success", synced: 2, skipped: 0, held: 0, failed: 0 });
    expect(standing()).toBe(2);
  });
});

test("an upload that Garmin accepted, and couldn't be asked about, is found by a later run", async () => {
  harness = await startTestApp();
  const { sync, sandbox, clock } = harness;
  kinds["a weigh-in"].measure(minutesAgo(30));
  kinds["a pressure"].measure(minutesAgo(30));
  sandbox.faults.add({
    ...{ name: "blind", server: "garmin_connectapi", match: { method: "GET" }, times: Infinity },
    effect: { type: "status", status: 502 },
  });
  expect(await sync()).toMatchObject({ status: "retry_later", synced: 0 });
  clock.advance(4000);
  expect(await sync()).toMatchObject({ status: "retry_later", synced: 0 });
  sandbox.faults.clear();
  expect(await sync()).toMatchObject({ status: "success", synced: 2 });
  expect(uploads()).toBe(2);
});

test("a run that slept through its lease sends nothing and moves nothing, because another run may be at work", async () => {
  harness = await startTestApp();
  const { sync, clock, app } = harness;
  kinds["a weigh-in"].measure(minutesAgo(30));
  kinds["a pressure"].measure(minutesAgo(30));
  const asleep = await harness.newApp({
    wrapSend: (send) => async (request) => {
      const answer = await send(request);
      if (String(request.url).endsWith("/measure")) {
        clock.advance(121);
        await app.store.leases.acquire("account#4711", 120);
      }
      return answer;
    },
  });
  expect(await sync({}, asleep)).toMatchObject({ status: "retry_later", synced: 0 });
  expect(uploads()).toBe(0);
  clock.advance(121);
  expect(await sync()).toMatchObject({ status: "success", synced: 2 });
});

/** Garmin refuses every file with one of these weights in it, and all of these pressures. */
const refusing =
  (bad: number[]) =>
  (send: Transport): Transport =>
  async (request) => {
    let values: number[] = [];
    if (typeof request.body === "object" && "file" in request.body) {
      const records = readWeightFile(request.body.file);
      values = "refused" in records ? [] : records.map((it) => it.weightKg);
    } else if (request.method === "POST" && String(request.url).includes("bloodpressure")) {
      values = [JSON.parse(String(request.body)).systolic];
    }
    const isBad = values.some((value) => bad.includes(value));
    return isBad ? { status: 400, headers: {}, text: '{"message":"Invalid file"}' } : send(request);
  };

describe("a reading that Garmin refuses", () => {
  test("doesn't hold back the others of its file, and is offered again once a day, seven times in all", async () => {
    harness = await startTestApp();
    const { person, sync, clock } = harness;
    const many = 70;
    for (let index = 0; index < many; index++) {
      person.stepOnScale({ at: minutesAgo(600 - index), weightKg: index === 40 ? 81 : 80 + (index % 9) / 10 });
    }
    const offers: number[] = [];
    const app = await harness.newApp({
      wrapSend: (send) => {
        const refuse = refusing([81])(send);
        return async (request) => {
          const answer = await refuse(request);
          if (answer.status === 400) offers.push(clock.now().getTime());
          return answer;
        };
      },
    });
    const first = await sync({}, app);
    expect(first).toMatchObject({ status: "error", synced: many - 1, failed: 1 });
    expect(weights()).toHaveLength(many - 1);
    const { attention } = (await harness.ledger().progress())?.value ?? {};
    expect(attention).toMatchObject([
      { values: { weightKg: 81 }, fate: { state: "failed", reason: "refused_by_garmin" } },
    ]);

    offers.length = 0;
    // No reading in between: the cursor has to stay where the refused one is still read.
    for (let hours = 0; hours < 9 * 24; hours += 8) {
      clock.advance(8 * HOUR);
      await harness.link();
      const report = await sync({}, app);
      expect(report.status).toBe(report.failed > 0 ? "error" : "success");
    }
    expect(offers).toHaveLength(6);
    expect(weights()).toHaveLength(many - 1);
  });

  test("arrives when Garmin has changed its mind a day later, though other readings came in between", async () => {
    harness = await startTestApp();
    const { person, sync, clock } = harness;
    const app = await harness.newApp({ wrapSend: refusing([81, 199]) });
    person.stepOnScale({ at: minutesAgo(30), weightKg: 81 });
    person.takeBloodPressure({ at: minutesAgo(30), systolic: 199, diastolic: 99 });
    person.takeBloodPressure({ at: minutesAgo(20), systolic: 120, diastolic: 80 });
    expect(await sync({}, app)).toMatchObject({ status: "error", synced: 1, failed: 2 });
    for (let days = 0; days < 3; days++) {
      clock.advance(23 * HOUR);
      await harness.link();
      person.stepOnScale({ weightKg: 80.5 });
      await sync({}, app);
    }
    clock.advance(25 * HOUR);
    await harness.link();
    expect(await sync()).toMatchObject({ status: "success", synced: 2, failed: 0 });
    expect(weights()).toEqual([81, 80.5, 80.5, 80.5]);
    expect(harness.pressures().map((it) => it.systolic)).toEqual([199, 120]);
    expect((await harness.ledger().progress())?.value.attention).toEqual([]);
  });
});

/** Garmin refuses the first upload and stores it all the same. */
function refusedButStored() {
  let refused = 0;
  const wrapSend =
    (send: Transport): Transport =>
    async (request) => {
      const answer = await send(request);
      const { method, url } = request;
      if (refused > 0 || method !== "POST" || !/upload-service|bloodpressure-service/.test(String(url))) return answer;
      refused++;
      return { ...answer, status: 400, text: "" };
    };
  return wrapSend;
}

describe.each(Object.entries(kinds))("the refused upload of %s that Garmin stored all the same", (_kind, kind) => {
  // Later than a day it is offered again, after a look.
  test.each([
    ["an hour", 3600],
    ["a day", 24 * 3600],
  ])("and shows %s later counts as arrived, and nothing is removed or sent again", async (_when, seconds) => {
    harness = await startTestApp();
    const { sync, clock, sandbox } = harness;
    const app = await harness.newApp({ wrapSend: refusedButStored() });
    kind.measure(minutesAgo(30));
    sandbox.garmin.settings.readBackDelaySeconds = seconds - 60;
    expect(await sync({}, app)).toMatchObject({ status: "error", failed: 1, synced: 0 });
    clock.advance(seconds);
    await harness.link();
    expect(await sync({}, app)).toMatchObject({ status: "success", failed: 0, synced: 1 });
    const { arrived, attention } = (await harness.ledger().progress())?.value ?? expect.fail();
    expect([arrived.length, attention.length]).toEqual([1, 0]);
    clock.advance(25 * HOUR);
    await harness.link();
    expect(await sync({}, app)).toMatchObject({ status: "success", synced: 0 });
    expect([kind.standing(), uploads()]).toEqual([1, 1]);
    expect(sandbox.garmin.requests.filter(({ method }) => method === "DELETE")).toEqual([]);
  });
});

test("a typed reading that Garmin refused, stored and shows late is there once after its owner tries again", async () => {
  harness = await startTestApp();
  const { sync, clock, sandbox } = harness;
  const app = await harness.newApp({ wrapSend: refusedButStored() });
  const [takenAt, typedAt] = [minutesAgo(30), minutesAgo(20)];
  const [id, values] = [9_000_000_000_000_001, { kind: "weigh_in", weightKg: 64.4 } as const];
  await app.store.typed.add(ACCOUNT, { id, takenAt, typedAt, values, within: { seconds: 600, kg: 0.1 } });
  sandbox.garmin.settings.readBackDelaySeconds = HOUR;
  expect(await sync({}, app)).toMatchObject({ status: "error", failed: 1 });
  const account = (await app.store.accounts.find(ACCOUNT)) ?? expect.fail();
  const heard = await app.sync.decideHeld(account, [readingId({ measureGroupId: id, kind: "weigh_in" })], "mine");
  expect(heard.type).toBe("noted");
  clock.advance(2 * HOUR);
  for (let runs = 0; runs < 3; runs++) {
    await sync({}, app);
    clock.advance(2 * HOUR);
  }
  expect(weights()).toEqual([64.4]);
});

test("what was typed isn't sent while the scale's, which Garmin refused and stored, may still show", async () => {
  harness = await startTestApp();
  const { sync, clock, sandbox, person } = harness;
  const app = await harness.newApp({ wrapSend: refusedButStored() });
  const [takenAt, typedAt] = [minutesAgo(30), minutesAgo(20)];
  const values = { kind: "weigh_in", weightKg: 64.4 } as const;
  const typed = { id: 9_000_000_000_000_001, takenAt, typedAt, values, within: { seconds: 600, kg: 0.1 } };
  await app.store.typed.add(ACCOUNT, typed);
  person.stepOnScale({ at: minutesAgo(32), weightKg: 64.4 });
  sandbox.garmin.settings.readBackDelaySeconds = HOUR;
  expect(await sync({}, app)).toMatchObject({ status: "error", failed: 1 });
  for (let runs = 0; runs < 4; runs++) {
    clock.advance(0.5 * HOUR);
    await sync({}, app);
  }
  expect(weights()).toEqual([64.4]);
});

describe("trouble with one kind of reading never stops the other", () => {
  test.each([
    ["pressures", /^\/bloodpressure-service\//, { weights: 2, pressures: 0 }],
    ["weights", /^\/(upload|weight)-service\//, { weights: 0, pressures: 2 }],
  ])("%s broken for days: the others arrive, and nothing is lost when it recovers", async (_what, path, meanwhile) => {
    harness = await startTestApp();
    const { person, sync, clock, sandbox } = harness;
    const measure = () => {
      person.stepOnScale({ at: minutesAgo(10), weightKg: 80.25 });
      person.takeBloodPressure({ at: minutesAgo(10), systolic: 121, diastolic: 79 });
    };
    const standing = () => ({ weights: harness.weights().length, pressures: harness.pressures().length });
    measure();
    const opened = minutesAgo(10).getTime();
    sandbox.faults.add({
      ...{ name: "broken", server: "garmin_connectapi", match: { path }, times: Infinity },
      effect: { type: "status", status: 500 },
    });
    expect(await sync()).toMatchObject({ status: "retry_later", synced: 1 });
    clock.advance(3 * 24 * HOUR);
    await harness.link();
    measure();
    expect(await sync()).toMatchObject({ status: "retry_later", synced: 1 });
    expect(standing()).toEqual(meanwhile);
    expect((await harness.ledger().progress())?.value.cursorAt.getTime()).toBeLessThan(opened + 60_000);

    sandbox.faults.clear();
    clock.advance(150);
    expect(await sync()).toMatchObject({ status: "success", synced: 2 });
    expect(standing()).toEqual({ weights: 2, pressures: 2 });
    expect((await harness.ledger().progress())?.value.cursorAt.getTime()).toBeGreaterThan(
      opened + 2 * 24 * HOUR * 1000,
    );
  });
});

test("a file that Garmin refuses, keeps, and shows only hours later is there once in the end", async () => {
  harness = await startTestApp();
  const { person, sync, clock, sandbox } = harness;
  person.stepOnScale({ at: minutesAgo(90), weightKg: 79.5 });
  await sync();
  person.stepOnScale({ at: minutesAgo(60), weightKg: 80 });
  person.stepOnScale({ at: minutesAgo(50), weightKg: 80.5 });
  clock.advance(60);
  sandbox.garmin.settings.readBackDelaySeconds = 3 * 3600;
  let isRefused = false;
  const app = await harness.newApp({
    wrapSend: (send) => async (request) => {
      const answer = await send(request);
      if (isRefused || request.method !== "POST" || !String(request.url).includes("upload-service")) return answer;
      isRefused = true;
      return { ...answer, status: 400, text: "" };
    },
  });
  await sync({}, app);
  expect(isRefused).toBe(true);
  for (let hours = 0; hours < 12; hours++) {
    clock.advance(3600);
    await sync();
  }
  expect(harness.weights().map((it) => it.weightKg)).toEqual([79.5, 80, 80.5]);
});
