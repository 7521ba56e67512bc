import { afterEach, expect, test } from "vitest";
import { startTestApp, type TestApp } from "../support/test-app.ts";

let harness: TestApp;
afterEach(() => harness.close());

const A_YEAR_SECONDS = 365 * 24 * 3600;

test("a lease has one holder until it ends by the clock", async () => {
  harness = await startTestApp({ linked: false });
  const { leases } = harness.app.store;
  expect(await leases.acquire("a", 120)).toBeDefined();
  harness.clock.advance(119);
  expect(await leases.acquire("a", 120)).toBeUndefined();
  // Two clocks may differ by minutes.
  harness.clock.advance(-600);
  expect(await leases.acquire("a", 120)).toBeUndefined();
  harness.clock.advance(601);
  expect(await leases.acquire("a", 120)).toBeDefined();
});

test("a lease taken with a clock far ahead can be taken over, and its holder learns that it is lost", async () => {
  harness = await startTestApp({ linked: false });
  const { leases } = harness.app.store;
  harness.clock.advance(A_YEAR_SECONDS);
  const first = await leases.acquire("a", 120);
  harness.clock.advance(-A_YEAR_SECONDS);
  expect(await leases.acquire("a", 120)).toBeDefined();
  expect(await leases.acquire("a", 120)).toBeUndefined();
  await expect(first?.renew(120)).rejects.toThrow("was lost");
});
