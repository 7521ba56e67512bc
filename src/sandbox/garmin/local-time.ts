/** The zone's wall clock as if it were UTC, in epoch milliseconds: the `date` of a weight at Garmin. */
export function wallClockMs(instant: Date, timezone: string): number {
  const parts = formatOf(timezone).formatToParts(instant);
  const part = (type: string) => Number(parts.find((other) => other.type === type)?.value);
  const seconds = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
  return seconds + (((instant.getTime() % 1000) + 1000) % 1000);
}

/** Not the program's: a mistake there must not be made here too. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timezone: string): Intl.DateTimeFormat {
  const made =
    formats.get(timezone) ??
    new Intl.DateTimeFormat("en-US", {
      timeZone: timezone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  formats.set(timezone, made);
  return made;
}

export function dayOf(wallClock: number): string {
  return new Date(wallClock).toISOString().slice(0, 10);
}

export function datesOf(
  start: string | null | undefined,
  end: string | null | undefined,
): [string, string] | undefined {
  const isDate = (text: string) => {
    const ms = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
    return !Number.isNaN(ms) && dayOf(ms) === text;
  };
  return start && end && isDate(start) && isDate(end) && start <= end ? [start, end] : undefined;
}

/** Reads "2026-09-02T08:30:00.000" as if it were UTC. Undefined without milliseconds, or with a zone. */
export function readTimestamp(text: unknown): number | undefined {
  if (typeof text !== "string" || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}$/.test(text)) return undefined;
  const ms = Date.parse(`${text}Z`);
  return Number.isNaN(ms) ? undefined : ms;
}

/** "2026-09-02T08:30:00.0", as Garmin writes it. */
export function writeTimestamp(ms: number): string {
  const [seconds, fraction = "000"] = new Date(ms).toISOString().slice(0, -1).split(".");
  return `${seconds}.${fraction.replace(/0+$/, "") || "0"}`;
}

/** Zones differ from GMT by whole quarters of an hour, up to fourteen hours. */
export function isZoneOffset(localMs: number, gmtMs: number): boolean {
  const offset = localMs - gmtMs;
  return offset % 900_000 === 0 && Math.abs(offset) <= 14 * 3_600_000;
}
