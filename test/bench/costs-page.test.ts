import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ALL, readTable, WITH_FREE, WORDS } from "./costs-page.ts";
import { dollarsOf, type Priced, type Usage } from "./prices.ts";

/** Amounts have four digits; dollars have none below the point, two or four. */
const rounding = (dollars: number) => dollars / 1000 + (dollars >= 100 ? 0.5 : dollars >= 1 ? 0.005 : 0.0001);
const rows = readTable("In dollars");
const numbers = (name: string) => (rows.get(name) ?? []).map((cell) => Number(cell.replaceAll(",", "")));
const names = Object.keys(WORDS) as Priced[];
const columns = [1, 1000, 100_000].map((households, index) => ({
  households,
  usage: Object.fromEntries(names.map((name) => [name, numbers(WORDS[name])[2 * index] ?? Number.NaN])) as Usage,
  dollarsIn: (name: string) => numbers(name)[2 * index + 1],
}));

test("the page about costs multiplies and adds up as the price list says", () => {
  for (const { usage, dollarsIn } of columns) {
    const listed = dollarsOf(usage, { withFree: false });
    const near = (name: string, dollars: number) =>
      expect(Math.abs((dollarsIn(name) ?? Number.NaN) - dollars), name).toBeLessThanOrEqual(rounding(dollars));
    for (const name of names) near(WORDS[name], listed[name]);
    near(ALL, listed.all);
    near(WITH_FREE, dollarsOf(usage, { withFree: true }).all);
  }
});

test("the page about costs counts the alarms that there are", () => {
  const alarms = readFileSync("infra/alarms.yml", "utf8").split("Type: AWS::CloudWatch::Alarm").length - 1;
  expect(columns.map(({ usage }) => usage.alarmMetrics)).toEqual([alarms, alarms, alarms]);
});

test("a household pays at most $1.40 by list price, and next to nothing beyond what is free; a thousand pay $0.012 each", () => {
  const [one, thousand] = columns;
  expect(one?.dollarsIn(ALL)).toBeLessThanOrEqual(1.4);
  expect(one?.dollarsIn(WITH_FREE)).toBeLessThan(0.02);
  expect(thousand?.dollarsIn(WITH_FREE)).toBeLessThanOrEqual(1000 * 0.012);
});
