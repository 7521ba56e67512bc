import { describe, expect, test } from "vitest";
import { toJson } from "../../src/store/item-json.ts";
import { ProgressItem } from "../../src/store/ledger-items.ts";
import { HealthItem } from "../../src/store/run-items.ts";

describe("a value to store", () => {
  test("becomes JSON, with dates as UTC texts and absent fields left out", () => {
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
  ])("is refused, naming %s, if JSON would write null", (path, value) => {
    expect(() => toJson(value)).toThrow(`"${path}" can't be stored`);
  });
});

test("health stored before runs and link expiries were counted can still be read", () => {
  const since = "2026-11-21T12:00:00.000Z";
  const outage = { since, state: "lasts", synced: 1, standing: [{ what: "relink_garmin" }], told: [] };
  expect(HealthItem().parse({ attentionTold: ["1"], outage })).toEqual({
    attentionTold: ["1"],
    outage: { ...outage, since: new Date(since), runs: 0 },
  });
});

test("progress stored before arrivals were counted can still be read", () => {
  const at = "2026-11-21T12:00:00.000Z";
  const stored = {
    startAt: at,
    cursorAt: at,
    recentWeighIns: [],
    lastReadings: {},
    attention: [],
    reportedUnknown: [],
  };
  expect(ProgressItem().parse(stored)).toMatchObject({ cursorAt: new Date(at), arrived: [] });
});
