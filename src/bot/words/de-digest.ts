import type { DigestWords, GoalWords } from "./en-digest.ts";
import { type Format, plural } from "./format.ts";

export function digestInGerman({ weight, amountOf, number }: Format): DigestWords {
  const weightLine =
    (before: string, same: string): DigestWords["weight"]["week"] =>
    (it) => {
      const [amount, isLess] = amountOf(it.changeKg ?? 0);
      const change = amount ? `, ${amount} ${isLess ? "unter" : "über"} ${before}` : `, wie ${same}`;
      return `Gewicht: im Mittel ${weight(it.meanKg, 1)}${it.changeKg === undefined ? "" : change}, aus ${plural(it.count, "Messung", "Messungen")}.`;
    };
  return {
    title: {
      week: (first, last) => `Deine Woche, ${first} – ${last}`,
      month: (_first, _last, month) => `Dein ${month}`,
    },
    weight: {
      week: weightLine("der Vorwoche", "in der Vorwoche"),
      month: weightLine("dem Vormonat", "im Vormonat"),
    },
    pressure: ({ systolicMmHg, diastolicMmHg, count }) =>
      `Blutdruck: im Mittel ${number(systolicMmHg, 0)}/${number(diastolicMmHg, 0)} mmHg, aus ${plural(count, "Messung", "Messungen")}.`,
    limit: (isBelow) =>
      `Das liegt ${isBelow ? "unter" : "nicht unter"} 135/85, dem Grenzwert der ESC 2024 für Messungen zu Hause. Das ist eine Information, kein Rat.`,
  };
}

export function goalInGerman(): GoalWords {
  return {
    line: (goal, rest, weeks) =>
      `Ziel ${goal}: noch ${rest}${weeks === undefined ? "" : `, in diesem Tempo etwa ${plural(weeks, "Woche", "Wochen")}`}.`,
    short: (rest) => `noch ${rest} bis zum Ziel`,
    reachedShort: "Ziel erreicht",
    reached: (goal) => `Ziel ${goal}: erreicht.`,
    set: (goal) => `Dein Ziel ist ${goal}. /goal off entfernt es.`,
    none: "Du hast kein Ziel. Schick mir eines, zum Beispiel /goal 62 kg, dann sagen die Karten, wie weit es noch ist.",
    removed: "Dein Ziel ist entfernt.",
    notUnderstood:
      "Dieses Gewicht habe ich nicht verstanden. Versuche /goal 62 kg, /goal 137 lb oder /goal 9 st 11, oder /goal off.",
  };
}
