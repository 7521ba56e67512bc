import { isTimezone } from "../../lib/local-time.ts";
import { allZones, cityRank, plain, withoutTwins, zoneOfCity, zonesOfRegion } from "./places.ts";
import { COMMON, cityOf } from "./time-zones.ts";

/** The areas whose zones are named after cities. */
const AREAS = ["Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"];

export interface Meant {
  /** Those with many people first. */
  zones: string[];
  /** False where a part of what was typed means nothing to us. */
  isSure: boolean;
}

/** The zones that somebody may mean by what they typed: a zone, a city, a country, a continent, or "Paris, France". */
export function zonesNamed(typed: string, now: Date): Meant {
  const asked = plain(typed);
  const whole = zonesOfPlace(asked, now);
  if (whole.length > 0) return { zones: whole, isSure: true };
  const pairs = placesWithin(asked).map(([place, region]) => ({
    here: zonesOfPlace(place, now),
    there: zonesOfRegion(region),
  }));
  for (const { here, there } of pairs) {
    const zones = here.filter((zone) => there.includes(zone));
    if (zones.length > 0) return { zones, isSure: true };
  }
  const known = pairs.find(({ there }) => there.length > 0);
  if (known) {
    // The country tells more than a place that we do not know. One that is elsewhere may be meant: Atlanta, Georgia.
    const zones = [...known.here, ...distinct(known.there, now)];
    return { zones, isSure: zones.length === 1 };
  }
  const [place = "", ...unknown] = partsOf(asked);
  return { zones: zonesOfPlace(place, now), isSure: unknown.length === 0 };
}

const partsOf = (asked: string) => asked.split(/[,;()]/).flatMap((part) => part.trim() || []);

/** `paris, france`, `france, paris` and `paris france` as the pairs of a place and a region that they may be. */
function placesWithin(asked: string): Array<[place: string, region: string]> {
  const [place = "", ...regions] = partsOf(asked);
  if (regions.length > 0) {
    return regions.flatMap(
      (region): Array<[string, string]> => [
        [place, region],
        [region, place],
      ],
    );
  }
  const words = place.split(" ");
  return words.slice(1).map((_, index) => [words.slice(0, index + 1).join(" "), words.slice(index + 1).join(" ")]);
}

/**
 * By the name of a zone or of its city, of another city, or of a country or continent; else by how such a name begins. Names
 * like EST are none of them: they know no summer time.
 */
function zonesOfPlace(asked: string, now: Date): string[] {
  if (asked === "utc" || asked === "gmt") return ["UTC"];
  if (asked.length < 2) return [];
  const known = allZones();
  const exact = known.filter((zone) => plain(zone) === asked || plain(cityOf(zone)) === asked);
  if (exact.length > 0) return exact;
  const other = zoneOfCity(asked) ?? newerName(asked);
  if (other) return [other];
  const region = zonesOfRegion(asked);
  if (region.length > 0) return distinct(region, now);
  return known.filter((zone) => {
    const places = plain(zone).split("/").slice(1);
    return places.some((place) => place.startsWith(asked) || place.includes(` ${asked}`));
  });
}

/** One zone for each way the clocks go, those with many people first. */
function distinct(zones: string[], now: Date): string[] {
  const rank = (zone: string) => (COMMON.includes(zone) ? COMMON.indexOf(zone) : COMMON.length + cityRank(zone));
  return withoutTwins(
    zones.toSorted((a, b) => rank(a) - rank(b)),
    now,
  );
}

/** The runtime lists each zone by one name only, often its oldest, and knows the others: Montreal beside Toronto. */
function newerName(asked: string): string | undefined {
  const name = asked.replace(/(^|[ /])\p{L}/gu, (first) => first.toUpperCase()).replaceAll(" ", "_");
  const candidates = AREAS.flatMap((area) => (name.startsWith(`${area}/`) ? name : `${area}/${name}`));
  return candidates.find(isTimezone);
}
