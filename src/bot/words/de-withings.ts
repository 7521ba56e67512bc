import type { Whose, WithingsPerson, WithingsWords } from "./en-withings.ts";
import type { Format } from "./format.ts";

const NOT_LINKED = "Nicht verbunden";
const notLinked = (why: string) => ({ title: NOT_LINKED, text: `${why} Geh zurück zu Telegram und beginne neu.` });

const sharedWith = ({ bot = "diesem Bot", person: name }: Whose) =>
  name
    ? `${bot}, für ${name}. Geh zurück zu Telegram. Wenn du nicht ${name} bist, widerrufe den Zugriff in der Withings-App: Profil, dann Partner-Apps.`
    : `${bot}. Geh zurück zu Telegram. Wenn du ihn nicht kennst, widerrufe den Zugriff in der Withings-App: Profil, dann Partner-Apps.`;

const callbackPage: WithingsWords["callbackPage"] = (whose) => ({
  linked: { title: "Verbunden", text: `Withings teilt deine Messwerte jetzt mit ${sharedWith(whose)}` },
  other_person: {
    title: "Noch eine Frage",
    text: `Du hast den Zugriff für eine andere Person bei Withings erlaubt als die verbundene. Noch hat sich nichts geändert: ${whose.bot ?? "Der Bot"} fragt ${whose.person ?? "seinen Benutzer"} in Telegram, ob gewechselt werden soll.`,
  },
  waiting: { title: "Weighbridge", text: "Auf diese Seite schickt Withings dich, nachdem du zugestimmt hast." },
  code_expired: notLinked("Das kam zu spät: Die Adresse von Withings gilt eine halbe Minute."),
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
    text: "Diese Adresse gilt nur einmal. Geh zurück zu Telegram: /status zeigt, ob Withings verbunden ist.",
  },
  other_chat: notLinked("Diese Adresse gehört zu einem anderen Chat."),
  no_code: notLinked("In dieser Adresse steckt kein Code von Withings."),
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
});

export function withingsInGerman({ weight, time }: Format): WithingsWords {
  const person = ({ id, lastWeighIn: last }: WithingsPerson) =>
    last
      ? `der Person bei Withings, die zuletzt ${weight(last.weightKg)} gewogen hat, ${time(last.takenAt)} (Nummer ${id})`
      : `der Person bei Withings mit Nummer ${id}`;
  return {
    callbackPage,
    withingsOffer: (answersByItself) =>
      answersByItself
        ? "Withings fragt auf seiner eigenen Seite, ob ich deine Messwerte lesen darf. Wähle dort dein eigenes Profil. Ich sage es hier, wenn es geklappt hat. Der Knopf gilt 10 Minuten."
        : "Withings fragt auf seiner eigenen Seite, ob ich deine Messwerte lesen darf. Wähle dort dein eigenes Profil. Dein Browser landet dann auf einer anderen Seite: Kopiere ihre ganze Adresse und sende sie mir sofort, sie gilt eine halbe Minute.",
    backToChat: "Zurück zu Telegram",
    withingsLinked: (withingsUserId, last) =>
      last
        ? `Withings ist verbunden: das Profil, das zuletzt ${weight(last.weightKg)} gewogen hat, ${time(last.takenAt)}. Wenn das nicht du bist, verbinde noch einmal und wähle dein eigenes.`
        : `Withings ist verbunden (Profil ${withingsUserId}).`,
    otherWithingsPerson: (linked, other) =>
      `Du bist verbunden mit ${person(linked)}. Der eben erlaubte Zugriff gehört zu ${person(other)}. Noch hat sich nichts geändert. Soll ich ab jetzt die Waage der anderen Person lesen? Du hast 10 Minuten Zeit für die Antwort.`,
    keptProfile:
      "Es bleibt, wie es war. Die andere Anmeldung habe ich gelöscht. Wenn du dich selbst anmelden möchtest, nimm diesen Knopf: Er fragt nach E-Mail und Passwort, auch wenn in deinem Browser noch jemand anderes angemeldet ist.",
    lateAnswer: "Die Frage ist abgelaufen; es hat sich nichts geändert. Verbinde noch einmal, dann frage ich erneut.",
    keptLink: "Es bleibt, wie es war. Die andere Anmeldung habe ich gelöscht.",
    withingsRefused: {
      code_expired: "Das kam zu spät: Die Adresse von Withings gilt eine halbe Minute. Öffne die Seite noch einmal.",
      taken: "Dieses Withings-Profil gehört hier schon jemand anderem. Wähle auf Withings’ Seite dein eigenes.",
      account_removed: "Du hast hier alles entfernt, bevor Withings geantwortet hat, darum ist nichts verbunden.",
      refused:
        "Du hast es nicht erlaubt, darum ist nichts verbunden. Wenn das ein Versehen war, öffne die Seite noch einmal.",
      wrong_state: "Diese Adresse stammt nicht von meinem Knopf. Öffne Withings mit diesem hier.",
      late_state: "Der Knopf war älter als 10 Minuten. Hier ist ein frischer.",
      used_state: "Diese Adresse wurde schon benutzt. Hier ist ein frischer Knopf.",
      other_chat: "Diese Adresse gehört in den Chat von jemand anderem. Hier ist ein Knopf für dich.",
      no_code:
        "In dieser Adresse steckt kein Code von Withings. Sende die, auf der dein Browser landet, nachdem du zugestimmt hast. Wenn dort „redirect_uri_mismatch“ steht, sende mir den Text dieser Seite.",
      not_an_address: "Das ist keine Adresse. Kopiere die ganze Zeile oben in deinem Browser.",
      scope_missing: "Withings lässt mich keine Messwerte lesen. Öffne die Seite noch einmal und lass alles angehakt.",
    },
    withingsRemovedThere:
      "Du hast mich bei Withings entfernt, darum lese ich deine Waage nicht mehr. Was in Garmin ist, bleibt. Wenn du mich zurückhaben möchtest, verbinde Withings neu.",
    subscriptions: {
      restored:
        "Withings hatte aufgehört, mir neue Messungen zu melden. Ich habe es wieder eingerichtet; nichts ging verloren.",
      unreachable:
        "Withings erreicht meine öffentliche Adresse nicht und meldet mir Neues darum nicht sofort. Nichts ist verloren: Ich sehe selbst nach, die Messungen kommen also etwas später an. Einmal am Tag frage ich Withings wieder. Wer mich betreibt, sollte prüfen, ob die Adresse von außen antwortet.",
      reached: "Withings erreicht meine öffentliche Adresse wieder und meldet mir neue Messungen sofort.",
    },
  };
}
