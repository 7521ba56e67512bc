import type { Measured } from "../model/vendors.ts";

/** Older weigh-ins say little about today's. */
export const RECENT_DAYS = 90;
const MIN_RECENT_WEIGH_INS = 3;

/**
 * How far outside the range of the recent weigh-ins another one may lie, as a share of their median. A tenth is 8 kg at 80 kg:
 * more than a week of illness, clothes and a meal change, and less than what tells most children, guests and suitcases from the
 * owner. The range itself follows slow gains and losses.
 */
const PLAUSIBLE_SHARE = 0.1;

interface WeighedBefore {
  takenAt: Date;
  weightKg: number;
}

export function isPlausible(weighIn: WeighedBefore, others: WeighedBefore[]): boolean | undefined {
  const recent = others
    .filter((it) => Math.abs(it.takenAt.getTime() - weighIn.takenAt.getTime()) <= RECENT_DAYS * 24 * 3600 * 1000)
    .map((it) => it.weightKg)
    .sort((a, b) => a - b);
  const [lowest, highest, median] = [recent[0], recent.at(-1), recent[Math.floor(recent.length / 2)]];
  if (recent.length < MIN_RECENT_WEIGH_INS || lowest === undefined || highest === undefined || median === undefined)
    return undefined;
  const margin = median * PLAUSIBLE_SHARE;
  return weighIn.weightKg >= lowest - margin && weighIn.weightKg <= highest + margin;
}

const USUAL_KG = [30, 200] as const;
const USUAL = { systolicMmHg: [80, 200], diastolicMmHg: [45, 120], pulseBpm: [40, 140] } as const;

/** Whether to ask twice about what somebody typed: it's easily mistyped. */
export function isUnusual({ takenAt, values }: Measured, recent: WeighedBefore[]): boolean {
  const isWithin = (value: number, [min, max]: readonly [number, number]) => value >= min && value <= max;
  if (values.kind === "weigh_in") {
    const { weightKg } = values;
    return !(isPlausible({ takenAt, weightKg }, recent) ?? isWithin(weightKg, USUAL_KG));
  }
  const { systolicMmHg, diastolicMmHg, pulseBpm } = values;
  return !(
    isWithin(systolicMmHg, USUAL.systolicMmHg) &&
    isWithin(diastolicMmHg, USUAL.diastolicMmHg) &&
    (pulseBpm === undefined || isWithin(pulseBpm, USUAL.pulseBpm))
  );
}

/** What an adult's scale shows, in kg. */
const ADULT = { lightest: 30, heaviest: 250 };
/** Nobody gains or loses this share of their last weight unnoticed. */
const FAR_SHARE = 1 / 3;

/** So improbable that a single yes may be a slip of the finger. `lastKg`: absent if there is no earlier weight. */
export function isFarOff(weightKg: number, lastKg: number | undefined): boolean {
  if (weightKg < ADULT.lightest || weightKg > ADULT.heaviest) return true;
  return lastKg !== undefined && Math.abs(weightKg - lastKg) > lastKg * FAR_SHARE;
}
