import type { Arrival, Differing, LedgerEntry, Progress, Twin } from "../model/ledger.ts";
import type { ReadingKind } from "../model/reading.ts";
import type { Difference, Field, Fields, GarminEntry, Measured, SentValues } from "../model/vendors.ts";
import { isOurs, isSameEvent } from "./match.ts";

export interface ReadBack extends Measured {
  kind: ReadingKind;
  compared: Field[];
  differences: Difference[];
}

/** A larger difference means a change. Garmin cuts masses off to whole grams; rounding is ignored. */
const TOLERANCE: Record<keyof Fields, number> = {
  weightKg: 0.0105,
  systolicMmHg: 0,
  diastolicMmHg: 0,
  pulseBpm: 0,
  bmi: 0.06,
  bodyFatPercent: 0.06,
  bodyWaterPercent: 0.06,
  muscleMassKg: 0.0105,
  boneMassKg: 0.0105,
  visceralFatIndex: 0.51,
  metabolicAgeYears: 1,
};

const SECONDS: Record<ReadingKind, number> = { weigh_in: 1, blood_pressure: 60 };

/** Parts that were not sent are ignored: Garmin may fill them in by itself. */
export function compare({ takenAt, values }: Measured, sent: Fields, inGarmin: GarminEntry): ReadBack {
  const differences: Difference[] = [];
  const [sentAt, shownAt] = [takenAt.getTime(), inGarmin.takenAt.getTime()];
  if (Math.abs(sentAt - shownAt) > SECONDS[values.kind] * 1000) {
    differences.push({ field: "takenAt", sent: sentAt, shown: shownAt });
  }
  for (const [name, value] of Object.entries(sent)) {
    const field = name as keyof Fields;
    const shown = inGarmin.fields[field];
    if (shown === undefined) differences.push({ field, sent: value });
    else if (Math.abs(shown - value) > TOLERANCE[field]) differences.push({ field, sent: value, shown });
  }
  return {
    ...{ kind: values.kind, takenAt, values, differences },
    compared: ["takenAt", ...(Object.keys(sent) as Field[])],
  };
}

const DECISIVE: Field[] = ["takenAt", "weightKg", "systolicMmHg", "diastolicMmHg"];

export const isDecisive = ({ field }: Difference) => DECISIVE.includes(field);

export function acceptedFields({ differing = [] }: Progress, kind: ReadingKind): Set<Field> {
  return new Set(differing.filter((it) => it.kind === kind && it.isAccepted).map(({ field }) => field));
}

/** A field that is shown again is forgotten; an accepted one stays accepted. */
export function differingAfter(before: Differing[] = [], readBacks: ReadBack[]): Differing[] {
  const all = new Map(before.map((it) => [`${it.kind}#${it.field}`, it]));
  for (const { kind, takenAt, values, compared, differences } of readBacks) {
    for (const field of compared) {
      const key = `${kind}#${field}`;
      const known = all.get(key);
      const difference = differences.find((it) => it.field === field);
      if (difference) {
        all.set(key, { ...difference, kind, takenAt, values, ...(known?.isAccepted && { isAccepted: true }) });
      } else if (known && known.shown === undefined) all.delete(key);
    }
  }
  return [...all.values()];
}

export function shownValues({ values, differences = [] }: Pick<LedgerEntry, "values" | "differences">): SentValues {
  const shown = differences.filter((it) => it.field in values && it.shown !== undefined);
  return { ...values, ...Object.fromEntries(shown.map((it) => [it.field, it.shown])) };
}

/** An entry that isn't ours, for the same event as an arrival. It may be a late copy of what is `open`: then it isn't a twin. */
export function twinOf(foreign: GarminEntry[], arrived: Arrival[], open: Measured[]): Twin | undefined {
  for (const other of foreign) {
    if (open.some((it) => isOurs(it, other))) continue;
    const ours = arrived.find((it) => isSameEvent(it, other));
    if (!ours) continue;
    const { takenAt, values } = other;
    return { takenAt: ours.takenAt, values: ours.values, other: { takenAt, values } };
  }
  return undefined;
}
