import { afterEach, expect, test, vi } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { NOON, startHousehold } from "../support/household.ts";

const MINUTE = 60_000;
const PAGES = 300;

afterEach(() => vi.useRealTimers());

/**
 * The real program, limiter included, against the real sandbox over HTTP. Only time runs faster: the timers of this process
 * and its calendar are moved on together, a little whenever the sockets have had their turn.
 */
test("a backfill of three hundred pages never asks Withings more than 120 times in a minute, and keeps its lease", async () => {
  vi.useFakeTimers({ now: NOON, toFake: ["Date", "setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
  const house = await startHousehold({ sandbox: { clock: systemClock } });
  const { person, sandbox } = house;
  sandbox.withings.settings.pageSize = 1;
  sandbox.withings.limits.dedupe = "all";
  for (let index = 0; index < PAGES; index++) {
    person.stepOnScale({ at: new Date(NOON.getTime() - (index + 10) * 3600_000), weightKg: 80 + (index % 7) / 10 });
  }
  let underWay = 0;
  const app = await house.newApp({
    clock: systemClock,
    wrapSend: (send) => (request) => {
      underWay++;
      return send(request).finally(() => underWay--);
    },
  });
  // The worst moment to begin: one minute's budget is untouched, and the next one is due.
  await vi.advanceTimersByTimeAsync(57_000);
  let ended = false;
  const run = house.sync({}, app).finally(() => {
    ended = true;
  });
  while (!ended && Date.now() < NOON.getTime() + 20 * MINUTE) {
    // What can be asked now is asked before a second passes. Time stands still while a request is under way.
    for (let idle = 0; idle < 20 && !ended; ) {
      await new Promise((resolve) => setImmediate(resolve));
      if (underWay > 0) continue;
      await vi.advanceTimersByTimeAsync(1);
      idle = underWay > 0 ? 0 : idle + 1;
    }
    await vi.advanceTimersByTimeAsync(1000);
  }
  expect(await run).toEqual({ status: "success", synced: PAGES, skipped: 0, held: 0, failed: 0 });
  expect(sandbox.withings.maxInAnyMinute()).toBeLessThanOrEqual(120);
  // It used what is allowed, and had to wait for the rest.
  expect(sandbox.withings.maxInAnyMinute()).toBeGreaterThan(100);
  expect(Date.now()).toBeGreaterThan(NOON.getTime() + 3 * MINUTE);
  expect(house.weights()).toHaveLength(PAGES);
  await house.close();
});
