import { expect, test } from "vitest";
import { type LifeOptions, live } from "./scale-life.ts";

const OPTIONS: LifeOptions = {
  ...{ accounts: 300, intervalMinutes: 30, workers: 5, hours: 12, seed: 1, imports: 0 },
  ownSeconds: () => 0.3,
};

test("the simulation is the same for the same seed, and another for another", async () => {
  const morning: LifeOptions = { ...OPTIONS, accounts: 60, hours: 8 };
  const [first, second, other] = [await live(morning), await live(morning), await live({ ...morning, seed: 2 })];
  expect(first.waits.length).toBeGreaterThan(200);
  expect(second).toEqual(first);
  expect(other.waits).not.toEqual(first.waits);
});

test("hundreds of accounts hold up no notification, and Withings' limit is kept, while it is silent for hours too", async () => {
  const outage = { of: "withings", fromHour: 3, toHour: 6 } as const;
  for (const options of [OPTIONS, { ...OPTIONS, outage }]) {
    const { waits, vendors, queue } = await live(options);
    const notified = waits.filter(({ kind, wantedAt }) => kind === "notification" && wantedAt.getUTCHours() >= 7);
    expect(notified.length).toBeGreaterThan(20);
    // Eight of these seconds are waited for the other notifications of a weigh-in.
    expect(Math.max(...notified.map(({ seconds }) => seconds))).toBeLessThan(20);
    expect(vendors.mostInAMinute).toBeLessThanOrEqual(120);
    expect(vendors.refused).toBe(0);
    expect(queue.dead).toBe(0);
  }
});
