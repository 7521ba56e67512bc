import { present } from "../../lib/present.ts";
import type { Attribution, BloodPressure, Reading, WeighIn } from "../model/reading.ts";
import { type Height, UNPLACED, type Unplaced } from "../model/vendors.ts";
import { MEASURE_TYPES, type MeasureGroup, realValue } from "./measure.ts";

const WEIGHT = 1;
const HEIGHT = 4;
const FAT_RATIO = 6;
const DIASTOLIC = 9;
const SYSTOLIC = 10;
const PULSE = 11;
const MUSCLE = 76;
const WATER = 77;
const BONE = 88;
const VISCERAL_FAT = 170;
const BASAL_METABOLIC_RATE = 226;
const METABOLIC_AGE = 227;

const UNPLACED_TYPES: ReadonlyMap<number, Unplaced> = new Map([
  [PULSE, "scale_pulse"],
  [155, "vascular_age"],
  [91, "pulse_wave_velocity"],
  [168, "body_water_parts"],
  [169, "body_water_parts"],
  [71, "temperature"],
  [73, "temperature"],
  [54, "oxygen"],
]);

/**
 * 1: the scale was not sure, 4: typed in when the account was created. 3 and 17 are undocumented, seen on a person picked on the scale
 * and on ordinary cuff readings. Everything else is unknown, and held rather than guessed.
 */
const ATTRIBUTION: Record<number, Attribution> = {
  0: "certain",
  1: "ambiguous",
  2: "certain",
  3: "certain",
  4: "typed_at_sign_up",
  5: "certain",
  7: "confirmed",
  8: "certain",
  15: "certain",
  17: "certain",
};
const ENTERED_BY_HAND = 2;
const TYPED = new Set([ENTERED_BY_HAND, 4]);

/** Positions that count for the whole body: 7 is the whole body, 6 both feet. */
const WHOLE_BODY: ReadonlySet<number | null | undefined> = new Set([undefined, null, 6, 7]);

/** One weigh-in arrives as several groups of the same second. A group that is listed twice counts once, as last changed. */
export function toReadings(groups: MeasureGroup[]) {
  const latest = new Map<number, MeasureGroup>();
  for (const group of groups) {
    const other = latest.get(group.grpid);
    if (other === undefined || modifiedSeconds(group) > modifiedSeconds(other)) latest.set(group.grpid, group);
  }

  const readings: Reading[] = [];
  const unknown = new Set<string>();
  const unplaced = new Set<Unplaced | undefined>();
  let height: Height | undefined;
  for (const group of latest.values()) {
    const takenAt = new Date(group.date * 1000);
    const value = (type: number) => {
      const measure = group.measures.find((it) => it.type === type && WHOLE_BODY.has(it.position));
      return measure && realValue(measure);
    };
    const heightM = value(HEIGHT);
    if (heightM !== undefined && heightM > 0 && (height === undefined || takenAt > height.takenAt))
      height = { takenAt, heightM };

    const measured = {
      measureGroupId: group.grpid,
      takenAt,
      modifiedAt: new Date(modifiedSeconds(group) * 1000),
      // A measure of an unknown category isn't trusted.
      attribution: (group.category ?? 1) === 1 ? (ATTRIBUTION[group.attrib] ?? "unknown") : "unknown",
      imported: group.deviceid === null && group.attrib !== ENTERED_BY_HAND,
      ...(TYPED.has(group.attrib) && { typed: true as const }),
    };
    const weightKg = value(WEIGHT);
    if (weightKg !== undefined)
      readings.push({ ...measured, kind: "weigh_in", weightKg, ...composition(weightKg, value) });
    const systolicMmHg = value(SYSTOLIC);
    const diastolicMmHg = value(DIASTOLIC);
    if (systolicMmHg !== undefined && diastolicMmHg !== undefined) {
      readings.push({
        ...measured,
        kind: "blood_pressure",
        systolicMmHg,
        diastolicMmHg,
        ...present<BloodPressure>({ pulseBpm: value(PULSE) }),
      });
    }

    const isCuff = systolicMmHg !== undefined;
    for (const { type } of group.measures) {
      if (!(isCuff && type === PULSE)) unplaced.add(UNPLACED_TYPES.get(type));
    }
    if ((group.category ?? 1) !== 1) unknown.add(`category ${group.category}`);
    if (!(group.attrib in ATTRIBUTION)) unknown.add(`attrib ${group.attrib}`);
    for (const { type } of group.measures) {
      if (!MEASURE_TYPES.some((known) => known === type)) unknown.add(`measure type ${type}`);
    }
  }
  readings.sort((a, b) => a.takenAt.getTime() - b.takenAt.getTime() || a.measureGroupId - b.measureGroupId);
  const found = UNPLACED.filter((it) => unplaced.has(it));
  return { readings, height, unknown: [...unknown].sort(), unplaced: found };
}

function composition(weightKg: number, value: (type: number) => number | undefined): Partial<WeighIn> {
  // A weight typed by hand comes with fat ratio 0 and everything derived from it: none of that was measured.
  if (value(FAT_RATIO) === 0) return {};
  const waterKg = value(WATER);
  return present<WeighIn>({
    bodyFatPercent: value(FAT_RATIO),
    bodyWaterPercent: waterKg === undefined ? undefined : (100 * waterKg) / weightKg,
    boneMassKg: value(BONE),
    muscleMassKg: value(MUSCLE),
    visceralFatIndex: value(VISCERAL_FAT),
    basalMetabolicRateKcal: value(BASAL_METABOLIC_RATE),
    metabolicAgeYears: value(METABOLIC_AGE),
  });
}

function modifiedSeconds(group: MeasureGroup): number {
  return group.modified ?? group.created ?? group.date;
}
