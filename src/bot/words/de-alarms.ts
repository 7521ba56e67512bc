import type { AlarmText } from "./alarm-keys.ts";
import type { AlarmWords } from "./en-alarms.ts";

const LATE = "Keine Messung ist verloren, aber manche kommen vielleicht später.";
const LOG_SAYS = "Im Protokoll steht, was es war.";

const late = (what: string, fix: string, over: string): AlarmText => ({ means: `${what} ${LATE}`, fix, over });
const broken = (fix: string) =>
  late(
    "Bei mir ist etwas Unerwartetes schiefgegangen.",
    fix,
    "Seit einer Stunde ist bei mir nichts mehr schiefgegangen.",
  );
const noSweep = (fix: string) =>
  late(
    "Seit mindestens zehn Minuten habe ich nicht nachgesehen, was ansteht, darum beginnt kein Abgleich von selbst.",
    fix,
    "Die regelmäßigen Abgleiche beginnen wieder von selbst. Was gewartet hat, folgt.",
  );
const unheard = (what: string, but: string, fix: string): AlarmText => ({
  means: `${what}. Der Abgleich läuft weiter, aber ${but}.`,
  fix,
  over: "Meine Nachrichten kommen wieder an, auch die, die gewartet haben.",
});
const undelivered = (fix: string): AlarmText => ({
  means:
    "Telegram kann mir keine Nachrichten zustellen und hebt sie einen Tag lang auf. Der Abgleich läuft weiter, aber wer mir schreibt, bekommt keine Antwort.",
  fix: `${fix} Wenn noch ein anderes Programm diesen Bot benutzt, beende es oder gib ihm einen eigenen.`,
  over: "Telegram stellt mir wieder Nachrichten zu.",
});
const otherProgram = (what: string, isKnown: boolean): AlarmText => ({
  means: `Ein anderes Programm${what}${isKnown ? "" : " Welches Programm das ist und wo es läuft, sagt Telegram nicht."} Der Abgleich läuft weiter.`,
  fix: "Wenn es eine zweite Kopie von mir ist, beende eine der beiden: Eine Kopie mit eigenem Speicher überträgt jede Messung ein zweites Mal. Wenn es etwas anderes ist, gib ihm einen eigenen Bot.",
  over: "Kein anderes Programm liest mehr die Nachrichten an diesen Bot.",
});
const LINK_ENDED: AlarmText = {
  means:
    "Eine Verbindung zu Garmin oder Withings ist abgelaufen. Die Person, der sie gehört, weiß das schon aus ihrem Chat; ihre Messungen warten und folgen von selbst.",
  fix: "Du musst nichts tun, es sei denn, es ist deine: Dann drücke den Knopf in der Nachricht, oder sende /connect.",
};

export const ALARMS_IN_GERMAN: AlarmWords = {
  onAws: (stage, doctor) => ({
    broken: broken(`Rufe ${doctor} auf. ${LOG_SAYS}`),
    "dead-jobs": late(
      "Ein Auftrag ist in einer halben Stunde siebenmal gescheitert und wurde beiseitegelegt.",
      `Rufe ${doctor} auf. Sobald der Fehler behoben ist, öffne die Warteschlange und wähle „Start DLQ redrive“.`,
      "Kein Auftrag liegt mehr beiseite.",
    ),
    "jobs-waiting": late(
      "Ein Auftrag wartet seit mehr als einer Stunde.",
      `Rufe ${doctor} auf. Sieh in der Funktion worker unter „Configuration“, „Triggers“ nach, ob die Warteschlange eingeschaltet ist; npm run deploy schaltet sie nicht ein. Wenn sie an ist, sind es mehr Aufträge, als ich schaffe.`,
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
      "Ich konnte die regelmäßigen Abgleiche nicht starten; ich versuche es von selbst wieder.",
      `Wenn das noch einmal passiert, rufe ${doctor} auf. ${LOG_SAYS}`,
      "Die regelmäßigen Abgleiche starten wieder.",
    ),
    throttles: late(
      "AWS wollte in diesem Konto nicht noch mehr Funktionen gleichzeitig ausführen, darum muss manches von mir vielleicht warten.",
      "Wenn das noch einmal passiert, steht in docs/deploy-aws.md, was zu tun ist.",
      "AWS führt wieder so viele Funktionen gleichzeitig aus, wie ich brauche.",
    ),
    "alarm-errors": {
      means:
        "Ich konnte dir einen Alarm nicht schicken; ich versuche es von selbst wieder. Manche Alarme kommen vielleicht später oder gar nicht.",
      fix: "CloudWatch zeigt, welche Alarme an sind.",
      over: "Ich kann dir wieder Alarme schicken.",
    },
  }),
  onMachine(since, cause, takenBy) {
    const lasting = since ? `seit ${since} Uhr` : "seit mindestens zehn Minuten";
    const doctor = `Rufe auf dem Rechner, auf dem ich laufe, npx weighbridge doctor auf. ${LOG_SAYS}`;
    return {
      broken: broken(doctor),
      "needs-fixing": late(
        "Auf dem Rechner, auf dem ich laufe, gibt es ein Problem.",
        cause,
        "Auf dem Rechner, auf dem ich laufe, ist wieder alles in Ordnung.",
      ),
      "sweep-missing": noSweep(`${LOG_SAYS} Wenn es so bleibt, starte mich neu.`),
      "webhook-failing": undelivered(
        "Prüfe, ob die öffentliche Adresse von außen zu erreichen und das Zertifikat gültig ist.",
      ),
      "webhook-taken": otherProgram(
        `${takenBy && ` unter ${takenBy}`} hatte die Nachrichten an diesen Bot übernommen; ich habe sie gerade zurückgeholt. Sende bitte noch einmal, was du inzwischen geschrieben hast.`,
        takenBy !== "",
      ),
      "updates-taken": otherProgram(
        ` liest${since ? ` mindestens seit ${since} Uhr` : ""} die Nachrichten an diesen Bot mit, darum entgehen mir manche.`,
        false,
      ),
      "stale-session": LINK_ENDED,
      "telegram-gone": unheard(
        `Bei Telegram kann ich ${lasting} keine Nachrichten lesen oder schreiben`,
        "ich kann niemandem schreiben",
        doctor,
      ),
      "token-unknown": unheard(
        `Telegram nimmt das Token meines Bots ${lasting} nicht an`,
        "ich kann niemandem schreiben",
        "Kopiere das Token bei @BotFather neu in meine Einstellungen (TELEGRAM_BOT_TOKEN) und starte mich neu.",
      ),
      "owner-away": unheard(
        "Du hast den Bot in Telegram blockiert",
        "ich kann dir keine Probleme melden",
        "Hebe die Blockierung in Telegram auf, oder schreibe dem Bot.",
      ),
      "owner-not-told": unheard(
        `Telegram funktioniert, nimmt aber ${lasting} keine Nachrichten an dich an`,
        "ich kann dir keine Probleme melden",
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
    `Ich laufe wieder; seit ${since} Uhr habe ich nichts getan. Keine Messung ist verloren: Was inzwischen gemessen wurde, folgt jetzt.`,
  store: (problem, where, settings) =>
    ({
      empty: `Ich bin mit einem leeren Speicher gestartet: ${where}. Wenn ich neu hier bin, sende /start. Wenn du mich schon eingerichtet hattest, liegen deine Daten woanders, und nichts wird übertragen: Prüfe ${settings?.join(" und ")}, und starte mich neu.`,
      empty_and_used_elsewhere: settings
        ? `Ich wurde mit einem leeren Speicher gestartet (${where}), aber dieser Bot lief vorher mit einem anderen. Darum habe ich mich beendet, und nichts wird übertragen. Prüfe ${settings.join(" und ")}, oder spiele eine Sicherung ein. Wenn der Speicher leer sein soll, rufe einmal auf: npx weighbridge start --new`
        : `Mein Speicher ist leer (${where}), aber dieser Bot lief vorher mit einem anderen, darum wird nichts übertragen. Wenn das Absicht war, sende /start und verbinde beide Seiten neu. Sonst stelle die Tabelle aus einer Sicherung wieder her.`,
      used_elsewhere_too: `Dieser Bot lief zuletzt mit einem anderen Speicher als dem, den ich jetzt benutze (${where}). Wenn du umgezogen bist, musst du nichts tun. Wenn noch eine zweite Kopie von mir läuft, beende eine der beiden: Beide übertragen deine Messungen, und sie kommen doppelt an.`,
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
