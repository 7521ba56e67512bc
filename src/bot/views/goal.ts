import type { Words } from "../words/words.ts";

const REACHED_KG = 0.05;
/** A slower pace, or one the other way, says nothing about when. */
const MOST_WEEKS = 104;

/** How far it is, and how long at this pace: `weeklyKg` is the change in a week. */
export function goalLine(goalKg: number, weightKg: number, weeklyKg: number | undefined, words: Words): string {
  const { goal: say, format } = words;
  const restKg = goalKg - weightKg;
  if (Math.abs(restKg) < REACHED_KG) return say.reached(format.weight(goalKg, 1));
  const weeks = weeklyKg === undefined || weeklyKg === 0 ? Number.NaN : Math.ceil(restKg / weeklyKg);
  const isInSight = weeks > 0 && weeks <= MOST_WEEKS;
  return say.line(format.weight(goalKg, 1), format.amountOf(restKg)[0], isInSight ? weeks : undefined);
}

/** The same within a card. */
export function goalPart(goalKg: number, weightKg: number, { goal: say, format }: Words): string {
  const restKg = goalKg - weightKg;
  return Math.abs(restKg) < REACHED_KG ? say.reachedShort : say.short(format.amountOf(restKg)[0]);
}
