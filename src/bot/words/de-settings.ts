import type { Sends, Settings } from "../../sync/account.ts";
import { type SettingsTopic, type SettingsView, type SettingsWords, sentKinds } from "./en-settings.ts";

/** The German sentences of /settings. */
export function settingsInGerman(days: (count: number) => string): SettingsWords {
  const UNITS: Record<Settings["units"], string> = { kg: "Kilogramm", lb: "Pfund (lb)", st: "Stone (st)" };
  const KIND: Record<keyof Sends, string> = {
    weight: "Gewicht",
    composition: "Körperzusammensetzung",
    muscle: "Muskeln",
    bloodPressure: "Blutdruck",
  };
  const hours = (count: number) => (count === 1 ? "1 Stunde" : `${count} Stunden`);
  /** `3 Tagen` */
  const afterDays = (count: number) => (count === 1 ? "einem Tag" : `${days(count)}n`);

  function summary({ summaryMode, summaryHour }: Settings): string {
    if (summaryMode === "off") return "Zusammenfassung: aus";
    const when = summaryMode === "daily" ? "täglich" : "nur wenn etwas war";
    return `Zusammenfassung: ${when}, um ${summaryHour} Uhr`;
  }

  const line: Record<SettingsTopic, (view: SettingsView) => string> = {
    units: ({ settings }) => `Einheiten: ${UNITS[settings.units]}`,
    zone: ({ timezone, clockTime, isZoneChosen }) =>
      `Zeitzone: ${timezone} (jetzt ${clockTime}), ${isZoneChosen ? "von dir gewählt" : "wie Withings sagt"}`,
    summary: ({ settings }) =>
      `${summary(settings)}\nStille: Ich melde mich nach ${afterDays(settings.quietDays)} ohne Messung`,
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
    zone: "Nach ihr gehen die Zeiten in diesem Chat und die Stunde der Zusammenfassung.",
    summary: "Die Stunde der Zusammenfassung, wann sie kommt, und nach wie vielen Tagen ohne Messung ich mich melde.",
    patience:
      "Antworten Withings oder Garmin nicht, vergeht das meist von selbst, und verloren geht dabei nichts. Was dich braucht, sage ich sofort.",
    sends:
      "Garmins Feld für Muskeln meint Skelettmuskeln, Withings misst alle Muskeln, also mehr: Schalte die Muskeln aus, wenn du das nicht mischen möchtest.\n\nWas gemessen wird, während etwas aus ist, bleibt bei Withings.",
    language: "Auch die des Menüs mit den Befehlen.",
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
      patience: "Kurze Störungen",
      sends: "Was gesendet wird",
      language: "Sprache",
    },
    back: "Zurück",
    units: { kg: "Kilogramm (kg)", lb: "Pfund (lb)", st: "Stone (st)" },
    mode: { daily: "Täglich", when_new: "Wenn etwas war", off: "Aus" },
    quiet: (count) => `Nach ${afterDays(count)}`,
    hours,
    kind: {
      weight: "Gewicht",
      composition: "Körperzusammensetzung",
      muscle: "Muskeln",
      bloodPressure: "Blutdruck",
    },
    asWithings: "Wie Withings sagt",
    typeZone: "Eintippen",
    askZone:
      "Welche Zeitzone? Sende mir eine große Stadt darin, auf Englisch, oder ihren Namen: Berlin, New York oder Europe/Berlin.",
    whichZone: (shown, found) =>
      found > shown
        ? `Ich kenne ${found} solche Zeitzonen. Ist es eine von diesen? Sonst sende mehr von dem Namen.`
        : "Welche von diesen?",
    unknownZone:
      "So eine Zeitzone kenne ich nicht. Sende mir eine große Stadt darin, auf Englisch, zum Beispiel Berlin oder New York.",
    zoneLeft: "Deine Zeitzone habe ich gelassen, wie sie war.",
  };
}
