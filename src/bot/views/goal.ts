import type { Settings } from "../../sync/model/account.ts";
import { goalWords } from "../words/digest.ts";
import type { Words } from "../words/words.ts";

/** A weight to reach, and what its owner weighed when they set it, if that was known. */
export type Goal = { [Name in "goalKg" | "goalFromKg"]?: Settings[Name] };

const REACHED_KG = 0.05;
/** A slower pace, or one the other way, says nothing about when. */
const MOST_WEEKS = 104;

/** How far it is, how much is done, and the trend: `weeklyKg` is the change in a week. Empty without a goal. */
export function goalLine(goal: Goal, weightKg: number, weeklyKg: number | undefined, words: Words): string {
  const { format } = words;
  const say = goalWords(words);
  const { goalKg } = goal;
  if (goalKg === undefined) return "";
  const name = format.weight(goalKg, 1);
  if (isReached(goal, weightKg)) return say.reached(name);
  const restKg = goalKg - weightKg;
  const line = say.line(name, format.amountOf(restKg)[0], doneOf(goal, weightKg, words));
  if (weeklyKg === undefined) return line;
  const [amount, isLess] = format.amountOf(weeklyKg);
  const weeks = weeklyKg === 0 ? Number.NaN : Math.ceil(restKg / weeklyKg);
  const isInSight = weeks > 0 && weeks <= MOST_WEEKS;
  return `${line} ${say.trend(amount, isLess, isInSight ? weeks : undefined)}`;
}

/** The same within a card, which has the trend already. Empty without a goal. */
export function goalPart(goal: Goal, weightKg: number, words: Words): string {
  const { format } = words;
  const say = goalWords(words);
  if (goal.goalKg === undefined) return "";
  if (isReached(goal, weightKg)) return say.reachedShort;
  return say.short(format.amountOf(goal.goalKg - weightKg)[0], doneOf(goal, weightKg, words));
}

/** There, or past it as seen from where they began. */
function isReached({ goalKg = 0, goalFromKg }: Goal, weightKg: number): boolean {
  const restKg = goalKg - weightKg;
  return Math.abs(restKg) < REACHED_KG || (goalFromKg !== undefined && (goalKg - goalFromKg) * restKg < 0);
}

/** Undefined if it isn't known, or nothing yet. */
function doneOf({ goalKg = 0, goalFromKg }: Goal, weightKg: number, { format }: Words) {
  if (goalFromKg === undefined || goalFromKg === goalKg) return undefined;
  const percent = Math.floor((100 * (weightKg - goalFromKg)) / (goalKg - goalFromKg));
  const [amount] = format.amountOf(weightKg - goalFromKg);
  return percent > 0 && amount !== "" ? { amount, percent } : undefined;
}
