import { type Format, plural } from "./format.ts";

type Weight = { meanKg: number; count: number; changeKg?: number };
export interface Done {
  amount: string;
  percent: number;
}
type SetAside = { held: number; failed: number; waiting: number };
type Pressure = { systolicMmHg: number; diastolicMmHg: number; count: number };

export function digestInEnglish({ weight, amountOf, number }: Format) {
  const weightLine = (before: string) => (it: Weight) => {
    const [amount, isLess] = amountOf(it.changeKg ?? 0);
    const change = amount ? `, ${amount} ${isLess ? "less" : "more"} than ${before}` : `, the same as ${before}`;
    return `Weight: ${weight(it.meanKg, 1)} on average (${plural(it.count, "weigh-in")})${it.changeKg === undefined ? "" : change}.`;
  };
  return {
    title: {
      week: (first: string, last: string, _month: string) => `Your week, ${first} – ${last}`,
      month: (_first: string, _last: string, month: string) => `Your ${month}`,
    },
    weight: { week: weightLine("the week before"), month: weightLine("the month before") },
    pressure: ({ systolicMmHg, diastolicMmHg, count }: Pressure) =>
      `Blood pressure: ${number(systolicMmHg, 0)}/${number(diastolicMmHg, 0)} mmHg on average (${plural(count, "measurement")}).`,
    setAside: ({ held, failed, waiting }: SetAside) =>
      [
        ...(held > 0 ? [`Held: ${held}.`] : []),
        ...(failed > 0 ? [`Not stored: ${failed}.`] : []),
        ...(waiting > 0 ? [`Still waiting for you: ${waiting}, see /status.`] : []),
      ].join(" "),
    limit: (isBelow: boolean) =>
      `That’s ${isBelow ? "below" : "not below"} 135/85, the limit for measurements at home in the European guidelines (ESC 2024). This is information, not medical advice.`,
  };
}
export type DigestWords = ReturnType<typeof digestInEnglish>;

export const goalInEnglish = {
  line: (goal: string, rest: string, done: Done | undefined) =>
    `Goal ${goal}: ${rest} to go${done ? `, ${done.amount} done (${done.percent} %)` : ""}.`,
  /** In a week, without an amount if it's too small. `weeks`: how long at this pace. */
  trend: (amount: string, isLess: boolean, weeks: number | undefined) =>
    amount === ""
      ? "Trend: no change."
      : `Trend: ${amount} ${isLess ? "down" : "up"} a week${weeks === undefined ? "" : `, so about ${plural(weeks, "week")} more`}.`,
  short: (rest: string, done: Done | undefined) => `${rest} to your goal${done ? ` (${done.percent} % done)` : ""}`,
  reachedShort: "goal reached",
  reached: (goal: string) => `Goal ${goal}: reached.`,
  set: (goal: string) => `Your goal is ${goal}. /goal off removes it.`,
  none: "You haven’t set a goal. Send me one, for instance /goal 62 kg, and the cards will say how far you have to go.",
  removed: "I’ve removed your goal.",
  notUnderstood: "I didn’t understand that weight. Try /goal 62 kg, /goal 137 lb or /goal 9 st 11, or /goal off.",
};
export type GoalWords = typeof goalInEnglish;
