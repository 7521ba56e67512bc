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
