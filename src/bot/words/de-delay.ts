import type { Vendor } from "../../sync/model/link.ts";
import type { Delay } from "../../sync/model/outcome.ts";
import type { Unexpected } from "../../sync/status/notices.ts";
import { type DelayWords, isAskedToWait, type Over, overSentences, vendorOf } from "./en-delay.ts";
import type { Format } from "./format.ts";

const OVER: Record<Over, string> = {
  withings_silent: "Withings antwortet wieder.",
  withings_refusing: "Withings nimmt meine Anfragen wieder an.",
  withings_limited: "Withings begrenzt meine Anfragen nicht mehr.",
  garmin_silent: "Garmin antwortet wieder.",
  garmin_refusing: "Garmin nimmt meine Anfragen wieder an.",
  garmin_limited: "Garmin begrenzt meine Anfragen nicht mehr.",
  garmin_not_showing: "Garmin zeigt, was es angenommen hat.",
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

/** What has to wait, in German. */
export function delayInGerman({ values, moment, isToday, now }: Format): DelayWords {
  const readings = (count: number) => (count === 1 ? "1 Messung" : `${count} Messungen`);
  const hour = (instant: Date) => `${moment(instant)} Uhr`;

  function head({ cause, since, until, accepted = 0, newest }: Delay): string {
    const vendor = vendorOf(cause);
    switch (cause) {
      case "withings_silent":
      case "garmin_silent":
        return `${vendor} antwortet seit ${hour(since)} nicht richtig.`;
      case "withings_refusing":
      case "garmin_refusing":
        return `${vendor} lehnt seit ${hour(since)} meine Anfragen ab; das kann von selbst vorbeigehen.`;
      case "withings_limited":
      case "garmin_limited": {
        const wait = until && until > now ? ` und hat mich gebeten, bis ${hour(until)} zu warten` : "";
        return `${vendor} begrenzt seit ${hour(since)} meine Anfragen${wait}.`;
      }
      case "garmin_not_showing":
        if (accepted > 1) {
          return `Garmin hat seit ${hour(since)} ${readings(accepted)}${which(newest, "die neueste: ")} angenommen, zeigt sie aber noch nicht.`;
        }
        return `Garmin hat ${isToday(since) ? "um" : "am"} ${hour(since)} ${readings(1)}${which(newest)} angenommen, zeigt sie aber noch nicht.`;
      case "us":
        return `Seit ${hour(since)} kann ich den Abgleich nicht abschließen. Das liegt an mir, nicht an Withings oder Garmin.`;
    }
  }

  function which(newest: Delay["newest"], label = ""): string {
    return newest ? ` (${label}${values(newest.values)}, ${hour(newest.takenAt)})` : "";
  }

  function whatWaits({ cause, waiting, announced, newest, accepted = 0, following = 0 }: Delay): string[] {
    const behind =
      following > 0
        ? [
            `Die erste Messung einer neuen Verbindung geht allein; ${following === 1 ? "die andere folgt" : `die anderen ${following} folgen`}, sobald Garmin sie zeigt.`,
          ]
        : [];
    if (cause === "garmin_not_showing") {
      const others = (waiting ?? 0) - accepted - following;
      const safe =
        accepted === 1 ? "Bei Withings ist sie auf jeden Fall sicher." : "Bei Withings sind sie auf jeden Fall sicher.";
      const more =
        others > 0 ? [`Dort ${others === 1 ? "wartet noch 1 weitere" : `warten noch ${others} weitere`}.`] : [];
      return [safe, ...more, ...behind];
    }
    if (waiting === undefined) {
      const where = vendorOf(cause) === "Withings" ? "dort" : "bei Withings";
      return [
        announced
          ? `Withings hat eine Messung gemeldet; ${where} ist sie sicher.`
          : `Deine Messungen sind ${where} sicher.`,
      ];
    }
    if (waiting === 0) return ["Es wartet keine neue Messung."];
    const isOne = waiting === 1;
    const label = isOne ? "" : "die neueste: ";
    return [
      `${readings(waiting)}${which(newest, label)} ${isOne ? "wartet" : "warten"}, bei Withings sicher aufgehoben.`,
      ...behind,
    ];
  }

  function next(delay: Delay): string {
    const nothing = "du musst nichts tun.";
    if (isAskedToWait(delay, now)) return `Danach mache ich weiter; ${nothing}`;
    if (delay.cause === "garmin_not_showing") return `Bei jedem Abgleich sehe ich wieder nach; ${nothing}`;
    return `Ich versuche es weiter; ${nothing}`;
  }

  function nextWithWord(delay: Delay, tries: number): string {
    const rest = "und sage dir, wenn es vorbei ist; du musst nichts tun.";
    const tried = tries === 1 ? "bisher 1 Versuch" : `bisher ${tries} Versuche`;
    if (isAskedToWait(delay, now)) return `Danach mache ich weiter (${tried}) ${rest}`;
    if (delay.cause === "garmin_not_showing") return `Bei jedem Abgleich sehe ich wieder nach (${tried}) ${rest}`;
    return `Ich versuche es weiter (${tried}) ${rest}`;
  }

  function unexpectedHead(from: Vendor | Unexpected, since: Date): string {
    const vendor = vendorOf(from);
    const where = vendor === "Withings" ? "dort" : "bei Withings";
    return `${vendor} antwortet seit ${hour(since)} auf eine Art, die ich nicht verstehe. Deine Messungen sind ${where} sicher.`;
  }

  const NEWER = "Wenn es anhält, brauche ich ein Update; wer mich betreibt, findet mehr in meinem Protokoll.";

  return {
    unexpected: (from, { since = now }) => `${unexpectedHead(from, since)} Ich versuche es weiter. ${NEWER}`,
    unexpectedLasts: (from, since) =>
      `${unexpectedHead(from, since)} Ich versuche es weiter und sage dir, wenn es vorbei ist. ${NEWER}`,
    unexpectedNow: (from, detail = "") =>
      `${vendorOf(from)} antwortet gerade auf eine Art, die ich nicht verstehe${detail}. Nichts ist verloren. Versuche es später noch einmal.`,
    delay: (delay) => [head(delay), ...whatWaits(delay), next(delay)].join(" "),
    lasts(delay, since, tries) {
      const before = since < delay.since ? [`Seit ${hour(since)} kommt nicht alles durch.`] : [];
      return [...before, head(delay), ...whatWaits(delay), nextWithWord(delay, tries)].join(" ");
    },
    notNow(cause, detail = "") {
      const vendor = vendorOf(cause);
      switch (cause) {
        case "withings_silent":
        case "garmin_silent":
          return `${vendor} ist gerade nicht zu erreichen oder antwortet nicht richtig${detail}. Versuche es später noch einmal.`;
        case "withings_refusing":
        case "garmin_refusing":
          return `${vendor} lehnt meine Anfragen gerade ab${detail}. Versuche es später noch einmal.`;
        case "withings_limited":
        case "garmin_limited":
          return `${vendor} begrenzt gerade meine Anfragen${detail}. Versuche es später noch einmal.`;
        case "garmin_not_showing":
        case "us":
          return `Das ging gerade nicht. Es liegt an mir${detail}, und nichts ist verloren. Versuche es in ein paar Minuten noch einmal.`;
      }
    },
    over: (news) => overSentences(news, OVER, "Es geht wieder."),
  };
}
