import type { ReadingKind } from "../../sync/model/reading.ts";
import type { PlainWords } from "./en-plain.ts";
import { type Format, plural } from "./format.ts";

const NONE: Record<ReadingKind, string> = { weigh_in: "kein Gewicht", blood_pressure: "keinen Blutdruck" };
const KINDS: Record<ReadingKind, string> = { weigh_in: "Das Gewicht ist", blood_pressure: "Der Blutdruck ist" };
const NEAR: Record<ReadingKind, string> = { weigh_in: "der Waage", blood_pressure: "der Manschette" };
const DEVICE: Record<ReadingKind, string> = { weigh_in: "Die Waage", blood_pressure: "Die Manschette" };

export function plainInGerman({ short: nameOf, day }: Format): PlainWords {
  return {
    help: {
      what: "Ich übertrage von selbst alles, was du mit Waage und Manschette von Withings misst, zu Garmin Connect. Ist eine Messung vielleicht nicht von dir, halte ich sie zurück und frage dich.",
      ask: "Du kannst auch einfach fragen, zum Beispiel „Warum fehlt mein Gewicht?“ oder „Was wird gesendet?“. Wenn etwas nicht geht, sucht /doctor nach dem Grund.",
    },
    hello: "Hallo! Frag mich, warum eine Messung fehlt oder was du zuletzt gewogen hast. Oder wähle etwas davon:",
    thanks: "Gern geschehen!",
    unsure: "Ich weiß nicht genau, was du meinst. Vielleicht eins davon?",
    looking: "Ich sehe bei Withings und in Garmin nach …",
    last: {
      weigh_in: (it) => (it ? `Dein letztes Gewicht: ${nameOf(it)}.` : "Von dir kenne ich noch kein Gewicht."),
      blood_pressure: (it) =>
        it ? `Dein letzter Blutdruck: ${nameOf(it)}.` : "Von dir kenne ich noch keinen Blutdruck.",
    },
    sent: {
      some: (parts) => `Das sende ich an Garmin: ${parts.join("; ")}.`,
      nothing: "Ich sende gerade nichts an Garmin: Alles ist ausgeschaltet.",
      weight: "dein Gewicht",
      composition: "Körperfett, Wasser, Knochenmasse und Viszeralfett",
      compositionAndMuscle: "Körperfett, Wasser, Muskeln, Knochenmasse und Viszeralfett",
      bloodPressure: "Blutdruck mit Puls",
    },
    stop: "Du bestimmst, wann ich schreibe. Wenn ich dich brauche, melde ich mich trotzdem. Wenn du ganz aufhören willst, sende /disconnect.",
    cause: {
      kindOff: (kind) => `${KINDS[kind]} ausgeschaltet, darum sende ich davon nichts an Garmin.`,
      noneMeasured: (kind, count, last) =>
        `Withings hat ${NONE[kind]} von dir aus den letzten ${plural(count, "Tag", "Tagen")}${last ? `; die letzte Messung, die ich kenne: ${nameOf(last)}` : ""}. Öffne die Withings-App in der Nähe ${NEAR[kind]}.`,
      held: (it) => `${nameOf(it)}: noch nicht in Garmin, weil du noch nicht gesagt hast, ob das von dir ist.`,
      heldForDate: (it) => `${nameOf(it)}: nicht in Garmin, weil das Datum nicht stimmen kann.`,
      heldForZone: (it) => `${nameOf(it)}: noch nicht in Garmin, weil ich deine Zeitzone nicht kenne.`,
      beforeStart: (it, startAt) =>
        `${nameOf(it)}: älter als das, was ich übertrage${startAt ? ` (ab dem ${day(startAt)})` : ""}, darum ausgelassen.`,
      onItsWay: (it) => `Withings hat ${nameOf(it)}, und in Garmin fehlt es noch. Ich übertrage es gleich.`,
      notShown: (it) => `${nameOf(it)}: gesendet, aber Garmin zeigt es noch nicht. Ich sehe weiter nach.`,
      gone: (it) => `${nameOf(it)}: war in Garmin und ist dort nicht mehr zu sehen. Wurde es dort gelöscht?`,
      arrived: (it, kind) =>
        `${nameOf(it)}: Das ist die neueste Messung bei Withings, und sie ist in Garmin. ${DEVICE[kind]} hat noch nichts Neueres gesendet.`,
      quiet: (it, kind, count) =>
        `${DEVICE[kind]} hat seit ${plural(count, "Tag", "Tagen")} nichts an Withings gesendet. Die letzte Messung, ${nameOf(it)}, ist in Garmin. Prüfe Batterie und WLAN in der Withings-App.`,
    },
    button: {
      status: "Status",
      sync: "Jetzt abgleichen",
      help: "Hilfe",
      doctor: "Alles prüfen",
      settings: "Einstellungen",
      change: "Ändern",
      decide: "Entscheiden",
      askAgain: "Noch einmal fragen",
      why: "Warum fehlt mein Gewicht?",
      whenToWrite: "Wann ich schreibe",
      whatIsSent: "Was gesendet wird",
      details: "Alle Prüfungen zeigen",
    },
  };
}
