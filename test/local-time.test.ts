import { expect, test } from "vitest";
import { isTimezone, localDate, localDateTime, startOfDay } from "../src/local-time.ts";

test.each([
  ["before summer time begins", "2026-03-29T00:59:59Z", "2026-03-29T01:59:59"],
  ["after it has begun", "2026-03-29T01:00:00Z", "2026-03-29T03:00:00"],
  ["the first time in autumn", "2026-10-25T00:30:00Z", "2026-10-25T02:30:00"],
  ["the second time", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00"],
  ["midnight", "2026-11-20T23:00:00Z", "2026-11-21T00:00:00"],
])("the wall clock in Berlin %s", (_when, instant, local) => {
  expect(localDateTime(new Date(instant), "Europe/Berlin")).toBe(local);
});

test("the wall clock of a zone a quarter of an hour off", () => {
  expect(localDateTime(new Date("2026-11-21T12:00:00Z"), "Asia/Kathmandu")).toBe("2026-11-21T17:45:00");
});

test.each([
  ["Europe/Berlin", true],
  ["UTC", true],
  ["Mars/Olympus_Mons", false],
  ["", false],
])("%j is a zone: %s", (timezone, is) => {
  expect(isTimezone(timezone)).toBe(is);
});

test.each([
  ["Europe/Berlin", "2026-11-21", "2026-11-20T23:00:00Z"],
  ["Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00Z"],
  ["Europe/Berlin", "2026-03-30", "2026-03-29T22:00:00Z"],
  ["Europe/Berlin", "2026-10-25", "2026-10-24T22:00:00Z"],
  ["America/Santiago", "2026-09-06", "2026-09-06T04:00:00Z"], // at one o'clock: there was no midnight
  ["America/Santiago", "2026-04-05", "2026-04-05T04:00:00Z"], // the hour before midnight came twice
  ["America/Havana", "2026-11-01", "2026-11-01T04:00:00Z"], // midnight came twice
  ["Pacific/Kiritimati", "2026-11-21", "2026-11-20T10:00:00Z"],
])("in %s the day %s begins at %s", (timezone, date, instant) => {
  expect(startOfDay(date, timezone)).toEqual(new Date(instant));
});

test("every day of a year begins in it, and a second before it is another", () => {
  const wrong = [];
  for (const zone of ["America/Santiago", "Africa/Cairo", "Asia/Beirut", "Atlantic/Azores", "Australia/Lord_Howe"]) {
    for (let at = Date.parse("2026-01-01"); at < Date.parse("2027-01-01"); at += 24 * 3600_000) {
      const day = new Date(at).toISOString().slice(0, 10);
      const start = startOfDay(day, zone);
      if (localDate(start, zone) !== day || localDate(new Date(start.getTime() - 1000), zone) >= day)
        wrong.push([zone, day]);
    }
  }
  expect(wrong).toEqual([]);
});
