import type { DelayCause } from "../../lib/errors.ts";
import type { Vendor } from "../../sync/model/link.ts";
import type { Delay, RunOutcome } from "../../sync/model/outcome.ts";
import type { HealthNews, Trouble, Unexpected } from "../../sync/status/notices.ts";
import type { Format } from "./format.ts";

/** What is said to be over: an action is when readings arrive again. */
export type Over = DelayCause | Exclude<Trouble["what"], "waiting">;

/** Each sentence on its own. */
const OVER: Record<Over, string> = {
  withings_silent: "Withings is answering again.",
  withings_refusing: "Withings accepts my requests again.",
  withings_limited: "Withings no longer limits my requests.",
  garmin_silent: "Garmin is answering again.",
  garmin_refusing: "Garmin accepts my requests again.",
  garmin_limited: "Garmin no longer limits my requests.",
  garmin_not_showing: "Garmin now shows what it accepted.",
  withings_unexpected: "I understand Withings’ answers again.",
  garmin_unexpected: "I understand Garmin’s answers again.",
  us: "The trouble on my side is over.",
  broken: "The trouble on my side is over.",
  relink_withings: "Withings lets me read your scale again.",
  relink_garmin: "Garmin lets me in again.",
  grant_garmin_upload: "Garmin accepts uploads again.",
  unlock_garmin_account: "Garmin lets me in again.",
  use_garmin_page: "Garmin lets me in again.",
  fix_garmin_client_id: "Garmin lets me in again.",
  fix_withings_application: "Withings accepts the application again.",
  fix_withings_callback: "Withings accepts the callback address again.",
  fix_clock: "The clock is right again.",
  add_account: "",
  link_withings: "",
  link_garmin: "",
};

/** More are not listed one by one. */
const TROUBLES_NAMED = 2;

/** What is over, by what was told: a sentence for each trouble, or `several`. */
export function overSentences(
  { told, synced }: Extract<HealthNews, { type: "healed" }>,
  over: Record<Over, string>,
  several: string,
): string {
  const keyOf = ({ what, cause }: Trouble) => (what === "waiting" ? (cause as DelayCause | undefined) : what);
  const sentences = told.flatMap((it) => {
    const key = keyOf(it);
    // Only what Garmin took shows that it takes uploads.
    return key && (key !== "grant_garmin_upload" || synced > 0) ? [over[key]] : [];
  });
  const distinct = [...new Set(sentences.filter(Boolean))];
  return distinct.length === 0 || distinct.length > TROUBLES_NAMED ? several : distinct.join(" ");
}

/** Whose trouble it is, by its name; undefined for ours. */
export function vendorOf(cause: DelayCause | Unexpected | Vendor): "Withings" | "Garmin" | undefined {
  if (cause.startsWith("withings")) return "Withings";
  return cause.startsWith("garmin") ? "Garmin" : undefined;
}

/** Whether a vendor has asked for a wait that is not over. */
export const isAskedToWait = ({ cause, until }: Delay, now: Date) =>
  (cause === "withings_limited" || cause === "garmin_limited") && until !== undefined && until > now;

/** What has to wait, in English: whose trouble it is, since when, what waits and where it is safe, and what happens next. */
export function delayInEnglish({ values, moment, isToday, now }: Format) {
  const readings = (count: number) => (count === 1 ? "1 reading" : `${count} readings`);

  function head({ cause, since, until, accepted = 0, newest }: Delay): string {
    const vendor = vendorOf(cause);
    switch (cause) {
      case "withings_silent":
      case "garmin_silent":
        return `${vendor} hasn’t answered properly since ${moment(since)}.`;
      case "withings_refusing":
      case "garmin_refusing":
        return `${vendor} has been refusing my requests since ${moment(since)}; this may pass by itself.`;
      case "withings_limited":
      case "garmin_limited": {
        const wait = until && until > now ? ` and has asked me to wait until ${moment(until)}` : "";
        return `${vendor} has been limiting my requests since ${moment(since)}${wait}.`;
      }
      case "garmin_not_showing":
        if (accepted > 1) {
          return `Garmin has accepted ${readings(accepted)} since ${moment(since)}${which(newest, "newest ")} but doesn’t show them yet.`;
        }
        return `Garmin accepted ${readings(1)}${which(newest)} ${isToday(since) ? "at" : "on"} ${moment(since)} but doesn’t show it yet.`;
      case "us":
        return `I haven’t been able to finish syncing since ${moment(since)}. The trouble is on my side, not at Withings or Garmin.`;
    }
  }

  function which(newest: Delay["newest"], label = ""): string {
    return newest ? ` (${label}${values(newest.values)}, ${moment(newest.takenAt)})` : "";
  }

  function whatWaits({ cause, waiting, announced, newest, accepted = 0, following = 0 }: Delay): string[] {
    const behind =
      following > 0
        ? [
            `The first reading of a new link goes alone; ${following === 1 ? "the other one follows" : `the other ${following} follow`} once Garmin shows it.`,
          ]
        : [];
    if (cause === "garmin_not_showing") {
      const others = (waiting ?? 0) - accepted - following;
      const safe = accepted === 1 ? "It’s safe at Withings either way." : "They’re safe at Withings either way.";
      const more = others > 0 ? [`${others} more ${others === 1 ? "waits" : "wait"} there.`] : [];
      return [safe, ...more, ...behind];
    }
    if (waiting === undefined) {
      const where = vendorOf(cause) === "Withings" ? "there" : "at Withings";
      return [announced ? `Withings has announced a reading; it’s safe ${where}.` : `Your readings are safe ${where}.`];
    }
    if (waiting === 0) return ["No new reading is waiting."];
    const isOne = waiting === 1;
    const label = isOne ? "" : "newest ";
    return [
      `${readings(waiting)}${which(newest, label)} ${isOne ? "is" : "are"} waiting, safe at Withings.`,
      ...behind,
    ];
  }

  function next(delay: Delay): string {
    const nothing = "you don’t have to do anything.";
    if (isAskedToWait(delay, now)) return `I’ll continue then; ${nothing}`;
    if (delay.cause === "garmin_not_showing") return `I’ll check again with each sync; ${nothing}`;
    return `I’ll keep trying; ${nothing}`;
  }

  function nextWithWord(delay: Delay, tries: number): string {
    const rest = "and tell you when it’s over; you don’t have to do anything.";
    const tried = tries === 1 ? "1 try so far" : `${tries} tries so far`;
    if (isAskedToWait(delay, now)) return `I’ll continue then (${tried}) ${rest}`;
    if (delay.cause === "garmin_not_showing") return `I’ll check again with each sync (${tried}) ${rest}`;
    return `I’ll keep trying (${tried}) ${rest}`;
  }

  function unexpectedHead(from: Vendor | Unexpected, since: Date): string {
    const vendor = vendorOf(from);
    const where = vendor === "Withings" ? "there" : "at Withings";
    return `${vendor} has been answering in a way I don’t understand since ${moment(since)}. Your readings are safe ${where}.`;
  }

  const NEWER = "If it lasts, I need an update; the person who runs me can find more in my log.";

  return {
    /** Beside an answer in an unknown shape. */
    unexpected: (from: Vendor, { since = now }: Pick<RunOutcome, "since">): string =>
      `${unexpectedHead(from, since)} I’ll keep trying. ${NEWER}`,
    unexpectedLasts: (from: Unexpected, since: Date): string =>
      `${unexpectedHead(from, since)} I’ll keep trying and tell you when it’s over. ${NEWER}`,
    /** In answer to somebody. */
    unexpectedNow: (from: Vendor, detail = ""): string =>
      `${vendorOf(from)} is answering in a way I don’t understand right now${detail}. Nothing is lost. Try again later.`,
    /** The answer to a sync, and beside the last one. */
    delay: (delay: Delay): string => [head(delay), ...whatWaits(delay), next(delay)].join(" "),
    /** When it has lasted longer than the owner's patience. `since`: since when not everything gets through. */
    lasts(delay: Delay, since: Date, tries: number): string {
      const before = since < delay.since ? [`Not everything has got through since ${moment(since)}.`] : [];
      return [...before, head(delay), ...whatWaits(delay), nextWithWord(delay, tries)].join(" ");
    },
    /** In answer to somebody. `detail` is for those who ask further. */
    notNow(cause: DelayCause, detail = ""): string {
      const vendor = vendorOf(cause);
      switch (cause) {
        case "withings_silent":
        case "garmin_silent":
          return `${vendor} can’t be reached right now or isn’t answering properly${detail}. Try again later.`;
        case "withings_refusing":
        case "garmin_refusing":
          return `${vendor} is refusing my requests right now${detail}. Try again later.`;
        case "withings_limited":
        case "garmin_limited":
          return `${vendor} is limiting my requests right now${detail}. Try again later.`;
        case "garmin_not_showing":
        case "us":
          return `That didn’t work just now. The trouble is on my side${detail}, and nothing is lost. Try again in a few minutes.`;
      }
    },
    over: (news: Extract<HealthNews, { type: "healed" }>): string => overSentences(news, OVER, "Back."),
  };
}
export type DelayWords = ReturnType<typeof delayInEnglish>;
