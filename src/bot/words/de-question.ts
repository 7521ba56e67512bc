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
      rest: `Damals konnte noch ${NO_DEVICE[it.values.kind]} Messungen senden; vermutlich wurde ihre Uhr zurückgesetzt. Prüfe ${CLOCK[it.values.kind]}.`,
    }),
    noTimezone: (it) => ({
      head: `${name(it)}. In welcher Zeitzone bist du?`,
      rest: "Garmin führt Blutdruck nach Ortszeit. Sobald ich deine Zeitzone kenne, sende ich die Messung.",
    }),
    keptOut: (it) => `${name(it)}: bleibt aus Garmin draußen.`,
    earlierStays: "Eine frühere Fassung ist noch dort.",
    alreadyThere: (it) => `${name(it)}: Garmin hat sie schon, darum habe ich nichts gesendet.`,
    tooLateToUndo: "Rückgängig machen geht 24 Stunden lang. /undo nimmt die letzte Messung wieder aus Garmin heraus.",
    list: {
      head: (count) =>
        count === 1 ? "Eine Messung. Ist sie von dir?" : `${count} Messungen. Welche davon sind von dir?`,
      item: (number, it) => `${number}. ${name(it)}`,
      keptOut: (count) => `${plural(count, "Messung bleibt", "Messungen bleiben")} aus Garmin draußen.`,
      sending: (count) => `${plural(count, "Messung", "Messungen")}: Ich sende, was Garmin noch nicht hat.`,
      farOff: (count) =>
        count === 1
          ? "Eine weicht so stark ab, dass ich noch deine Antwort brauche:"
          : `${count} weichen so stark ab, dass ich noch deine Antwort brauche:`,
      noneLeft: "Zu diesen Messungen fehlt keine Antwort mehr.",
    },
    button: {
      yes: "Ja",
      sure: "Ja, von mir",
      no: "Nein",
      ignore: "Ignorieren",
      send: "Trotzdem senden",
      none: "Keine ist von mir",
      all: "Alle von mir, außer stark abweichenden",
    },
  };
}
