import type { HandOnWords } from "./en-hand-on.ts";
import type { Format, Measured } from "./format.ts";

export function handOnInGerman({ short: name, shortValues, moment, isToday }: Format): HandOnWords {
  const yes = (it: Measured, who: string) => `${name(it)}: ${who} sagt Ja.`;
  return {
    asking: (it, who) => `${name(it)}: Ich frage ${who} …`,
    asked: (it, who) => `${name(it)}: Ich habe ${who} gefragt.`,
    saidYes: {
      only: yes,
      there: (it, who) => `${yes(it, who)} Die Messung ist bei ${who} in Garmin.`,
      soon: (it, who) => `${yes(it, who)} Mit dem nächsten Abgleich kommt die Messung bei ${who} in Garmin an.`,
      unlinked: (it, who) =>
        `${yes(it, who)} Die Messung kommt bei ${who} in Garmin an, sobald dort beides wieder verbunden ist.`,
    },
    because: {
      declined: (who) => `${who} sagt Nein.`,
      lastDeclined: (who) =>
        `${who} sagt Nein, und sonst kann ich hier niemanden fragen: Warst du es auch nicht, tippe auf Nein, dann bleibt die Messung aus Garmin heraus.`,
      expired: (who) => `${who} hat fünf Tage lang nicht geantwortet.`,
      unreachable: (who) => `Ich erreiche ${who} nicht, weil ich dort blockiert bin.`,
      gone: "Wen ich gefragt habe, nutzt mich nicht mehr.",
    },
    cannotAsk: (who) => `Ich kann ${who} nicht fragen: Withings oder Garmin ist dort nicht verbunden.`,
    saidNo: (who) => `${who} hat hier schon Nein gesagt.`,
    notHere: "Diese Person kann ich nicht mehr fragen.",
    earlierIsThere: (it) =>
      `${name(it)}: Eine frühere Fassung ist in deinem Garmin, darum kann ich die Messung nicht weitergeben.`,
    failed: (it) => `${name(it)}: Das hat gerade nicht geklappt. Bitte tippe noch einmal.`,
    question: (it, who) => ({
      head: `${who} fragt: Warst du das, ${shortValues(it.values)} ${isToday(it.takenAt) ? "um" : "am"} ${moment(it.takenAt)}?`,
      rest: "Wenn ja, trage ich die Messung in dein Garmin ein.",
    }),
    leavesWithNextSync: "Der nächste Abgleich nimmt die Messung aus deinem Garmin heraus.",
    saving: (it) => `Ich sende ${name(it)} an Garmin …`,
    yoursUntilLinked: (it) => `${name(it)} ist von dir. Ich sende die Messung, sobald beides verbunden ist: /connect.`,
    notYours: (it) => `${name(it)}: nicht von dir, also kommt die Messung nicht in dein Garmin.`,
    over: {
      withdrawn: (it, who) => `${name(it)}: ${who} fragt nicht mehr.`,
      expired: (it) => `${name(it)}: Fünf Tage lang kam keine Antwort, darum ist die Frage erledigt.`,
      other: "Diese Frage ist erledigt, darum hat sich nichts geändert.",
    },
    status: {
      asked: (it, who) => `${name(it)}: Ich habe ${who} gefragt; die Antwort steht noch aus.`,
      toAnswer: (it, who) => `${name(it)}: ${who} fragt, ob du das warst.`,
    },
    button: {
      itWas: (who) => `Das war ${who}`,
      itWasSomebody: "Das war …",
      back: "Zurück",
      yes: "Ja",
      no: "Nein",
      undo: "Rückgängig",
      answer: (who) => `${who} antworten`,
      stopAsking: (who) => `${who} nicht mehr fragen`,
    },
  };
}
