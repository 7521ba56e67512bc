import { expect, test } from "vitest";
import { isStillAhead } from "../../src/lib/clock.ts";

const NOW = new Date("2026-11-21T12:00:00Z");

test.each([
  ["over", -1, false],
  ["just over", 0, false],
  ["still to come", 1, true],
  ["as far ahead as anything lasts", 3600, true],
  ["further ahead, so that a wrong clock wrote it", 3601, false],
])("a time that is %s is waited for: %s seconds, %s", (_what, seconds, expected) => {
  expect(isStillAhead(new Date(NOW.getTime() + seconds * 1000), NOW, 3600)).toBe(expected);
});
