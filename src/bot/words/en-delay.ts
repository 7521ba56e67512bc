import type { DelayCause } from "../../lib/errors.ts";
import type { Trouble } from "../../sync/model/health.ts";
import type { Vendor } from "../../sync/model/link.ts";
import { type Format, type Measured, VENDOR_NAME as NAME, plural } from "./format.ts";

/** The all-clear for each cause. For an action of the owner it is said once readings arrive again. */
type Over = DelayCause | Exclude<Trouble["what"], "waiting">;

const OVER: Record<Over, string> = {
  withings_silent: "Withings is answering again.",
  withings_refusing: "Withings is accepting my requests again.",
  withings_limited: "Withings no longer limits my requests.",
  garmin_silent: "Garmin is answering again.",
  garmin_refusing: "Garmin is accepting my requests again.",
  garmin_limited: "Garmin no longer limits my requests.",
  garmin_not_showing: "Garmin now shows what it accepted.",
  withings_unexpected: "I understand Withings’ answers again.",
  garmin_unexpected: "I understand Garmin’s answers again.",
  us: "The trouble on my side is over.",
  broken: "The trouble on my side is over.",
  relink_withings: "Withings lets me read your scale again.",
  relink_garmin: "Garmin lets me in again.",
  grant_garmin_upload: "Garmin is accepting uploads again.",
  unlock_garmin_account: "Garmin lets me in again.",
  use_garmin_page: "Garmin lets me in again.",
  fix_garmin_client_id: "Garmin lets me in again.",
  fix_withings_application: "Withings is accepting my client id and secret again.",
  fix_withings_callback: "Withings is accepting the callback address again.",
  fix_clock: "The clock is right again.",
  add_account: "",
  link_withings: "",
  link_garmin: "",
};

/** `there` follows a sentence about Withings. */
type Place = "there" | "at_withings";

export function delayInEnglish({ shortValues, moment, isToday }: Format) {
  const PLACE: Record<Place, string> = { there: "there", at_withings: "at Withings" };
  const readings = (count: number) => plural(count, "reading");
  const which = (newest: Measured | undefined, label = "") =>
    newest ? ` (${label}${shortValues(newest.values)}, ${moment(newest.takenAt)})` : "";

  return {
    head: {
      silent: (vendor: Vendor, since: Date) => `${NAME[vendor]} hasn’t answered properly since ${moment(since)}.`,
      refusing: (vendor: Vendor, since: Date) =>
        `${NAME[vendor]} has been refusing my requests since ${moment(since)}; this may pass by itself.`,
      limited: (vendor: Vendor, since: Date, until: Date | undefined) =>
        `${NAME[vendor]} has been limiting my requests since ${moment(since)}${until ? ` and has asked me to wait until ${moment(until)}` : ""}.`,
    },
    ours: (since: Date) =>
      `I haven’t been able to finish syncing since ${moment(since)}. The trouble is on my side, not at Withings or Garmin.`,
    acceptedOne: (since: Date, newest: Measured | undefined) =>
      `Garmin accepted ${readings(1)}${which(newest)} ${isToday(since) ? "at" : "on"} ${moment(since)} but doesn’t show it yet.`,
    acceptedSeveral: (count: number, since: Date, newest: Measured | undefined) =>
      `Garmin has accepted ${readings(count)} since ${moment(since)}${which(newest, "newest ")} but doesn’t show them yet.`,
    following: (count: number) =>
      `The first reading of a new link goes alone; ${count === 1 ? "the other one follows" : `the other ${count} follow`} once Garmin shows it.`,
    safeEitherWay: (count: number) => `${count === 1 ? "It’s" : "They’re"} safe at Withings either way.`,
    othersWait: (count: number) => `${count} more ${count === 1 ? "waits" : "wait"} there.`,
    announced: (place: Place) => `Withings has announced a reading; it’s safe ${PLACE[place]}.`,
    safe: (place: Place) => `Your readings are safe ${PLACE[place]}.`,
    noneWaits: "No new reading is waiting.",
    waits: (count: number, newest: Measured | undefined) =>
      count === 1
        ? `1 reading${which(newest)} is waiting, safe at Withings.`
        : `${count} readings${which(newest, "newest ")} are waiting, safe at Withings.`,
    next: {
      afterWait: "I’ll continue then",
      checkAgain: "I’ll check again with each sync",
      keepTrying: "I’ll keep trying",
    },
    calm: (next: string) => `${next}; you don’t have to do anything.`,
    willTell: (next: string, tries: number) =>
      `${next} (${plural(tries, "try", "tries")} so far) and tell you when it’s over; you don’t have to do anything.`,
    sinceBefore: (since: Date) => `Not everything has got through since ${moment(since)}.`,

    unexpected: (vendor: Vendor, since: Date, place: Place) =>
      `${NAME[vendor]} has been answering in a way I don’t understand since ${moment(since)}. Your readings are safe ${PLACE[place]}.`,
    triesOn: "I’ll keep trying.",
    triesOnAndTells: "I’ll keep trying and tell you when it’s over.",
    needsUpdate: "If it lasts, I need an update; the person who runs me can find more in my log.",
    unexpectedNow: (vendor: Vendor, detail = "") =>
      `${NAME[vendor]} is answering in a way I don’t understand right now${detail}. Nothing is lost. Try again later.`,

    notNow: {
      silent: (vendor: Vendor, detail: string) =>
        `${NAME[vendor]} can’t be reached right now or isn’t answering properly${detail}. Try again later.`,
      refusing: (vendor: Vendor, detail: string) =>
        `${NAME[vendor]} is refusing my requests right now${detail}. Try again later.`,
      limited: (vendor: Vendor, detail: string) =>
        `${NAME[vendor]} is limiting my requests right now${detail}. Try again later.`,
    },
    notNowOurs: (detail: string) =>
      `That didn’t work just now. The trouble is on my side${detail}, and nothing is lost. Try again in a few minutes.`,

    over: OVER,
    severalOver: "I’m working again.",
  };
}
export type DelayWords = ReturnType<typeof delayInEnglish>;
