import { describe, expect, test } from "vitest";
import { isFarOff, isPlausible } from "../../../src/sync/engine/plausibility.ts";

const NOW = new Date("2026-11-21T12:00:00Z");
const weighed = (weightKg: number, daysAgo = 0) => ({
  takenAt: new Date(NOW.getTime() - daysAgo * 86_400_000),
  weightKg,
});
const daily = (weights: number[], firstDaysAgo = weights.length) =>
  weights.map((weightKg, index) => weighed(weightKg, firstDaysAgo - index));

describe("among weigh-ins around 80 kg", () => {
  const eighties = daily([80.2, 79.8, 80.6, 80.1, 80.4]);
  test.each([
    [45, false],
    [60, false],
    [71, false],
    [78, true],
    [75, true],
    [84.5, true],
    [95, false],
  ])("%s kg is plausible: %s", (weightKg, probable) => {
    expect(isPlausible(weighed(weightKg), eighties)).toBe(probable);
  });
});

test("fewer than three weigh-ins say nothing", () => {
  expect(isPlausible(weighed(45), daily([80, 80]))).toBeUndefined();
  expect(isPlausible(weighed(45), daily([80, 80, 80]))).toBe(false);
});

test("weigh-ins of more than 90 days ago say nothing", () => {
  expect(isPlausible(weighed(45), daily([80, 80, 80], 94))).toBeUndefined();
  expect(isPlausible(weighed(45), daily([80, 80, 80], 90))).toBe(false);
});

test("a late arrival is judged by the weigh-ins after it too", () => {
  expect(isPlausible(weighed(45, 20), daily([80, 80, 80], 3))).toBe(false);
});

test.each([
  ["gains", 0.15],
  ["loses", -0.15],
])("somebody who slowly %s thirty kilograms is always plausible", (_what, kgPerDay) => {
  const all: Array<ReturnType<typeof weighed>> = [];
  for (let day = 0; day <= 200; day++) {
    const next = weighed(80 + day * kgPerDay, 200 - day);
    expect(isPlausible(next, all), `day ${day}`).not.toBe(false);
    all.push(next);
  }
});

test.each([
  [29.9, undefined, true],
  [30, undefined, false],
  [250, undefined, false],
  [250.1, undefined, true],
  [80, 60, false],
  [80.1, 60, true],
  [40, 60, false],
  [39.9, 60, true],
])("%d kg after %s kg is far off: %s", (weightKg, lastKg, expected) => {
  expect(isFarOff(weightKg, lastKg)).toBe(expected);
});
