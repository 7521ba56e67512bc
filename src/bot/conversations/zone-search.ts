import { isTimezone } from "../../lib/local-time.ts";
import { allZones, cityRank, plain, withoutTwins, zoneOfCity, zonesOfRegion } from "./places.ts";
import { COMMON, cityOf } from "./time-zones.ts";

const AREAS = ["Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"];

/** The zones that a text may mean, those with many people first. Unsure if we don't know a part of the text. */
export function zonesNamed(typed: string, now: Date): { zones: string[]; isSure: boolean } {
  const asked = plain(typed);
  const whole = zonesOfPlace(asked, now);
  if (whole.length > 0) return { zones: whole, isSure: true };
  const pairs = pairsIn(asked).map(([place = "", region = ""]) => ({
    here: zonesOfPlace(place, now),
    there: zonesOfRegion(region),
  }));
  for (const { here, there } of pairs) {
    const zones = here.filter((zone) => there.includes(zone));
    if (zones.length > 0) return { zones, isSure: true };
  }
  const known = pairs.find(({ there }) => there.length > 0);
  if (known) {
    // The place is unknown, or elsewhere: Atlanta, Georgia.
    const zones = [...known.here, ...distinct(known.there, now)];
    return { zones, isSure: zones.length === 1 };
  }
  const [place = "", ...unknown] = partsOf(asked);
  return { zones: zonesOfPlace(place, now), isSure: unknown.length === 0 };
}

const partsOf = (asked: string) => asked.split(/[,;()]/).flatMap((part) => part.trim() || []);

/** The pairs of a place and a region that `paris, france`, `france, paris` or `paris france` may be. */
function pairsIn(asked: string): string[][] {
  const [place = "", ...regions] = partsOf(asked);
  if (regions.length > 0)
    return regions.flatMap((region) => [
      [place, region],
      [region, place],
    ]);
  const words = place.split(" ");
  return words.slice(1).map((_, index) => [words.slice(0, index + 1).join(" "), words.slice(index + 1).join(" ")]);
}

/** By the name of a zone, city, country or continent, or how it starts. Not by names like EST, which know no summer time. */
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

function distinct(zones: string[], now: Date): string[] {
  const rank = (zone: string) => (COMMON.includes(zone) ? COMMON.indexOf(zone) : COMMON.length + cityRank(zone));
  return withoutTwins(
    zones.toSorted((a, b) => rank(a) - rank(b)),
    now,
  );
}

/** The runtime lists each zone by one name only, often its oldest, but knows the others: Montreal beside Toronto. */
function newerName(asked: string): string | undefined {
  const name = asked.replace(/(^|[ /])\p{L}/gu, (first) => first.toUpperCase()).replaceAll(" ", "_");
  const candidates = AREAS.flatMap((area) => (name.startsWith(`${area}/`) ? name : `${area}/${name}`));
  return candidates.find(isTimezone);
}
