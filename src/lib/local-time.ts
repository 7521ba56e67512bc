import { lazy } from "./lazy.ts";

/** `2026-11-21T07:12:00` in the zone. Throws `RangeError` for an unknown zone. */
export function localDateTime(instant: Date, timezone: string): string {
  // The Swedish format is the ISO one except for the T.
  return formatOf(timezone).format(instant).replace(" ", "T");
}

/** A formatter takes some fifty microseconds to make and three to use. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timezone: string): Intl.DateTimeFormat {
  let format = formats.get(timezone);
  if (!format) {
    format = new Intl.DateTimeFormat("sv-SE", {
      ...{ year: "numeric", month: "2-digit", day: "2-digit" },
      ...{ hour: "2-digit", minute: "2-digit", second: "2-digit" },
      timeZone: timezone,
    });
    formats.set(timezone, format);
  }
  return format;
}

export function localDate(instant: Date, timezone: string): string {
  return localDateTime(instant, timezone).slice(0, 10);
}

/** By one of its names each. The first formatter of a process takes 15 ms and 8 MB, this list a tenth. */
const listed = lazy(() => new Set(Intl.supportedValuesOf("timeZone")));

export function isTimezone(timezone: string): boolean {
  if (listed().has(timezone)) return true;
  try {
    formatOf(timezone);
    return true;
  } catch {
    return false;
  }
}

export function startOfDay(date: string, timezone: string): Date {
  return atLocalHour(date, 0, timezone);
}

export function atLocalHour(date: string, hour: number, timezone: string): Date {
  return atLocalTime(date, `${String(hour).padStart(2, "0")}:00`, timezone);
}

/** When clocks in the zone show `07:30` on `2026-11-21`: the first time, or when it would have been if that hour is skipped. */
export function atLocalTime(date: string, time: string, timezone: string): Date {
  const wanted = `${date}T${time}:00`;
  const wall = Date.parse(`${wanted}Z`);
  const offsetAt = (instant: number) => Date.parse(`${localDateTime(new Date(instant), timezone)}Z`) - instant;
  // By the offset before a clock change and the one after it: some hours are skipped, and some come twice.
  const guesses = [-DAY_MS, DAY_MS].map((away) => new Date(wall - offsetAt(wall + away)));
  const [earlier, later] = guesses.sort((a, b) => a.getTime() - b.getTime()) as [Date, Date];
  return localDateTime(earlier, timezone) === wanted ? earlier : later;
}

const DAY_MS = 24 * 3600 * 1000;
