import type { ReadingKind } from "../../sync/model/reading.ts";
import type { SilenceWords } from "./en-silence.ts";

const days = (count: number) => (count === 1 ? "einem Tag" : `${count} Tagen`);

export const SILENCE_IN_GERMAN: SilenceWords = {
  nothingYet: (count) =>
    `Withings ist seit ${days(count)} verbunden, und bisher kam von dort keine Messung für Garmin. Wenn du seitdem gemessen hast, öffne die Withings-App:\n• Deine Messung fehlt dort: Prüfe die Batterie und das WLAN oder das Telefon, über das Waage oder Manschette senden.\n• Sie steht unter einem anderen Profil: /connect verbindet dieses.\n• Sie steht unter deinem: /doctor sucht, was bei mir nicht stimmt.`,
  sinceLink: (count) => `Withings ist seit ${days(count)} verbunden, und seitdem`,
  lately: (count) => `Seit ${days(count)}`,
  rhythm(everyDays) {
    if (everyDays === 1) return "jeden Tag";
    return everyDays === 7 ? "einmal in der Woche" : `alle ${everyDays} Tage`;
  },
  nothing: {
    weigh_in: (length, rhythm) =>
      `${length} kam keine Gewichtsmessung an${rhythm && `; sonst wiegst du dich ${rhythm}`}. Wenn du seitdem auf der Waage warst, öffne die Withings-App:\n• Deine Messung fehlt dort: Prüfe die Batterie der Waage und ihr WLAN. Ohne WLAN sendet sie nur, wenn die App in ihrer Nähe offen ist.\n• Sie ist da: /doctor sucht, was bei mir nicht stimmt.`,
    blood_pressure: (length, rhythm) =>
      `${length} kam keine Blutdruckmessung an${rhythm && `; sonst misst du ${rhythm}`}. Wenn du seitdem gemessen hast, öffne die Withings-App:\n• Deine Messung fehlt dort: Prüfe die Batterie der Manschette und ihr WLAN oder das Bluetooth des Telefons. Viele Manschetten senden nur, wenn die App in ihrer Nähe offen ist.\n• Sie ist da: /doctor sucht, was bei mir nicht stimmt.`,
  },
};

export const SILENCE_OFF_IN_GERMAN: Record<ReadingKind | "all", string> = {
  weigh_in: "Nichts mehr zur Waage sagen",
  blood_pressure: "Nichts mehr zur Manschette sagen",
  all: "Dazu nichts mehr sagen",
};
