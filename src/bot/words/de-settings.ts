import type { Sends, Settings } from "../../sync/model/account.ts";
import { type SettingsTopic, type SettingsView, type SettingsWords, sentKinds } from "./en-settings.ts";

/** The German sentences of /settings. */
export function settingsInGerman(): SettingsWords {
  const UNITS: Record<Settings["units"], string> = { kg: "Kilogramm", lb: "Pfund (lb)", st: "Stone (st)" };
  const KIND: Record<keyof Sends, string> = {
    weight: "Gewicht",
    composition: "Körperzusammensetzung",
    muscle: "Muskeln",
    bloodPressure: "Blutdruck",
  };
  const ZONE_FROM: Record<SettingsView["zoneFrom"], string> = {
    owner: "von dir gewählt",
    withings: "wie Withings sagt",
    withings_before: "wie Withings sagte, als es verbunden war",
    nobody: "bis du eine wählst oder Withings mir deine sagt",
  };
  const hours = (count: number) => {
    if (count >= 1) return count === 1 ? "1 Stunde" : `${count} Stunden`;
    const minutes = Math.round(count * 60);
    return minutes === 1 ? "1 Minute" : `${minutes} Minuten`;
  };

  function summary({ summaryMode, summaryHour }: Settings): string {
    if (summaryMode === "off") return "Zusammenfassung: aus";
    const when = summaryMode === "daily" ? "täglich" : "nur wenn etwas war";
    return `Zusammenfassung: ${when}, um ${summaryHour} Uhr`;
  }

  function silence({ weigh_in: scale, blood_pressure: cuff }: Settings["tellsSilence"]): string {
    if (!scale && !cuff) return "Ich melde mich nicht, wenn nichts kommt";
    const what = scale && cuff ? "Waage oder Manschette" : scale ? "der Waage" : "der Manschette";
    return `Ich melde mich, wenn von ${what} nichts kommt`;
  }

  const line: Record<SettingsTopic, (view: SettingsView) => string> = {
    units: ({ settings }) => `Einheiten: ${UNITS[settings.units]}`,
    zone: ({ timezone, clockTime, zoneFrom }) => `Zeitzone: ${timezone} (jetzt ${clockTime}), ${ZONE_FROM[zoneFrom]}`,
    summary: ({ settings }) => summary(settings),
    silence: ({ settings: { tellsSilence } }) => `Stille: ${silence(tellsSilence)}`,
    patience: ({ settings: { patienceHours } }) =>
      `Kurze Störungen: Ich melde sie erst nach ${patienceHours === 1 ? "einer Stunde" : hours(patienceHours)}`,
    sends: ({ settings: { sends } }) =>
      `Geht an Garmin: ${
        sentKinds(sends)
          .map((it) => KIND[it])
          .join(", ") || "nichts"
      }`,
    language: () => "Sprache: Deutsch",
  };

  const MORE: Record<SettingsTopic, string> = {
    units: "So schreibe ich Gewichte hier. Garmin Connect hat dafür eine eigene Einstellung.",
    zone: "Nach ihr richten sich die Zeiten in diesem Chat und die Stunde der Zusammenfassung.",
    summary: "Die Stunde der Zusammenfassung, und wann sie kommt.",
    silence:
      "Ich richte mich nach deinem Rhythmus, für Waage und Manschette getrennt: Kommt sonst jeden Tag etwas, melde ich mich nach drei Tagen ohne Messung, bei einmal in der Woche nach zwei Wochen, sonst nach dem Doppelten des üblichen Abstands. Solange ich deinen Rhythmus nicht kenne, ist es eine Woche, und wenn noch nie etwas kam, sind es drei Tage. Misst du seltener als einmal im Monat, sage ich nichts.\n\nIch sage es dir einmal, frühestens zur Stunde der Zusammenfassung, auch wenn sie aus ist.",
    patience:
      "Antworten Withings oder Garmin nicht, geht das meist von selbst vorbei, und nichts ist verloren. Musst du etwas tun, sage ich es dir sofort.",
    sends:
      "Garmins Feld für Muskeln meint Skelettmuskeln, Withings misst alle Muskeln, also mehr: Schalte die Muskeln aus, wenn du das nicht mischen möchtest.\n\nDie Körperzusammensetzung geht nur mit dem Gewicht an Garmin, die Muskeln nur mit der Körperzusammensetzung. Was gemessen wird, während etwas aus ist, bleibt bei Withings.",
    language: "Sie gilt auch für das Menü mit den Befehlen.",
  };

  return {
    languageName: "Deutsch",
    top: (view) =>
      Object.values(line)
        .map((it) => it(view))
        .join("\n"),
    screen: (topic, view) => `${line[topic](view)}\n\n${MORE[topic]}`,
    topic: {
      units: "Einheiten",
      zone: "Zeitzone",
      summary: "Zusammenfassung",
      silence: "Stille",
      patience: "Kurze Störungen",
      sends: "Was gesendet wird",
      language: "Sprache",
    },
    back: "Zurück",
    units: { kg: "Kilogramm (kg)", lb: "Pfund (lb)", st: "Stone (st)" },
    mode: { daily: "Täglich", when_new: "Wenn etwas war", off: "Aus" },
    device: { weigh_in: "Waage", blood_pressure: "Manschette" },
    hours,
    kind: {
      weight: "Gewicht",
      composition: "Körperzusammensetzung",
      muscle: "Muskeln",
      bloodPressure: "Blutdruck",
    },
    asWithings: "Withings überlassen",
    typeZone: "Eintippen",
    askZone: "Welche Zeitzone? Sende mir eine große Stadt darin oder dein Land: Wien, New York oder Frankreich.",
    whichZone: (shown, found) =>
      found > shown
        ? `Es gibt ${found} solche Zeitzonen. Ist es eine von diesen? Sonst sende mir die größte Stadt in deiner Nähe.`
        : found === 1
          ? "Ist es diese? Sonst sende mir die größte Stadt in deiner Nähe oder dein Land."
          : "Welche von diesen?",
    unknownZone:
      "Diesen Ort kenne ich nicht. Sende mir die größte Stadt in der Nähe oder das Land, zum Beispiel Wien, New York oder Frankreich.",
    zoneLeft: "Deine Zeitzone habe ich gelassen, wie sie war.",
  };
}
