import { expect, test } from "vitest";
import { atLocalHour, isTimezone, localDate, localDateTime, startOfDay } from "../../src/lib/local-time.ts";

test.each([
  ["before summer time begins", "2026-03-29T00:59:59Z", "2026-03-29T01:59:59"],
  ["after it has begun", "2026-03-29T01:00:00Z", "2026-03-29T03:00:00"],
  ["the first time in autumn", "2026-10-25T00:30:00Z", "2026-10-25T02:30:00"],
  ["the second time", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00"],
  ["midnight", "2026-11-20T23:00:00Z", "2026-11-21T00:00:00"],
])("the wall clock in Berlin %s", (_when, instant, local) => {
  expect(localDateTime(new Date(instant), "Europe/Berlin")).toBe(local);
});

test("the wall clock is right in a zone a quarter of an hour off", () => {
  expect(localDateTime(new Date("2026-11-21T12:00:00Z"), "Asia/Kathmandu")).toBe("2026-11-21T17:45:00");
});

test.each([
  ["Europe/Berlin", true],
  ["UTC", true],
  ["Mars/Olympus_Mons", false],
  ["", false],
])("whether %j is a zone: %s", (timezone, is) => {
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
])("in %s the day %s starts at %s", (timezone, date, instant) => {
  expect(startOfDay(date, timezone)).toEqual(new Date(instant));
});

test("every day of a year starts in itself, and the second before it is another day", () => {
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

test.each([
  ["Europe/Berlin", "2026-11-21", 9, "2026-11-21T08:00:00Z"],
  ["Europe/Berlin", "2026-03-28", 9, "2026-03-28T08:00:00Z"],
  ["Europe/Berlin", "2026-03-29", 1, "2026-03-29T00:00:00Z"],
  ["Europe/Berlin", "2026-03-29", 2, "2026-03-29T01:00:00Z"], // skipped: the clocks go from two to three
  ["Europe/Berlin", "2026-03-29", 3, "2026-03-29T01:00:00Z"],
  ["Europe/Berlin", "2026-03-29", 9, "2026-03-29T07:00:00Z"],
  ["Europe/Berlin", "2026-10-24", 9, "2026-10-24T07:00:00Z"],
  ["Europe/Berlin", "2026-10-25", 2, "2026-10-25T00:00:00Z"], // twice: the first of them
  ["Europe/Berlin", "2026-10-25", 3, "2026-10-25T02:00:00Z"],
  ["Europe/Berlin", "2026-10-25", 9, "2026-10-25T08:00:00Z"],
  ["Australia/Sydney", "2026-04-05", 2, "2026-04-04T15:00:00Z"], // twice
  ["Australia/Sydney", "2026-04-05", 9, "2026-04-04T23:00:00Z"],
  ["Australia/Sydney", "2026-10-04", 2, "2026-10-03T16:00:00Z"], // skipped
  ["Australia/Sydney", "2026-10-04", 9, "2026-10-03T22:00:00Z"],
  ["Australia/Lord_Howe", "2026-10-04", 2, "2026-10-03T15:30:00Z"], // the clocks go on by half an hour
  ["Asia/Kathmandu", "2026-11-21", 23, "2026-11-21T17:15:00Z"],
])("in %s on %s it is %i o'clock at %s", (timezone, date, hour, instant) => {
  expect(atLocalHour(date, hour, timezone).toISOString()).toBe(new Date(instant).toISOString());
});

test("every hour of a year comes on its day, after the one before it", () => {
  const wrong = [];
  for (const zone of ["Europe/Berlin", "America/Santiago", "Australia/Lord_Howe"]) {
    let before = 0;
    for (let at = Date.parse("2026-01-01"); at < Date.parse("2027-01-01"); at += 24 * 3600_000) {
      const day = new Date(at).toISOString().slice(0, 10);
      for (let hour = 0; hour < 24; hour++) {
        const instant = atLocalHour(day, hour, zone);
        if (localDate(instant, zone) !== day || instant.getTime() < before) wrong.push([zone, day, hour]);
        before = instant.getTime();
      }
    }
  }
  expect(wrong).toEqual([]);
});
