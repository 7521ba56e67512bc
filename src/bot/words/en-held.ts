import type { AttentionItem, HeldReason } from "../../sync/model/ledger.ts";
import type { ReadingKind } from "../../sync/model/reading.ts";
import type { FailReason } from "../../sync/model/vendors.ts";
import { type Format, type Measured, plural } from "./format.ts";

const DEVICE: Record<ReadingKind, string> = { weigh_in: "scale", blood_pressure: "cuff" };
const KIND: Record<ReadingKind, [one: string, many: string]> = {
  weigh_in: ["weigh-in", "weigh-ins"],
  blood_pressure: ["blood pressure reading", "blood pressure readings"],
};

const HELD: Record<HeldReason, string> = {
  ambiguous_person: "the scale wasn’t sure it was you; assign it in the Withings app",
  typed_at_sign_up: "it was typed in when the Withings account was created",
  unknown_attribution: "Withings says whose it is in a way I don’t recognise",
  improbable_weight: "it’s far from your recent weights",
  in_the_future: "it’s dated in the future; check the clock of the scale or cuff",
  impossible_date: "no scale or cuff could send readings back then; its clock was probably reset",
  no_timezone: "Garmin keeps blood pressure by local time, and I don’t know your time zone",
  before_start: "it’s from before the day I copy from, so I left it out",
};

const FAILED: Record<FailReason, string> = {
  out_of_range: "Garmin can’t store these values, or this date",
  refused_by_garmin: "Garmin refused it; I’ll try again tomorrow",
  never_appeared: "Garmin accepted it but never showed it",
  unreadable_in_garmin: "Garmin shows something there that I can’t read, so I won’t send it again",
};

export function heldInEnglish({ values, time, day, reading: nameOf }: Format) {
  return {
    reason: HELD,
    failed: FAILED,
    isHeld: (it: Measured, why: HeldReason) => `${time(it.takenAt)}, ${values(it.values)} is held: ${HELD[why]}.`,
    isNotStored: (it: Measured, why: FailReason) =>
      `${time(it.takenAt)}, ${values(it.values)} is not stored: ${FAILED[why]}.`,
    dated: {
      in_the_future: (it: Measured, kind: ReadingKind) =>
        `${values(it.values)}, dated ${time(it.takenAt)}: that’s in the future, so check the clock on your ${DEVICE[kind]}. I’ll look at it again when that date comes.`,
      impossible_date: (it: Measured, kind: ReadingKind) =>
        `${values(it.values)}, dated ${time(it.takenAt)}: no ${DEVICE[kind]} could send readings back then, so the clock on yours was probably reset. Please check it.`,
    },
    older: (count: number) => `and ${plural(count, "older one")}`,
    more: (count: number) => `${count} more`,
    decisionsNeeded: (count: number): string =>
      count === 1 ? "A reading needs your decision." : "Some readings need your decision.",
    oddDates: (count: number): string =>
      count === 1 ? "The date of a reading can’t be right." : "The dates of some readings can’t be right.",
    notStored: (count: number): string =>
      count === 1 ? "A reading couldn’t be stored." : "Some readings couldn’t be stored.",
    needDecision: (count: number, status: string) =>
      `${plural(count, "reading needs", "readings need")} your decision; see ${status}.`,
    maybeForeign: (count: number) => `, because ${count === 1 ? "it" : "they"} may not be yours`,
    justHeld: (count: number, why: string, named: string, status: string) =>
      `${count} new ${count === 1 ? "reading is" : "readings are"} held back${why}: ${named}. ${status} says why.`,
    counted: (kind: ReadingKind, count: number) => plural(count, ...KIND[kind]),
    and: (parts: string[]) => parts.join(" and "),
    atLeast: (counted: string) => `At least ${counted}`,
    /** `days`: the first and the last, or the only one. */
    beforeStart: (count: number, counted: string, days: string[], startAt: Date | undefined) =>
      `${counted} from ${days.join(" to ")} ${count === 1 ? "has" : "have"} turned up at Withings. ${startAt ? `I copy readings from ${day(startAt)} on, so I` : "I"} left ${count === 1 ? "it" : "them"} out.`,
    became: {
      seen: (name: string) => `${name}: it’s in Garmin.`,
      sent: (name: string) => `${name}: Garmin has accepted it but doesn’t show it yet.`,
      sentUnseen: (name: string) => `${name}: I’ve sent it, but Garmin doesn’t show it yet.`,
      sending: (name: string) => `${name}: I’ll send it unless Garmin already has it.`,
      already_in_garmin: (name: string) => `${name}: Garmin already has it, so I sent nothing.`,
      kind_off: (name: string) => `${name}: I left it out, because that kind was switched off when it came in.`,
      not_mine: (name: string) => `${name}: I won’t send it.`,
    },
    earlierStays: "An earlier version of it stays in Garmin.",
    decided: {
      send: (count: number) => `${count} readings: I’ll send those that Garmin doesn’t have yet.`,
      leave: (count: number) => `${count} readings: I won’t send them.`,
    },
    button: {
      mine: (item: AttentionItem) => `Send ${nameOf(item)}`,
      notMine: (item: AttentionItem) => `Not mine: ${nameOf(item)}`,
      ignore: (item: AttentionItem) => `Ignore ${nameOf(item)}`,
      tryAgain: (item: AttentionItem) => `Try ${nameOf(item)} again`,
      leaveIt: (item: AttentionItem) => `Leave it: ${nameOf(item)}`,
      leaveOut: (item: AttentionItem) => `Leave out ${nameOf(item)}`,
      sendAllOld: (count: number) => `Send all ${count} older readings`,
      leaveOutAll: (count: number) => `Leave out all ${count} older readings`,
    },
  };
}
export type HeldWords = ReturnType<typeof heldInEnglish>;
