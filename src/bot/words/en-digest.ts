import { type Format, plural } from "./format.ts";

type Weight = { meanKg: number; count: number; changeKg?: number };
type Pressure = { systolicMmHg: number; diastolicMmHg: number; count: number };

export function digestInEnglish({ weight, amountOf, number }: Format) {
  const weightLine = (before: string) => (it: Weight) => {
    const [amount, isLess] = amountOf(it.changeKg ?? 0);
    const change = amount ? `, ${amount} ${isLess ? "below" : "above"} ${before}` : `, the same as ${before}`;
    return `Weight: ${weight(it.meanKg, 1)} on average${it.changeKg === undefined ? "" : change}, from ${plural(it.count, "weigh-in")}.`;
  };
  return {
    title: {
      week: (first: string, last: string, _month: string) => `Your week, ${first} – ${last}`,
      month: (_first: string, _last: string, month: string) => `Your ${month}`,
    },
    weight: { week: weightLine("the week before"), month: weightLine("the month before") },
    pressure: ({ systolicMmHg, diastolicMmHg, count }: Pressure) =>
      `Blood pressure: ${number(systolicMmHg, 0)}/${number(diastolicMmHg, 0)} mmHg on average, from ${plural(count, "measurement")}.`,
    limit: (isBelow: boolean) =>
      `That’s ${isBelow ? "below" : "not below"} 135/85, the limit of ESC 2024 for measurements at home. This is information, not advice.`,
  };
}
export type DigestWords = ReturnType<typeof digestInEnglish>;

export function goalInEnglish() {
  return {
    line: (goal: string, rest: string, weeks: number | undefined) =>
      `Goal ${goal}: ${rest} to go${weeks === undefined ? "" : `, at this pace about ${plural(weeks, "week")}`}.`,
    short: (rest: string) => `${rest} to your goal`,
    reachedShort: "goal reached",
    reached: (goal: string) => `Goal ${goal}: reached.`,
    set: (goal: string) => `Your goal is ${goal}. /goal off removes it.`,
    none: "You have no goal. Send me one, for instance /goal 62 kg, and the cards say how far it is.",
    removed: "Your goal is removed.",
    notUnderstood: "I didn’t understand that weight. Try /goal 62 kg, /goal 137 lb or /goal 9 st 11, or /goal off.",
  };
}
export type GoalWords = ReturnType<typeof goalInEnglish>;
