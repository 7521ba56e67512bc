import { describe, expect, test } from "vitest";
import { toJson } from "../../src/store/item-json.ts";
import { ProgressItem } from "../../src/store/ledger-items.ts";
import { HealthItem } from "../../src/store/run-items.ts";

describe("what is to be stored", () => {
  test("becomes JSON: dates as texts in UTC, absent fields left out, null and the rest as they are", () => {
    const at = new Date("2026-11-21T12:00:00Z");
    expect(toJson({ at, list: [at, 1, null, { deep: -0.5 }], none: undefined, text: "Zoë", yes: true })).toEqual({
      at: "2026-11-21T12:00:00.000Z",
      list: ["2026-11-21T12:00:00.000Z", 1, null, { deep: -0.5 }],
      text: "Zoë",
      yes: true,
    });
  });

  test.each<[string, object]>([
    ["heightM", { heightM: Number.POSITIVE_INFINITY }],
    ["height.heightM", { height: { heightM: Number.NaN } }],
    ["recentWeighIns.1.weightKg", { recentWeighIns: [{ weightKg: 80 }, { weightKg: Number.NEGATIVE_INFINITY }] }],
    ["lastReadings.weigh_in.takenAt", { lastReadings: { weigh_in: { takenAt: new Date(Number.NaN) } } }],
  ])("is refused by the name of %s where JSON would write null", (path, value) => {
    expect(() => toJson(value)).toThrow(`"${path}" can't be stored`);
  });
});

test("health that was stored before runs and ends of links were counted is still read", () => {
  const since = "2026-11-21T12:00:00.000Z";
  const outage = { since, state: "lasts", synced: 1, standing: [{ what: "relink_garmin" }], told: [] };
  expect(HealthItem.parse({ attentionTold: ["1"], outage })).toEqual({
    attentionTold: ["1"],
    outage: { ...outage, since: new Date(since), runs: 0 },
  });
});

test("progress that was stored before arrivals were counted is still read", () => {
  const at = "2026-11-21T12:00:00.000Z";
  const stored = {
    startAt: at,
    cursorAt: at,
    recentWeighIns: [],
    lastReadings: {},
    attention: [],
    reportedUnknown: [],
  };
  expect(ProgressItem.parse(stored)).toMatchObject({ cursorAt: new Date(at), arrived: [] });
});
