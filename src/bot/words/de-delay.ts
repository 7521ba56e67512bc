import type { DelayWords } from "./en-delay.ts";
import { type Format, type Measured, VENDOR_NAME as NAME, plural } from "./format.ts";

const OVER: DelayWords["over"] = {
  withings_silent: "Withings antwortet wieder.",
  withings_refusing: "Withings nimmt meine Anfragen wieder an.",
  withings_limited: "Withings begrenzt meine Anfragen nicht mehr.",
  garmin_silent: "Garmin antwortet wieder.",
  garmin_refusing: "Garmin nimmt meine Anfragen wieder an.",
  garmin_limited: "Garmin begrenzt meine Anfragen nicht mehr.",
  garmin_not_showing: "Garmin zeigt jetzt, was es angenommen hat.",
  withings_unexpected: "Ich verstehe die Antworten von Withings wieder.",
  garmin_unexpected: "Ich verstehe die Antworten von Garmin wieder.",
  us: "Die Störung bei mir ist vorbei.",
  broken: "Die Störung bei mir ist vorbei.",
  relink_withings: "Withings lässt mich deine Waage wieder lesen.",
  relink_garmin: "Garmin lässt mich wieder rein.",
  grant_garmin_upload: "Garmin nimmt wieder Messungen an.",
  unlock_garmin_account: "Garmin lässt mich wieder rein.",
  use_garmin_page: "Garmin lässt mich wieder rein.",
  fix_garmin_client_id: "Garmin lässt mich wieder rein.",
  fix_withings_application: "Withings akzeptiert die Anwendung wieder.",
  fix_withings_callback: "Withings akzeptiert die Callback-Adresse wieder.",
  fix_clock: "Die Uhr geht wieder richtig.",
  add_account: "",
  link_withings: "",
  link_garmin: "",
};

export function delayInGerman({ shortValues, moment, isToday }: Format): DelayWords {
  const PLACE = { there: "dort", at_withings: "bei Withings" };
  const readings = (count: number) => plural(count, "Messung", "Messungen");
  const hour = (instant: Date) => `${moment(instant)} Uhr`;
  const which = (newest: Measured | undefined, label = "") =>
    newest ? ` (${label}${shortValues(newest.values)}, ${hour(newest.takenAt)})` : "";

  return {
    head: {
      silent: (vendor, since) => `${NAME[vendor]} antwortet seit ${hour(since)} nicht richtig.`,
      refusing: (vendor, since) =>
        `${NAME[vendor]} lehnt seit ${hour(since)} meine Anfragen ab; das kann von selbst vorbeigehen.`,
      limited: (vendor, since, until) =>
        `${NAME[vendor]} begrenzt seit ${hour(since)} meine Anfragen${until ? ` und hat mich gebeten, bis ${hour(until)} zu warten` : ""}.`,
    },
    ours: (since) =>
      `Seit ${hour(since)} kann ich den Abgleich nicht abschließen. Das liegt an mir, nicht an Withings oder Garmin.`,
    acceptedOne: (since, newest) =>
      `Garmin hat ${isToday(since) ? "um" : "am"} ${hour(since)} ${readings(1)}${which(newest)} angenommen, zeigt sie aber noch nicht.`,
    acceptedSeveral: (count, since, newest) =>
      `Garmin hat seit ${hour(since)} ${readings(count)}${which(newest, "die neueste: ")} angenommen, zeigt sie aber noch nicht.`,
    following: (count) =>
      `Die erste Messung einer neuen Verbindung geht allein; ${count === 1 ? "die andere folgt" : `die anderen ${count} folgen`}, sobald Garmin sie zeigt.`,
    safeEitherWay: (count) => `Bei Withings ${count === 1 ? "ist" : "sind"} sie auf jeden Fall sicher.`,
    othersWait: (count) => `Dort ${count === 1 ? "wartet noch 1 weitere" : `warten noch ${count} weitere`}.`,
    announced: (place) => `Withings hat eine Messung gemeldet; ${PLACE[place]} ist sie sicher.`,
    safe: (place) => `Deine Messungen sind ${PLACE[place]} sicher.`,
    noneWaits: "Es wartet keine neue Messung.",
    waits: (count, newest) =>
      count === 1
        ? `1 Messung${which(newest)} wartet, bei Withings sicher aufgehoben.`
        : `${count} Messungen${which(newest, "die neueste: ")} warten, bei Withings sicher aufgehoben.`,
    next: {
      afterWait: "Danach mache ich weiter",
      checkAgain: "Bei jedem Abgleich sehe ich wieder nach",
      keepTrying: "Ich versuche es weiter",
    },
    calm: (next) => `${next}; du musst nichts tun.`,
    willTell: (next, tries) =>
      `${next} (bisher ${plural(tries, "Versuch", "Versuche")}) und sage dir, wenn es vorbei ist; du musst nichts tun.`,
    sinceBefore: (since) => `Seit ${hour(since)} kommt nicht alles durch.`,

    unexpected: (vendor, since, place) =>
      `${NAME[vendor]} antwortet seit ${hour(since)} auf eine Art, die ich nicht verstehe. Deine Messungen sind ${PLACE[place]} sicher.`,
    triesOn: "Ich versuche es weiter.",
    triesOnAndTells: "Ich versuche es weiter und sage dir, wenn es vorbei ist.",
    needsUpdate: "Wenn das so bleibt, brauche ich ein Update; wer mich betreibt, findet mehr in meinem Protokoll.",
    unexpectedNow: (vendor, detail = "") =>
      `${NAME[vendor]} antwortet gerade auf eine Art, die ich nicht verstehe${detail}. Nichts ist verloren. Versuche es später noch einmal.`,

    notNow: {
      silent: (vendor, detail) =>
        `${NAME[vendor]} ist gerade nicht zu erreichen oder antwortet nicht richtig${detail}. Versuche es später noch einmal.`,
      refusing: (vendor, detail) =>
        `${NAME[vendor]} lehnt meine Anfragen gerade ab${detail}. Versuche es später noch einmal.`,
      limited: (vendor, detail) =>
        `${NAME[vendor]} begrenzt gerade meine Anfragen${detail}. Versuche es später noch einmal.`,
    },
    notNowOurs: (detail) =>
      `Das ging gerade nicht. Es liegt an mir${detail}, und nichts ist verloren. Versuche es in ein paar Minuten noch einmal.`,

    over: OVER,
    severalOver: "Es geht wieder.",
  };
}
