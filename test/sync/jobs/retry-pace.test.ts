import { afterEach, expect, test, vi } from "vitest";
import { systemClock } from "../../../src/lib/clock.ts";
import { createRounds, createWaker, runEvery, type Waker } from "../../../src/lib/interval.ts";
import { sweep } from "../../../src/sync/jobs/sweep.ts";
import type { JobQueue } from "../../../src/sync/model/jobs.ts";
import { useFakeTime } from "../../support/fake-time.ts";
import { NOON, startTestApp } from "../../support/test-app.ts";

let close = async () => {};
afterEach(async () => {
  await close();
  vi.useRealTimers();
});

/** The sweep and the work of one machine, put together as `start` does it. The timers and the calendar are moved on together. */
async function startFastMachine(intervalMinutes: number) {
  useFakeTime(NOON);
  const harness = await startTestApp({
    sandbox: { clock: systemClock },
    env: { SYNC_INTERVAL_MINUTES: String(intervalMinutes) },
  });
  let underWay = 0;
  const clock = systemClock;
  let waker: Waker | undefined;
  const app = await harness.newApp({
    clock,
    wakeAt: (at) => waker?.wakeAt(at),
    wrapSend: (send) => (request) => {
      underWay++;
      return send(request).finally(() => underWay--);
    },
  });
  const { log } = app;
  const { schedule } = app.store;
  const { work } = harness.newService(app);
  const queue: JobQueue = {
    async put(jobs) {
      for (const job of jobs) await work({ ...job, attempts: 0 });
    },
  };
  const sweeps = createRounds(async () => void (await sweep({ schedule, queue, intervalMinutes, clock, log })), log);
  waker = createWaker(sweeps.run, clock);
  const interval = runEvery({ minutes: 1, tasks: [sweeps.run] });
  close = async () => {
    interval.stop();
    waker?.stop();
    await sweeps.stop();
    await harness.close();
  };
  return {
    harness,
    /** From the end of each run to the first request of the next, in seconds. */
    pauses(): number[] {
      const lines = harness.logged.map((line): { event: string; time: string } => JSON.parse(line));
      const ends = lines.filter(({ event }) => event === "run_ended").map(({ time }) => Date.parse(time));
      const asked = harness.sandbox.withings.requests.map(({ at }) => at.getTime());
      return ends.flatMap((endedAt) => {
        const next = asked.find((at) => at > endedAt);
        return next === undefined ? [] : (next - endedAt) / 1000;
      });
    },
    async passes(minutes: number) {
      const endAt = Date.now() + minutes * 60_000;
      while (Date.now() < endAt) {
        // Time stops while a request is under way.
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
test("a run that had to put something off comes again after one minute, two, four", async () => {
  const { harness, pauses, passes } = await startFastMachine(30);
  harness.sandbox.faults.add({
    server: "withings",
    match: { path: "/measure" },
    times: Number.POSITIVE_INFINITY,
    effect: { type: "status", status: 502 },
  });
  await passes(9);
  for (const [index, minutes] of [1, 2, 4].entries()) {
    expect(pauses()[index]).toBeGreaterThanOrEqual(minutes * 60 - 1);
    expect(pauses()[index]).toBeLessThan(minutes * 60 + 10);
  }
});

test("an interval of one minute is one minute", async () => {
  const { pauses, passes } = await startFastMachine(1);
  await passes(6);
  expect(pauses().length).toBeGreaterThanOrEqual(3);
  for (const pause of pauses()) expect(pause).toBeLessThan(70);
});
