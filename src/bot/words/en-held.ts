import { ATTENTION_ITEMS } from "../../sync/engine/progress.ts";
import type { AttentionItem, HeldReason, LedgerEntry } from "../../sync/model/ledger.ts";
import type { ReadingKind } from "../../sync/model/reading.ts";
import type { FailReason } from "../../sync/model/vendors.ts";
import type { Format } from "./format.ts";

/** How many readings a list of those that wait names; the rest are only counted. */
export const ATTENTION_SHOWN = 5;
export const JUST_HELD_SHOWN = 3;
const ODD_DATES: ReadonlyArray<AttentionItem["fate"]["reason"]> = ["in_the_future", "impossible_date"];
export const hasOddDate = ({ fate }: AttentionItem) => ODD_DATES.includes(fate.reason);

/** Whether somebody else may have been measured. */
export function isMaybeForeignItem(item: AttentionItem): boolean {
  return !hasOddDate(item) && item.fate.reason !== "no_timezone" && item.fate.reason !== "before_start";
}

/** The first and the last day of these readings, as they are written: one, if it is the same. */
export function daysOf(items: AttentionItem[], day: (instant: Date) => string): string[] {
  const times = items.map(({ takenAt }) => takenAt).sort((a, b) => a.getTime() - b.getTime());
  return [...new Set([times[0], times.at(-1)].flatMap((it) => (it ? [day(it)] : [])))];
}

export type HeldWords = ReturnType<typeof heldInEnglish>;

/** Readings that wait for their owner, and what became of them, in English. */
export function heldInEnglish({ values, time, day }: Format) {
  const DEVICE: Record<ReadingKind, string> = { weigh_in: "scale", blood_pressure: "cuff" };
  const KIND: Record<ReadingKind, [one: string, many: string]> = {
    weigh_in: ["weigh-in", "weigh-ins"],
    blood_pressure: ["blood pressure", "blood pressures"],
  };

  const HELD: Record<HeldReason, string> = {
    ambiguous_person: "the scale wasn’t sure that it was you; assign it in the Withings app",
    typed_at_sign_up: "it was typed in when the Withings account was made",
    unknown_attribution: "Withings says whose it is in a way I don’t understand",
    improbable_weight: "it is far from your recent weights",
    in_the_future: "it’s dated in the future; check the clock of the scale or cuff",
    impossible_date: "no scale or cuff could send readings back then; its clock was probably reset",
    no_timezone: "Garmin keeps blood pressure by local time, and I don’t know your time zone",
    before_start: "it’s from before the day I copy from, so I left it out",
  };

  const FAILED: Record<FailReason, string> = {
    out_of_range: "Garmin can’t store these values, or this date",
    refused_by_garmin: "Garmin refused it; I’ll offer it again tomorrow",
    never_appeared: "Garmin accepted it but never showed it",
    unreadable_in_garmin: "Garmin shows something there that I can’t read, so I won’t send it again",
  };

  const nameOf = ({ values: of, takenAt }: Pick<AttentionItem, "values" | "takenAt">) =>
    `${values(of)}, ${time(takenAt)}`;

  function line({ takenAt, values: of, kind, fate }: Pick<AttentionItem, "takenAt" | "values" | "kind" | "fate">) {
    if (fate.reason === "in_the_future") {
      return `${values(of)}, dated ${time(takenAt)}: that’s in the future, so check the clock of the ${DEVICE[kind]}. I’ll look at it again when that date has come.`;
    }
    if (fate.reason === "impossible_date") {
      return `${values(of)}, dated ${time(takenAt)}: no ${DEVICE[kind]} could send readings back then, so its clock was probably reset. Check the clock of the ${DEVICE[kind]}.`;
    }
    const why = fate.state === "held" ? `held: ${HELD[fate.reason]}` : `not stored: ${FAILED[fate.reason]}`;
    return `${time(takenAt)}, ${values(of)}: ${why}.`;
  }

  function lines(attention: AttentionItem[]): string[] {
    const shown = attention.slice(-ATTENTION_SHOWN);
    const older = attention.length - shown.length;
    return [...shown.map(line), ...(older > 0 ? [`and ${older} older ${older === 1 ? "one" : "ones"}`] : [])];
  }

  function count(items: AttentionItem[]): string {
    const kinds = [...Map.groupBy(items, ({ kind }) => kind)].map(
      ([kind, { length }]) => `${length} ${KIND[kind][length === 1 ? 0 : 1]}`,
    );
    return `${items.length >= ATTENTION_ITEMS ? "At least " : ""}${kinds.join(" and ")}`;
  }

  return {
    reason: HELD,
    failed: FAILED,
    needDecision: (count: number, status: string) =>
      `${count === 1 ? "1 reading needs" : `${count} readings need`} your decision; see ${status}.`,
    lines,
    question(items: AttentionItem[]): string {
      const isOne = items.length === 1;
      const needs = isOne ? "A reading needs your decision." : "Some readings need your decision.";
      const dates = isOne ? "The date of a reading can’t be right." : "The dates of some readings can’t be right.";
      return [items.every(hasOddDate) ? dates : needs, ...lines(items)].join("\n");
    },
    justHeld(items: AttentionItem[], status: string): string {
      const shown = items.slice(0, JUST_HELD_SHOWN).map(nameOf);
      const more = items.length > shown.length ? [`${items.length - shown.length} more`] : [];
      const isOne = items.length === 1;
      const isMaybeForeign = items.every(isMaybeForeignItem);
      const why = isMaybeForeign ? `, because ${isOne ? "it" : "they"} may not be yours` : "";
      return `${items.length} new ${isOne ? "reading is" : "readings are"} held back${why}: ${[...shown, ...more].join("; ")}. ${status} says why.`;
    },
    /** Of readings that have turned up, and are from before the account's start. */
    beforeStart(items: AttentionItem[], startAt: Date | undefined): string {
      const isOne = items.length === 1;
      const start = startAt ? `I copy readings from ${day(startAt)} on, so I` : "I";
      return `${count(items)} from ${daysOf(items, day).join(" to ")} ${isOne ? "has" : "have"} turned up at Withings. ${start} left ${isOne ? "it" : "them"} out.`;
    },
    /** What is true of a reading now. */
    became(entry: LedgerEntry): string {
      const { fate, attempts, garminKey } = entry;
      const name = nameOf(entry);
      switch (fate.state) {
        case "seen":
          return `${name}: it’s in Garmin.`;
        case "sent":
          return `${name}: Garmin has accepted it but doesn’t show it yet.`;
        case "sending":
          return attempts > 0
            ? `${name}: I’ve sent it, but Garmin doesn’t show it yet.`
            : `${name}: I’ll send it unless Garmin already has it.`;
        case "skipped":
          if (fate.reason === "already_in_garmin") return `${name}: Garmin already has it, so I sent nothing.`;
          if (fate.reason === "kind_off")
            return `${name}: I left it out, because its kind was switched off when it came.`;
          return `${name}: I won’t send it.${garminKey ? " An earlier version of it stays in Garmin." : ""}`;
        default:
          return line({ ...entry, fate });
      }
    },
    /** What was said of several readings at once. */
    decided: (count: number, isSent: boolean) =>
      isSent
        ? `${count} readings: I’ll send those that Garmin doesn’t have yet.`
        : `${count} readings: I won’t send them.`,
    button: {
      mine: (item: AttentionItem) => `Send ${nameOf(item)}`,
      notMine: (item: AttentionItem) => `Not mine: ${nameOf(item)}`,
      ignore: (item: AttentionItem) => `Ignore ${nameOf(item)}`,
      tryAgain: (item: AttentionItem) => `Try ${nameOf(item)} again`,
      leaveIt: (item: AttentionItem) => `Leave it: ${nameOf(item)}`,
      bring: ([item, ...more]: AttentionItem[]) =>
        item && more.length === 0 ? `Send ${nameOf(item)}` : `Send all ${more.length + 1} older readings`,
      leaveOut: ([item, ...more]: AttentionItem[]) =>
        item && more.length === 0 ? `Leave out ${nameOf(item)}` : `Leave out all ${more.length + 1} older readings`,
    },
  };
}
