import type { SignInResult } from "../../sync/links/garmin-sign-in.ts";
import type { CallbackOutcome } from "../../sync/links/withings-consent.ts";
import type { GarminProfile } from "../../sync/model/garmin-sign-in.ts";
import {
  GARMIN_PAGE_HEADING,
  type LinkingWords,
  type Whose,
  type WithingsPerson,
  type WithingsRefusal,
} from "./en-linking.ts";
import type { Format } from "./format.ts";

const NOT_LINKED = "Nicht verbunden";
const notLinked = (why: string) => ({ title: NOT_LINKED, text: `${why} Geh zurück zu Telegram und beginne neu.` });

/** The German sentences of linking and unlinking. */
export function linkingInGerman({ weight, time, moment }: Format): LinkingWords {
  const OTHER_WAY = {
    ios: "Melde dich hier im Chat an.",
    android: "Melde dich auf Garmins eigener Seite an, oder lass es mich als Garmins Android-App versuchen.",
    page: "Melde dich auf Garmins eigener Seite an.",
  };
  const profile = ({ displayName, profileId }: GarminProfile) => `${displayName} (Profil ${profileId})`;
  const person = ({ id, lastWeighIn: last }: WithingsPerson) =>
    last
      ? `der Person bei Withings, die zuletzt ${weight(last.weightKg)} gewogen hat, ${time(last.takenAt)} (Nummer ${id})`
      : `der Person bei Withings mit Nummer ${id}`;
  const sharedWith = ({ bot = "diesem Bot", person: name }: Whose) =>
    name
      ? `${bot}, für ${name}. Geh zurück zu Telegram. Wenn du nicht ${name} bist, widerrufe den Zugriff in der Withings-App: Profil, dann Partner-Apps.`
      : `${bot}. Geh zurück zu Telegram. Wenn du ihn nicht kennst, widerrufe den Zugriff in der Withings-App: Profil, dann Partner-Apps.`;
  return {
    withingsOffer: (answersByItself) =>
      answersByItself
        ? "Withings fragt auf seiner eigenen Seite, ob ich deine Messwerte lesen darf. Wähle dort dein eigenes Profil. Ich sage es hier, wenn es geklappt hat. Der Knopf gilt 10 Minuten."
        : "Withings fragt auf seiner eigenen Seite, ob ich deine Messwerte lesen darf. Wähle dort dein eigenes Profil. Dein Browser landet dann auf einer anderen Seite: Kopiere ihre ganze Adresse und sende sie mir sofort, sie gilt eine halbe Minute.",
    withingsLinked: (withingsUserId, last) =>
      last
        ? `Withings ist verbunden: das Profil, das zuletzt ${weight(last.weightKg)} gewogen hat, ${time(last.takenAt)}. Bist das nicht du, verbinde noch einmal und wähle dein eigenes.`
        : `Withings ist verbunden (Profil ${withingsUserId}).`,
    otherWithingsPerson: (linked, other) =>
      `Du bist verbunden mit ${person(linked)}. Der eben erlaubte Zugriff gehört zu ${person(other)}. Noch hat sich nichts geändert. Soll ich ab jetzt die Waage der anderen Person lesen? Du hast 10 Minuten Zeit für die Antwort.`,
    keptProfile:
      "Es bleibt, wie es war. Die andere Anmeldung habe ich gelöscht. Möchtest du dich selbst anmelden, nimm diesen Knopf: Er fragt nach E-Mail und Passwort, auch wenn dein Browser noch jemand anderen kennt.",
    lateAnswer: "Die Frage ist abgelaufen; es hat sich nichts geändert. Verbinde noch einmal, dann frage ich erneut.",
    keptLink: "Es bleibt, wie es war. Die andere Anmeldung habe ich gelöscht.",
    withingsRefused: {
      code_expired: "Das kam zu spät: Was Withings dir gibt, gilt eine halbe Minute. Öffne die Seite noch einmal.",
      taken: "Dieses Withings-Profil gehört hier schon jemand anderem. Wähle auf Withings’ Seite dein eigenes.",
      account_removed: "Du hast hier alles entfernt, bevor Withings geantwortet hat, darum ist nichts verbunden.",
      refused:
        "Du hast es nicht erlaubt, darum ist nichts verbunden. War das ein Versehen, öffne die Seite noch einmal.",
      wrong_state: "Diese Adresse stammt nicht von meinem Knopf. Öffne Withings mit diesem hier.",
      late_state: "Der Knopf war älter als 10 Minuten. Hier ist ein frischer.",
      used_state: "Diese Adresse wurde schon benutzt. Hier ist ein frischer Knopf.",
      other_chat: "Diese Adresse gehört in den Chat von jemand anderem. Hier ist ein Knopf für dich.",
      no_code:
        "In dieser Adresse steckt keine Erlaubnis. Sende die, auf der dein Browser landet, nachdem du zugestimmt hast. Steht dort „redirect_uri_mismatch“, sende mir den Text dieser Seite.",
      not_an_address: "Das ist keine Adresse. Kopiere die ganze Zeile oben in deinem Browser.",
      scope_missing: "Withings lässt mich keine Messwerte lesen. Öffne die Seite noch einmal und lass alles angehakt.",
    } satisfies Record<WithingsRefusal, string>,
    withingsRemovedThere:
      "Du hast mich bei Withings entfernt, darum lese ich deine Waage nicht mehr. Was in Garmin ist, bleibt. Wenn du mich zurückhaben möchtest, verbinde neu.",
    subscriptions: {
      restored:
        "Withings hatte aufgehört, mir neue Messungen zu melden. Ich habe es wieder eingerichtet; nichts ging verloren.",
      unreachable:
        "Withings erreicht meine öffentliche Adresse nicht und meldet mir Neues darum nicht sofort. Nichts ist verloren: Ich sehe selbst nach, die Messungen kommen also etwas später an, und einmal am Tag frage ich Withings wieder. Wer mich betreibt, sollte prüfen, ob die Adresse von außen antwortet.",
      reached: "Withings erreicht meine öffentliche Adresse wieder und meldet mir neue Messungen sofort.",
    },

    garminSignInChoice: (isInCloud) =>
      `Zwei Wege, dich bei Garmin anzumelden:\n\nAuf Garmins Seite: Dein Passwort bleibt in deinem Browser.\n\nHier im Chat: Du sendest mir E-Mail, Passwort und Code. Ich lösche sie hier sofort, und das Passwort speichere ich nie.${isInCloud ? " Das klappt vielleicht nicht: Garmin lehnt Anmeldungen aus Amazons Netz, in dem ich laufe, oft ab." : ""}`,
    garminPageEnd: `Am Ende zeigt Garmin eine Seite mit der Überschrift „${GARMIN_PAGE_HEADING}“. Das ist normal: Du bist angemeldet. Kopiere die ganze Adresse dieser Seite und sende sie mir innerhalb einer Minute. (Öffnet sich die Seite in Telegram, wähle zuerst „Im Browser öffnen“.)`,
    askEmail: "Mit welcher E-Mail-Adresse bist du bei Garmin?",
    askPassword: (email) => `Und das Passwort für ${email}? Ich benutze es einmal und behalte es nicht.`,
    notAnEmail: "Das ist keine E-Mail-Adresse. Bitte sende sie noch einmal.",
    askCode: ({ sentBy, sentTo }) =>
      sentBy === "other"
        ? "Garmin möchte einen Code: aus deiner Authenticator-App oder auf dem Weg, den du bei Garmin gewählt hast. Schick ihn mir."
        : `Garmin hat einen Code gesendet${sentTo ? `, an ${sentTo}` : ""}. Schick ihn mir; er kann eine Minute brauchen.`,
    codeAwaited: "Ich warte auf den Code, den Garmin dir gesendet hat. Schick ihn mir.",
    signIn(result: Exclude<SignInResult, { type: "mfa_required" }>): string {
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
          return `${result.displayName} gehört bei Garmin hier schon jemand anderem, und die Messungen von zwei Personen würden sich mischen. Ist dort in deinem Browser noch jemand anderes angemeldet, nimm diesen Knopf: Er fragt trotzdem nach E-Mail und Passwort.`;
        case "account_removed":
          return "Du hast hier alles entfernt, bevor Garmin geantwortet hat, darum ist nichts verbunden.";
        case "wrong_code":
          return "Der Code stimmt nicht. Sieh noch einmal nach und sende ihn neu, oder lass dir einen neuen schicken.";
        case "code_sent":
          return `Garmin hat einen neuen Code gesendet${result.sentTo ? `, an ${result.sentTo}` : ""}. Nur der neue zählt.`;
        case "code_too_soon":
          return "Garmin sendet nur jede halbe Minute einen neuen Code. Versuche es gleich noch einmal.";
        case "expired":
          return "Das hat zu lange gedauert, und Garmin hat die Anmeldung geschlossen. Wir beginnen neu.";
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
          return "Garmin kennt diese E-Mail mit diesem Passwort nicht. Sieh noch einmal nach: Nach ein paar falschen Versuchen hört Garmin stundenlang nicht mehr zu.";
        case "captcha":
          return "Garmin möchte sehen, dass du kein Roboter bist. Das geht nur auf seiner eigenen Seite.";
        case "account_locked":
          return "Garmin hat dieses Konto gesperrt. Entsperre es auf garmin.com und melde dich dann auf Garmins eigener Seite an.";
        case "blocked":
          return "Garmin nimmt aus dem Netz, in dem ich laufe, keine Anmeldungen an. Melde dich in deinem Browser auf Garmins eigener Seite an.";
        case "ticket_refused":
          return "Garmin nimmt diese Anmeldung nicht an: Jede gilt einmal, etwa eine Minute lang. Öffne die Seite noch einmal und sende mir, wo sie endet.";
        case "access_refused":
          return `Garmin hat dich angemeldet, dann aber den eben erteilten Zugang nicht akzeptiert. Das kommt bei manchen Konten vor, und ein anderer Weg klappt oft: ${OTHER_WAY[result.next ?? "page"]}`;
        case "no_ticket":
          return "Darin steckt keine Anmeldung. Melde dich auf Garmins Seite an und kopiere dann die ganze Adresse, auf der sie endet („ticket=ST-“ kommt darin vor).";
        case "spent_ticket":
          return "Diese Adresse ist von Garmin Connect selbst, das die Anmeldung schon verbraucht hat. Öffne die Seite mit dem Knopf unten und sende mir, wo diese endet.";
        case "unclear":
          return "Garmin hat auf eine Art geantwortet, die ich nicht kenne. Melde dich auf seiner eigenen Seite an.";
      }
    },
    signInRests: (until, isLinked) =>
      `Garmin begrenzt gerade die Anmeldungen bei diesem Konto, darum versuche ich bis ${moment(until)} Uhr kein Passwort und keinen Code. Auf Garmins eigener Seite kannst du dich trotzdem anmelden.${isLinked ? " Der Abgleich läuft weiter: Deine Verbindung braucht keine neue Anmeldung." : ""}`,
    consentGiven: "Garmins Einstellungen zeigen deine Zustimmung. Ob es klappt, zeigt das nächste Hochladen.",
    consentStillMissing: "Garmin sagt noch nein. Nachdem du es erlaubt hast, kann es eine Minute dauern.",

    disconnectAsk: "Was soll ich entfernen?",
    disconnectChoice: {
      withings: "Die Verbindung zu Withings",
      garmin: "Die Verbindung zu Garmin",
      everything: "Alles von mir",
    },
    disconnectSure: {
      withings:
        "Die Verbindung zu Withings entfernen? Dann lese ich deine Waage nicht mehr. Die Liste dessen, was ich gesendet habe, bleibt.",
      garmin:
        "Die Verbindung zu Garmin entfernen? Dann sende ich nichts mehr. Die Liste dessen, was ich gesendet habe, bleibt.",
      everything:
        "Beide Verbindungen, die Liste des Gesendeten, was du zu zurückgehaltenen Messungen gesagt hast und deine Einstellungen entfernen? Das lässt sich nicht rückgängig machen. Was in Garmin ist, bleibt dort.",
    },
    disconnected: {
      withings:
        "Die Verbindung zu Withings ist hier gelöscht. Bei Withings stehe ich noch unter deinen Apps: Profil, dann Partner-Apps, entfernt mich dort.",
      garmin:
        "Die Verbindung zu Garmin ist hier gelöscht. Was ich gesendet habe, bleibt in Garmin Connect; wenn du es nicht willst, lösche es dort.",
      everything:
        "Hier ist alles gelöscht. Was ich gesendet habe, bleibt in Garmin Connect; lösche es dort, wenn du magst. Bei Withings stehe ich noch unter deinen Apps: Profil, dann Partner-Apps, entfernt mich dort. /start beginnt neu.",
    },

    callbackPage: (whose) =>
      ({
        linked: { title: "Verbunden", text: `Withings teilt deine Messwerte jetzt mit ${sharedWith(whose)}` },
        other_person: {
          title: "Noch eine Frage",
          text: `Du hast den Zugriff für eine andere Person bei Withings erlaubt als die verbundene. Noch hat sich nichts geändert: ${whose.bot ?? "Der Bot"} fragt ${whose.person ?? "seinen Benutzer"} in Telegram, ob gewechselt werden soll.`,
        },
        waiting: { title: "Weighbridge", text: "Auf diese Seite schickt Withings dich, nachdem du zugestimmt hast." },
        code_expired: notLinked("Was Withings dir gibt, gilt eine halbe Minute, und die ist vorbei."),
        scope_missing: notLinked("Withings lässt mich nicht lesen, was du misst. Lass auf der Seite alles angehakt."),
        taken: notLinked("Dieses Withings-Profil gehört hier jemand anderem. Wähle auf Withings’ Seite dein eigenes."),
        account_removed: {
          title: NOT_LINKED,
          text: "Zu dieser Adresse gibt es kein Konto mehr, darum ist nichts verbunden. Sende /start in Telegram, um neu zu beginnen.",
        },
        refused: {
          title: NOT_LINKED,
          text: "Nichts wurde geteilt. Wenn du es dir anders überlegst, geh zurück zu Telegram.",
        },
        wrong_state: notLinked("Diese Adresse ist beschädigt oder stammt nicht von mir."),
        late_state: notLinked("Das hat länger als zehn Minuten gedauert."),
        used_state: {
          title: "Schon benutzt",
          text: "Diese Adresse gilt einmal. Geh zurück zu Telegram: /status zeigt, ob Withings verbunden ist.",
        },
        other_chat: notLinked("Diese Adresse gehört zu einem anderen Chat."),
        no_code: notLinked("In dieser Adresse steckt keine Erlaubnis."),
        not_an_address: notLinked("Das ist keine Adresse."),
        application_refused: {
          title: NOT_LINKED,
          text: "Withings kennt diesen Bot nicht. Wer ihn betreibt, muss die Client-ID oder das Client-Secret für Withings korrigieren.",
        },
        callback_refused: {
          title: NOT_LINKED,
          text: "Withings akzeptiert die Adresse dieser Seite nicht. Wer den Bot betreibt, muss sie auf developer.withings.com als Callback-Adresse eintragen.",
        },
        later: notLinked("Etwas hat nicht rechtzeitig geantwortet."),
        broken: notLinked("Bei mir ist etwas schiefgegangen."),
      }) satisfies Record<CallbackOutcome, { title: string; text: string }>,
  };
}
