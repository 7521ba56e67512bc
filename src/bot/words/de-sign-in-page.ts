import { GARMIN_PAGE_HEADING, type SignInEnd } from "./en-garmin.ts";
import type { SignInPageWords } from "./en-sign-in-page.ts";

function instead(result: SignInEnd): string | undefined {
  switch (result.type) {
    case "wrong_code":
      return "Der Code stimmt nicht. Sieh noch einmal nach und gib ihn neu ein, oder lass dir einen neuen schicken.";
    case "profile_unknown":
      return "Garmin hat dich angemeldet, sagt aber gerade nicht, wessen Konto es ist. Nichts ist verloren: Ich behalte diese Anmeldung zehn Minuten lang. Sieh gleich noch einmal nach.";
    case "taken":
      return `${result.displayName} bei Garmin gehört hier schon jemand anderem, und die Messungen von zwei Personen würden sich vermischen. Wenn in deinem Browser dort noch jemand anderes angemeldet ist, öffne unten noch einmal Garmins Seite: Sie fragt trotzdem nach E-Mail und Passwort.`;
    case "client_refused":
      return `Garmin erlaubt diesem Konto den Weg nicht, den ich versucht habe (Fehler 427). ${result.next ? "Gib dein Passwort noch einmal ein, dann versuche ich es als Garmins Android-App, oder melde dich auf Garmins eigener Seite an." : "Melde dich auf Garmins eigener Seite an."}`;
    case "access_refused":
      return `Garmin hat dich angemeldet, dann aber den eben erteilten Zugang nicht akzeptiert. Das kommt bei manchen Konten vor, und ein anderer Weg klappt oft: ${{ ios: "Melde dich mit E-Mail und Passwort an.", android: "Gib dein Passwort noch einmal ein, dann melde ich dich als Garmins Android-App an, oder nimm Garmins eigene Seite.", page: "Nimm Garmins eigene Seite." }[result.next ?? "page"]}`;
    case "ticket_refused":
      return "Garmin nimmt diese Anmeldung nicht an: Jede gilt einmal, etwa eine Minute lang. Öffne Garmins Seite noch einmal und füge die Adresse ein, auf der sie endet.";
    case "spent_ticket":
      return "Diese Adresse ist von Garmin Connect selbst, das die Anmeldung schon verbraucht hat. Öffne Garmins Seite von hier aus und füge die Adresse ein, auf der sie endet.";
    case "account_removed":
      return "Du hast im Chat alles entfernt, bevor Garmin geantwortet hat, darum ist nichts verbunden.";
    default:
      return undefined;
  }
}

export const SIGN_IN_PAGE_IN_GERMAN: SignInPageWords = {
  instead,
  title: "Bei Garmin anmelden",
  forPerson: (name) => `Für ${name} in Telegram`,
  opening: "Einen Moment…",
  withPassword: "Mit E-Mail und Passwort",
  passwordOnce: "Ich benutze dein Passwort einmal, für diese Anmeldung, und behalte es nicht.",
  passwordInCloud: "Aus Amazons Netz, in dem ich laufe, lehnt Garmin das oft ab. Auf seiner eigenen Seite klappt es.",
  email: "E-Mail bei Garmin",
  password: "Passwort",
  notAnEmail: "Das ist keine E-Mail-Adresse.",
  signIn: "Anmelden",
  onGarminsPage: "Auf Garmins Seite",
  garminAlone: "Dein Passwort sieht nur Garmin.",
  garminOpen: "Öffne Garmins Seite und melde dich dort an.",
  garminLink: "Garmins Seite öffnen",
  garminEnd: `Am Ende steht dort eine Seite mit der Überschrift „${GARMIN_PAGE_HEADING}“. Das ist normal: Du bist angemeldet.`,
  pictureOf:
    "Ein Browser mit Garmins letzter Seite. Ihre Adresse endet mit „ticket=ST-“ und ein paar Buchstaben und ist als Ganzes zum Kopieren markiert. Auf der Seite steht ERROR.",
  pictureCopy: "Alles kopieren",
  garminPaste: "Kopiere die ganze Adresse dieser Seite und füge sie innerhalb einer Minute hier ein.",
  address: "Adresse von Garmins letzter Seite",
  useAddress: "Adresse verwenden",
  code: "Code von Garmin",
  noCodeIn: "Darin ist kein Code. Gib die Ziffern ein, die Garmin dir gesendet hat.",
  confirm: "Bestätigen",
  newCode: "Neuen Code senden",
  startOver: "Von vorn anfangen",
  codeSent: ({ sentBy, sentTo }) =>
    sentBy === "other"
      ? "Garmin möchte einen Code: aus deiner Authenticator-App oder auf dem Weg, den du bei Garmin gewählt hast."
      : `Garmin hat einen Code${sentTo ? ` an ${sentTo}` : ""} gesendet. Er kann eine Minute brauchen.`,
  lookAgain: "Noch einmal nachsehen",
  switchProfile: "Ja, wechseln",
  keepProfile: "Nein, so lassen",
  kept: "Es hat sich nichts geändert.",
  linkedAs: (displayName) => `Du bist angemeldet als ${displayName}. Hier kannst du dich neu anmelden.`,
  signedInSince: "Inzwischen hast du dich schon bei Garmin angemeldet.",
  goesOn: "Im Chat geht es weiter.",
  close: "Schließen",
  busy: "Einen Moment: Dein letzter Versuch läuft noch.",
  over: "Diese Seite gilt nur eine Viertelstunde. Öffne sie im Chat noch einmal mit ihrem Knopf.",
  notServed: "Diese Seite ist nur für Leute, die den Bot benutzen. Sende ihm zuerst /start.",
  outside: "Öffne diese Seite mit ihrem Knopf in deinem Chat mit dem Bot.",
  noAnswer: "Es kommt keine Antwort. Prüfe deine Verbindung und versuche es noch einmal.",
  noScript: "Diese Seite braucht JavaScript. Du kannst dich auch im Chat anmelden.",
};
