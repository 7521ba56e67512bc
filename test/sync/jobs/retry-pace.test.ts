import { afterEach, expect, test, vi } from "vitest";
import { systemClock } from "../../../src/lib/clock.ts";
import { type RepeatedTask, runEvery } from "../../../src/lib/interval.ts";
import { createJobHandler } from "../../../src/sync/jobs/handler.ts";
import { createWakingSchedule, sweep } from "../../../src/sync/jobs/sweep.ts";
import type { JobQueue } from "../../../src/sync/model/jobs.ts";
import { NOON, startHousehold } from "../../support/household.ts";

let close = async () => {};
afterEach(async () => {
  await close();
  vi.useRealTimers();
});

/** The sweep and the work of one machine, put together as `start` does it. The timers and the calendar are moved on together. */
async function startFastMachine(intervalMinutes: number) {
  vi.useFakeTimers({ now: NOON, toFake: ["Date", "setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
  const house = await startHousehold({ sandbox: { clock: systemClock } });
  let underWay = 0;
  const clock = systemClock;
  const app = await house.newApp({
    clock,
    wrapSend: (send) => (request) => {
      underWay++;
      return send(request).finally(() => underWay--);
    },
  });
  const { log } = app;
  const runs: Array<{ begunAt: number; endedAt: number }> = [];
  let sweeps: RepeatedTask | undefined;
  const schedule = createWakingSchedule(app.store.schedule, clock, (at) => sweeps?.wakeAt(at));
  const work = createJobHandler({
    ...{ ...app.store, schedule, clock, log, intervalMinutes },
    async sync(account) {
      const begunAt = Date.now();
      const report = await app.sync.run(account);
      runs.push({ begunAt, endedAt: Date.now() });
      return report;
    },
    answerSync: () => expect.fail("nobody asked"),
    answerDoctor: async () => {},
    confirmUnlink: async () => {},
    keepSubscriptions: async () => {},
    summarize: async () => undefined,
  });
  const queue: JobQueue = {
    async put(jobs) {
      for (const job of jobs) await work({ ...job, attempts: 0 });
    },
  };
  sweeps = runEvery({
    minutes: 1,
    round: async () => void (await sweep({ schedule, queue, clock, log })),
    clock,
    log,
  });
  close = async () => {
    await sweeps?.stop();
    await house.close();
  };
  return {
    house,
    runs,
    async passes(minutes: number) {
      const endAt = Date.now() + minutes * 60_000;
      while (Date.now() < endAt) {
        // Time stands still while a request is under way.
        for (let idle = 0; idle < 20; ) {
          await new Promise((resolve) => setImmediate(resolve));
          if (underWay > 0) continue;
          await vi.advanceTimersByTimeAsync(1);
          idle = underWay > 0 ? 0 : idle + 1;
        }
        await vi.advanceTimersByTimeAsync(500);
      }
    },
  };
}
/** From the end of one run to the next, in seconds. */
const pauses = (runs: Array<{ begunAt: number; endedAt: number }>) =>
  runs.slice(1).map(({ begunAt }, index) => (begunAt - (runs[index]?.endedAt ?? 0)) / 1000);

test("a run that had to put something off comes again after one minute, two, four", async () => {
  const { house, runs, passes } = await startFastMachine(30);
  house.sandbox.faults.add({
    server: "withings",
    match: { path: "/measure" },
    times: Number.POSITIVE_INFINITY,
    effect: { type: "status", status: 502 },
  });
  await passes(9);
  for (const [index, minutes] of [1, 2, 4].entries()) {
    expect(pauses(runs)[index]).toBeGreaterThanOrEqual(minutes * 60 - 1);
    expect(pauses(runs)[index]).toBeLessThan(minutes * 60 + 10);
  }
});

test("an interval of one minute is one minute", async () => {
  const { runs, passes } = await startFastMachine(1);
  await passes(6);
  expect(runs.length).toBeGreaterThanOrEqual(4);
  for (const pause of pauses(runs)) expect(pause).toBeLessThan(70);
});
