import { expect, test } from "vitest";
import { allZones, zonesWithCities } from "../../../src/bot/conversations/places.ts";
import { zonesNamed } from "../../../src/bot/conversations/zone-search.ts";
import { NOON } from "../../support/test-app.ts";

test.each([
  ["Berlin (Germany)", "Europe/Berlin"],
  ["Portland USA", "America/Los_Angeles"],
  ["Lyon, Frankreich", "Europe/Paris"],
  ["Gera, Deutschland", "Europe/Berlin"],
  ["Muenchen", "Europe/Berlin"],
  ["Munich", "Europe/Berlin"],
  ["Łódź", "Europe/Warsaw"],
  ["st. petersburg", "Europe/Moscow"],
  ["Oesterreich", "Europe/Vienna"],
  ["New Zealand, Auckland", "Pacific/Auckland"],
  ["England", "Europe/London"],
  ["India", "Asia/Kolkata"],
  ["Auckland, New Zealand", "Pacific/Auckland"],
  ["Atlanta, Georgia, USA", "America/New_York"],
  ["Paris,", "Europe/Paris"],
])("“%s” is found as %s", (typed, timezone) => {
  expect(zonesNamed(typed, NOON)).toEqual({ zones: [timezone], isSure: true });
});

test("a place that isn’t in the country it is named with is offered beside that country", () => {
  expect(zonesNamed("Atlanta, Georgia", NOON)).toEqual({ zones: ["America/New_York", "Asia/Tbilisi"], isSure: false });
});

test("every country has a zone by its English and its German name", () => {
  const codes = ["AT", "BR", "CH", "CN", "DE", "ES", "FR", "GB", "IT", "JP", "NO", "PL", "SE", "TR", "UA", "US", "ZA"];
  for (const language of ["en", "de"]) {
    const nameOf = new Intl.DisplayNames([language], { type: "region" });
    for (const code of codes) expect(zonesNamed(nameOf.of(code) ?? "", NOON).zones, code).not.toEqual([]);
  }
});

test("every listed city belongs to an existing zone under its present name", () => {
  expect(zonesWithCities().filter((zone) => !allZones().includes(zone))).toEqual([]);
  expect(allZones()).toEqual(expect.arrayContaining(["Europe/Kyiv", "Asia/Kolkata", "America/Argentina/Buenos_Aires"]));
});
