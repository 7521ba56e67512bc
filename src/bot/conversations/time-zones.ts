import { localDateTime } from "../../lib/local-time.ts";

/** Zones with many people, from west to east. */
export const COMMON = [
  "Pacific/Honolulu",
  "America/Anchorage",
  "America/Los_Angeles",
  "America/Denver",
  "America/Chicago",
  "America/New_York",
  "America/Halifax",
  "America/Sao_Paulo",
  "Europe/London",
  "Europe/Berlin",
  "Africa/Johannesburg",
  "Europe/Athens",
  "Europe/Istanbul",
  "Asia/Dubai",
  "Asia/Kolkata",
  "Asia/Bangkok",
  "Asia/Singapore",
  "Asia/Tokyo",
  "Australia/Sydney",
  "Pacific/Auckland",
];
const NEAR_SHOWN = 6;

export const clockTime = (instant: Date, timezone: string) => localDateTime(instant, timezone).slice(11, 16);

export const cityOf = (timezone: string) => (timezone.split("/").at(-1) ?? timezone).replaceAll("_", " ");

/** These zones and some with similar clocks, from west to east. */
export function zonesAround(zones: string[], now: Date): string[] {
  const distance = (zone: string) => Math.min(...zones.map((it) => Math.abs(offset(zone, now) - offset(it, now))));
  return [...new Set([...zones, ...COMMON])]
    .sort((a, b) => distance(a) - distance(b))
    .slice(0, NEAR_SHOWN)
    .sort((a, b) => offset(a, now) - offset(b, now));
}

const offset = (zone: string, now: Date) => Date.parse(`${localDateTime(now, zone)}Z`);
