import { isTimezone } from "../../lib/local-time.ts";
import { PLACES_OF_ZONES } from "./coordinates.ts";
import { withoutTwins } from "./places.ts";

const SHOWN = 3;
const EARTH_KM = 6371;
/** Another zone may begin halfway to a place that is this much farther than the nearest one. */
const FARTHER = 1.6;
const FARTHER_KM = 100;

interface Location {
  latitude: number;
  longitude: number;
}

/** The zones of the nearest known cities. One, if clocks show the same at all cities that are about as near. */
export function zonesNear(location: Location, now: Date): string[] {
  const byDistance = Object.entries(PLACES_OF_ZONES)
    .flatMap(([zone, places]) =>
      places.split(" ").map((place) => {
        const [latitude = 0, longitude = 0] = place.split(",").map(Number);
        return { zone, km: kmBetween(location, { latitude, longitude }) };
      }),
    )
    .filter(({ zone }) => isTimezone(zone))
    .sort((a, b) => a.km - b.km);
  const nearestKm = byDistance[0]?.km ?? 0;
  const within = Math.max(nearestKm * FARTHER, nearestKm + FARTHER_KM);
  const near = distinct(
    byDistance.filter(({ km }) => km <= within),
    now,
  );
  return near.length === 1 ? near : distinct(byDistance, now);
}

function distinct(nearest: Array<{ zone: string }>, now: Date): string[] {
  const zones = [...new Set(nearest.map(({ zone }) => zone))].slice(0, 4 * SHOWN);
  return withoutTwins(zones, now).slice(0, SHOWN);
}

function kmBetween(a: Location, b: Location): number {
  const radians = (degrees: number) => (degrees * Math.PI) / 180;
  const halfway = (from: number, to: number) => Math.sin(radians(to - from) / 2) ** 2;
  const across = Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * halfway(a.longitude, b.longitude);
  return 2 * EARTH_KM * Math.asin(Math.sqrt(Math.min(1, halfway(a.latitude, b.latitude) + across)));
}
