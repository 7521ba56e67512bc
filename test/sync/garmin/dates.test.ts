import { expect, test } from "vitest";
import { localDate } from "../../../src/lib/local-time.ts";
import { datesAround } from "../../../src/sync/garmin/dates.ts";

const DAY = 24 * 3600_000;
const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);
const dayAfter = (day: string) => dayOf(Date.parse(day) + DAY);
const lengthOf = ([start, end]: [string, string]) => (Date.parse(end) - Date.parse(start)) / DAY + 1;
const daysOf = ([start, end]: [string, string]) => {
  const days = [];
  for (let day = start; day <= end; day = dayAfter(day)) days.push(day);
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
        // Each begins on the day after the one before ended, so no day is missing and none is there twice.
        const begins = [dayOf(from.getTime() - DAY), ...ranges.map(([, end]) => dayAfter(end))];
        const ends = dayOf(to.getTime() + DAY);
        const isWhole = ranges.every(([start], index) => start === begins[index]) && ranges.at(-1)?.[1] === ends;
        if (!isWhole) wrong.push([hours, days, endHours]);
        if (!ranges.every((range) => lengthOf(range) >= 1 && lengthOf(range) <= 366)) wrong.push(["length", days]);
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
