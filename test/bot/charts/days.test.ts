import { describe, expect, test } from "vitest";
import { placeOf } from "../../../src/bot/charts/blood-pressure.ts";
import { dayOf, spansOf, startOf, stepFor, wallTime } from "../../../src/bot/charts/days.ts";
import { dated, periodOf } from "../../../src/bot/charts/period.ts";
import { seriesOf } from "../../../src/bot/charts/series.ts";
import { dateTicks } from "../../../src/bot/charts/time-axis.ts";
import { axisDates } from "../../../src/bot/words/charts.ts";

const dateOf = (wall: number) => new Date(wall).toISOString().slice(0, 10);
const localDay = (instant: string, zone: string) => dateOf(startOf(dayOf(wallTime(new Date(instant), zone))));
const points = (instants: string[], zone: string) =>
  instants.map((it, index) => ({ at: wallTime(new Date(it), zone), value: 80 + index, isHeld: false }));
const spans = (instants: string[], zone: string) =>
  spansOf(points(instants, zone), "day").map(({ from, min, max, count }) => [dateOf(from), min, max, count]);

describe("a day", () => {
  test.each([
    ["2026-11-30T23:30:00Z", "Europe/Berlin", "2026-12-01"],
    ["2026-11-30T23:30:00Z", "UTC", "2026-11-30"],
    ["2026-11-30T10:30:00Z", "Pacific/Kiritimati", "2026-12-01"],
    ["2026-12-01T09:30:00Z", "Pacific/Honolulu", "2026-11-30"],
    ["2026-11-30T18:40:00Z", "Asia/Kathmandu", "2026-12-01"],
  ])("%s in %s belongs to %s", (instant, zone, day) => {
    expect(localDay(instant, zone)).toBe(day);
  });

  test("of 25 hours is one day, and both times of the hour that comes twice are in it", () => {
    // Clocks go back on 25 October at 01:00 UTC.
    const day = ["2026-10-24T22:10:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T22:50:00Z"];
    expect(spans(day, "Europe/Berlin")).toEqual([["2026-10-25", 80, 83, 4]]);
  });

  test("of 23 hours is one day, and neither its neighbours' nor empty", () => {
    // Clocks go forward on 29 March at 01:00 UTC.
    const around = ["2026-03-28T22:50:00Z", "2026-03-28T23:10:00Z", "2026-03-29T21:50:00Z", "2026-03-29T22:10:00Z"];
    expect(spans(around, "Europe/Berlin")).toEqual([
      ["2026-03-28", 80, 80, 1],
      ["2026-03-29", 81, 82, 2],
      ["2026-03-30", 83, 83, 1],
    ]);
  });

  test("whose clocks change is no gap in the trend, and doesn't count twice", () => {
    for (const [from, zone] of [
      ["2026-10-20T05:00:00Z", "Europe/Berlin"],
      ["2026-03-25T05:00:00Z", "Europe/Berlin"],
      ["2026-09-01T15:00:00Z", "America/Santiago"],
    ] as const) {
      const instants = Array.from({ length: 10 }, (_, day) => new Date(Date.parse(from) + day * 24 * 3600 * 1000));
      const now = instants.at(-1) ?? new Date(0);
      const period = periodOf("30d", { now, timezone: zone }, undefined);
      const { trend } = seriesOf(points(instants.map(String), zone), period);
      expect(trend.map(({ gapDays }) => gapDays)).toEqual(Array(10).fill(1));
    }
  });
});

describe("a period", () => {
  const at = (now: string, timezone: string) => ({ now: new Date(now), timezone });

  test("ends with today, by the local calendar", () => {
    const days = (now: string, zone: string) => {
      const { from, to } = periodOf("30d", at(now, zone), undefined);
      return [dateOf(from), dateOf(to - 1)];
    };
    expect(days("2026-11-30T23:30:00Z", "Europe/Berlin")).toEqual(["2026-11-02", "2026-12-01"]);
    expect(days("2026-11-30T23:30:00Z", "UTC")).toEqual(["2026-11-01", "2026-11-30"]);
    expect(days("2026-12-01T09:30:00Z", "Pacific/Honolulu")).toEqual(["2026-11-01", "2026-11-30"]);
  });

  test("of everything begins with the first reading, and has a week at least", () => {
    const first = (date: string) => Date.parse(`${date}T07:00:00Z`);
    expect(periodOf("all", at("2026-12-01T09:00:00Z", "UTC"), first("2016-12-04")).days).toBe(3650);
    expect(periodOf("all", at("2026-12-01T09:00:00Z", "UTC"), first("2026-11-30")).days).toBe(7);
  });

  test("leaves out what is dated tomorrow, or before there were such scales", () => {
    const taken = ["1970-01-01T00:00:00Z", "2026-12-01T22:59:00Z", "2026-12-01T23:00:00Z", "2030-05-05T00:00:00Z", "?"];
    const readings = taken.map((it) => ({ takenAt: new Date(it) }));
    const kept = dated(readings, at("2026-12-01T09:00:00Z", "Europe/Berlin"));
    expect(kept.map(({ reading }) => reading.takenAt.toISOString())).toEqual(["2026-12-01T22:59:00.000Z"]);
  });

  test("has bars of days, weeks or months, so that they can be told apart", () => {
    expect([30, 90, 365, 3650].map((days) => stepFor(days, 60))).toEqual(["day", "week", "week", "month"]);
  });

  test.each([
    ["7 days", "2026-11-25", "2026-12-02", "25 Nov, 27 Nov, 29 Nov, 1 Dec"],
    ["30 days", "2026-11-02", "2026-12-02", "2 Nov, 9 Nov, 16 Nov, 23 Nov, 30 Nov"],
    ["90 days", "2026-09-03", "2026-12-02", "Oct, Nov, Dec"],
    ["a year", "2025-12-02", "2026-12-02", "2026, Mar, May, Jul, Sept, Nov"],
    ["ten years", "2016-12-04", "2026-12-02", "2018, 2020, 2022, 2024, 2026"],
    ["36 years", "1990-01-01", "2026-12-02", "1990, 2000, 2010, 2020"],
  ])("of %s has few dates along its axis", (_, first, last, expected) => {
    const [from, to] = [Date.parse(first), Date.parse(last)];
    const ticks = dateTicks({ from, to, days: (to - from) / 86_400_000 }, axisDates({ language: "en" }), 6);
    expect(ticks.map(({ label }) => label).join(", ")).toBe(expected);
  });
});

test.each([
  ["03:59", "2026-11-30", "evening"],
  ["04:00", "2026-12-01", "morning"],
  ["11:59", "2026-12-01", "morning"],
  ["12:00", "2026-12-01", "evening"],
  ["23:30", "2026-12-01", "evening"],
])("a blood pressure at %s on 1 December belongs to the day %s, %s", (time, day, part) => {
  const place = placeOf(Date.parse(`2026-12-01T${time}:00Z`));
  expect([dateOf(place.at), place.part]).toEqual([day, part]);
});
