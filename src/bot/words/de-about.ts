import type { AboutWords } from "./en-about.ts";

export const ABOUT_IN_GERMAN: AboutWords = {
  description:
    "Ich übertrage alles, was du mit Waage und Blutdruckmanschette von Withings misst, zu Garmin Connect: von selbst und jede Messung nur einmal.\n\nIst eine Messung vielleicht nicht von dir, frage ich dich zuerst. Geht etwas nicht mehr, sage ich es dir.\n\nDrück auf Start und verbinde Withings und Garmin. Das dauert ein paar Minuten. Ich bin nur für Leute da, die mein Besitzer eingeladen hat.",
  shortDescription:
    "Überträgt Gewicht und Blutdruck von Withings zu Garmin Connect und schreibt nur, wenn es etwas zu sagen gibt.",
  privacy: (isInCloud) =>
    [
      "Was ich aufbewahre: deine Verbindungen zu Withings und Garmin, verschlüsselt und ohne dein Passwort; die Werte, die ich gesendet oder zurückgehalten habe, damit nichts doppelt ankommt; deine Einstellungen, deine Telegram-ID und deinen Vornamen.",
      `Wo: nur bei der Person, die mich betreibt, ${isInCloud ? "in ihrem eigenen Konto bei Amazon (AWS)" : "auf ihrem eigenen Rechner"}. Sonst bekommt es niemand, und in einem Fehlerbericht stehen keine Messungen. Den Chat selbst speichert Telegram.`,
      "Nur wenn du sagst, dass eine Messung von jemand anderem hier war, sieht diese Person deren Wert und Zeit und deinen Vornamen, und du siehst ihr Ja oder Nein.",
      "Alles löschen: /disconnect, dann „Alles“. Was bei Withings und in Garmin ist, bleibt dort.",
    ].join("\n\n"),
  invitation: (inviter, bot, link) =>
    `${inviter} lädt dich zu ${bot} ein: Der Bot überträgt alles, was du mit deiner eigenen Waage und Manschette von Withings misst, in dein eigenes Garmin Connect.\n\nDeine Daten bleiben getrennt: Du verbindest deine eigenen Konten, und ${inviter} sieht deinen Namen, aber keine deiner Messungen.\n\nÖffne diesen Link und drück auf Start. Er gilt für eine Person und 24 Stunden lang:\n${link}`,
  passOn: "Gib diese Einladung einer Person: Leite sie weiter, drück auf „Teilen“ oder lass den Code scannen.",
  shared: (inviter) =>
    `${inviter} lädt dich ein: Deine eigenen Withings-Messungen kommen in dein eigenes Garmin Connect. Gilt für eine Person, 24 Stunden lang.`,
  share: "Teilen",
  invitedBy: (inviter) =>
    `${inviter} hat dich eingeladen. Deine Daten bleiben hier von allen anderen getrennt: ${inviter} sieht deinen Namen, aber keine deiner Messungen. Was ich aufbewahre, steht unter /privacy.`,
  somebody: "Jemand",
};
