/** Local wall clocks, right on both sides of a clock change: the zone database of the runtime decides. */

/** `2026-11-21T07:12:00` in the zone. */
export function localDateTime(instant: Date, timezone: string): string {
  // The Swedish format is the ISO one but for the T.
  return instant.toLocaleString("sv-SE", { timeZone: timezone }).replace(" ", "T");
}

/** `2026-11-21` in the zone. */
export function localDate(instant: Date, timezone: string): string {
  return localDateTime(instant, timezone).slice(0, 10);
}

export function isTimezone(timezone: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: timezone });
    return true;
  } catch {
    return false;
  }
}
