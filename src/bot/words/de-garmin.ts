import type { GarminProfile } from "../../sync/model/garmin-sign-in.ts";
import { GARMIN_PAGE_HEADING, type GarminWords, type SignInEnd } from "./en-garmin.ts";
import type { Format } from "./format.ts";

const OTHER_WAY = {
  ios: "Melde dich hier im Chat an.",
  android: "Melde dich auf Garmins eigener Seite an, oder lass es mich als Garmins Android-App versuchen.",
  page: "Melde dich auf Garmins eigener Seite an.",
};
const profile = ({ displayName, profileId }: GarminProfile) => `${displayName} (Profil ${profileId})`;

function signInText(result: SignInEnd, { time }: Format): string {
  switch (result.type) {
    case "signed_in":
      return `Bei Garmin angemeldet als ${result.displayName}.`;
    case "profile_unknown":
      return "Garmin hat dich angemeldet, sagt aber gerade nicht, wessen Konto es ist. Nichts ist verloren: Ich behalte diese Anmeldung zehn Minuten lang. Drücke in einem Moment den Knopf oder sende /connect.";
    case "other_profile":
      return `Du bist bei Garmin verbunden mit ${profile(result.linked)}. Diese Anmeldung gehört zu ${profile(result.profile)}. Noch hat sich nichts geändert. Soll ich deine Messungen ab jetzt an ${result.profile.displayName} senden? Du hast 10 Minuten Zeit für die Antwort.`;
    case "sign_in_forgotten":
      return "Diese Anmeldung ist nach zehn Minuten abgelaufen. Es hat sich nichts geändert. Bitte melde dich noch einmal an.";
    case "taken":
      return `${result.displayName} bei Garmin gehört hier schon jemand anderem, und die Messungen von zwei Personen würden sich vermischen. Wenn in deinem Browser dort noch jemand anderes angemeldet ist, nimm diesen Knopf: Er fragt trotzdem nach E-Mail und Passwort.`;
    case "account_removed":
      return "Du hast hier alles entfernt, bevor Garmin geantwortet hat, darum ist nichts verbunden.";
    case "wrong_code":
      return "Der Code stimmt nicht. Sieh noch einmal nach und sende ihn neu, oder lass dir einen neuen schicken.";
    case "code_sent":
      return `Garmin hat einen neuen Code${result.sentTo ? ` an ${result.sentTo}` : ""} gesendet. Nur der neue zählt.`;
    case "code_too_soon":
      return "Garmin sendet nur jede halbe Minute einen neuen Code. Versuche es gleich noch einmal.";
    case "expired":
      return "Das hat zu lange gedauert, und Garmin hat die Anmeldung geschlossen. Fangen wir neu an.";
    case "code_tries_over":
      return "Das war der dritte falsche Code, darum höre ich hier auf: Nach ein paar weiteren nimmt Garmin einen Tag lang keinen mehr an. Melde dich noch einmal an, wenn du den richtigen zur Hand hast.";
    case "too_many_codes":
      return "Garmin nimmt vorerst keine Codes mehr an. Warte einen Tag, oder melde dich auf Garmins eigener Seite an.";
    case "resting":
      return `Garmin begrenzt gerade die Anmeldungen bei diesem Konto, und jeder weitere Versuch verlängert das. Deshalb versuche ich es erst ${time(result.until)} wieder. Auf Garmins eigener Seite kannst du dich trotzdem anmelden.`;
    case "network_limited":
      return "Garmin begrenzt gerade die Anmeldungen aus dem Netz, in dem ich laufe. An deinem Konto liegt es nicht. Melde dich auf Garmins eigener Seite an, oder versuche es hier in einer Stunde noch einmal.";
    case "password_expired":
      return "Garmin möchte, dass du zuerst ein neues Passwort setzt. Mach das auf garmin.com und melde dich dann auf Garmins eigener Seite an.";
    case "terms_changed":
      return "Garmin möchte, dass du zuerst seine Bedingungen annimmst. Melde dich auf connect.garmin.com an, nimm sie an, und melde dich dann auf Garmins eigener Seite an.";
    case "account_disabled":
      return "Garmin sagt, dass dieses Konto deaktiviert ist. Das kann nur Garmins Support ändern; auf Garmins eigener Seite steht vielleicht mehr.";
    case "client_refused":
      return `Garmin erlaubt diesem Konto den Weg nicht, den ich versucht habe (Fehler 427). Melde dich auf Garmins eigener Seite an${result.next ? ", oder lass es mich als Garmins Android-App versuchen" : ""}.`;
    case "chinese_account":
      return "Diese Adresse ist von garmin.cn. Konten vom chinesischen Festland führt Garmin getrennt, und ich unterstütze sie noch nicht. Mit einem Konto bei garmin.com geht es.";
    case "wrong_password":
      return "Garmin kennt diese E-Mail mit diesem Passwort nicht. Prüfe beides: Nach ein paar falschen Versuchen nimmt Garmin stundenlang keine Anmeldung mehr an.";
    case "captcha":
      return "Garmin möchte prüfen, dass du kein Roboter bist. Das geht nur auf seiner eigenen Seite.";
    case "account_locked":
      return "Garmin hat dieses Konto gesperrt. Entsperre es auf garmin.com und melde dich dann auf Garmins eigener Seite an.";
    case "blocked":
      return "Garmin nimmt aus dem Netz, in dem ich laufe, keine Anmeldungen an. Melde dich in deinem Browser auf Garmins eigener Seite an.";
    case "ticket_refused":
      return "Garmin nimmt diese Anmeldung nicht an: Jede gilt einmal, etwa eine Minute lang. Öffne die Seite noch einmal und sende mir die Adresse, auf der sie endet.";
    case "access_refused":
      return `Garmin hat dich angemeldet, dann aber den eben erteilten Zugang nicht akzeptiert. Das kommt bei manchen Konten vor, und ein anderer Weg klappt oft: ${OTHER_WAY[result.next ?? "page"]}`;
    case "no_ticket":
      return "In dieser Adresse steckt keine Anmeldung. Melde dich auf Garmins Seite an und kopiere dann die ganze Adresse, auf der sie endet („ticket=ST-“ kommt darin vor).";
    case "spent_ticket":
      return "Diese Adresse ist von Garmin Connect selbst, das die Anmeldung schon verbraucht hat. Öffne die Seite mit dem Knopf unten und sende mir die Adresse, auf der sie endet.";
    case "unclear":
      return "Garmin hat auf eine Art geantwortet, die ich nicht kenne. Melde dich auf seiner eigenen Seite an.";
  }
}

export function garminInGerman(format: Format): GarminWords {
  return {
    garminSignInChoice: (isInCloud, hasOwnPage) =>
      `${hasOwnPage ? "Drei Wege, dich bei Garmin anzumelden:\n\nAuf meiner Anmeldeseite: ein Formular außerhalb dieses Chats, mit einem Bild davon, wie Garmins eigene Seite endet." : "Zwei Wege, dich bei Garmin anzumelden:"}\n\nAuf Garmins Seite: Dein Passwort bleibt in deinem Browser.\n\nHier im Chat: Du sendest mir E-Mail, Passwort und Code. Ich lösche sie hier sofort, und das Passwort speichere ich nie.${isInCloud ? " Das klappt vielleicht nicht: Garmin lehnt Anmeldungen aus Amazons Netz, in dem ich laufe, oft ab." : ""}`,
    garminPageEnd: `Am Ende zeigt Garmin eine Seite mit der Überschrift „${GARMIN_PAGE_HEADING}“. Das ist normal: Du bist angemeldet. Kopiere die ganze Adresse dieser Seite und sende sie mir innerhalb einer Minute. (Wenn sich die Seite in Telegram öffnet, wähle zuerst „Im Browser öffnen“.)`,
    askEmail:
      "Mit welcher E-Mail-Adresse bist du bei Garmin? Was du mir hier schickst, lösche ich, sobald ich es gelesen habe.",
    askPassword: (email) => `Und das Passwort für ${email}? Ich benutze es einmal und behalte es nicht.`,
    notAnEmail: "Das ist keine E-Mail-Adresse. Bitte sende sie noch einmal.",
    askCode: ({ sentBy, sentTo }) =>
      sentBy === "other"
        ? "Garmin möchte einen Code: aus deiner Authenticator-App oder auf dem Weg, den du bei Garmin gewählt hast. Schick ihn mir."
        : `Garmin hat einen Code${sentTo ? ` an ${sentTo}` : ""} gesendet. Schick ihn mir; er kann eine Minute brauchen.`,
    noCodeIn: "Darin finde ich keinen Code. Sende mir die Ziffern, die Garmin dir geschickt hat.",
    passwordAgain: "Sende mir das Passwort noch einmal, oder wähle eine andere E-Mail.",
    codeAwaited: "Ich warte auf den Code, den Garmin dir gesendet hat. Schick ihn mir.",
    signIn: (result) => signInText(result, format),
    signInRests: (until, isLinked) =>
      `Garmin begrenzt gerade die Anmeldungen bei diesem Konto, darum versuche ich bis ${format.moment(until)} Uhr kein Passwort und keinen Code. Auf Garmins eigener Seite kannst du dich trotzdem anmelden.${isLinked ? " Der Abgleich läuft weiter: Deine Verbindung braucht keine neue Anmeldung." : ""}`,
    consentGiven: "Garmins Einstellungen zeigen deine Zustimmung. Ob es klappt, zeigt das nächste Hochladen.",
    consentStillMissing: "Garmin lehnt immer noch ab. Nachdem du es erlaubt hast, kann es eine Minute dauern.",
  };
}
