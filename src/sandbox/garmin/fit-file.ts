import { Decoder, Stream } from "@garmin/fitsdk";

/** One weight_scale message, in the units of the FIT profile: kilograms, percent, kilocalories, years. */
export interface FitWeight {
  takenAt: Date;
  weightKg: number;
  bmi?: number;
  bodyFatPercent?: number;
  bodyWaterPercent?: number;
  boneKg?: number;
  muscleKg?: number;
  visceralFatKg?: number;
  visceralFatRating?: number;
  physiqueRating?: number;
  metabolicAgeYears?: number;
  basalMetKcal?: number;
  activeMetKcal?: number;
}

const FIELDS = {
  bmi: "bmi",
  percentFat: "bodyFatPercent",
  percentHydration: "bodyWaterPercent",
  boneMass: "boneKg",
  muscleMass: "muscleKg",
  visceralFatMass: "visceralFatKg",
  visceralFatRating: "visceralFatRating",
  physiqueRating: "physiqueRating",
  metabolicAge: "metabolicAgeYears",
  basalMet: "basalMetKcal",
  activeMet: "activeMetKcal",
} as const;

/** One bad record refuses the whole file. */
export function readWeightFile(bytes: Uint8Array): FitWeight[] | { refused: string } {
  const { isWhole, messages } = decode(bytes);
  if (!isWhole) return { refused: "not a FIT file, or its checksum is wrong" };
  const file = messages.fileIdMesgs?.[0];
  if (file?.type !== "weight") return { refused: `the file type is ${String(file?.type)}` };
  const records = messages.weightScaleMesgs ?? [];
  if (records.length === 0) return { refused: "no weight_scale record" };

  const weights: FitWeight[] = [];
  for (const record of records) {
    const { timestamp, weight } = record;
    // "calculating" and a missing weight both end here.
    if (!(timestamp instanceof Date) || typeof weight !== "number" || weight <= 0) {
      return { refused: "a record without time or weight" };
    }
    const read: FitWeight = { takenAt: timestamp, weightKg: weight };
    for (const [theirs, ours] of Object.entries(FIELDS)) {
      const value = record[theirs];
      if (typeof value === "number") read[ours] = value;
    }
    weights.push(read);
  }
  return weights;
}

type Messages = Record<string, Record<string, unknown>[] | undefined>;

function decode(bytes: Uint8Array): { isWhole: boolean; messages: Messages } {
  try {
    const decoder = new Decoder(Stream.fromByteArray(bytes));
    if (!decoder.isFIT()) return { isWhole: false, messages: {} };
    // Errors include a wrong checksum.
    const { messages, errors } = decoder.read();
    return { isWhole: errors.length === 0, messages: messages as unknown as Messages };
  } catch {
    return { isWhole: false, messages: {} };
  }
}
