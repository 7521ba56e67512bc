import type { ReadingKind } from "../../sync/model/reading.ts";
import type { UndoWords } from "./en-undo.ts";
import type { Format } from "./format.ts";

const KIND: Record<ReadingKind, string> = { weigh_in: "Gewichtsmessungen", blood_pressure: "Blutdruckmessungen" };

export function undoInGerman({ short: name, day }: Format): UndoWords {
  return {
    ask: (it) => `${name(it)}, ist in Garmin. Wieder herausnehmen?`,
    askUnseen: (it) => `${name(it)}, ist auf dem Weg zu Garmin. Wieder herausnehmen?`,
    nothing:
      "In Garmin ist nichts, was ich dorthin gesendet habe. Was du selbst oder andere Apps dort eintragen, lasse ich in Ruhe.",
    taking: (it) => `Ich nehme ${name(it)} aus Garmin heraus …`,
    removed: (it, until) =>
      `${name(it)}: nicht mehr in Garmin.${until ? ` Bis zum ${day(until)} kannst du sie wiederherstellen.` : ""}`,
    stays: (it) => `${name(it)}, bleibt in Garmin.`,
    pending: (it) =>
      `${name(it)}: Das Herausnehmen hat noch nicht geklappt. Der nächste Abgleich holt es nach, und ich sage dir Bescheid.`,
    elsewhere: (it) =>
      `${name(it)}: Die habe nicht ich an Garmin gesendet, darum lasse ich sie in Ruhe. Löschen kannst du sie in Garmin Connect.`,
    sending: (it) => `Ich sende ${name(it)} an Garmin …`,
    inGarmin: (it) => `${name(it)}, ist in Garmin.`,
    willBeSent: (it) => `${name(it)}, ist noch nicht in Garmin. Der nächste Abgleich sendet sie.`,
    kindOff: (it) =>
      `${name(it)}: Ich kann sie nicht senden, weil ${KIND[it.values.kind]} ausgeschaltet sind. /settings schaltet sie ein.`,
    tooLate: (it) => `${name(it)}: Dafür ist es zu spät.`,
    unknown: "Diese Messung kenne ich nicht mehr, darum hat sich nichts geändert.",
    failed: (it) => `${name(it)}: Das hat gerade nicht geklappt. Bitte tippe noch einmal.`,
    which: "Welche soll ich aus Garmin herausnehmen?",
    noneListed: "Diese kann ich nicht mehr auflisten. /undo nimmt die letzte Messung heraus.",
    button: {
      ...{ takeOut: "Herausnehmen", keep: "Drinlassen", restore: "Wiederherstellen", undo: "Rückgängig" },
      undoOne: "Eine herausnehmen …",
    },
  };
}
