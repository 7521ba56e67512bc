import { isTimezone, localDateTime } from "../local-time.ts";

/** Zones in which many people live, from west to east. */
const COMMON = [
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
/** Where cities stand in the names of zones. */
const AREAS = ["Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"];

/** `13:00`, as the clocks there show. */
export function clockTime(instant: Date, timezone: string): string {
  return localDateTime(instant, timezone).slice(11, 16);
}

/** `New York` */
export function cityOf(timezone: string): string {
  return (timezone.split("/").at(-1) ?? timezone).replaceAll("_", " ");
}

/** These zones and some whose clocks are near to theirs, from west to east. */
export function zonesAround(zones: string[], now: Date): string[] {
  const distance = (zone: string) => Math.min(...zones.map((it) => Math.abs(offset(zone, now) - offset(it, now))));
  return [...new Set([...zones, ...COMMON])]
    .sort((a, b) => distance(a) - distance(b))
    .slice(0, NEAR_SHOWN)
    .sort((a, b) => offset(a, now) - offset(b, now));
}

const offset = (zone: string, now: Date) => Date.parse(`${localDateTime(now, zone)}Z`);

/**
 * The zones that somebody may mean by what they typed: the name of a zone or of its city, else how such a name begins. Names
 * like EST are none of them: they know no summer time.
 */
export function zonesNamed(typed: string): string[] {
  const asked = plain(typed);
  if (asked === "utc" || asked === "gmt") return ["UTC"];
  if (asked.length < 2) return [];
  const known = Intl.supportedValuesOf("timeZone");
  const exact = known.filter((zone) => plain(zone) === asked || plain(cityOf(zone)) === asked);
  if (exact.length > 0) return exact;
  const newer = newerName(asked);
  if (newer) return [newer];
  return known.filter((zone) => {
    const places = plain(zone).split("/").slice(1);
    return places.some((place) => place.startsWith(asked) || place.includes(` ${asked}`));
  });
}

/** The runtime lists each zone by one name only, often its oldest, and knows the others: Kolkata beside Calcutta. */
function newerName(asked: string): string | undefined {
  const name = asked.replace(/(^|[ /])\p{L}/gu, (first) => first.toUpperCase()).replaceAll(" ", "_");
  const candidates = AREAS.flatMap((area) => (name.startsWith(`${area}/`) ? name : `${area}/${name}`));
  return candidates.find(isTimezone);
}

/** Without accents, capitals and the various ways to write a space. */
function plain(text: string): string {
  return text
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[\s_-]+/g, " ")
    .trim();
}
