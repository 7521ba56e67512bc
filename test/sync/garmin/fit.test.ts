import { readFileSync } from "node:fs";
import { Decoder, Stream } from "@garmin/fitsdk";
import FitParser from "fit-file-parser";
import { describe, expect, test } from "vitest";
import { encodeWeighIns, fieldsOf, weighInRefusal } from "../../../src/sync/garmin/fit.ts";
import type { WeighIn } from "../../../src/sync/model/reading.ts";
import type { MeasureGroup } from "../../../src/sync/withings/measure.ts";
import { toReadings } from "../../../src/sync/withings/to-reading.ts";

const TAKEN_AT = new Date("2026-11-21T06:30:15Z");
const weighIn = (values: Partial<WeighIn> = {}): WeighIn => ({
  kind: "weigh_in",
  measureGroupId: 1,
  takenAt: TAKEN_AT,
  modifiedAt: TAKEN_AT,
  attribution: "certain",
  imported: false,
  weightKg: 80.25,
  ...values,
});

/** With the SDK's own decoder, in the units of the FIT profile. */
function decode(file: Uint8Array): Array<Record<string, unknown>> {
  const whole = new Decoder(Stream.fromByteArray(file));
  expect(whole.isFIT() && whole.checkIntegrity()).toBe(true);
  const { messages, errors } = new Decoder(Stream.fromByteArray(file)).read();
  expect(errors).toEqual([]);
  return (messages.weightScaleMesgs ?? []) as unknown as Array<Record<string, unknown>>;
}

/** With a reader that shares no line with the writer. */
async function decodeIndependently(file: Uint8Array): Promise<Record<string, Array<Record<string, unknown>>>> {
  const parsed = await new FitParser({ mode: "list", force: false }).parseAsync(
    Buffer.from(file) as Buffer<ArrayBuffer>,
  );
  return parsed.messages as unknown as Record<string, Array<Record<string, unknown>>>;
}
const weightScales = async (file: Uint8Array) => (await decodeIndependently(file)).weight_scale ?? [];

/** Random numbers, the same in every run. */
function randomNumbers(seed: number) {
  let state = seed;
  return (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe("the fields", () => {
  const everything = weighIn({
    weightKg: 71.262,
    bodyFatPercent: 23.481,
    bodyWaterPercent: (100 * 38.47) / 71.262,
    boneMassKg: 2.79,
    muscleMassKg: 51.74,
    visceralFatIndex: 4.5,
    basalMetabolicRateKcal: 1587,
    metabolicAgeYears: 41,
  });

  test("every value arrives in the field of its meaning, on FIT's grid, for both readers", async () => {
    const file = await encodeWeighIns([everything], 1.684);
    expect(decode(file)).toEqual([
      {
        timestamp: TAKEN_AT,
        weight: 71.26,
        bmi: 25.1,
        percentFat: 23.48,
        percentHydration: 53.98,
        boneMass: 2.79,
        muscleMass: 51.74,
        visceralFatRating: 5,
        basalMet: 1587,
        metabolicAge: 41,
      },
    ]);
    const records = await weightScales(file);
    expect(records.map((it) => ({ ...it, timestamp: new Date(String(it.timestamp)) }))).toEqual([
      {
        timestamp: TAKEN_AT,
        weight: 71.26,
        bmi: 25.1,
        percent_fat: 23.48,
        percent_hydration: 53.98,
        bone_mass: 2.79,
        muscle_mass: 51.74,
        visceral_fat_rating: 5,
        basal_met: 1587,
        metabolic_age: 41,
      },
    ]);
  });

  test("are right from Withings' integers to FIT's integers", async () => {
    const path = new URL("../../fixtures/withings/segmental-weigh-in.json", import.meta.url);
    const group = JSON.parse(readFileSync(path, "utf8")) as MeasureGroup;
    const file = await encodeWeighIns(toReadings([group]).readings as WeighIn[], 1.684);
    expect(rawWeightScales(file)).toEqual([
      new Map([
        [253, 1_139_986_933], // 1771052533 less the 631065600 seconds to 1989-12-31
        [0, 7126],
        [13, 251],
        [1, 2348],
        [2, 5398], // 100 x 38.47 / 71.262 is 53.9839
        [4, 279],
        [5, 5174],
        [11, 5],
        [7, 6348],
        [10, 41],
      ]),
    ]);
  });

  test("the file says that it holds weights", async () => {
    const { file_id } = await decodeIndependently(await encodeWeighIns([weighIn()], undefined));
    expect(file_id).toMatchObject([{ type: "weight", manufacturer: "garmin" }]);
  });

  test("without a height there is no BMI, and what was not measured is absent", async () => {
    const file = await encodeWeighIns([weighIn()], undefined);
    expect(decode(file)).toEqual([{ timestamp: TAKEN_AT, weight: 80.25 }]);
    expect(Object.keys((await weightScales(file))[0] ?? {}).sort()).toEqual(["timestamp", "weight"]);
  });
});

describe("rounding", () => {
  test("2000 random weights of two decimals arrive as they are", async () => {
    const random = randomNumbers(20_261_121);
    const hundredths = Array.from({ length: 2000 }, () => 2000 + random(28_000));
    const wrong: unknown[] = [];
    for (let start = 0; start < hundredths.length; start += 100) {
      const batch = hundredths.slice(start, start + 100);
      const file = await encodeWeighIns(
        batch.map((it, index) =>
          weighIn({ takenAt: new Date(TAKEN_AT.getTime() + index * 1000), weightKg: Number(`${it}e-2`) }),
        ),
        undefined,
      );
      const sdk = decode(file).map((it) => it.weight);
      const raw = rawWeightScales(file).map((it) => it.get(0));
      const independent = (await weightScales(file)).map((it) => it.weight);
      for (const [index, it] of batch.entries()) {
        const kg = Number(`${it}e-2`);
        if (raw[index] !== it || sdk[index] !== kg || independent[index] !== kg) wrong.push(kg);
      }
    }
    expect(wrong).toEqual([]);
  });

  test.each([
    [80.255, 80.26],
    [80.254, 80.25],
    [1.005, 1.01],
    [32.05, 32.05],
    [64.145, 64.15],
    [69.955, 69.96],
    [100.115, 100.12],
    [0.005, 0.01],
  ])("of %d kg gives %d, a half goes up", async (weightKg, rounded) => {
    expect(decode(await encodeWeighIns([weighIn({ weightKg })], undefined))[0]?.weight).toBe(rounded);
  });

  test.each([
    [91.4, 2, 22.9], // 22.85
    [58.496, 1.6, 22.9], // 22.85, which binary numbers make 22.849999999999994
    [48.05, 1.24, 31.3], // 31.25
    [92.16, 1.28, 56.3], // 56.25
    [80.25, 1.75, 26.2], // 26.204
  ])("of the BMI of %d kg at %d m gives %d", (weightKg, heightM, bmi) => {
    expect(fieldsOf(weighIn({ weightKg }), heightM).bmi).toBe(bmi);
  });

  test("of the BMI is right for every height and weight of a person, in spite of binary numbers", () => {
    const wrong = [];
    for (let centimetres = 120; centimetres <= 220; centimetres += 4) {
      for (let hundredths = 4000; hundredths <= 15_000; hundredths += 1) {
        // In whole numbers: tenths of the BMI, times two, so that a half is whole too.
        const [twice, square] = [hundredths * 2000, centimetres ** 2];
        const tenths = Math.floor((twice + square) / (2 * square));
        const weightKg = Number(`${hundredths}e-2`);
        if (fieldsOf(weighIn({ weightKg }), centimetres / 100).bmi !== tenths / 10) wrong.push([weightKg, centimetres]);
      }
    }
    expect(wrong).toEqual([]);
  });

  test.each([
    [61.44, 36.48, 59.38], // 59.375
    [69.76, 37.06, 53.13], // 53.125
    [86.4, 24.3, 28.13], // 28.125
  ])("of the water of %d kg with %d kg of it gives %d percent", (weightKg, waterKg, percent) => {
    expect(fieldsOf(weighIn({ bodyWaterPercent: (100 * waterKg) / weightKg }), undefined).percentHydration).toBe(
      percent,
    );
  });

  test.each([
    [3.2, 3],
    [3.5, 4],
    [3.4999, 3],
    [12, 12],
  ])("of a visceral fat of %d gives the whole rating %i", async (visceralFatIndex, rating) => {
    const file = await encodeWeighIns([weighIn({ visceralFatIndex })], undefined);
    expect([decode(file)[0]?.visceralFatRating, rawWeightScales(file)[0]?.get(11)]).toEqual([rating, rating]);
  });

  test("of the metabolic rate goes in quarters of a kilocalorie", () => {
    const rates = [1587, 1587.125, 1587.12, 1587.5].map(
      (rate) => fieldsOf(weighIn({ basalMetabolicRateKcal: rate }), undefined).basalMet,
    );
    expect(rates).toEqual([1587, 1587.25, 1587, 1587.5]);
  });
});

describe("what FIT can't hold", () => {
  test.each([700, 655.335, 655.34, -1, -80, 0, 0.004, Number.NaN, Number.POSITIVE_INFINITY])(
    "a weight of %d is refused before it is encoded",
    async (weightKg) => {
      expect(weighInRefusal(weighIn({ weightKg }))).toBe("out_of_range");
      await expect(encodeWeighIns([weighIn(), weighIn({ weightKg })], 1.8)).rejects.toThrow(RangeError);
    },
  );

  test.each([0.005, 2, 80, 300, 655.33, 655.334])("a weight of %d is taken", (weightKg) => {
    expect(weighInRefusal(weighIn({ weightKg }))).toBeUndefined();
  });

  test.each([
    "1970-01-01T00:00:00Z",
    "1989-12-31T00:00:00Z",
    "1998-07-03T00:00:00Z",
    "2126-02-07T00:00:00Z",
    "2200-01-01T00:00:00Z",
    "nonsense",
  ])("a weigh-in of %s is refused, because FIT would show another date", (takenAt) => {
    expect(weighInRefusal(weighIn({ takenAt: new Date(takenAt) }))).toBe("out_of_range");
  });

  test.each(["1998-07-05T00:00:00Z", "2026-11-21T06:30:15Z", "2100-01-01T00:00:00Z"])(
    "one of %s arrives then",
    async (at) => {
      const takenAt = new Date(at);
      expect(weighInRefusal(weighIn({ takenAt }))).toBeUndefined();
      expect(decode(await encodeWeighIns([weighIn({ takenAt })], undefined))[0]?.timestamp).toEqual(takenAt);
    },
  );

  test.each<[string, Partial<WeighIn>]>([
    ["300 years of metabolic age", { metabolicAgeYears: 300 }],
    ["255 years, which means none", { metabolicAgeYears: 255 }],
    ["a fat ratio of 120 %", { bodyFatPercent: 120 }],
    ["a fat ratio of NaN", { bodyFatPercent: Number.NaN }],
    ["water of 101 %", { bodyWaterPercent: 101 }],
    ["infinite water", { bodyWaterPercent: Number.POSITIVE_INFINITY }],
    ["bones of 700 kg", { boneMassKg: 700 }],
    ["muscles of -1 kg", { muscleMassKg: -1 }],
    ["a visceral fat of 300", { visceralFatIndex: 300 }],
    ["a visceral fat of -3", { visceralFatIndex: -3 }],
    ["a metabolic rate of 20000 kcal", { basalMetabolicRateKcal: 20_000 }],
  ])("%s is left out, and the weight goes", async (_what, values) => {
    const file = await encodeWeighIns([weighIn(values)], undefined);
    expect(decode(file)).toEqual([{ timestamp: TAKEN_AT, weight: 80.25 }]);
  });

  test.each([0, Number.NaN, 0.01])("a height of %d makes no BMI", (heightM) => {
    expect(fieldsOf(weighIn(), heightM)).toEqual({ weight: 80.25 });
  });
});

describe("a file of many", () => {
  test("holds a hundred records, sorted by time whatever order they came in", async () => {
    const random = randomNumbers(7);
    const times = Array.from({ length: 100 }, (_, index) => new Date(TAKEN_AT.getTime() + index * 61_000));
    const shuffled = times.map((at) => ({ at, key: random(1e6) })).sort((a, b) => a.key - b.key);
    const given = shuffled.map(({ at }, index) => weighIn({ takenAt: at, weightKg: 70 + index / 100 }));
    const before = [...given];
    const file = await encodeWeighIns(given, 1.8);
    expect(decode(file).map((it) => it.timestamp)).toEqual(times);
    expect((await weightScales(file)).map((it) => new Date(String(it.timestamp)))).toEqual(times);
    expect(given).toEqual(before);
  });

  test("keeps apart what one record has and another hasn't", async () => {
    const later = new Date(TAKEN_AT.getTime() + 1000);
    const file = await encodeWeighIns(
      [weighIn({ bodyFatPercent: 20, boneMassKg: 3 }), weighIn({ takenAt: later })],
      1.8,
    );
    expect(decode(file)[1]).toEqual({ timestamp: later, weight: 80.25, bmi: 24.8 });
  });

  test("keeps both weigh-ins of the hour that a clock change repeats, and of the day that lacks one", async () => {
    const times = [
      "2025-10-26T00:30:00Z",
      "2025-10-26T01:30:00Z",
      "2025-10-26T02:30:00Z",
      "2025-10-26T00:59:59Z",
      "2026-03-29T00:59:59Z",
      "2026-03-29T01:00:00Z",
    ];
    const file = await encodeWeighIns(
      times.map((at) => weighIn({ takenAt: new Date(at) })),
      undefined,
    );
    const expected = [...times].sort().map((at) => new Date(at));
    expect(decode(file).map((it) => it.timestamp)).toEqual(expected);
  });
});

/** The integers of the weight_scale records in the file, by field number; what is "invalid" is left out. */
function rawWeightScales(file: Uint8Array): Array<Map<number, number>> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  let at = view.getUint8(0);
  const end = at + view.getUint32(4, true);
  const layouts = new Map<number, { message: number; fields: Array<{ id: number; size: number }> }>();
  const records: Array<Map<number, number>> = [];
  while (at < end) {
    const header = view.getUint8(at++);
    const local = header & 0x0f;
    if (header & 0x40) {
      expect(view.getUint8(at + 1), "little endian").toBe(0);
      const message = view.getUint16(at + 2, true);
      const count = view.getUint8(at + 4);
      at += 5;
      const fields = Array.from({ length: count }, (_, index) => ({
        id: view.getUint8(at + index * 3),
        size: view.getUint8(at + index * 3 + 1),
      }));
      at += count * 3;
      layouts.set(local, { message, fields });
      continue;
    }
    const layout = layouts.get(local);
    if (!layout) throw new Error(`a record without a definition at ${at}`);
    const values = new Map<number, number>();
    for (const { id, size } of layout.fields) {
      let value = 0;
      for (let byte = size - 1; byte >= 0; byte--) value = value * 256 + view.getUint8(at + byte);
      if (value !== 256 ** size - 1) values.set(id, value);
      at += size;
    }
    if (layout.message === 30) records.push(values);
  }
  return records;
}
