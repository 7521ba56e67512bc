import { afterEach, expect, test, vi } from "vitest";
import type { App } from "../../../src/app/app.ts";
import { systemClock } from "../../../src/lib/clock.ts";
import type { Table } from "../../../src/store/table.ts";
import type { BloodPressure, WeighIn } from "../../../src/sync/model/reading.ts";
import { useFakeTime } from "../../support/fake-time.ts";
import { ACCOUNT, NOON, startTestApp } from "../../support/test-app.ts";

const MINUTE = 60_000;
const PAGES = 300;

afterEach(() => vi.useRealTimers());

/**
 * The real program, limiter included, against the real sandbox over HTTP. Only time runs faster: the timers of this process
 * and its calendar are moved on together, a little whenever the sockets have had their turn.
 */
async function startFastHarness() {
  // What is loaded on demand comes from a real thread.
  await import("bottleneck/light.js");
  useFakeTime(NOON);
  const harness = await startTestApp({ sandbox: { clock: systemClock } });
  let underWay = 0;
  const sent: Array<{ path: string; at: number }> = [];
  return {
    ...harness,
    /** Each request of the programs, and when it was sent. */
    sent,
    newApp: (wrapTable = (table: Table) => table) =>
      harness.newApp({
        ...{ clock: systemClock, paced: true, wrapTable },
        wrapSend: (send) => (request) => {
          underWay++;
          sent.push({ path: new URL(request.url).pathname, at: Date.now() });
          return send(request).finally(() => underWay--);
        },
      }),
    /** Lets time pass until the work is done, 20 minutes at most. */
    async passes<T>(work: Promise<T>): Promise<T> {
      let ended = false;
      const end = work.finally(() => {
        ended = true;
      });
      const giveUpAt = Date.now() + 20 * MINUTE;
      while (!ended && Date.now() < giveUpAt) {
        // What can be asked now is asked before a second passes. Time stands still while a request is under way.
        for (let idle = 0; idle < 20 && !ended; ) {
          await new Promise((resolve) => setImmediate(resolve));
          if (underWay > 0) continue;
          await vi.advanceTimersByTimeAsync(1);
          idle = underWay > 0 ? 0 : idle + 1;
        }
        await vi.advanceTimersByTimeAsync(300);
      }
      return end;
    },
  };
}

test("a backfill of three hundred pages never asks Withings more than 120 times in a minute, and keeps its lease", async () => {
  const harness = await startFastHarness();
  const { person, sandbox } = harness;
  sandbox.withings.settings.pageSize = 1;
  sandbox.withings.limits.dedupe = "all";
  for (let index = 0; index < PAGES; index++) {
    person.stepOnScale({ at: new Date(NOON.getTime() - (index + 10) * 3600_000), weightKg: 80 + (index % 7) / 10 });
  }
  const run = harness.passes(harness.sync({}, await harness.newApp()));
  expect(await run).toEqual({ status: "success", synced: PAGES, skipped: 0, held: 0, failed: 0 });
  expect(sandbox.withings.maxInAnyMinute()).toBeLessThanOrEqual(120);
  // It used what is allowed, and had to wait for the rest.
  expect(sandbox.withings.maxInAnyMinute()).toBeGreaterThan(100);
  expect(Date.now()).toBeGreaterThan(NOON.getTime() + 2 * MINUTE);
  expect(harness.weights()).toHaveLength(PAGES);
  await harness.close();
});

test("four programs on one store that ask at the same time stay within the limit together, and all get their answers", async () => {
  const harness = await startFastHarness();
  const { sandbox } = harness;
  const ask = async ({ vendors, tokens }: App, times: number) => {
    for (let n = 0; n < times; n++) await vendors.withings.source.latestHeight(tokens.withAccess(ACCOUNT, "withings"));
  };
  const begunAt = Date.now();
  const apps = await Promise.all([1, 2, 3, 4].map(() => harness.newApp()));
  await harness.passes(Promise.all(apps.map((app) => ask(app, 75))));
  expect(sandbox.withings.requests.filter((it) => it.path === "/measure")).toHaveLength(300);
  expect(sandbox.withings.maxInAnyMinute()).toBeLessThanOrEqual(120);
  expect(sandbox.withings.maxInAnyMinute()).toBeGreaterThan(100);
  expect(Date.now() - begunAt).toBeLessThan(5 * MINUTE);
  await harness.close();
});

const measured = (minutes: number) => ({
  ...{ measureGroupId: minutes, takenAt: new Date(NOON.getTime() - minutes * MINUTE), modifiedAt: NOON },
  ...{ attribution: "certain" as const, imported: false },
});
/** The most that were sent within this many seconds. */
const most = (times: number[], seconds: number) =>
  Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + seconds * 1000).length));

test("Garmin gets a burst of uploads, then files and blood pressures evenly, from all runs of a process together", async () => {
  const harness = await startFastHarness();
  const { vendors, tokens } = await harness.newApp();
  const context = {
    ...{ heightM: undefined, timezone: "Europe/Berlin", parts: { composition: true, muscle: true } },
    beforeEach: async () => {},
  };
  const ofRuns = [1, 2].map(() => vendors.garmin.openSinks(tokens.withAccess(ACCOUNT, "garmin")));
  const files = Array.from({ length: 12 }, (_, n): WeighIn => ({ ...measured(n), kind: "weigh_in", weightKg: 80 }));
  const pressures = Array.from(
    { length: 40 },
    (_, n): BloodPressure => ({ ...measured(n), kind: "blood_pressure", systolicMmHg: 120 + n, diastolicMmHg: 80 }),
  );
  await harness.passes(
    Promise.all([
      ...ofRuns.flatMap(({ weigh_in }, run) =>
        files.slice(run * 6, run * 6 + 6).map((it) => weigh_in.send([it], context)),
      ),
      ...ofRuns.map(({ blood_pressure }, run) =>
        blood_pressure.send(pressures.slice(run * 20, run * 20 + 20), context),
      ),
    ]),
  );
  const times = (path: string) => harness.sent.filter((it) => it.path === path).map(({ at }) => at);
  const [uploads, ofPressure] = [times("/upload-service/upload"), times("/bloodpressure-service/bloodpressure")];
  expect([uploads.length, ofPressure.length]).toEqual([12, 40]);
  expect(most(uploads, 2)).toBeLessThanOrEqual(6);
  expect(most(uploads.slice(5), 6)).toBeLessThanOrEqual(4);
  expect(most(ofPressure, 1)).toBeLessThanOrEqual(22);
  expect(most(ofPressure.slice(20), 3)).toBeLessThanOrEqual(7);
  // Two runs have no more in a minute than one had at a file every two seconds and a pressure every half second.
  expect(most(uploads, 60)).toBeLessThanOrEqual(30);
  expect(most(ofPressure, 60)).toBeLessThanOrEqual(120);
  // The burst goes at once, which is what makes a first import short.
  expect((uploads[4] ?? 0) - (uploads[0] ?? 0)).toBeLessThan(1000);
  await harness.close();
});

test("the requests of one process don't compete for the shared limit: each takes its slot at the first try", async () => {
  const harness = await startFastHarness();
  let tries = 0;
  const { vendors, tokens } = await harness.newApp((table) => ({
    ...table,
    put: (key, ...rest) => {
      if (key.pk === "rate-limit#withings") tries++;
      return table.put(key, ...rest);
    },
  }));
  const access = tokens.withAccess(ACCOUNT, "withings");
  // The process that linked the account has asked just now; after a rest that counts no more.
  vi.setSystemTime(Date.now() + MINUTE);
  await harness.passes(Promise.all(Array.from({ length: 30 }, () => vendors.withings.source.latestHeight(access))));
  expect(harness.sent.filter(({ path }) => path === "/measure")).toHaveLength(30);
  expect(tries).toBe(30);
  await harness.close();
});
