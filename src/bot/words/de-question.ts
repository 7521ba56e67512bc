import type { ReadingKind } from "../../sync/model/reading.ts";
import type { QuestionWords } from "./en-question.ts";
import { type Format, type Measured, plural } from "./format.ts";

const CLOCK: Record<ReadingKind, string> = {
  weigh_in: "die Uhr der Waage",
  blood_pressure: "die Uhr der Manschette",
};
const NO_DEVICE: Record<ReadingKind, string> = { weigh_in: "keine Waage", blood_pressure: "keine Manschette" };

export function questionInGerman({ short: name, shortValues, time, day }: Format): QuestionWords {
  const values = ({ values }: Pick<Measured, "values">) => shortValues(values);
  return {
    wasThatYou: (it) => ({ head: `${name(it)}. Warst du das?` }),
    yourLast: (last) => `Zuletzt waren es ${values(last)}.`,
    areYouSure: (it, last) => ({
      head: `${name(it)}. Wirklich von dir?`,
      rest: last
        ? `Zuletzt waren es ${values(last)}. Wenn ich das sende, zählt es bei Garmin als deins.`
        : "Das ist ein ungewöhnliches Gewicht. Wenn ich das sende, zählt es bei Garmin als deins.",
    }),
    inTheFuture: (it) => ({
      head: `${values(it)}, datiert auf den ${day(it.takenAt)} – das liegt in der Zukunft.`,
      rest: `Prüfe ${CLOCK[it.values.kind]}. An dem Tag sehe ich mir die Messung wieder an.`,
    }),
    impossibleDate: (it) => ({
      head: `${values(it)}, datiert auf ${time(it.takenAt)}.`,
      rest: `Damals konnte noch ${NO_DEVICE[it.values.kind]} Messungen senden; vermutlich wurde ${CLOCK[it.values.kind]} zurückgesetzt. Bitte prüfe sie.`,
    }),
    noTimezone: (it) => ({
      head: `${name(it)}. In welcher Zeitzone bist du?`,
      rest: "Garmin führt Blutdruck nach Ortszeit. Sobald ich deine Zeitzone kenne, sende ich die Messung.",
    }),
    keptOut: (it) => `${name(it)}: kommt nicht in Garmin.`,
    earlierStays: "Eine frühere Fassung ist noch dort.",
    alreadyThere: (it) => `${name(it)}: Garmin hat sie schon, darum habe ich nichts gesendet.`,
    tooLateToUndo:
      "Rückgängig machen kannst du eine Antwort nur 24 Stunden lang. Mit /undo nimmst du die letzte Messung wieder aus Garmin heraus.",
    list: {
      head: (count) => `${count} Messungen. Welche davon sind von dir?`,
      item: (number, it) => `${number}. ${name(it)}`,
      keptOut: (count) => `${plural(count, "Messung kommt", "Messungen kommen")} nicht in Garmin.`,
      sending: (count) => `${plural(count, "Messung", "Messungen")}: Ich sende, was Garmin noch nicht hat.`,
      stillOpen: (count) => `Für ${count} brauche ich noch deine Antwort:`,
      noneLeft: "Für diese Messungen brauche ich keine Antwort mehr.",
      undoing: "Ich mache das rückgängig …",
      leaving: (count) =>
        `${plural(count, "Messung ist", "Messungen sind")} noch nicht aus Garmin heraus. Der nächste Abgleich holt es nach, und dann frage ich noch einmal.`,
    },
    button: {
      yes: "Ja",
      sure: "Ja, von mir",
      no: "Nein",
      ignore: "Ignorieren",
      send: "Trotzdem senden",
      none: "Keine ist von mir",
      all: "Alle von mir, bis auf Ausreißer",
    },
  };
}
