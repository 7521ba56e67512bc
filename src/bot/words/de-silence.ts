import type { ReadingKind } from "../../sync/model/reading.ts";
import type { Silence } from "../../sync/status/silence.ts";

/** The same in German. */
export function silenceInGerman(silence: Silence): string {
  const { days } = silence;
  const since = days === 1 ? "einem Tag" : `${days} Tagen`;
  if ("linkedAt" in silence) {
    return `Withings ist seit ${since} verbunden, und bisher kam von dort keine Messung für Garmin. Hast du seitdem gemessen, öffne die Withings-App:\n• Deine Messung fehlt dort: Prüfe die Batterie und das WLAN oder das Telefon, über das Waage oder Manschette senden.\n• Sie steht unter einem anderen Profil: /connect verbindet dieses.\n• Sie steht unter deinem: /doctor sucht, was bei mir nicht stimmt.`;
  }
  const rhythm = rhythmOf(silence);
  const begin = silence.isSinceLink ? `Withings ist seit ${since} verbunden, und seitdem` : `Seit ${since}`;
  if (silence.kind === "weigh_in") {
    return `${begin} kam keine Wiegung an${rhythm && `; sonst wiegst du dich ${rhythm}`}. Warst du seitdem auf der Waage, öffne die Withings-App:\n• Deine Wiegung fehlt dort: Prüfe die Batterie der Waage und ihr WLAN. Ohne WLAN sendet sie nur, wenn die App in ihrer Nähe offen ist.\n• Sie ist da: /doctor sucht, was bei mir nicht stimmt.`;
  }
  return `${begin} kam keine Blutdruckmessung an${rhythm && `; sonst misst du ${rhythm}`}. Hast du seitdem gemessen, öffne die Withings-App:\n• Deine Messung fehlt dort: Prüfe die Batterie der Manschette und ihr WLAN oder das Bluetooth des Telefons. Viele Manschetten senden nur, wenn die App in ihrer Nähe offen ist.\n• Sie ist da: /doctor sucht, was bei mir nicht stimmt.`;
}

function rhythmOf({ everyDays }: { everyDays?: number }): string {
  if (everyDays === undefined) return "";
  if (everyDays === 1) return "jeden Tag";
  return everyDays === 7 ? "einmal in der Woche" : `alle ${everyDays} Tage`;
}

export const SILENCE_OFF_IN_GERMAN: Record<ReadingKind | "all", string> = {
  weigh_in: "Nichts mehr zur Waage sagen",
  blood_pressure: "Nichts mehr zur Manschette sagen",
  all: "Dazu nichts mehr sagen",
};
