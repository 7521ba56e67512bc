import { afterEach, expect, test, vi } from "vitest";
import type { App } from "../../src/app.ts";
import { systemClock } from "../../src/clock.ts";
import { ACCOUNT, NOON, startHousehold } from "../support/household.ts";

const MINUTE = 60_000;
const PAGES = 300;

afterEach(() => vi.useRealTimers());

/**
 * The real program, limiter included, against the real sandbox over HTTP. Only time runs faster: the timers of this process
 * and its calendar are moved on together, a little whenever the sockets have had their turn.
 */
async function startFastHouse() {
  vi.useFakeTimers({ now: NOON, toFake: ["Date", "setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
  const house = await startHousehold({ sandbox: { clock: systemClock } });
  let underWay = 0;
  return {
    ...house,
    newApp: () =>
      house.newApp({
        clock: systemClock,
        wrapSend: (send) => (request) => {
          underWay++;
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
  const house = await startFastHouse();
  const { person, sandbox } = house;
  sandbox.withings.settings.pageSize = 1;
  sandbox.withings.limits.dedupe = "all";
  for (let index = 0; index < PAGES; index++) {
    person.stepOnScale({ at: new Date(NOON.getTime() - (index + 10) * 3600_000), weightKg: 80 + (index % 7) / 10 });
  }
  const run = house.passes(house.sync({}, await house.newApp()));
  expect(await run).toEqual({ status: "success", synced: PAGES, skipped: 0, held: 0, failed: 0 });
  expect(sandbox.withings.maxInAnyMinute()).toBeLessThanOrEqual(120);
  // It used what is allowed, and had to wait for the rest.
  expect(sandbox.withings.maxInAnyMinute()).toBeGreaterThan(100);
  expect(Date.now()).toBeGreaterThan(NOON.getTime() + 2 * MINUTE);
  expect(house.weights()).toHaveLength(PAGES);
  await house.close();
});

test("four programs on one store that ask all at once stay within it together, and all get their answers", async () => {
  const house = await startFastHouse();
  const { sandbox } = house;
  const ask = async ({ run, tokens }: App, times: number) => {
    for (let n = 0; n < times; n++) await run.source.latestHeight(tokens.withAccess(ACCOUNT, "withings"));
  };
  const begunAt = Date.now();
  const apps = await Promise.all([1, 2, 3, 4].map(() => house.newApp()));
  await house.passes(Promise.all(apps.map((app) => ask(app, 75))));
  expect(sandbox.withings.requests.filter((it) => it.path === "/measure")).toHaveLength(300);
  expect(sandbox.withings.maxInAnyMinute()).toBeLessThanOrEqual(120);
  expect(sandbox.withings.maxInAnyMinute()).toBeGreaterThan(100);
  expect(Date.now() - begunAt).toBeLessThan(5 * MINUTE);
  await house.close();
});
