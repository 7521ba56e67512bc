/** One measurement, as Withings sends it. */
export interface MeasureGroup {
  grpid: number;
  attrib: number;
  date: number;
  created: number;
  modified: number;
  category: number;
  deviceid: string | null;
  hash_deviceid: string | null;
  modelid: number | null;
  model: string | null;
  comment: string | null;
  measures: Measure[];
}

export interface Measure {
  value: number;
  type: number;
  unit: number;
  algo?: number;
  fm?: number;
  position?: number | null;
}

export interface WeighInValues {
  weightKg: number;
  fatRatioPercent?: number;
  fatMassKg?: number;
  muscleKg?: number;
  boneKg?: number;
  waterKg?: number;
  visceralFat?: number;
  bmrKcal?: number;
  metabolicAgeYears?: number;
}

export interface BloodPressureValues {
  systolic: number;
  diastolic: number;
  pulse?: number;
}

interface VendorField {
  type: number;
  /** The power of ten of `value`. It differs from type to type. */
  unit: number;
}

const FIELDS = {
  weightKg: { type: 1, unit: -3 },
  heightM: { type: 4, unit: -3 },
  fatFreeMassKg: { type: 5, unit: -2 },
  fatRatioPercent: { type: 6, unit: -3 },
  fatMassKg: { type: 8, unit: -2 },
  diastolic: { type: 9, unit: 0 },
  systolic: { type: 10, unit: 0 },
  pulse: { type: 11, unit: 0 },
  muscleKg: { type: 76, unit: -2 },
  waterKg: { type: 77, unit: -2 },
  boneKg: { type: 88, unit: -2 },
  pulseWaveVelocity: { type: 91, unit: -3 },
  vascularAgeYears: { type: 155, unit: -1 },
  visceralFat: { type: 170, unit: -1 },
  bmrKcal: { type: 226, unit: 0 },
  metabolicAgeYears: { type: 227, unit: 0 },
} satisfies Record<string, VendorField>;

export type MeasureValues = { [name in keyof typeof FIELDS]?: number };

/** Whole body. A segmental scale writes it on its composition, but not on weight and fat ratio. */
const WHOLE_BODY = 7;

export function measuresOf(values: MeasureValues, options: { segmental?: boolean } = {}): Measure[] {
  const measures: Measure[] = [];
  for (const [name, { type, unit }] of Object.entries(FIELDS)) {
    const real = values[name as keyof MeasureValues];
    if (real === undefined) continue;
    const measure: Measure = { value: Math.round(real * 10 ** -unit), type, unit, algo: 0, fm: 3 };
    const isComposition = type !== 1 && type !== 6;
    if (options.segmental && isComposition) measure.position = WHOLE_BODY;
    measures.push(measure);
    // Such scales send these two twice, with the same value. A client must not add them up.
    if (options.segmental && (type === 5 || type === 8)) measures.push({ ...measure });
  }
  return measures;
}

/** Fat mass and fat-free mass come with the fat ratio. */
export function weighInMeasures(values: WeighInValues): Measure[] {
  const { weightKg, fatRatioPercent } = values;
  const fatMassKg =
    values.fatMassKg ?? (fatRatioPercent === undefined ? undefined : (weightKg * fatRatioPercent) / 100);
  const all: MeasureValues = { ...values };
  if (fatMassKg !== undefined) {
    all.fatMassKg = fatMassKg;
    all.fatFreeMassKg = weightKg - fatMassKg;
  }
  return measuresOf(all, { segmental: values.visceralFat !== undefined });
}

/** A type the group didn't have is added. */
export function overwrite(group: MeasureGroup, values: MeasureValues): void {
  for (const measure of measuresOf(values)) {
    const existing = group.measures.filter((other) => other.type === measure.type);
    for (const other of existing) {
      other.value = measure.value;
      other.unit = measure.unit;
    }
    if (existing.length === 0) group.measures.push(measure);
  }
}
