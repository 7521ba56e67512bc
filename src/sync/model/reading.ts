/** One measurement event. What was not measured is absent, never 0. Only adapters know a vendor's field names. */
export type Reading = WeighIn | BloodPressure;
export type ReadingKind = Reading["kind"];
export const KINDS = ["weigh_in", "blood_pressure"] as const satisfies ReadingKind[];

interface ReadingBase {
  measureGroupId: number;
  takenAt: Date;
  modifiedAt: Date;
  attribution: Attribution;
  /** It came into Withings from another health app, so Garmin may have it already: it's looked for before it is sent. */
  imported: boolean;
  typed?: true;
  /** It was typed into the chat or handed on there, so Withings doesn't list it, and it may be off by this from what a device delivers. */
  within?: Within;
  /** Withings no longer lists it. Its owner restored it, so it's sent as the ledger has it. */
  unlisted?: true;
}

/** How far off it may be: people round, and give times roughly. */
export interface Within {
  seconds: number;
  kg: number;
}

export type Attribution = "certain" | "confirmed" | "ambiguous" | "typed_at_sign_up" | "unknown";

export interface WeighIn extends ReadingBase {
  kind: "weigh_in";
  weightKg: number;
  bodyFatPercent?: number;
  bodyWaterPercent?: number;
  boneMassKg?: number;
  /** Total muscle, as Withings measures it. Garmin labels the field "skeletal muscle". */
  muscleMassKg?: number;
  visceralFatIndex?: number;
  basalMetabolicRateKcal?: number;
  metabolicAgeYears?: number;
}

export interface BloodPressure extends ReadingBase {
  kind: "blood_pressure";
  systolicMmHg: number;
  diastolicMmHg: number;
  pulseBpm?: number;
}

export interface ChosenParts {
  composition: boolean;
  /** Total muscle into Garmin's field for skeletal muscle; needs `composition`. */
  muscle: boolean;
}

/** Only what is sent is cut down: if the fingerprint changed with a setting, everything in Garmin would be sent again. */
export function chosenParts(weighIn: WeighIn, { composition, muscle }: ChosenParts): WeighIn {
  const { measureGroupId, takenAt, modifiedAt, attribution, imported, kind, weightKg } = weighIn;
  if (!composition) return { measureGroupId, takenAt, modifiedAt, attribution, imported, kind, weightKg };
  const { muscleMassKg, ...rest } = weighIn;
  return muscle && muscleMassKg !== undefined ? { ...rest, muscleMassKg } : rest;
}

export type Composition = Pick<
  WeighIn,
  "bodyFatPercent" | "bodyWaterPercent" | "muscleMassKg" | "boneMassKg" | "visceralFatIndex"
>;

/** Its identity in the ledger. A measure group may hold a weigh-in and a blood pressure at once. */
export function readingId(reading: { measureGroupId: number; kind: ReadingKind }): string {
  return `${String(reading.measureGroupId).padStart(16, "0")}#${reading.kind}`;
}

/** The values that count. Without `modifiedAt` and the attribution, so that a change of no value sends nothing. */
export function fingerprint(reading: Reading): string {
  const { measureGroupId: _id, modifiedAt: _modified, attribution: _who, imported: _imported, ...rest } = reading;
  const { typed: _typed, within: _within, unlisted: _unlisted, ...values } = rest;
  return JSON.stringify(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));
}

type Printed = Pick<ReadingBase, "measureGroupId" | "takenAt" | "modifiedAt"> & { fingerprint: string };

/**
 * What was sent, by its fingerprint, which has all its values. It was its owner's, and Garmin may have it from elsewhere by now.
 */
export function readingOfPrint({ measureGroupId, takenAt, modifiedAt, fingerprint }: Printed): Reading {
  const values = Object.fromEntries(JSON.parse(fingerprint));
  const about = { measureGroupId, takenAt, modifiedAt, attribution: "confirmed", imported: true, unlisted: true };
  return { ...values, ...about } as Reading;
}
