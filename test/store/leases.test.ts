import { afterEach, expect, test } from "vitest";
import { startTestApp, type TestApp } from "../support/test-app.ts";

let house: TestApp;
afterEach(() => house.close());

const A_YEAR_SECONDS = 365 * 24 * 3600;

test("a lease has one holder until it ends by the clock", async () => {
  house = await startTestApp({ linked: false });
  const { leases } = house.app.store;
  expect(await leases.acquire("a", 120)).toBeDefined();
  house.clock.advance(119);
  expect(await leases.acquire("a", 120)).toBeUndefined();
  // Two clocks may differ by minutes.
  house.clock.advance(-600);
  expect(await leases.acquire("a", 120)).toBeUndefined();
  house.clock.advance(601);
  expect(await leases.acquire("a", 120)).toBeDefined();
});

test("a lease taken with a clock far ahead can be taken over, and its holder learns that it is lost", async () => {
  house = await startTestApp({ linked: false });
  const { leases } = house.app.store;
  house.clock.advance(A_YEAR_SECONDS);
  const first = await leases.acquire("a", 120);
  house.clock.advance(-A_YEAR_SECONDS);
  expect(await leases.acquire("a", 120)).toBeDefined();
  expect(await leases.acquire("a", 120)).toBeUndefined();
  await expect(first?.renew(120)).rejects.toThrow("was lost");
});
