import * as z from "zod";

/** FIT counts 32 bits of seconds from 1989-12-31, reads small counts as time since power-on, and wraps above the last. */
export const EARLIEST = new Date("1998-07-04T00:00:00Z");
const LATEST = new Date("2126-02-06T00:00:00Z");

/** Whether Garmin can hold a reading of this instant. Outside of it, reading back would also ask for centuries. */
export function isWithinGarminTime(takenAt: Date): boolean {
  return takenAt >= EARLIEST && takenAt <= LATEST;
}

/** An invalid date is nothing that could be read back: it would match everything, or nothing ever. */
export const epochMilliseconds = z
  .number()
  .transform((milliseconds) => new Date(milliseconds))
  .pipe(z.date());

/** A wall clock without an offset, `2026-11-21T23:30:00.0`. */
export const wallClock = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?Z?$/);
/** The instant of one that shows UTC. */
export const wallClockInUtc = wallClock.transform((text) => new Date(`${text.replace(/Z$/, "")}Z`)).pipe(z.date());

const DAY_MS = 24 * 3600 * 1000;
/** Longer ranges have not been seen to work. */
const DAYS_PER_REQUEST = 365;

/**
 * Calendar dates that surely contain everything between the instants, whatever zone the Garmin account is in: a day more
 * on either side. As [start, end] pairs, both included, of at most a year each.
 */
export function datesAround(from: Date, to: Date): Array<[start: string, end: string]> {
  const pairs: Array<[string, string]> = [];
  // Whole days from here on: with the time of day in it, the last day would be left out where it begins a new range.
  const last = dayOf(to) + 1;
  for (let start = dayOf(from) - 1; start <= last; start += DAYS_PER_REQUEST) {
    pairs.push([dateOf(start), dateOf(Math.min(start + DAYS_PER_REQUEST - 1, last))]);
  }
  return pairs;
}

/** Days are counted from 1970-01-01. */
const dayOf = (instant: Date) => Math.floor(instant.getTime() / DAY_MS);
const dateOf = (day: number) => new Date(day * DAY_MS).toISOString().slice(0, 10);
