import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { WeighIn } from "../../../src/sync/model/reading.ts";
import { type MeasureGroup, realValue } from "../../../src/sync/withings/measure.ts";
import { toReadings } from "../../../src/sync/withings/to-reading.ts";

type Measure = MeasureGroup["measures"][number];
const m = (type: number, value: number, unit = 0, position?: number | null): Measure => ({
  type,
  value,
  unit,
  ...(position !== undefined && { position }),
});
const group = (grpid: number, measures: Measure[], more: Partial<MeasureGroup> = {}): MeasureGroup => ({
  grpid,
  attrib: 0,
  date: 1_795_000_000,
  created: 1_795_000_060,
  modified: 1_795_000_060,
  deviceid: "d",
  measures,
  ...more,
});
const WEIGHT = m(1, 80_250, -3);
const PRESSURE = [m(9, 79), m(10, 121), m(11, 61)];

/** The only reading, which must be a weigh-in. */
function weighIn(...groups: MeasureGroup[]): WeighIn {
  const { readings } = toReadings(groups);
  const [first] = readings;
  if (readings.length !== 1 || first?.kind !== "weigh_in")
    throw new Error(`not one weigh-in: ${JSON.stringify(readings)}`);
  return first;
}

describe("a value is its integer times a power of ten, exactly", () => {
  test.each([
    [4466, -2, 44.66],
    [80_255, -3, 80.255],
    [1005, -3, 1.005],
    [33, -1, 3.3],
    [802_500, -4, 80.25],
    [8, 1, 80],
    [121, 0, 121],
    [12_100, -2, 121],
    [-5, -1, -0.5],
    [118_003, -3, 118.003],
  ])("%i with %i is %d", (value, unit, real) => {
    expect(realValue({ value, unit })).toBe(real);
  });

  test("for every weight of two decimals up to 300 kg", () => {
    const wrong = [];
    for (let value = 1; value <= 30_000; value++) {
      const text = `${Math.floor(value / 100)}.${String(value % 100).padStart(2, "0")}`;
      if (realValue({ value, unit: -2 }) !== Number(text)) wrong.push(value);
    }
    expect(wrong).toEqual([]);
  });
});

test("a segmental weigh-in becomes one reading with the values of the whole body", () => {
  const path = new URL("../../fixtures/withings/segmental-weigh-in.json", import.meta.url);
  const raw = JSON.parse(readFileSync(path, "utf8")) as MeasureGroup;
  expect(toReadings([raw])).toEqual({
    readings: [
      {
        kind: "weigh_in",
        measureGroupId: 5_712_300_417,
        takenAt: new Date("2026-02-14T07:02:13Z"),
        modifiedAt: new Date("2026-02-14T07:03:31Z"),
        attribution: "certain",
        imported: false,
        weightKg: 71.262,
        bodyFatPercent: 23.481,
        bodyWaterPercent: expect.closeTo(53.984, 3),
        boneMassKg: 2.79,
        muscleMassKg: 51.74,
        visceralFatIndex: 4.5,
        basalMetabolicRateKcal: 1587,
        metabolicAgeYears: 41,
      },
    ],
    height: undefined,
    unknown: ["measure type 173"],
    unplaced: ["body_water_parts"],
  });
});

describe("the attribution", () => {
  test.each([
    [0, "certain"],
    [1, "ambiguous"],
    [2, "certain"],
    [3, "certain"],
    [4, "typed_at_sign_up"],
    [5, "certain"],
    [7, "confirmed"],
    [8, "certain"],
    [15, "certain"],
    [17, "certain"],
    [-1, "unknown"],
    [6, "unknown"],
    [10, "unknown"],
    [10_009, "unknown"],
  ])("of attrib %i is %s", (attrib, attribution) => {
    expect(weighIn(group(1, [WEIGHT], { attrib })).attribution).toBe(attribution);
  });

  test("of an unknown attrib is reported once, and the reading is kept", () => {
    const { readings, unknown } = toReadings([
      group(1, [WEIGHT], { attrib: 10_010 }),
      group(2, [WEIGHT], { attrib: 10_010 }),
    ]);
    expect([readings.length, unknown]).toEqual([2, ["attrib 10010"]]);
  });

  test.each([
    ["a device of its own", "d", 0, false],
    ["no device: it came from another health app", null, 0, true],
    ["no device and typed in by hand", null, 2, false],
  ])("%s", (_what, deviceid, attrib, imported) => {
    expect(weighIn(group(1, [WEIGHT], { deviceid, attrib })).imported).toBe(imported);
  });
});

describe("the height", () => {
  const height = (grpid: number, date: number, value: number) =>
    group(grpid, [m(4, value, -3)], { date, modified: date });

  test("is the newest by the time it was measured, in any order", () => {
    const groups = [height(1, 1_600_000_000, 1600), height(2, 1_700_000_000, 1750), height(3, 1_650_000_000, 1600)];
    const newest = { takenAt: new Date(1_700_000_000_000), heightM: 1.75 };
    for (const order of [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ]) {
      expect(toReadings(order.flatMap((at) => groups[at] ?? [])).height).toEqual(newest);
    }
  });

  test("of zero is none", () => {
    expect(toReadings([height(1, 1_700_000_000, 0)]).height).toBeUndefined();
  });

  test("in the group of a weigh-in counts too", () => {
    expect(toReadings([group(1, [WEIGHT, m(4, 175, -2)])]).height?.heightM).toBe(1.75);
  });
});

describe("composition", () => {
  test("a fat ratio of 0 drops everything that was derived from it", () => {
    const typed = group(1, [
      WEIGHT,
      m(6, 0, -3),
      m(8, 0, -2),
      m(5, 8025, -2),
      m(76, 6000, -2),
      m(77, 4000, -2),
      m(88, 300, -2),
    ]);
    const { weightKg, ...rest } = weighIn(typed);
    expect(weightKg).toBe(80.25);
    expect(Object.keys(rest).sort()).toEqual([
      "attribution",
      "imported",
      "kind",
      "measureGroupId",
      "modifiedAt",
      "takenAt",
    ]);
  });

  test("water comes in kilograms and leaves in percent of the weight", () => {
    expect(weighIn(group(1, [m(1, 80, 0), m(6, 20), m(77, 4400, -2)])).bodyWaterPercent).toBe(55);
  });

  test("what was not measured is absent", () => {
    expect(weighIn(group(1, [WEIGHT, m(6, 18_300, -3)]))).toEqual({
      kind: "weigh_in",
      measureGroupId: 1,
      takenAt: new Date(1_795_000_000_000),
      modifiedAt: new Date(1_795_000_060_000),
      attribution: "certain",
      imported: false,
      weightKg: 80.25,
      bodyFatPercent: 18.3,
    });
  });

  test("doesn't include oxygen, temperatures and segments", () => {
    const others = [m(54, 97), m(71, 36_600, -3), m(73, 34_100, -3), m(12, 36), m(175, 2488, -2, 12), m(168, 1600, -2)];
    expect(Object.keys(weighIn(group(1, [WEIGHT, ...others]))).length).toBe(7);
  });

  test("takes the first of a measure that is listed twice, and never adds them up", () => {
    expect(weighIn(group(1, [WEIGHT, m(88, 300, -2, 7), m(88, 300, -2, 7)])).boneMassKg).toBe(3);
  });

  test.each([
    ["absent", undefined, 61.2],
    ["null", null, 61.2],
    ["7, the whole body", 7, 61.2],
    ["6, both feet", 6, 61.2],
    ["12, the torso", 12, undefined],
    ["0", 0, undefined],
  ])("a position that is %s", (_what, position, muscleMassKg) => {
    expect(weighIn(group(1, [WEIGHT, m(76, 6120, -2, position)])).muscleMassKg).toBe(muscleMassKg);
  });

  test("of a part of the body that is listed first doesn't count for the whole", () => {
    expect(weighIn(group(1, [WEIGHT, m(76, 2488, -2, 12), m(76, 6120, -2, 7)])).muscleMassKg).toBe(61.2);
  });
});

describe("groups", () => {
  test("a group that is listed twice counts once, as it was last changed", () => {
    const older = group(1, [m(1, 80_000, -3)], { modified: 1_795_000_060 });
    const newer = group(1, [m(1, 81_000, -3)], { modified: 1_795_000_999 });
    expect(weighIn(older, newer).weightKg).toBe(81);
    expect(weighIn(newer, older).weightKg).toBe(81);
    expect(weighIn(older, older).weightKg).toBe(80);
  });

  test("siblings of the same second without a weight are no readings", () => {
    const siblings = [group(2, [m(11, 64)]), group(3, [m(91, 6400, -3), m(155, 380, -1)], { attrib: 8 })];
    expect(weighIn(group(1, [WEIGHT]), ...siblings).measureGroupId).toBe(1);
  });

  test("a weigh-in and a pressure of the same second are both readings", () => {
    const kinds = (groups: MeasureGroup[]) => toReadings(groups).readings.map(({ kind }) => kind);
    expect(kinds([group(1, [WEIGHT]), group(2, PRESSURE)])).toEqual(["weigh_in", "blood_pressure"]);
    expect(kinds([group(1, [WEIGHT, ...PRESSURE])])).toEqual(["weigh_in", "blood_pressure"]);
  });

  test("a pressure keeps its pulse, and does without one", () => {
    const { readings } = toReadings([group(1, [m(9, 7900, -2), m(10, 12_100, -2)]), group(2, PRESSURE)]);
    expect(readings).toMatchObject([
      { systolicMmHg: 121, diastolicMmHg: 79 },
      { systolicMmHg: 121, diastolicMmHg: 79, pulseBpm: 61 },
    ]);
    expect(readings[0]).not.toHaveProperty("pulseBpm");
  });

  test("half of a pressure is none", () => {
    expect(toReadings([group(1, [m(9, 79), m(11, 61)]), group(2, [m(10, 121)])]).readings).toEqual([]);
  });

  test("readings are sorted by time, in whatever order they came", () => {
    const dates = [1_795_000_300, 1_795_000_100, 1_795_000_200, 1_795_000_100];
    const { readings } = toReadings(dates.map((date, index) => group(10 - index, [WEIGHT], { date })));
    expect(readings.map((it) => [it.takenAt.getTime() / 1000, it.measureGroupId])).toEqual([
      [1_795_000_100, 7],
      [1_795_000_100, 9],
      [1_795_000_200, 8],
      [1_795_000_300, 10],
    ]);
  });

  test("without a time of change the time of creation counts, and then that of the measure", () => {
    const { modified: _modified, ...created } = group(1, [WEIGHT]);
    const { created: _created, ...bare } = created;
    expect(weighIn(created).modifiedAt).toEqual(new Date(1_795_000_060_000));
    expect(weighIn(bare).modifiedAt).toEqual(new Date(1_795_000_000_000));
  });

  test("unknown measure types are reported, each once", () => {
    const groups = [group(1, [WEIGHT, m(999, 1), m(998, 1)]), group(2, [WEIGHT, m(999, 1)])];
    expect(toReadings(groups)).toMatchObject({ unknown: ["measure type 998", "measure type 999"] });
    expect(toReadings(groups).readings.length).toBe(2);
  });
});
