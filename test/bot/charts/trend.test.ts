import { expect, test } from "vitest";
import { smoothedTrend } from "../../../src/bot/charts/trend.ts";

const values = (days: Array<[day: number, value: number]>) =>
  smoothedTrend(days.map(([day, value]) => ({ day, value }))).map(({ day, value }) => [day, Number(value.toFixed(4))]);

test("the trend begins at the first value and moves by a tenth of what separates it from each further one", () => {
  expect(
    values([
      [1, 80],
      [2, 81],
      [3, 79],
      [4, 79],
    ]),
  ).toEqual([
    [1, 80],
    [2, 80.1],
    [3, 79.99],
    [4, 79.891],
  ]);
});

test("the example of the book comes out: a trend of 173.2 and a weight of 171.5 make 173.0", () => {
  // 173.2 is what it begins with.
  const [, second] = values([
    [3, 173.2],
    [4, 171.5],
  ]);
  expect(second?.[1]).toBeCloseTo(173.0, 1);
});

test("a day without a reading lies on the line between its neighbours, so the trend lags behind it as on measured days", () => {
  const ramp = Array.from({ length: 11 }, (_, day): [number, number] => [day, 80 + day]);
  const [first, last] = [ramp[0], ramp[10]] as [[number, number], [number, number]];
  expect(values([first, last])).toEqual(values(ramp));
  // Behind a climb of 1 a day it stays 9 · (1 − 0.9^n) after n days.
  expect(values([first, last]).at(-1)).toEqual([10, Number((90 - 9 * (1 - 0.9 ** 10)).toFixed(4))]);
});

test("after a year away the trend is near the new weight, without a jump on one day", () => {
  const trend = values([
    [0, 90],
    [365, 70],
  ]);
  expect(trend).toHaveLength(366);
  expect(trend.at(-1)?.[1]).toBeCloseTo(70 + 9 * (20 / 365), 2);
  const steps = trend.slice(1).map(([, value], index) => Math.abs((value ?? 0) - (trend[index]?.[1] ?? 0)));
  expect(Math.max(...steps)).toBeLessThan(0.06);
});

test("each day says how long the gap is that it lies in or ends", () => {
  const trend = smoothedTrend([1, 2, 5].map((day) => ({ day, value: 80 })));
  expect(trend.map(({ day, gapDays }) => [day, gapDays])).toEqual([
    [1, 1],
    [2, 1],
    [3, 3],
    [4, 3],
    [5, 3],
  ]);
});

test("one value is its own trend, and none has none", () => {
  expect(values([[7, 80]])).toEqual([[7, 80]]);
  expect(values([])).toEqual([]);
});
