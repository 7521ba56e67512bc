import type { FileIdMesg, WeightScaleMesg } from "@garmin/fitsdk";
import { present } from "../../lib/present.ts";
import type { WeighIn } from "../model/reading.ts";
import type { FailReason, Fields } from "../model/vendors.ts";
import { EARLIEST, isWithinGarminTime } from "./dates.ts";

const FILE_ID = 0;
const WEIGHT_SCALE = 30;
/** Our bundles have these of Garmin's profile, and none of the 123 others. */
export const MESSAGES = [FILE_ID, WEIGHT_SCALE];

/** FIT weight_scale fields as the SDK names them, in FIT's own units, on FIT's own grid. */
interface WeightScaleFields {
  weight?: number;
  bmi?: number;
  percentFat?: number;
  percentHydration?: number;
  boneMass?: number;
  muscleMass?: number;
  visceralFatRating?: number;
  basalMet?: number;
  metabolicAge?: number;
}

/** `steps`: how many make one unit. `max` is what fits; above it the encoder would silently wrap. */
interface Field {
  name: keyof WeightScaleFields;
  steps: 1 | 4 | 10 | 100;
  max: number;
  of: (weighIn: WeighIn, heightM: number | undefined) => number | undefined;
}

/** 0xFFFF means "invalid" and 0xFFFE "still calculating" in a 16-bit weight. */
const MASS_MAX = 655.33;

const FIELDS: Field[] = [
  { name: "weight", steps: 100, max: MASS_MAX, of: (it) => it.weightKg },
  // Without a BMI Garmin's web page hides the whole composition row.
  { name: "bmi", steps: 10, max: 200, of: (it, heightM) => heightM && it.weightKg / heightM ** 2 },
  { name: "percentFat", steps: 100, max: 100, of: (it) => it.bodyFatPercent },
  { name: "percentHydration", steps: 100, max: 100, of: (it) => it.bodyWaterPercent },
  { name: "boneMass", steps: 100, max: MASS_MAX, of: (it) => it.boneMassKg },
  { name: "muscleMass", steps: 100, max: MASS_MAX, of: (it) => it.muscleMassKg },
  // Whole numbers only: Garmin rejects a decimal rating, and the encoder would truncate it instead of rounding.
  { name: "visceralFatRating", steps: 1, max: 254, of: (it) => it.visceralFatIndex },
  { name: "basalMet", steps: 4, max: 16_000, of: (it) => it.basalMetabolicRateKcal },
  { name: "metabolicAge", steps: 1, max: 254, of: (it) => it.metabolicAgeYears },
];

export function weighInRefusal(weighIn: WeighIn): FailReason | undefined {
  const fits = fieldsOf(weighIn, undefined).weight !== undefined && isWithinGarminTime(weighIn.takenAt);
  return fits ? undefined : "out_of_range";
}

/** Sorted by time. The SDK is loaded on first use, because most runs send nothing. */
export async function encodeWeighIns(weighIns: WeighIn[], heightM: number | undefined): Promise<Uint8Array> {
  const { Encoder } = await import("@garmin/fitsdk");
  const sorted = [...weighIns].sort((a, b) => a.takenAt.getTime() - b.takenAt.getTime());
  const encoder = new Encoder();
  const fileId: FileIdMesg = {
    type: "weight",
    manufacturer: "garmin",
    product: INDEX_SMART_SCALE,
    serialNumber: 1,
    timeCreated: sorted[0]?.takenAt ?? EARLIEST,
  };
  encoder.onMesg(FILE_ID, fileId);
  for (const weighIn of sorted) {
    const refusal = weighInRefusal(weighIn);
    if (refusal) throw new RangeError(`weigh-in ${weighIn.measureGroupId} does not fit into a FIT record`);
    const record: WeightScaleMesg = { timestamp: weighIn.takenAt, ...fieldsOf(weighIn, heightM) };
    encoder.onMesg(WEIGHT_SCALE, record);
  }
  return encoder.close();
}

/** Garmin's own scale; the SDK knows no Withings. Any product is accepted. */
const INDEX_SMART_SCALE = 2429;

export function fieldsOf(weighIn: WeighIn, heightM: number | undefined): WeightScaleFields {
  const fields: WeightScaleFields = {};
  for (const { name, steps, max, of } of FIELDS) {
    const value = of(weighIn, heightM);
    if (value === undefined || !Number.isFinite(value)) continue;
    const rounded = roundHalfUp(value, steps);
    if (rounded > 0 && rounded <= max) fields[name] = rounded;
  }
  return fields;
}

/**
 * A half goes up. Rounding to twelve digits first removes binary noise: 1.005 x 100 is
 * 100.49999999999999, and 48.05 / 1.24 ** 2 falls just short of 31.25; both would lose a step.
 */
function roundHalfUp(value: number, steps: Field["steps"]): number {
  return Math.round(Number((value * steps).toPrecision(12))) / steps;
}

/** Under our names. Garmin accepts the basal rate and never shows it. */
export function shownAgain(fields: WeightScaleFields): Fields {
  return present<Fields>({
    weightKg: fields.weight,
    bmi: fields.bmi,
    bodyFatPercent: fields.percentFat,
    bodyWaterPercent: fields.percentHydration,
    muscleMassKg: fields.muscleMass,
    boneMassKg: fields.boneMass,
    visceralFatIndex: fields.visceralFatRating,
    metabolicAgeYears: fields.metabolicAge,
  });
}
