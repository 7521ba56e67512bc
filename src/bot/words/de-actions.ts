import type { Action } from "../../lib/errors.ts";

export const ACTIONS_IN_GERMAN: Record<Action, string> = {
  add_account: "Hier gibt es noch kein Konto. Sende zuerst /start.",
  link_withings: "Withings ist noch nicht verbunden.",
  link_garmin: "Garmin ist noch nicht verbunden.",
  relink_withings:
    "Withings lässt mich deine Waage nicht mehr lesen. Deine Messungen warten dort, bis du neu verbindest.",
  relink_garmin:
    "Garmin hat mich abgemeldet. Deine Messungen warten bei Withings; sobald du dich wieder angemeldet hast, schicke ich sie nach.",
  grant_garmin_upload:
    "Garmin braucht deine Zustimmung, bevor es Daten von Geräten speichert. Deine Messungen warten bei Withings. Öffne in Garmin Connect die Einstellungen, dann Datenschutz, und erlaube „Hochladen von Geräten“.",
  unlock_garmin_account: "Garmin hat dieses Konto gesperrt. Entsperre es auf garmin.com und melde dich dann neu an.",
  use_garmin_page: "Garmin möchte, dass du dich auf seiner eigenen Seite anmeldest.",
  fix_withings_application:
    "Withings akzeptiert meine Client-ID und mein Client-Secret nicht. Nichts ist verloren. Wer mich betreibt, muss beide noch einmal aus der Anwendung auf developer.withings.com in meine Einstellungen kopieren.",
  fix_withings_callback:
    "Withings akzeptiert die Callback-Adresse nicht. Wer mich betreibt, muss sie auf developer.withings.com in der Anwendung eintragen, und zwar genau wie in meinen Einstellungen (wenn ich eine öffentliche Adresse habe, dann diese mit /withings/callback dahinter).",
  fix_clock:
    "Die Uhr des Rechners, auf dem ich laufe, geht um mehr als einen Tag falsch. Bis sie stimmt, sende ich nichts. Nichts ist verloren: Deine Messungen warten bei Withings. Stelle die Uhr, am besten per NTP.",
  fix_garmin_client_id:
    "Garmin akzeptiert die Client-ID nicht mehr, mit der sich dieses Programm anmeldet. Nichts ist verloren. Wer mich betreibt, muss eine aktuelle in meine Einstellungen eintragen; danach melde dich bei Garmin neu an.",
};
