import { expect, test } from "vitest";
import { localDate } from "../../../src/lib/local-time.ts";
import { datesAround } from "../../../src/sync/garmin/dates.ts";

const DAY = 24 * 3600_000;
const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);
const daysOf = ([start, end]: [string, string]) => {
  const days = [];
  for (let at = Date.parse(start); at <= Date.parse(end); at += DAY) days.push(dayOf(at));
  return days;
};

test("a moment is looked for on its day, the one before and the one after", () => {
  const at = new Date("2026-11-21T23:59:59Z");
  expect(datesAround(at, at)).toEqual([["2026-11-20", "2026-11-22"]]);
});

test("every day is asked for once, in ranges of at most a year, wherever in the day both ends lie", () => {
  const wrong = [];
  for (const hours of [0, 1, 10, 13, 23]) {
    for (let days = 0; days < 1200; days += days > 355 && days < 370 ? 1 : 7) {
      for (const endHours of [0, 11, 23]) {
        const from = new Date(Date.UTC(2024, 0, 2, hours));
        const to = new Date(Date.UTC(2024, 0, 2 + days, endHours));
        if (to < from) continue;
        const ranges = datesAround(from, to);
        const expected = daysOf([dayOf(from.getTime() - DAY), dayOf(to.getTime() + DAY)]);
        const asked = ranges.flatMap(daysOf);
        if (asked.join() !== expected.join()) wrong.push([hours, days, endHours]);
        if (ranges.some((range) => daysOf(range).length > 366)) wrong.push(["longer than a year", days]);
      }
    }
  }
  expect(wrong).toEqual([]);
});

test("the day of a moment in any zone on earth is among them", () => {
  const from = new Date("2025-01-02T23:00:00Z");
  const to = new Date("2025-12-31T10:00:00Z");
  const asked = new Set(datesAround(from, to).flatMap(daysOf));
  for (const zone of ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Berlin", "Asia/Kathmandu"]) {
    for (const at of [from, to]) expect(asked, zone).toContain(localDate(at, zone));
  }
});
