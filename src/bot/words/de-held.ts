import { ATTENTION_ITEMS } from "../../sync/engine/progress.ts";
import type { AttentionItem, HeldReason } from "../../sync/model/ledger.ts";
import type { ReadingKind } from "../../sync/model/reading.ts";
import type { FailReason } from "../../sync/model/vendors.ts";
import { ATTENTION_SHOWN, daysOf, type HeldWords, hasOddDate, isMaybeForeignItem, JUST_HELD_SHOWN } from "./en-held.ts";
import type { Format } from "./format.ts";

/** The same in German. */
export function heldInGerman({ values, time, day }: Format): HeldWords {
  const CLOCK: Record<ReadingKind, string> = {
    weigh_in: "die Uhr der Waage",
    blood_pressure: "die Uhr der Manschette",
  };
  const DEVICE: Record<ReadingKind, string> = { weigh_in: "keine Waage", blood_pressure: "keine Manschette" };
  const KIND: Record<ReadingKind, [one: string, many: string]> = {
    weigh_in: ["Wiegung", "Wiegungen"],
    blood_pressure: ["Blutdruckmessung", "Blutdruckmessungen"],
  };

  const HELD: Record<HeldReason, string> = {
    ambiguous_person: "die Waage war sich nicht sicher, dass du es warst; ordne sie in der Withings-App zu",
    typed_at_sign_up: "wurde beim Anlegen des Withings-Kontos eingetippt",
    unknown_attribution: "von wem sie ist, gibt Withings auf eine Art an, die ich nicht verstehe",
    improbable_weight: "weicht stark von deinen letzten Gewichten ab",
    in_the_future: "ihr Datum liegt in der Zukunft; prüfe die Uhr von Waage oder Manschette",
    impossible_date: "damals konnte noch kein Gerät Messungen senden; vermutlich wurde seine Uhr zurückgesetzt",
    no_timezone: "Garmin führt Blutdruck nach Ortszeit, und ich kenne deine Zeitzone nicht",
    before_start: "sie ist älter als der Tag, ab dem ich übertrage; darum habe ich sie ausgelassen",
  };

  const FAILED: Record<FailReason, string> = {
    out_of_range: "solche Werte oder so ein Datum kann Garmin nicht speichern",
    refused_by_garmin: "Garmin hat sie abgelehnt; ich biete sie morgen wieder an",
    never_appeared: "Garmin hat sie angenommen, aber nie gezeigt",
    unreadable_in_garmin: "Garmin zeigt dort etwas, das ich nicht lesen kann; darum sende ich sie nicht noch einmal",
  };

  const nameOf = ({ values: of, takenAt }: Pick<AttentionItem, "values" | "takenAt">) =>
    `${values(of)}, ${time(takenAt)}`;

  function line({ takenAt, values: of, kind, fate }: Pick<AttentionItem, "takenAt" | "values" | "kind" | "fate">) {
    if (fate.reason === "in_the_future") {
      return `${values(of)}, datiert auf ${time(takenAt)}: Das liegt in der Zukunft, also prüfe ${CLOCK[kind]}. Sobald der Tag da ist, sehe ich sie mir wieder an.`;
    }
    if (fate.reason === "impossible_date") {
      return `${values(of)}, datiert auf ${time(takenAt)}: Damals konnte noch ${DEVICE[kind]} Messungen senden; vermutlich wurde ihre Uhr zurückgesetzt. Prüfe ${CLOCK[kind]}.`;
    }
    const why =
      fate.state === "held" ? `zurückgehalten: ${HELD[fate.reason]}` : `nicht gespeichert: ${FAILED[fate.reason]}`;
    return `${time(takenAt)}, ${values(of)}: ${why}.`;
  }

  function lines(attention: AttentionItem[]): string[] {
    const shown = attention.slice(-ATTENTION_SHOWN);
    const more = attention.length > shown.length ? [`und ${attention.length - shown.length} ältere`] : [];
    return [...shown.map(line), ...more];
  }

  function count(items: AttentionItem[]): string {
    const kinds = [...Map.groupBy(items, ({ kind }) => kind)].map(
      ([kind, { length }]) => `${length} ${KIND[kind][length === 1 ? 0 : 1]}`,
    );
    return `${items.length >= ATTENTION_ITEMS ? "mindestens " : ""}${kinds.join(" und ")}`;
  }

  return {
    reason: HELD,
    failed: FAILED,
    needDecision: (count, status) =>
      `${count === 1 ? "1 Messung braucht" : `${count} Messungen brauchen`} deine Entscheidung; siehe ${status}.`,
    lines,
    question(items) {
      const isOne = items.length === 1;
      const needs = isOne
        ? "Eine Messung braucht deine Entscheidung."
        : "Einige Messungen brauchen deine Entscheidung.";
      const dates = isOne
        ? "Das Datum einer Messung kann nicht stimmen."
        : "Das Datum einiger Messungen kann nicht stimmen.";
      return [items.every(hasOddDate) ? dates : needs, ...lines(items)].join("\n");
    },
    justHeld(items, status) {
      const shown = items.slice(0, JUST_HELD_SHOWN).map(nameOf);
      const more = items.length > shown.length ? [`${items.length - shown.length} weitere`] : [];
      const isOne = items.length === 1;
      const isMaybeForeign = items.every(isMaybeForeignItem);
      const why = isMaybeForeign ? `, weil sie vielleicht nicht von dir ${isOne ? "ist" : "sind"}` : "";
      return `${items.length} neue ${isOne ? "Messung halte" : "Messungen halte"} ich zurück${why}: ${[...shown, ...more].join("; ")}. ${status} sagt, warum.`;
    },
    beforeStart(items, startAt) {
      const start = startAt
        ? `Ich übertrage ab dem ${day(startAt)}, darum habe ich sie ausgelassen.`
        : "Ich habe sie ausgelassen.";
      return `Bei Withings ${items.length === 1 ? "ist" : "sind"} ${count(items)} vom ${daysOf(items, day).join(" bis zum ")} dazugekommen. ${start}`;
    },
    became(entry) {
      const { fate, attempts, garminKey } = entry;
      const name = nameOf(entry);
      switch (fate.state) {
        case "seen":
          return `${name}: ist in Garmin.`;
        case "sent":
          return `${name}: Garmin hat sie angenommen, zeigt sie aber noch nicht.`;
        case "sending":
          return attempts > 0
            ? `${name}: gesendet, aber Garmin zeigt sie noch nicht.`
            : `${name}: Ich sende sie, falls Garmin sie noch nicht hat.`;
        case "skipped":
          if (fate.reason === "already_in_garmin")
            return `${name}: Garmin hat sie schon, darum habe ich nichts gesendet.`;
          if (fate.reason === "kind_off")
            return `${name}: ausgelassen, weil solche Messungen ausgeschaltet waren, als sie kam.`;
          return `${name}: Ich sende sie nicht.${garminKey ? " Eine frühere Fassung bleibt in Garmin." : ""}`;
        default:
          return line({ ...entry, fate });
      }
    },
    decided: (count, isSent) =>
      isSent ? `${count} Messungen: Ich sende, was Garmin noch nicht hat.` : `${count} Messungen: Ich sende sie nicht.`,
    button: {
      mine: (item) => `${values(item.values)} senden, ${time(item.takenAt)}`,
      notMine: (item) => `Nicht von mir: ${nameOf(item)}`,
      ignore: (item) => `Ignorieren: ${nameOf(item)}`,
      tryAgain: (item) => `Noch einmal versuchen: ${nameOf(item)}`,
      leaveIt: (item) => `So lassen: ${nameOf(item)}`,
      bring: ([item, ...more]) =>
        item && more.length === 0
          ? `${values(item.values)} senden, ${time(item.takenAt)}`
          : `Alle ${more.length + 1} älteren Messungen senden`,
      leaveOut: ([item, ...more]) =>
        item && more.length === 0
          ? `Auslassen: ${nameOf(item)}`
          : `Alle ${more.length + 1} älteren Messungen auslassen`,
    },
  };
}
