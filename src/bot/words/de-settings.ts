import type { Sends, Settings } from "../../sync/model/account.ts";
import type { SettingsWords } from "./en-settings.ts";
import { plural } from "./format.ts";

const UNITS: Record<Settings["units"], string> = { kg: "Kilogramm", lb: "Pfund (lb)", st: "Stone (st)" };
const KIND: Record<keyof Sends, string> = {
  weight: "Gewicht",
  composition: "Körperzusammensetzung",
  muscle: "Muskeln",
  bloodPressure: "Blutdruck",
};
const hours = (count: number) => plural(count, "Stunde", "Stunden");
const minutes = (count: number) => plural(count, "Minute", "Minuten");

export const SETTINGS_IN_GERMAN: SettingsWords = {
  languageName: "Deutsch",
  line: {
    units: (units) => `Einheiten: ${UNITS[units]}`,
    zone: (timezone, clockTime, from) => `Zeitzone: ${timezone} (jetzt ${clockTime}), ${from}`,
    summary: {
      each: () => "Meldungen: bei jeder Messung, eine Nachricht am Tag",
      daily: (hour) => `Meldungen: täglich um ${hour} Uhr, wenn es Neues gibt`,
      weekly: (hour) => `Meldungen: einmal in der Woche, montags um ${hour} Uhr`,
      needed: () => "Meldungen: keine; ich schreibe nur, wenn ich dich brauche",
    },
    silence: {
      all: "Messpausen: Ich melde mich, wenn von Waage oder Manschette nichts mehr kommt",
      weigh_in: "Messpausen: Ich melde mich, wenn von der Waage nichts mehr kommt",
      blood_pressure: "Messpausen: Ich melde mich, wenn von der Manschette nichts mehr kommt",
      none: "Messpausen: Ich melde mich nicht, wenn nichts mehr kommt",
    },
    patience: {
      hours: (count) => `Kurze Störungen: Ich melde sie erst nach ${count === 1 ? "einer Stunde" : hours(count)}`,
      minutes: (count) => `Kurze Störungen: Ich melde sie erst nach ${minutes(count)}`,
    },
    sends: (kinds) => `Geht an Garmin: ${kinds.map((it) => KIND[it]).join(", ") || "nichts"}`,
    deletions: {
      ask: "Bei Withings gelöscht: Ich frage, ob ich es auch aus Garmin entfernen soll",
      always: "Bei Withings gelöscht: Ich entferne es auch aus Garmin",
      never: "Bei Withings gelöscht: Es bleibt in Garmin",
    },
    height: (height, from) => `Körpergröße: ${height}, ${from}`,
    noHeight: "Körpergröße: kenne ich nicht",
    theme: { light: "Bilder: hell", dark: "Bilder: dunkel" },
    language: "Sprache: Deutsch",
  },
  heightFrom: { withings: "von Withings", owner: "von dir", garmin: "aus deinem Garmin-Profil" },
  zoneFrom: {
    owner: "von dir gewählt",
    withings: "von Withings",
    withings_before: "von Withings, als es noch verbunden war",
    nobody: "bis du eine wählst oder Withings mir deine sagt",
  },
  more: {
    units: "So schreibe ich Gewichte hier. Garmin Connect hat dafür eine eigene Einstellung.",
    zone: "Nach ihr richten sich die Zeiten in diesem Chat und die Uhrzeit der Meldungen.",
    summary:
      "Eine Meldung sagt in ein, zwei Zeilen, was angekommen ist. Bei „Jede Messung“ schicke ich eine am Tag und ergänze sie, wenn etwas kommt. Außer bei „Nur wenn ich etwas tun muss“ bekommst du montags einen Rückblick auf die Woche und am Ersten einen auf den Monat.\n\nVon 22 bis 7 Uhr schreibe ich nur, wenn du etwas tun musst.",
    silence:
      "Ich richte mich nach deinem Rhythmus, für Waage und Manschette getrennt: Wenn sonst jeden Tag etwas kommt, melde ich mich nach drei Tagen ohne Messung; wenn einmal in der Woche, nach zwei Wochen; sonst nach dem Doppelten des üblichen Abstands. Solange ich deinen Rhythmus nicht kenne, ist es eine Woche, und wenn noch nie etwas kam, sind es drei Tage. Wenn du seltener als einmal im Monat misst, sage ich nichts.\n\nIch sage es dir einmal, frühestens zur Uhrzeit der Meldungen, auch wenn du keine willst.",
    patience:
      "Wenn Withings oder Garmin nicht antwortet, geht das meist von selbst vorbei, und nichts ist verloren. Wenn du etwas tun musst, sage ich es dir sofort.",
    sends:
      "Garmins Feld für Muskeln meint Skelettmuskeln, Withings misst alle Muskeln, also mehr: Schalte die Muskeln aus, wenn du das nicht mischen möchtest.\n\nDie Körperzusammensetzung geht nur mit dem Gewicht an Garmin, die Muskeln nur mit der Körperzusammensetzung. Was gemessen wird, während etwas aus ist, bleibt bei Withings.",
    deletions:
      "Einmal in der Woche und bei /sync vergleiche ich die letzten 30 Tage mit Withings. Eine Messung, die zweimal fehlt, mit mindestens einem Tag dazwischen, gilt als gelöscht. Ist Withings bei einer nicht mehr sicher, ob sie von dir ist, zählt das sofort. Verschwinden viele auf einmal, frage ich auf jeden Fall. Was nicht von mir kam, bleibt in Garmin.",
    height:
      "Daraus bekommt Garmin deinen BMI; ohne BMI blendet Garmins Webseite deine Körperzusammensetzung aus. Die Größe gilt für alles, was ich ab jetzt sende. Wenn du sie in der Withings-App einträgst, zählt diese.",
    theme: "Für /weight, /bp und /body.",
    language: "Sie gilt auch für das Menü mit den Befehlen.",
  },
  topic: {
    units: "Einheiten",
    zone: "Zeitzone",
    summary: "Meldungen",
    silence: "Messpausen",
    patience: "Kurze Störungen",
    sends: "Was gesendet wird",
    deletions: "Bei Withings gelöscht",
    height: "Körpergröße",
    theme: "Bilder",
    language: "Sprache",
  },
  back: "Zurück",
  units: { kg: "Kilogramm (kg)", lb: "Pfund (lb)", st: "Stone (st)" },
  cards: {
    each: "Jede Messung",
    daily: "Täglich, wenn es Neues gibt",
    weekly: "Wöchentlich",
    needed: "Nur wenn ich etwas tun muss",
  },
  deletions: { ask: "Nachfragen", always: "Immer entfernen", never: "Nie entfernen" },
  theme: { light: "Hell", dark: "Dunkel" },
  device: { weigh_in: "Waage", blood_pressure: "Manschette" },
  duration: { hours, minutes },
  kind: {
    weight: "Gewicht",
    composition: "Körperzusammensetzung",
    muscle: "Muskeln",
    bloodPressure: "Blutdruck",
  },
  asWithings: "Zeitzone von Withings",
  typeZone: "Eintippen",
  typeHeight: "Größe eintippen",
  forgetHeight: "Größe vergessen",
  askZone: "Welche Zeitzone? Sende mir eine große Stadt darin oder dein Land: Wien, New York oder Frankreich.",
  isThisZone: "Ist es diese? Sonst sende mir die größte Stadt in deiner Nähe oder dein Land.",
  whichZone: "Welche von diesen?",
  oneOfTheseZones: (found) =>
    `${found} Zeitzonen passen. Ist es eine von diesen? Sonst sende mir die größte Stadt in deiner Nähe.`,
  unknownZone:
    "Diesen Ort kenne ich nicht. Sende mir die größte Stadt in der Nähe oder das Land, zum Beispiel Wien, New York oder Frankreich.",
};
