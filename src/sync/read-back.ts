import { isOurs, isSameEvent, type Wanted } from "./match.ts";
import type {
  Arrival,
  Difference,
  Differing,
  Field,
  Fields,
  LedgerEntry,
  Progress,
  SentValues,
  Standing,
  Twin,
} from "./ports.ts";
import type { ReadingKind } from "./reading.ts";

/** A reading that was seen in Garmin, compared with what was sent. */
export interface ReadBack {
  kind: ReadingKind;
  takenAt: Date;
  values: SentValues;
  compared: Field[];
  differences: Difference[];
}

/** What is further apart was changed. Garmin keeps masses in whole grams and cuts them off; what it rounds is left out of account. */
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

/** A weight comes back to the second. Of a blood pressure Garmin may cut the seconds off. */
const SECONDS: Record<ReadingKind, number> = { weigh_in: 1, blood_pressure: 60 };

/** Field by field. A part that was not sent is not looked at: Garmin may fill it in by itself. */
export function compare({ takenAt, values }: Wanted, sent: Fields, standing: Standing): ReadBack {
  const differences: Difference[] = [];
  const [sentAt, shownAt] = [takenAt.getTime(), standing.takenAt.getTime()];
  if (Math.abs(sentAt - shownAt) > SECONDS[values.kind] * 1000) {
    differences.push({ field: "takenAt", sent: sentAt, shown: shownAt });
  }
  for (const [name, value] of Object.entries(sent)) {
    const field = name as keyof Fields;
    const shown = standing.fields[field];
    if (shown === undefined) differences.push({ field, sent: value });
    else if (Math.abs(shown - value) > TOLERANCE[field]) differences.push({ field, sent: value, shown });
  }
  return {
    ...{ kind: values.kind, takenAt, values, differences },
    compared: ["takenAt", ...(Object.keys(sent) as Field[])],
  };
}

const DECISIVE: Field[] = ["takenAt", "weightKg", "systolicMmHg", "diastolicMmHg"];

/** Whether a reading that differs in it is another reading: nothing more is sent until its owner has said so. */
export const isDecisive = ({ field }: Difference) => DECISIVE.includes(field);

/** Fields that the owner takes as they come. */
export function acceptedFields({ differing = [] }: Progress, kind: ReadingKind): Set<Field> {
  return new Set(differing.filter((it) => it.kind === kind && it.isAccepted).map(({ field }) => field));
}

/** What differs now, by field. What was missing and is shown again is forgotten; what was accepted stays so. */
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

/** What of a reading is in Garmin, where that is not what was sent. */
export function shownValues({ values, differences = [] }: Pick<LedgerEntry, "values" | "differences">): SentValues {
  const shown = differences.filter((it) => it.field in values && it.shown !== undefined);
  return { ...values, ...Object.fromEntries(shown.map((it) => [it.field, it.shown])) };
}

/**
 * An entry that is not ours beside a reading of ours that has arrived, of the same event. `open` is what of ours may turn up
 * in Garmin yet: that is no twin.
 */
export function twinOf(strangers: Standing[], arrived: Arrival[], open: Wanted[]): Twin | undefined {
  for (const stranger of strangers) {
    if (open.some((it) => isOurs(it, stranger))) continue;
    const ours = arrived.find((it) => isSameEvent(it, stranger));
    if (!ours) continue;
    const { takenAt, values } = stranger;
    return { takenAt: ours.takenAt, values: ours.values, other: { takenAt, values } };
  }
  return undefined;
}
