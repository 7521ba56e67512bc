import type { DoctorWords } from "./en-doctor.ts";
import { amountOf, plural } from "./format.ts";

const UNIT = { day: "Tage", hour: "Stunden", minute: "Minuten", second: "Sekunden" };
const amount = (seconds: number) => {
  const [count, unit] = amountOf(seconds);
  return count === 1 ? "1 Sekunde" : `${count} ${UNIT[unit]}`;
};
const things = (count: number) => plural(count, "Sache", "Sachen");

export const DOCTOR_IN_GERMAN: DoctorWords = {
  checking: "Ich prüfe …",
  running: (check) => `… · ${check}: wird geprüft …`,
  ownStore: "Mein Speicher",
  noAnswer: (asked, seconds) => `${asked} hat innerhalb von ${seconds} Sekunden nicht geantwortet.`,
  mark: { ok: "ok", note: "Hinweis", owner: "du", operator: "beheben", later: "später", broken: "Fehler" },
  check: {
    configuration: "Einrichtung",
    store: "Speicher",
    sealing: "Schlüssel",
    telegram: "Telegram",
    application: "Withings-Anwendung",
    clock: "Uhr",
    garminSignIn: "Anmeldung bei Garmin",
    accounts: "Konten",
    withings: "Withings",
    garmin: "Garmin",
    notifications: "Neue Messungen",
    lastRun: "Letzter Abgleich",
  },
  reportButton: "Datei für einen Fehlerbericht",
  reportCaption:
    "Häng diese Datei an einen Fehlerbericht an. Sie enthält Versionen, welche Einstellungen gesetzt sind und wie Withings, Garmin und Telegram zuletzt geantwortet haben, aber keine Messung, keinen Namen, kein Passwort und kein Token.",
  complete: "vollständig",
  store: (table, where, accounts) => `Tabelle ${table} in ${where}, ${plural(accounts, "Konto", "Konten")}`,
  openToOthers: (open) =>
    `Andere Benutzer dieses Rechners können deine Daten lesen oder ändern. Rufe auf: ${open.map(({ file, mode }) => `chmod ${mode} ${file}`).join(" && ")}`,
  sealing: (links) =>
    links === 0
      ? "bereit; noch ist keine Verbindung gespeichert"
      : `öffnet ${links === 1 ? "die gespeicherte Verbindung" : links === 2 ? "beide gespeicherten Verbindungen" : `alle ${links} gespeicherten Verbindungen`}`,
  telegram: (username, hasWebhook) =>
    hasWebhook
      ? `@${username}, und Telegram stellt mir Nachrichten zu`
      : `@${username}, und ich hole Nachrichten selbst ab`,
  telegramUnknown: "Telegram kennt TELEGRAM_BOT_TOKEN nicht. Kopiere das Token neu von @BotFather.",
  telegramSilent: "Telegram hat nicht geantwortet. Versuche es später noch einmal.",
  webhookFails: (waiting) =>
    `Telegram kann mir keine Nachrichten zustellen: ${plural(waiting, "wartet", "warten")}. Prüfe, ob die öffentliche Adresse von außen antwortet.`,
  webhookElsewhere: (host) =>
    `Telegram stellt die Nachrichten dieses Bots einem anderen Programm zu, unter ${host}. Beende es oder gib ihm einen eigenen Bot. Das laufende Programm holt sie in wenigen Minuten zurück.`,
  polledElsewhere:
    "Ein anderes Programm liest die Nachrichten an diesen Bot mit, darum entgehen mir manche. Welches Programm das ist und wo es läuft, sagt Telegram nicht. Beende es oder gib ihm einen eigenen Bot.",
  webhookMissing:
    "Telegram kennt meine Adresse noch nicht. Das laufende Programm trägt sie in wenigen Minuten ein; wenn nicht, starte es neu.",
  application: "Withings akzeptiert ihre Client-ID und ihr Client-Secret",
  garminReachable: "von hier aus erreichbar",
  garminPageOnly:
    "geht nur auf Garmins eigener Seite, weil Garmin Anmeldungen aus diesem Netz ablehnt. Den Abgleich betrifft das nicht.",
  garminLimits: "Garmin begrenzt Anmeldungen von hier. Versuche es später noch einmal.",
  garminOdd: "Garmins Anmeldung antwortet auf eine Art, die ich nicht kenne. Versuche es später noch einmal.",
  clock: "geht richtig",
  clockOff: (seconds) =>
    `Die Uhr dieses Rechners geht ${amount(seconds)} ${seconds > 0 ? "vor" : "nach"}. Schalte die Zeitsynchronisierung ein.`,
  noServerTime: "Kein Server hat mir die Zeit gesagt. Versuche es später noch einmal.",
  mayUse: "darf den Bot benutzen",
  blocksBot: (since) =>
    `hat den Bot in Telegram seit ${since} blockiert und erfährt nichts von Problemen. Der Abgleich läuft weiter. Abhilfe: die Blockierung aufheben oder dem Bot schreiben`,
  mayNotUse: (account) =>
    `Der Bot ist für ${account} nicht freigegeben: Ergänze die Nummer in TELEGRAM_ALLOWED_IDS, nach einem Komma.`,
  asksToWait: (vendor, until) =>
    `${vendor} hat mich gebeten, bis ${until} zu warten, darum frage ich dort gerade nicht nach. Nichts ist verloren; danach mache ich weiter.`,
  withings: "antwortet und lässt mich deine Messwerte lesen",
  garmin: (name, hasConsent) =>
    `angemeldet als ${name}${hasConsent ? "; deine Zustimmung zum Hochladen liegt vor" : ""}`,
  garminRefused: (name, at) =>
    `angemeldet als ${name}, aber Garmin hat das letzte Hochladen (${at}) abgelehnt, weil deine Zustimmung fehlte. Ob sie jetzt da ist, zeigt das nächste.`,
  notifications: {
    on: "Withings meldet sie mir sofort",
    off: "Withings meldet sie mir noch nicht. Bis dahin sehe ich selbst nach.",
    gone: "Withings meldet sie mir nicht mehr. Ich richte das bald neu ein; bis dahin sehe ich selbst nach.",
    unreachable:
      "Withings meldet sie mir nicht, weil es mich beim letzten Einrichten nicht erreichen konnte. Bis das wieder geht, sehe ich selbst nach. Prüfe, ob die öffentliche Adresse von außen antwortet.",
  },
  noRunNeedsLinks: "der nächste braucht beide Verbindungen",
  noRunSinceLink: "Seit der letzten neuen Verbindung gab es noch keinen Abgleich. Er beginnt von selbst.",
  noRunSinceClock: "Seit die Uhr wieder stimmt, gab es noch keinen Abgleich. Er beginnt von selbst.",
  runNeedsClock: "geht erst weiter, wenn die Uhr stimmt; nichts ist verloren",
  noRunYet: "Es gab noch keinen Abgleich. Er beginnt von selbst; mit /sync sofort.",
  runTooOld: (at, minutes) =>
    `Der letzte Abgleich war ${at}, und es sollte ${minutes === 1 ? "jede Minute" : `alle ${minutes} Minuten`} einer sein. Starte das Programm neu (auf AWS: npm run deploy); bleibt es so, steht mehr in seinem Protokoll.`,
  runBroke:
    "Beim letzten Abgleich ist bei mir etwas schiefgegangen. Nichts ist verloren, und ich versuche es weiter. Wer mich betreibt, findet mehr in meinem Protokoll.",
  forOperator: "Das kann nur beheben, wer mich betreibt. Bitte diese Person, /doctor zu senden.",
  conclusion({ needYou, broken, later, notes }) {
    const said = [
      ...(needYou > 0 ? [`${things(needYou)} ${needYou === 1 ? "wartet" : "warten"} auf dich.`] : []),
      ...(broken > 0
        ? [
            `${things(broken)} ${broken === 1 ? "ist" : "sind"} bei mir schiefgegangen; wer mich betreibt, findet mehr in meinem Protokoll.`,
          ]
        : []),
      ...(later > 0
        ? [
            `${things(later)} ${later === 1 ? "funktioniert" : "funktionieren"} gerade nicht; sieh später noch einmal nach.`,
          ]
        : []),
    ];
    return said.join(" ") || (notes > 0 ? "Du musst nichts tun." : "Alles gut.");
  },
};
