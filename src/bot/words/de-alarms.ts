import type { AlarmKey, MachineAlarmKey } from "./alarm-keys.ts";
import type { AlarmSentences, AlarmWords } from "./en-alarms.ts";

/** The German sentences of what the deployment on AWS has to tell its owner. */
export function alarmsInGerman(): AlarmWords {
  return {
    of(key, stage) {
      const doctor = `npx weighbridge doctor --stage ${stage}`;
      const logSays = "Im Protokoll steht, was es war.";
      const concurrency = (name: string) =>
        `Kommt das wieder, steht in docs/deploy-aws.md, wie viele Funktionen zugleich laufen dürfen und wie ${name} öfter läuft.`;
      const SENTENCES: Record<AlarmKey, AlarmSentences> = {
        "dead-jobs": {
          means:
            "Ein Auftrag ist in einer halben Stunde siebenmal gescheitert und wurde zur Seite gelegt, darum können Messungen eines Kontos zu spät kommen. Verloren ist keine: Withings behält sie.",
          fix: `${doctor} sagt, was nicht stimmt. Ist es behoben, öffne die Warteschlange und wähle „Start DLQ redrive“.`,
          over: "Es liegt kein Auftrag mehr auf der Seite.",
        },
        "jobs-waiting": {
          means:
            "Ein Auftrag wartet seit mehr als einer Stunde, darum werden Messungen nicht übertragen oder viel zu spät. Verloren ist keine.",
          fix: `Rufe ${doctor} auf. Sieh in der Funktion worker unter „Configuration“, „Triggers“ nach, ob ihre Warteschlange eingeschaltet ist; npm run deploy schaltet sie nicht wieder ein. Ist sie an, sind es mehr Aufträge, als ich schaffe.`,
          over: "Kein Auftrag wartet mehr lange.",
        },
        "http-errors": {
          means:
            "Etwas, das Telegram oder Withings mir gesendet hat, konnte ich nicht annehmen, darum kann eine Antwort im Chat oder eine Messung später kommen. Verloren ist keine Messung: Ich sehe auch regelmäßig selbst nach.",
          fix: `${logSays} Bleibt es so, rufe ${doctor} auf.`,
          over: "Was Telegram und Withings senden, kommt wieder ohne Störung an.",
        },
        "worker-errors": {
          means:
            "Der Teil von mir, der Messungen überträgt, ist mitten in einem Auftrag gescheitert. Der Auftrag wird von selbst bis zu siebenmal versucht, und keine Messung geht verloren.",
          fix: `Bleibt es bei dieser einen Nachricht, ist nichts zu tun. Werden es mehr, rufe ${doctor} auf; im Protokoll steht, was es war.`,
          over: "Die Störung beim Übertragen ist vorbei.",
        },
        "sweep-errors": {
          means:
            "Der Teil von mir, der die regelmäßigen Abgleiche beginnt, ist gescheitert. Wenn das bleibt, kommen Messungen zu spät.",
          fix: `${logSays} Bis es behoben ist, bringt npx weighbridge sync --stage ${stage} hinüber, was wartet.`,
          over: "Die regelmäßigen Abgleiche beginnen wieder ohne Fehler.",
        },
        "alarm-errors": {
          means: "Eine Nachricht wie diese kam nicht bei dir an, vielleicht ist dir also ein Alarm entgangen.",
          fix: "Sieh in CloudWatch nach, welche Alarme an sind.",
          over: "Nachrichten wie diese kommen wieder an.",
        },
        "http-throttles": {
          means:
            "Es kam mehr auf einmal herein, als ich annehmen darf, darum kommen Antworten in den Chats zu spät. Telegram sendet seinen Teil noch einmal, und Messungen finde ich auch, indem ich selbst nachsehe.",
          fix: concurrency("http"),
          over: "Ich nehme wieder alles an.",
        },
        "worker-throttles": {
          means:
            "Es gibt mehr Aufträge auf einmal, als ich erledigen darf, darum kommen Messungen später als sonst. Verloren ist keine.",
          fix: concurrency("worker"),
          over: "Die Aufträge werden wieder ohne Verzug erledigt.",
        },
        "sweep-throttles": {
          means: "AWS ließ mich die regelmäßigen Abgleiche nicht beginnen, darum kommen Messungen zu spät.",
          fix: concurrency("sweep"),
          over: "Die regelmäßigen Abgleiche dürfen wieder beginnen.",
        },
        "alarm-throttles": {
          means: "AWS hat Nachrichten wie diese aufgehalten, sie können also zu spät kommen.",
          fix: concurrency("alarm"),
          over: "Nachrichten wie diese werden nicht mehr aufgehalten.",
        },
        "sweep-missing": {
          means:
            "Seit 15 Minuten habe ich nicht mehr nachgesehen, was zu tun ist, darum beginnt kein Abgleich von selbst. Messungen warten.",
          fix: `Schalte in EventBridge unter „Rules“ die Regel der Stage ${stage} ein. npm run deploy tut das nicht.`,
          first: `Ich bin neu eingerichtet, und meine regelmäßigen Abgleiche haben noch nicht begonnen. Das ist in Ordnung: Binnen zehn Minuten schreibe ich, dass sie laufen. Wenn nicht, schalte in EventBridge unter „Rules“ die Regel der Stage ${stage} ein.`,
          over: "Die regelmäßigen Abgleiche beginnen von selbst, und was gewartet hat, folgt.",
        },
        "webhook-failing": {
          means:
            "Telegram stellt mir nicht zu, was Leute schreiben, darum bekommen sie im Chat keine Antwort. Was sich nicht zustellen lässt, hebt es einen Tag lang auf. Messungen werden weiter übertragen.",
          fix: `Rufe ${doctor} auf. npm run deploy -- --stage ${stage} teilt Telegram die Adresse noch einmal mit. Läuft noch ein Programm mit diesem Bot, etwa eine zweite Einrichtung, beende es oder gib ihm einen eigenen Bot.`,
          over: "Telegram erreicht mich wieder.",
        },
        "stale-session": {
          means:
            "Eine Verbindung zu Garmin oder Withings ist abgelaufen; wem sie gehört, hat es im eigenen Chat erfahren. Die Messungen warten und folgen von selbst.",
          fix: "Du musst nichts tun. Ist es deine Verbindung, hast du die Nachricht schon: Drück ihren Knopf, oder sende /connect.",
        },
        broken: {
          means:
            "Bei mir ist etwas Unerwartetes schiefgegangen. Keine Messung ist verloren, aber manche warten vielleicht, bis es behoben ist.",
          fix: `Rufe ${doctor} auf. ${logSays}`,
          over: "Der Fehler bei mir ist seitdem nicht wieder aufgetreten.",
        },
        "table-throttled": {
          means:
            "Die Tabelle bekam mehr Anfragen auf einmal, als sie verträgt. Was aufgehalten wurde, wird noch einmal versucht, und keine Messung geht verloren.",
          fix: "Sie wächst innerhalb einer halben Stunde mit. Kommt das wieder, sieh dir ihre Metriken an.",
          over: "Die Tabelle kommt wieder mit.",
        },
      };
      return SENTENCES[key];
    },
    onMachine(key, { cause, takenBy, isTokenUnknown, since }) {
      const logSays = "Im Protokoll des Programms steht, was es war.";
      const needsFixing =
        "Auf dem Rechner, auf dem ich laufe, gibt es ein Problem. Keine Messung ist verloren; manche warten vielleicht, bis es behoben ist.";
      const nobodyKnows = "Welches Programm das ist und wo es läuft, sagt Telegram nicht.";
      const stopTheOther =
        "Ist es eine zweite Kopie von mir, beende eine der beiden: Mit eigenem Speicher überträgt sie Messungen ein zweites Mal. Ist es etwas anderes, gib ihm einen eigenen Bot.";
      const forTenMinutes = `seit ${since === undefined ? "mindestens zehn Minuten" : `${since} Uhr`}`;
      const taken = takenBy
        ? `Ein anderes Programm unter ${takenBy} hat sich von Telegram die Nachrichten an diesen Bot bringen lassen; ich habe sie gerade zurückgeholt.`
        : `Ein anderes Programm liest die Nachrichten an diesen Bot: Es hat meine Adresse bei Telegram löschen lassen, und ich habe sie gerade wieder eingetragen. ${nobodyKnows}`;
      const ITS_OWN: Record<MachineAlarmKey, AlarmSentences> = {
        broken: {
          ...this.of("broken", ""),
          ...(cause
            ? { means: needsFixing, fix: cause }
            : { fix: `Rufe auf dem Rechner, auf dem ich laufe, npx weighbridge doctor auf. ${logSays}` }),
        },
        "sweep-missing": {
          ...this.of("sweep-missing", ""),
          means:
            "Seit zehn Minuten habe ich nicht mehr nachgesehen, was ansteht, darum beginnt kein Abgleich von selbst. Messungen warten.",
          fix: `${logSays} Wenn es so bleibt, starte mich neu.`,
        },
        "webhook-failing": {
          ...this.of("webhook-failing", ""),
          ...(takenBy === undefined
            ? {
                fix: "Prüfe, ob die öffentliche Adresse von außen zu erreichen und das Zertifikat gültig ist. Benutzt noch ein anderes Programm diesen Bot, beende es oder gib ihm einen eigenen.",
              }
            : {
                means: `${taken} Was mir inzwischen geschrieben wurde, ist nicht angekommen; sende es bitte noch einmal. Der Abgleich läuft weiter.`,
                fix: stopTheOther,
                over: "In der letzten Stunde hat kein anderes Programm die Nachrichten an diesen Bot geholt.",
              }),
        },
        "stale-session": {
          means:
            "Die Verbindung einer anderen Person zu Garmin oder Withings ist abgelaufen. Sie hat es in ihrem eigenen Chat erfahren; ihre Messungen warten und folgen von selbst.",
          fix: "Du musst nichts tun.",
        },
        "updates-taken": {
          means: `Ein anderes Programm liest${since ? ` mindestens seit ${since} Uhr` : ""} die Nachrichten an diesen Bot mit, darum bleiben manche ohne Antwort. ${nobodyKnows} Der Abgleich läuft weiter.`,
          fix: stopTheOther,
          over: "Kein anderes Programm liest mehr die Nachrichten an diesen Bot.",
        },
        "telegram-gone": {
          means: `Ich kann bei Telegram ${forTenMinutes} keine Nachrichten lesen oder schreiben. Der Abgleich läuft weiter, aber im Chat erfährt niemand etwas.`,
          fix: `Rufe auf dem Rechner, auf dem ich laufe, npx weighbridge doctor auf. Kennt Telegram mein Token nicht mehr, kopiere es bei @BotFather neu in meine Einstellungen und starte mich neu. ${logSays}`,
          ...(isTokenUnknown && {
            means: `Telegram nimmt das Token meines Bots ${forTenMinutes} nicht an, darum kann ich keine Nachrichten lesen oder schreiben. Der Abgleich läuft weiter, aber im Chat erfährt niemand etwas.`,
            fix: "Kopiere das Token bei @BotFather neu in meine Einstellungen (TELEGRAM_BOT_TOKEN) und starte mich neu.",
          }),
          over: "Telegram funktioniert für mich wieder. Was ich nicht sagen konnte, steht jetzt im Chat.",
        },
        "owner-away": {
          means:
            "Mein Besitzer hat den Bot in Telegram blockiert. Der Abgleich läuft weiter, aber von Problemen erfährt er nichts.",
          fix: "Hebe die Blockierung in Telegram auf, oder schreibe dem Bot.",
          over: "Meine Nachrichten kommen bei meinem Besitzer wieder an.",
        },
        "owner-not-told": {
          means: `Telegram funktioniert, nimmt aber ${forTenMinutes} keine Nachrichten an meinen Besitzer an. Der Abgleich läuft weiter, aber von Problemen erfährt er nichts.`,
          fix: `Sende dem Bot in Telegram /status. ${logSays}`,
          over: "Mein Besitzer bekommt meine Nachrichten wieder, auch die, die gewartet haben.",
        },
        "address-failing": {
          means: `Eine Adresse, die mich von außen überwacht, nimmt ${forTenMinutes} nichts von mir an. Würde ich stehen bleiben, fiele es dort also niemandem auf. Der Abgleich läuft weiter.`,
          fix: "Prüfe in meinen Einstellungen die Adressen für Alarme und Lebenszeichen. In meinem Protokoll steht, welche nicht geht und wie.",
          over: "Die Adressen, die mich überwachen, nehmen wieder an, was ich sende.",
        },
      };
      return ITS_OWN[key];
    },
    stuck:
      "Seit 15 Minuten tue ich nichts mehr, weil etwas in mir hängt, darum beende ich mich. Unter systemd oder Docker bin ich in zwei Minuten wieder da; sonst starte mich neu. Keine Messung ist verloren.",
    wasOff: (since) =>
      `Ich laufe wieder, nachdem ich seit ${since} Uhr nichts getan habe. Keine Messung ist verloren: Was inzwischen gemessen wurde, folgt jetzt.`,
    store(verdict, where, settings) {
      const SENTENCES: Record<typeof verdict, string> = {
        empty: `Ich bin mit einem leeren Speicher gestartet: ${where}. Bin ich neu hier, sende /start. Hattest du mich schon eingerichtet, liegen deine Daten woanders, und nichts wird übertragen: Prüfe ${settings} und starte mich neu.`,
        empty_and_used_elsewhere:
          settings === undefined
            ? `Mein Speicher ist leer (${where}), aber dieser Bot lief vorher mit einem anderen, darum wird nichts übertragen. War das Absicht, sende /start und verbinde beide Seiten neu. Sonst stelle die Tabelle aus einer Sicherung wieder her.`
            : `Ich wurde mit einem leeren Speicher gestartet (${where}), aber dieser Bot lief vorher mit einem anderen. Darum habe ich mich beendet, und nichts wird übertragen. Prüfe ${settings} oder spiele eine Sicherung ein. Soll der Speicher leer sein, rufe einmal auf: npx weighbridge start --new`,
        used_elsewhere_too: `Dieser Bot lief zuletzt mit einem anderen Speicher als dem, den ich jetzt benutze (${where}). Bist du umgezogen, ist nichts zu tun. Läuft noch eine zweite Kopie von mir, beende eine der beiden: Beide übertragen deine Messungen, und sie kommen doppelt an.`,
      };
      return SENTENCES[verdict];
    },
    unknownOn: (name) => `Der Alarm ${name} ist an. Er ist keiner von meinen, darum gebe ich ihn nur weiter.`,
    unknownOver: (name) => `Der Alarm ${name} ist vorbei.`,
    noAlarm: (text) =>
      text === undefined
        ? "Wo sonst meine Alarme ankommen, kam etwas, das keiner ist. Es steht im Protokoll."
        : `Wo sonst meine Alarme ankommen, kam etwas, das keiner ist: ${text}`,
    button: {
      queue: "Warteschlange öffnen",
      log: "Protokoll öffnen",
      function: "Funktion öffnen",
      alarms: "Alarme öffnen",
      table: "Tabelle öffnen",
    },
  };
}
