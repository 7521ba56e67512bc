import type { Vendor } from "../../sync/model/link.ts";
import { ACTIONS_IN_GERMAN } from "./de-actions.ts";
import { arrivalsInGerman } from "./de-arrivals.ts";
import { delayInGerman } from "./de-delay.ts";
import { garminInGerman } from "./de-garmin.ts";
import { heldInGerman } from "./de-held.ts";
import { noticesInGerman } from "./de-notices.ts";
import { questionInGerman } from "./de-question.ts";
import { SILENCE_IN_GERMAN, SILENCE_OFF_IN_GERMAN } from "./de-silence.ts";
import { summaryInGerman } from "./de-summary.ts";
import { undoInGerman } from "./de-undo.ts";
import { withingsInGerman } from "./de-withings.ts";
import type { ButtonWords, ChatWords, DisconnectWords, Words } from "./en.ts";
import { type Format, plural, VENDOR_NAME } from "./format.ts";

const readings = (count: number) => plural(count, "Messung", "Messungen");

const CHAT: ChatWords = {
  commands: {
    sync: "Neue Messungen jetzt übertragen",
    status: "Deine Verbindungen und Messungen",
    weight: "Ein Bild deines Gewichts",
    bp: "Ein Bild deines Blutdrucks",
    body: "Ein Bild deiner Körperzusammensetzung",
    undo: "Die letzte Messung wieder aus Garmin nehmen",
    connect: "Withings oder Garmin verbinden",
    settings: "Einheiten, Meldungen, Sprache",
    goal: "Dein Ziel: /goal 62 kg oder /goal off",
    disconnect: "Eine Verbindung oder alles entfernen",
    doctor: "Prüfen, ob alles funktioniert",
    help: "Was ich kann",
    privacy: "Was ich aufbewahre, und wie du es löschst",
    cancel: "Die offene Frage abbrechen",
  },
  ownerCommands: { people: "Wer diesen Bot benutzt", invite: "Jemanden einladen" },
  broken:
    "Bei mir stimmt etwas nicht. Nichts ist verloren: Deine Messungen sind bei Withings sicher, und ich versuche es weiter. Wer mich betreibt, findet mehr in meinem Protokoll.",
  greeting:
    "Hallo. Ich übertrage alles, was du mit Waage und Manschette von Withings misst, zu Garmin Connect.\nGibt es Neues, schicke ich dir einmal am Tag eine kurze Meldung, und montags einen Rückblick. Sonst schreibe ich nur, wenn ich dich brauche.",
  helpWithGarminsPage:
    "Wenn sich Garmins Seite beim Anmelden von selbst schließt, kopiere ihre Adresse in einen neuen Tab und melde dich dort noch einmal an.",
  refusal: (telegramUserId) =>
    `Tut mir leid, dieser Bot ist nur für den Haushalt seines Besitzers da. (Deine Telegram-ID ist ${telegramUserId}.)`,
  onlyInPrivate: "Hier lesen andere mit. Schreib mir bitte in einem privaten Chat.",
  nothingToCancel: "Es gibt nichts abzubrechen.",
  cancelled: "Abgebrochen. Nichts wurde geändert.",
  signInLeft: "Ich habe die Anmeldung abgebrochen. Mit /connect fängst du neu an.",
  zoneLeft: "Deine Zeitzone bleibt, wie sie war.",
  oldButton: "Dieser Knopf ist veraltet. Hier ist der neueste Stand.",
  questionOver: {
    withings: "Diese Frage zu Withings ist nicht mehr offen. Das Antippen hat nichts bewirkt. /connect fragt neu.",
    garmin:
      "Dieser Schritt der Anmeldung bei Garmin ist vorbei. Das Antippen hat nichts bewirkt. /connect beginnt neu.",
    zone: "Diese Frage nach deiner Zeitzone ist nicht mehr offen. Das Antippen hat nichts bewirkt.",
    disconnect: "Diese Frage ist nicht mehr offen. Das Antippen hat nichts bewirkt. /disconnect fragt neu.",
    people: "Diese Liste ist veraltet. Das Antippen hat nichts bewirkt. /people zeigt eine neue.",
    height: "Diese Frage nach deiner Größe ist nicht mehr offen. Das Antippen hat nichts bewirkt.",
  },
  linkedSince: {
    withings: "Du hast Withings seitdem verbunden. Das Antippen hat nichts bewirkt. /connect verbindet es neu.",
    garmin: "Du hast dich seitdem bei Garmin angemeldet. Das Antippen hat nichts bewirkt. /connect meldet dich neu an.",
  },
  brokeOnMySide: (reportId) =>
    `Bei mir ist etwas schiefgegangen. Nichts ist verloren. Bitte versuche es noch einmal. Wenn es wieder passiert, findet die Person, die mich betreibt, in meinem Protokoll mehr, unter ${reportId}.`,
  setup: (problem) => `An der Einrichtung stimmt etwas nicht: ${problem}`,
  later: "Das ging gerade nicht. Versuche es in ein paar Minuten noch einmal.",
  deleted: "Ich habe deine Nachricht gelöscht.",
  notDeleted: "Ich konnte deine Nachricht nicht löschen. Bitte lösche sie selbst.",
  allLinked: "Withings und Garmin sind verbunden. Neue Messungen übertrage ich von selbst.",
  oneMissing: "Drück einen Knopf, um zu verbinden, was noch fehlt.",
  goingOn: "Gut, ich sende die wartenden Messungen jetzt an Garmin.",
};

const DISCONNECT: DisconnectWords = {
  disconnectAsk: "Was soll ich entfernen?",
  disconnectChoice: {
    withings: "Die Verbindung zu Withings",
    garmin: "Die Verbindung zu Garmin",
    everything: "Alles",
  },
  disconnectSure: {
    withings:
      "Die Verbindung zu Withings entfernen? Dann lese ich deine Waage nicht mehr, behalte aber die Liste dessen, was ich gesendet habe.",
    garmin:
      "Die Verbindung zu Garmin entfernen? Dann sende ich nichts mehr, behalte aber die Liste dessen, was ich gesendet habe.",
    everything: ([first, second]) =>
      `${first ? `${second ? "Beide Verbindungen" : `Die Verbindung zu ${VENDOR_NAME[first]}`}, die` : "Die"} Liste der gesendeten Messungen, deine Entscheidungen über zurückgehaltene Messungen und deine Einstellungen entfernen? Das lässt sich nicht rückgängig machen. Was in Garmin ist, bleibt dort.`,
  },
  disconnected: {
    withings:
      "Die Verbindung zu Withings ist hier gelöscht. Bei Withings stehe ich noch unter deinen Apps: Entferne mich dort unter Profil, dann Partner-Apps.",
    garmin:
      "Die Verbindung zu Garmin ist hier gelöscht. Was ich gesendet habe, bleibt in Garmin Connect; wenn du es nicht willst, lösche es dort.",
    everything: (linked) =>
      `Hier ist alles gelöscht. Was ich gesendet habe, bleibt in Garmin Connect; wenn du es nicht willst, lösche es dort. ${linked.includes("withings") ? "Bei Withings stehe ich noch unter deinen Apps: Entferne mich dort unter Profil, dann Partner-Apps. " : ""}Mit /start fängst du neu an.`,
  },
};

const BUTTON: ButtonWords = {
  linkWithings: "Withings verbinden",
  linkGarmin: "Garmin verbinden",
  relinkWithings: "Withings neu verbinden",
  signInGarmin: "Bei Garmin anmelden",
  openWithings: "Withings öffnen",
  signInPage: "Auf meiner Anmeldeseite",
  onGarminsPage: "Auf Garmins Seite",
  here: "Hier im Chat",
  garminSettings: "Garmins Einstellungen öffnen",
  checkAgain: "Noch einmal prüfen",
  newCode: "Neuer Code",
  otherEmail: "Andere E-Mail",
  asAndroid: "Als Garmins Android-App versuchen",
  lookAgain: "Noch einmal nachsehen",
  cancel: "Abbrechen",
  setTimezone: "Zeitzone einstellen",
  goOn: { weigh_in: "Weiter Gewichte senden", blood_pressure: "Weiter Blutdruck senden" },
  stopSending: { weigh_in: "Keine Gewichte mehr senden", blood_pressure: "Keinen Blutdruck mehr senden" },
  switchLink: "Ja, wechseln",
  keepLink: "Nein, so lassen",
  yesRemove: "Ja, entfernen",
  keep: "Behalten",
  keepAll: "Alles behalten",
  silenceOff: SILENCE_OFF_IN_GERMAN,
};

const LINK: Words["link"] = {
  missing: (vendor) => `${VENDOR_NAME[vendor]}: nicht verbunden`,
  signedOut: (vendor, who) => `${VENDOR_NAME[vendor]}: abgemeldet${who && ` (zuletzt ${who})`}`,
  linked: (vendor, who, daysLeft) =>
    `${VENDOR_NAME[vendor]}: verbunden${who && ` als ${who}`}${daysLeft === undefined ? "" : `, endet in ${plural(daysLeft, "Tag", "Tagen")}, wenn ich es nicht erneuern kann`}`,
};

const lastSync = ({ time, moment }: Format): Words["lastSync"] => ({
  none: "Letzter Abgleich: noch keiner",
  line: (run) => `Letzter Abgleich: ${run}`,
  run: (finishedAt, ending, synced) => `${time(finishedAt)}, ${ending}${synced > 0 ? `, ${readings(synced)}` : ""}`,
  ending: {
    success: "fertig",
    retry_later: "noch nicht fertig",
    action_needed: "wartet auf dich",
    error: "bei mir schiefgegangen",
    not_all_stored: "fertig, aber Garmin hat nicht alles gespeichert",
    something_paused: "fertig, aber etwas wird vorerst nicht gesendet",
    was_waiting: "wartete auf dich",
  },
  since: (since) => `Das ist seit ${moment(since)} Uhr so.`,
  next: (at) => `Nächster Abgleich: ${time(at)}`,
});

const SYNC: Words["sync"] = {
  reading: "Ich lese Withings …",
  found: (count) => `${count} neu …`,
  sending: (count) => `Ich sende ${readings(count)} an Garmin …`,
  checking: "Gesendet. Ich sehe in Garmin nach …",
  nothingNew: "Nichts Neues.",
  nothingReadable: "Nichts Neues, das ich lesen kann.",
  hasEvery: "Garmin hat alle Messungen.",
  hasEveryOther: "Garmin hat alle anderen Messungen.",
  alreadyThere: (count) => `${count} davon hatte Garmin schon.`,
  notStored: (count, status) =>
    `${readings(count)} ließ${count === 1 ? "" : "en"} sich nicht speichern. ${status} sagt, warum.`,
  held: (count, status) => `(${count} zurückgehalten, siehe ${status})`,
  needsYou: (status) => `Etwas wartet auf dich. ${status} sagt, was.`,
  busy: "Ein Abgleich läuft schon. Einen Moment noch.",
  problem: (problem) => `An der Einrichtung stimmt etwas nicht: ${problem}`,
};

const status = ({ moment, reading }: Format): Words["status"] => ({
  typed: (it) => `Noch nicht in Garmin: ${reading(it)}`,
  notifications: {
    on: "Withings meldet mir neue Messungen sofort",
    unreachable: "Withings kann mich nicht erreichen, um Neues zu melden; ich sehe selbst nach",
    off: "Withings meldet mir Neues noch nicht; ich sehe selbst nach",
    gone: "Withings meldet mir Neues nicht mehr; ich sehe selbst nach und richte es bald neu ein",
  },
  notificationsChecked: (at) => `Withings meldet mir neue Messungen sofort (geprüft: ${moment(at)})`,
  noWeighIn: "Letztes Gewicht: noch keines",
  lastReading: {
    weigh_in: (it) => `Letztes Gewicht: ${reading(it)}`,
    blood_pressure: (it) => `Letzter Blutdruck: ${reading(it)}`,
  },
});

const LINK_AGAIN: Record<Vendor, string> = {
  withings: "du verbindest jetzt neu",
  garmin: "du meldest dich jetzt neu an",
};

const news = ({ moment }: Format): Words["news"] => ({
  reminder: (since) => `Seit ${moment(since)} Uhr ist nicht alles angekommen.`,
  broken:
    "Bei mir stimmt etwas nicht, darum kommen Messungen vielleicht nicht in Garmin an. Nichts ist verloren, und ich versuche es weiter.",
  logSays: (cause) => `In meinem Protokoll steht mehr: ${cause}`,
  logHasMore: "Wer mich betreibt, findet mehr in meinem Protokoll.",
  lastHours: (hours) => (hours === 1 ? " aus der letzten Stunde" : ` aus den letzten ${hours} Stunden`),
  lastDays: (count) => ` aus den letzten ${count} Tagen`,
  oneArrived: (values, takenAt) => `${values}${takenAt ? ` (${moment(takenAt)} Uhr)` : ""} ist jetzt in Garmin.`,
  arrived: (count, span = "") => `${readings(count)}${span} ${count === 1 ? "ist" : "sind"} jetzt in Garmin.`,
  noneMissed: (since) =>
    since ? `Seit ${moment(since)} Uhr hat keine Messung gefehlt.` : "Es hat keine Messung gefehlt.",
  expiry: (vendor, daysLeft) =>
    `Mein Zugang zu ${VENDOR_NAME[vendor]} endet in ${plural(daysLeft, "Tag", "Tagen")}, weil ich ihn nicht erneuern konnte. Ich versuche es weiter; sicherer ist, ${LINK_AGAIN[vendor]}.`,
  unreadable: () =>
    "Deine anderen Messungen kommen an. Nichts ist verloren: Bei Withings bleibt alles gespeichert, und ich versuche es jeden Tag noch einmal.",
});

const unreadable = ({ time }: Format): Words["unreadable"] => ({
  one: (takenAt) =>
    `Bei Withings gibt es eine Messung${takenAt ? ` von ${time(takenAt)}` : ""}, die ich nicht lesen kann.`,
  several: (count, times) =>
    `Bei Withings gibt es ${count} Messungen, die ich nicht lesen kann${times.length > 0 ? `: ${times.map(time).join("; ")}` : ""}.`,
});

const people = ({ day }: Format): Words["people"] => ({
  invitationOver: "Diese Einladung wurde schon benutzt oder ist älter als 24 Stunden. Bitte frage nach einer neuen.",
  joined: (name) => `${name} ist jetzt dabei. /people zeigt, wer mich benutzt.`,
  title: "Wer mich benutzen darf:",
  you: "du",
  nameless: (telegramUserId) => `die Person mit der Telegram-ID ${telegramUserId}`,
  named: (who, since) =>
    `${who}: in meinen Einstellungen zugelassen, ${since ? `hier seit ${day(since)}` : "noch nicht da"}`,
  invited: (who, since) => `${who}: eingeladen, hier seit ${day(since)}`,
  remove: (name) => `${name} entfernen`,
  sure: (name) => `${name} entfernen? Das löscht hier Verbindungen, Liste und Einstellungen.`,
  removed: (name) => `Ich habe ${name} entfernt.`,
  farewell:
    "Wer mich betreibt, hat dich aus diesem Bot entfernt. Deine Verbindungen, Liste und Einstellungen sind hier gelöscht; was in Garmin ist, bleibt dort. Danke und auf Wiedersehen.",
});

/** The German sentences say “du”. */
export function german(format: Format): Words {
  const held = heldInGerman(format);
  return {
    language: format.language,
    format,
    ...CHAT,
    ...withingsInGerman(format),
    ...garminInGerman(format),
    ...DISCONNECT,
    action: (action) => ACTIONS_IN_GERMAN[action],
    button: { ...BUTTON, ...held.button },
    delays: delayInGerman(format),
    arrivals: arrivalsInGerman(format),
    held,
    undo: undoInGerman(format),
    question: questionInGerman(format),
    notices: noticesInGerman(format),
    link: LINK,
    lastSync: lastSync(format),
    sync: SYNC,
    status: status(format),
    news: news(format),
    unreadable: unreadable(format),
    summary: summaryInGerman(format),
    silence: SILENCE_IN_GERMAN,
    people: people(format),
  };
}
