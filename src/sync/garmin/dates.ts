const DAY_SECONDS = 24 * 3600;
/** Longer ranges have not been seen to work. */
const DAYS_PER_REQUEST = 365;

/**
 * Calendar dates that surely contain everything between the instants, whatever zone the Garmin account is in: a day more
 * on either side. As [start, end] pairs, both included, of at most a year each.
 */
export function datesAround(from: Date, to: Date): Array<[start: string, end: string]> {
  const pairs: Array<[string, string]> = [];
  const last = shift(to, 1);
  for (let start = shift(from, -1); start <= last; start = shift(start, DAYS_PER_REQUEST)) {
    const end = shift(start, DAYS_PER_REQUEST - 1);
    pairs.push([dateOf(start), dateOf(end) < dateOf(last) ? dateOf(end) : dateOf(last)]);
  }
  return pairs;
}

const shift = (date: Date, days: number) => new Date(date.getTime() + days * DAY_SECONDS * 1000);
const dateOf = (date: Date) => date.toISOString().slice(0, 10);
