import type { FitWeight } from "./fit-file.ts";

/** `takenAt` is UTC; composition comes from FIT files only. */
export interface StoredWeight extends FitWeight {
  /** The upload time in ms, unique: deleting needs it. */
  samplePk: number;
  uploadedAt: Date;
  /** The wall clock where it was taken, as if it were UTC. */
  wallClockMs: number;
  calendarDate: string;
  sourceType: "INDEX_SCALE" | "MANUAL";
}

/** A mean year: the vendor's metabolic age is in ms. */
const YEAR_MS = 31_556_926_000;

/** One entry as Garmin writes it: in grams, with float noise. */
export function weightEntry(weight: StoredWeight, before: StoredWeight | undefined) {
  return {
    samplePk: weight.samplePk,
    date: weight.wallClockMs,
    calendarDate: weight.calendarDate,
    weight: Math.round(weight.weightKg * 1000),
    bmi: weight.bmi === undefined ? null : Math.fround(weight.bmi),
    bodyFat: weight.bodyFatPercent ?? null,
    bodyWater: weight.bodyWaterPercent ?? null,
    boneMass: grams(weight.boneKg),
    muscleMass: grams(weight.muscleKg),
    physiqueRating: weight.physiqueRating ?? null,
    visceralFat: weight.visceralFatRating ?? null,
    metabolicAge: weight.metabolicAgeYears === undefined ? null : weight.metabolicAgeYears * YEAR_MS,
    sourceType: weight.sourceType,
    timestampGMT: weight.takenAt.getTime(),
    weightDelta: before ? (weight.weightKg - before.weightKg) * 1000 : null,
  };
}

type Entry = ReturnType<typeof weightEntry>;

/** Truncated after passing through a 32-bit float, which turns 3.54 kg into 3539 g. */
function grams(kg: number | undefined): number | null {
  return kg === undefined ? null : Math.trunc(Math.fround(kg) * 1000);
}

/** GET dayview and GET dateRange: newest first. */
export function listOf(weights: readonly StoredWeight[], startDate: string, endDate: string) {
  const entries = entriesOf(weights).filter(({ calendarDate }) => calendarDate >= startDate && calendarDate <= endDate);
  return {
    startDate,
    endDate,
    dateWeightList: entries.toReversed(),
    totalAverage: average(entries, startDate, endDate),
  };
}

/** For a missing entry before or after a range. Both have been seen. */
export type NoNeighbour = "entry of nulls" | "null";

/** GET range: newest day first. Without `includeAll`, the single measurements are missing. */
export function range(
  weights: readonly StoredWeight[],
  {
    start,
    end,
    includeAll,
    noNeighbour,
  }: { start: string; end: string; includeAll: boolean; noNeighbour: NoNeighbour },
) {
  const nobody = noNeighbour === "null" ? null : NO_ENTRY;
  const all = entriesOf(weights);
  const inside = all.filter(({ calendarDate }) => calendarDate >= start && calendarDate <= end);
  const days = [...new Set(inside.map(({ calendarDate }) => calendarDate))].sort().reverse();
  const dailyWeightSummaries = days.map((summaryDate) => {
    const ofDay = inside.filter(({ calendarDate }) => calendarDate === summaryDate).toReversed();
    const grams = ofDay.map(({ weight }) => weight);
    return {
      summaryDate,
      numOfWeightEntries: ofDay.length,
      minWeight: Math.min(...grams),
      maxWeight: Math.max(...grams),
      latestWeight: ofDay[0],
      allWeightMetrics: includeAll ? ofDay : [],
    };
  });
  return {
    dailyWeightSummaries,
    totalAverage: average(inside, start, end),
    previousDateWeight: all.findLast(({ calendarDate }) => calendarDate < start) ?? nobody,
    nextDateWeight: all.find(({ calendarDate }) => calendarDate > end) ?? nobody,
  };
}

/** Oldest first. */
function entriesOf(weights: readonly StoredWeight[]): Entry[] {
  const sorted = weights.toSorted((a, b) => a.takenAt.getTime() - b.takenAt.getTime() || a.samplePk - b.samplePk);
  return sorted.map((weight, index) => weightEntry(weight, sorted[index - 1]));
}

function average(entries: readonly Entry[], start: string, end: string) {
  const mean = (field: "weight" | "bmi" | "bodyFat" | "bodyWater" | "boneMass" | "muscleMass") => {
    const values = entries.map((entry) => entry[field]).filter((value) => value !== null);
    return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  return {
    from: Date.parse(`${start}T00:00:00Z`),
    until: Date.parse(`${end}T23:59:59.999Z`),
    weight: mean("weight"),
    bmi: mean("bmi"),
    bodyFat: mean("bodyFat"),
    bodyWater: mean("bodyWater"),
    boneMass: mean("boneMass"),
    muscleMass: mean("muscleMass"),
    physiqueRating: null,
    visceralFat: null,
    metabolicAge: null,
  };
}

const ENTRY_FIELDS = [
  ...["samplePk", "date", "calendarDate", "weight", "bmi", "bodyFat", "bodyWater", "boneMass", "muscleMass"],
  ...["physiqueRating", "visceralFat", "metabolicAge", "sourceType", "timestampGMT", "weightDelta"],
];
const NO_ENTRY = Object.fromEntries(ENTRY_FIELDS.map((name) => [name, null]));
