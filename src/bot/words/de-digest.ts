import type { DigestWords, GoalWords } from "./en-digest.ts";
import { type Format, plural } from "./format.ts";

export function digestInGerman({ weight, amountOf, number }: Format): DigestWords {
  const weightLine =
    (before: string): DigestWords["weight"]["week"] =>
    (it) => {
      const [amount, isLess] = amountOf(it.changeKg ?? 0);
      const change = amount ? `, ${amount} ${isLess ? "weniger" : "mehr"} als ${before}` : `, so viel wie ${before}`;
      return `Gewicht: im Schnitt ${weight(it.meanKg, 1)} (${plural(it.count, "Messung", "Messungen")})${it.changeKg === undefined ? "" : change}.`;
    };
  return {
    title: {
      week: (first, last) => `Deine Woche, ${first} – ${last}`,
      month: (_first, _last, month) => `Dein ${month}`,
    },
    weight: {
      week: weightLine("in der Vorwoche"),
      month: weightLine("im Vormonat"),
    },
    pressure: ({ systolicMmHg, diastolicMmHg, count }) =>
      `Blutdruck: im Schnitt ${number(systolicMmHg, 0)}/${number(diastolicMmHg, 0)} mmHg (${plural(count, "Messung", "Messungen")}).`,
    setAside: ({ held, failed, waiting }) =>
      [
        ...(held > 0 ? [`Zurückgehalten: ${held}.`] : []),
        ...(failed > 0 ? [`Nicht gespeichert: ${failed}.`] : []),
        ...(waiting > 0 ? [`Davon noch offen: ${waiting}, siehe /status.`] : []),
      ].join(" "),
    limit: (isBelow) =>
      `Das liegt ${isBelow ? "unter" : "nicht unter"} 135/85, dem Grenzwert der europäischen Leitlinien (ESC 2024) für Messungen zu Hause. Das ist eine Information, kein ärztlicher Rat.`,
  };
}

export const goalInGerman: GoalWords = {
  line: (goal, rest, done) =>
    `Ziel ${goal}: noch ${rest}${done ? `, geschafft ${done.amount} (${done.percent} %)` : ""}.`,
  trend: (amount, isLess, weeks) =>
    amount === ""
      ? "Trend: unverändert."
      : `Trend: ${amount} ${isLess ? "weniger" : "mehr"} pro Woche${weeks === undefined ? "" : `, also noch etwa ${plural(weeks, "Woche", "Wochen")}`}.`,
  short: (rest, done) => `noch ${rest} bis zum Ziel${done ? ` (${done.percent} % geschafft)` : ""}`,
  reachedShort: "Ziel erreicht",
  reached: (goal) => `Ziel ${goal}: erreicht.`,
  set: (goal) => `Dein Ziel ist ${goal}. Mit /goal off entfernst du es.`,
  none: "Du hast noch kein Ziel. Schick mir eins, zum Beispiel /goal 62 kg, dann steht in den Meldungen, wie weit es noch ist.",
  removed: "Ich habe dein Ziel entfernt.",
  notUnderstood:
    "Dieses Gewicht habe ich nicht verstanden. Versuche /goal 62 kg, /goal 137 lb oder /goal 9 st 11, oder /goal off.",
};
