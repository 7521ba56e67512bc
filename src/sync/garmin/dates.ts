/** FIT counts 32 bits of seconds from 1989-12-31, reads small counts as time since power-on, and wraps above the last. */
export const EARLIEST = new Date("1998-07-04T00:00:00Z");
const LATEST = new Date("2126-02-06T00:00:00Z");

/** Outside of it, reading back would also ask for centuries. */
export function isWithinGarminTime(takenAt: Date): boolean {
  return takenAt >= EARLIEST && takenAt <= LATEST;
}

/** Numbers below this are seconds: as milliseconds they would be in 1973 or earlier. */
const FIRST_MILLISECONDS = 1e11;

/** From an epoch number, also given as text. Undefined if it isn't one: it would match everything, or nothing. */
export function instantOfEpoch(value: unknown): Date | undefined {
  const count = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
  if (typeof count !== "number" || count <= 0) return undefined;
  return existing(new Date(count < FIRST_MILLISECONDS ? count * 1000 : count));
}

/** `2026-11-21T23:30:00.0`, possibly with a space instead of the T, with or without an offset. */
const WALL_CLOCK = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?) ?(Z|[+-]\d\d:?\d\d)?$/;

/** From a wall clock that shows UTC, or an epoch number. */
export function instantOfUtc(value: unknown): Date | undefined {
  const [, day, time, offset = "Z"] = (typeof value === "string" && WALL_CLOCK.exec(value)) || [];
  return day ? existing(new Date(`${day}T${time}${offset}`)) : instantOfEpoch(value);
}

/** From a local wall clock, given as text or as the epoch number it would be in UTC. */
export function localDateOf(value: unknown): string | undefined {
  const [, day] = (typeof value === "string" && WALL_CLOCK.exec(value)) || [];
  return day ?? instantOfEpoch(value)?.toISOString().slice(0, 10);
}

const existing = (instant: Date) => (Number.isNaN(instant.getTime()) ? undefined : instant);

const DAY_MS = 24 * 3600 * 1000;
/** Longer ranges have not been seen to work. */
const DAYS_PER_REQUEST = 365;

/** Calendar dates that contain everything between the instants in any zone, as [start, end], both included, of a year at most. */
export function datesAround(from: Date, to: Date): Array<[start: string, end: string]> {
  const pairs: Array<[string, string]> = [];
  // Whole days from here on: with the time of day, the last day would be left out where it starts a new range.
  const last = dayOf(to) + 1;
  for (let start = dayOf(from) - 1; start <= last; start += DAYS_PER_REQUEST) {
    pairs.push([dateOf(start), dateOf(Math.min(start + DAYS_PER_REQUEST - 1, last))]);
  }
  return pairs;
}

const dayOf = (instant: Date) => Math.floor(instant.getTime() / DAY_MS);
const dateOf = (day: number) => new Date(day * DAY_MS).toISOString().slice(0, 10);
