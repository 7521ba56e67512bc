import { expect, test } from "vitest";
import { PLACES_OF_ZONES } from "../../../src/bot/conversations/coordinates.ts";
import { zonesNear } from "../../../src/bot/conversations/zone-near.ts";
import { isTimezone } from "../../../src/lib/local-time.ts";

const NOW = new Date("2026-11-30T12:00:00Z");
const near = (latitude: number, longitude: number) => zonesNear({ latitude, longitude }, NOW);

test.each([
  ["Munich", 48.14, 11.58, "Europe/Berlin"],
  ["a village in the Alps", 46.9, 11.0, "Europe/Vienna"],
  ["Bristol", 51.45, -2.59, "Europe/London"],
  ["Boston", 42.36, -71.06, "America/New_York"],
  ["Dallas", 32.78, -96.8, "America/Chicago"],
  ["San Francisco", 37.77, -122.42, "America/Los_Angeles"],
  ["Mumbai", 19.08, 72.88, "Asia/Kolkata"],
  ["Sydney", -33.87, 151.21, "Australia/Sydney"],
  ["Christchurch", -43.53, 172.63, "Pacific/Auckland"],
])("%s has one zone", (_place, latitude, longitude, zone) => expect(near(latitude, longitude)).toEqual([zone]));

test.each([
  ["Badajoz, at the border of Portugal", 38.88, -6.97, ["Europe/Madrid", "Europe/Lisbon"]],
  ["between Chicago and Indianapolis", 40.9, -86.9, ["America/Chicago", "America/New_York"]],
  ["the Fiji side of the date line", -17, -179.9, ["Pacific/Fiji"]],
])("%s: the nearest three are offered", (_place, latitude, longitude, zones) => {
  const found = near(latitude, longitude);
  expect(found.length).toBeLessThanOrEqual(3);
  for (const zone of zones) expect(clocks(found)).toContain(clocks([zone])[0]);
});

const clocks = (zones: string[]) => zones.map((timeZone) => NOW.toLocaleString("sv", { timeZone }));

test("every zone of the table exists, and each of its places is on earth", () => {
  const unknown = Object.keys(PLACES_OF_ZONES).filter((zone) => !isTimezone(zone));
  expect(unknown).toEqual([]);
  for (const places of Object.values(PLACES_OF_ZONES)) {
    for (const place of places.split(" ")) {
      const [latitude = Number.NaN, longitude = Number.NaN] = place.split(",").map(Number);
      expect(Math.abs(latitude)).toBeLessThanOrEqual(90);
      expect(Math.abs(longitude)).toBeLessThanOrEqual(180);
    }
  }
});
