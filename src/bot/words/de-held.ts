import type { HeldReason } from "../../sync/model/ledger.ts";
import type { ReadingKind } from "../../sync/model/reading.ts";
import type { FailReason } from "../../sync/model/vendors.ts";
import type { HeldWords } from "./en-held.ts";
import { type Format, plural } from "./format.ts";

const CLOCK: Record<ReadingKind, string> = {
  weigh_in: "die Uhr der Waage",
  blood_pressure: "die Uhr der Manschette",
};
const DEVICE: Record<ReadingKind, string> = { weigh_in: "keine Waage", blood_pressure: "keine Manschette" };
const KIND: Record<ReadingKind, [one: string, many: string]> = {
  weigh_in: ["Gewichtsmessung", "Gewichtsmessungen"],
  blood_pressure: ["Blutdruckmessung", "Blutdruckmessungen"],
};

const HELD: Record<HeldReason, string> = {
  ambiguous_person: "die Waage war sich nicht sicher, dass du es warst; ordne sie in der Withings-App zu",
  typed_at_sign_up: "wurde beim Anlegen des Withings-Kontos eingetippt",
  unknown_attribution: "von wem sie ist, gibt Withings auf eine Art an, die ich nicht verstehe",
  improbable_weight: "weicht stark von deinen letzten Gewichten ab",
  in_the_future: "ihr Datum liegt in der Zukunft; prüfe die Uhr von Waage oder Manschette",
  impossible_date: "damals konnte noch kein Gerät Messungen senden; vermutlich wurde seine Uhr zurückgesetzt",
  no_timezone: "Garmin führt Blutdruck nach Ortszeit, und ich kenne deine Zeitzone nicht",
  before_start: "sie ist älter als der Tag, ab dem ich übertrage; darum habe ich sie ausgelassen",
};

const FAILED: Record<FailReason, string> = {
  out_of_range: "solche Werte oder so ein Datum kann Garmin nicht speichern",
  refused_by_garmin: "Garmin hat sie abgelehnt; ich versuche es morgen wieder",
  never_appeared: "Garmin hat sie angenommen, aber nie gezeigt",
  unreadable_in_garmin: "Garmin zeigt dort etwas, das ich nicht lesen kann; darum sende ich sie nicht noch einmal",
};

export function heldInGerman({ values, time, day, reading: nameOf }: Format): HeldWords {
  return {
    reason: HELD,
    failed: FAILED,
    isHeld: (it, why) => `${time(it.takenAt)}, ${values(it.values)}, zurückgehalten: ${HELD[why]}.`,
    isNotStored: (it, why) => `${time(it.takenAt)}, ${values(it.values)}, nicht gespeichert: ${FAILED[why]}.`,
    dated: {
      in_the_future: (it, kind) =>
        `${values(it.values)}, datiert auf ${time(it.takenAt)}: Das liegt in der Zukunft, also prüfe ${CLOCK[kind]}. Sobald der Tag da ist, sehe ich sie mir wieder an.`,
      impossible_date: (it, kind) =>
        `${values(it.values)}, datiert auf ${time(it.takenAt)}: Damals konnte noch ${DEVICE[kind]} Messungen senden; vermutlich wurde ${CLOCK[kind]} zurückgesetzt. Bitte prüfe sie.`,
    },
    older: (count) => `und ${count} ältere`,
    more: (count) => `${count} weitere`,
    decisionsNeeded: (count) =>
      count === 1 ? "Eine Messung braucht deine Entscheidung." : "Einige Messungen brauchen deine Entscheidung.",
    oddDates: (count) =>
      count === 1 ? "Das Datum einer Messung kann nicht stimmen." : "Das Datum einiger Messungen kann nicht stimmen.",
    notStored: (count) =>
      count === 1 ? "Eine Messung ließ sich nicht speichern." : "Einige Messungen ließen sich nicht speichern.",
    needDecision: (count, status) =>
      `${plural(count, "Messung braucht", "Messungen brauchen")} deine Entscheidung; siehe ${status}.`,
    maybeForeign: (count) => `, weil sie vielleicht nicht von dir ${count === 1 ? "ist" : "sind"}`,
    justHeld: (count, why, named, status) =>
      `${plural(count, "neue Messung", "neue Messungen")} halte ich zurück${why}: ${named}. ${status} sagt, warum.`,
    counted: (kind, count) => plural(count, ...KIND[kind]),
    and: (parts) => parts.join(" und "),
    atLeast: (counted) => `mindestens ${counted}`,
    beforeStart: (count, counted, days, startAt) =>
      `Bei Withings ${count === 1 ? "ist" : "sind"} ${counted} vom ${days.join(" bis zum ")} dazugekommen. ${startAt ? `Ich übertrage ab dem ${day(startAt)}, darum habe ich sie ausgelassen.` : "Ich habe sie ausgelassen."}`,
    became: {
      seen: (name) => `${name}: ist in Garmin.`,
      sent: (name) => `${name}: Garmin hat sie angenommen, zeigt sie aber noch nicht.`,
      sentUnseen: (name) => `${name}: gesendet, aber Garmin zeigt sie noch nicht.`,
      sending: (name) => `${name}: Ich sende sie, falls Garmin sie noch nicht hat.`,
      already_in_garmin: (name) => `${name}: Garmin hat sie schon, darum habe ich nichts gesendet.`,
      kind_off: (name) => `${name}: ausgelassen, weil solche Messungen ausgeschaltet waren, als sie kam.`,
      not_mine: (name) => `${name}: Ich sende sie nicht.`,
    },
    earlierStays: "Eine frühere Fassung bleibt in Garmin.",
    decided: {
      send: (count) => `${count} Messungen: Ich sende, was Garmin noch nicht hat.`,
      leave: (count) => `${count} Messungen: Ich sende sie nicht.`,
    },
    button: {
      mine: (item) => `${values(item.values)} senden, ${time(item.takenAt)}`,
      notMine: (item) => `Nicht von mir: ${nameOf(item)}`,
      ignore: (item) => `Ignorieren: ${nameOf(item)}`,
      tryAgain: (item) => `Noch einmal versuchen: ${nameOf(item)}`,
      leaveIt: (item) => `So lassen: ${nameOf(item)}`,
      leaveOut: (item) => `Auslassen: ${nameOf(item)}`,
      sendAllOld: (count) => `Alle ${count} älteren Messungen senden`,
      leaveOutAll: (count) => `Alle ${count} älteren Messungen auslassen`,
    },
  };
}
