import type { AlarmText } from "./alarm-keys.ts";
import type { AlarmWords } from "./en-alarms.ts";

const LATE = "Keine Messung ist verloren, aber manche kommen vielleicht später.";
const LOG_SAYS = "Im Protokoll steht, was es war.";

const late = (what: string, fix: string, over: string): AlarmText => ({ means: `${what} ${LATE}`, fix, over });
const broken = (what: string, fix: string) =>
  late(what, fix, "Seit einer Stunde ist bei mir nichts mehr schiefgegangen.");
const noSweep = (fix: string) =>
  late(
    "Seit mindestens zehn Minuten habe ich nicht nachgesehen, was ansteht, darum beginnt kein Abgleich von selbst.",
    fix,
    "Die regelmäßigen Abgleiche beginnen von selbst. Was gewartet hat, folgt.",
  );
const unheard = (what: string, but: string, fix: string): AlarmText => ({
  means: `${what}. Der Abgleich läuft weiter, aber ${but}.`,
  fix,
  over: "Meine Nachrichten kommen wieder an, auch die, die gewartet haben.",
});
const undelivered = (fix: string): AlarmText => ({
  means:
    "Telegram kann mir keine Nachrichten zustellen und hebt sie einen Tag lang auf. Der Abgleich läuft weiter, aber niemand bekommt Antwort.",
  fix: `${fix} Benutzt noch ein anderes Programm diesen Bot, beende es oder gib ihm einen eigenen.`,
  over: "Telegram stellt mir wieder Nachrichten zu.",
});
const otherProgram = (what: string, isKnown: boolean): AlarmText => ({
  means: `Ein anderes Programm${what}${isKnown ? "" : " Welches Programm das ist und wo es läuft, sagt Telegram nicht."} Der Abgleich läuft weiter.`,
  fix: "Ist es eine zweite Kopie von mir, beende eine der beiden: Mit eigenem Speicher überträgt sie Messungen ein zweites Mal. Ist es etwas anderes, gib ihm einen eigenen Bot.",
  over: "Kein anderes Programm liest mehr die Nachrichten an diesen Bot.",
});
const LINK_ENDED: AlarmText = {
  means:
    "Eine Verbindung zu Garmin oder Withings ist abgelaufen; wem sie gehört, weiß es schon aus dem eigenen Chat. Die Messungen warten und folgen von selbst.",
  fix: "Du musst nichts tun, außer es ist deine: Dann drück den Knopf in der Nachricht, oder sende /connect.",
};

export const ALARMS_IN_GERMAN: AlarmWords = {
  onAws: (stage, doctor) => ({
    broken: broken("Bei mir ist etwas Unerwartetes schiefgegangen.", `Rufe ${doctor} auf. ${LOG_SAYS}`),
    "dead-jobs": late(
      "Ein Auftrag ist in einer halben Stunde siebenmal gescheitert und wurde zur Seite gelegt.",
      `Rufe ${doctor} auf. Ist der Fehler behoben, öffne die Warteschlange und wähle „Start DLQ redrive“.`,
      "Es liegt kein Auftrag mehr auf der Seite.",
    ),
    "jobs-waiting": late(
      "Ein Auftrag wartet seit mehr als einer Stunde.",
      `Rufe ${doctor} auf. Sieh in der Funktion worker unter „Configuration“, „Triggers“ nach, ob die Warteschlange eingeschaltet ist; npm run deploy schaltet sie nicht ein. Ist sie an, sind es mehr Aufträge, als ich schaffe.`,
      "Aufträge werden wieder rechtzeitig erledigt.",
    ),
    "sweep-missing": {
      ...noSweep(
        `Schalte in EventBridge unter „Rules“ die Regel der Stage ${stage} ein; npm run deploy tut das nicht.`,
      ),
      first: `Ich bin neu eingerichtet, und die regelmäßigen Abgleiche haben noch nicht begonnen. Binnen zehn Minuten schreibe ich, dass sie laufen. Wenn nicht, schalte in EventBridge unter „Rules“ die Regel der Stage ${stage} ein.`,
    },
    "webhook-failing": undelivered(
      `Rufe ${doctor} auf. npm run deploy -- --stage ${stage} teilt Telegram meine Adresse noch einmal mit.`,
    ),
    "stale-session": LINK_ENDED,
    "sweep-errors": late(
      "Der Start der regelmäßigen Abgleiche ist gescheitert; ich versuche es von selbst wieder.",
      `Passiert das noch einmal, rufe ${doctor} auf. ${LOG_SAYS}`,
      "Der Start der regelmäßigen Abgleiche klappt wieder.",
    ),
    throttles: late(
      "AWS lässt in diesem Konto gerade nicht mehr Funktionen zugleich laufen, darum muss manches von mir warten.",
      "Passiert das noch einmal, steht in docs/deploy-aws.md, was zu tun ist.",
      "AWS lässt wieder so viele Funktionen zugleich laufen, wie ich brauche.",
    ),
    "alarm-errors": {
      means:
        "Ein Alarm an dich ist gescheitert; ich versuche es von selbst wieder. Manche kommen vielleicht später oder gar nicht.",
      fix: "CloudWatch zeigt, welche Alarme an sind.",
      over: "Der Versand von Alarmen klappt wieder.",
    },
  }),
  onMachine(since, cause, takenBy) {
    const lasting = since ? `seit ${since} Uhr` : "seit mindestens zehn Minuten";
    const doctor = `Rufe auf dem Rechner, auf dem ich laufe, npx weighbridge doctor auf. ${LOG_SAYS}`;
    return {
      broken: broken("Bei mir ist etwas Unerwartetes schiefgegangen.", doctor),
      "needs-fixing": broken("Auf dem Rechner, auf dem ich laufe, gibt es ein Problem.", cause),
      "sweep-missing": noSweep(`${LOG_SAYS} Wenn es so bleibt, starte mich neu.`),
      "webhook-failing": undelivered(
        "Prüfe, ob die öffentliche Adresse von außen zu erreichen und das Zertifikat gültig ist.",
      ),
      "webhook-taken": otherProgram(
        `${takenBy && ` unter ${takenBy}`} hatte die Nachrichten an diesen Bot übernommen; ich habe sie gerade zurückgeholt. Sende bitte noch einmal, was du inzwischen geschrieben hast.`,
        takenBy !== "",
      ),
      "updates-taken": otherProgram(
        ` liest${since ? ` mindestens seit ${since} Uhr` : ""} die Nachrichten an diesen Bot mit, darum bleiben manche ohne Antwort.`,
        false,
      ),
      "stale-session": LINK_ENDED,
      "telegram-gone": unheard(
        `Bei Telegram kann ich ${lasting} keine Nachrichten lesen oder schreiben`,
        "im Chat erfährt niemand etwas",
        doctor,
      ),
      "token-unknown": unheard(
        `Telegram nimmt das Token meines Bots ${lasting} nicht an`,
        "im Chat erfährt niemand etwas",
        "Kopiere das Token bei @BotFather neu in meine Einstellungen (TELEGRAM_BOT_TOKEN) und starte mich neu.",
      ),
      "owner-away": unheard(
        "Mein Besitzer hat den Bot in Telegram blockiert",
        "von Problemen erfährt er nichts",
        "Hebe die Blockierung in Telegram auf, oder schreibe dem Bot.",
      ),
      "owner-not-told": unheard(
        `Telegram funktioniert, nimmt aber ${lasting} keine Nachrichten an meinen Besitzer an`,
        "von Problemen erfährt er nichts",
        `Sende dem Bot in Telegram /status. ${LOG_SAYS}`,
      ),
      "address-failing": unheard(
        `Eine Adresse, die mich von außen überwacht, nimmt ${lasting} nichts von mir an`,
        "bliebe ich stehen, fiele es dort niemandem auf",
        "Prüfe in meinen Einstellungen die Adressen für Alarme und Lebenszeichen. Im Protokoll steht, welche nicht geht und wie.",
      ),
    };
  },
  stuck:
    "Ich hänge seit 15 Minuten fest, darum beende ich mich. Keine Messung ist verloren. Unter systemd oder Docker bin ich in zwei Minuten wieder da; sonst starte mich neu.",
  wasOff: (since) =>
    `Ich laufe wieder, nachdem ich seit ${since} Uhr nichts getan habe. Keine Messung ist verloren: Was inzwischen gemessen wurde, folgt jetzt.`,
  store: (problem, where, settings) =>
    ({
      empty: `Ich bin mit einem leeren Speicher gestartet: ${where}. Bin ich neu hier, sende /start. Hattest du mich schon eingerichtet, liegen deine Daten woanders, und nichts wird übertragen: Prüfe ${settings?.join(" und ")}, und starte mich neu.`,
      empty_and_used_elsewhere: settings
        ? `Ich wurde mit einem leeren Speicher gestartet (${where}), aber dieser Bot lief vorher mit einem anderen. Darum habe ich mich beendet, und nichts wird übertragen. Prüfe ${settings.join(" und ")}, oder spiele eine Sicherung ein. Soll der Speicher leer sein, rufe einmal auf: npx weighbridge start --new`
        : `Mein Speicher ist leer (${where}), aber dieser Bot lief vorher mit einem anderen, darum wird nichts übertragen. War das Absicht, sende /start und verbinde beide Seiten neu. Sonst stelle die Tabelle aus einer Sicherung wieder her.`,
      used_elsewhere_too: `Dieser Bot lief zuletzt mit einem anderen Speicher als dem, den ich jetzt benutze (${where}). Bist du umgezogen, ist nichts zu tun. Läuft noch eine zweite Kopie von mir, beende eine der beiden: Beide übertragen deine Messungen, und sie kommen doppelt an.`,
    })[problem],
  unknownOn: (name) => `Der Alarm ${name} ist an. Er ist keiner von meinen, darum gebe ich ihn nur weiter.`,
  unknownOver: (name) => `Der Alarm ${name} ist vorbei.`,
  noAlarm: (text = "Es steht im Protokoll.") => `Wo sonst meine Alarme ankommen, kam etwas, das keiner ist: ${text}`,
  button: {
    queue: "Warteschlange öffnen",
    log: "Protokoll öffnen",
    function: "Funktion öffnen",
    alarms: "Alarme öffnen",
  },
};
