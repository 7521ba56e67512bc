import type { ReadingKind } from "../../sync/model/reading.ts";
import { plural } from "./format.ts";

const days = (count: number) => plural(count, "day");

export const SILENCE_IN_ENGLISH = {
  nothingYet: (count: number) =>
    `Withings was linked ${days(count)} ago, and no reading for Garmin has come from it yet. If you have measured since, open the Withings app:\n• Your reading isn’t there: check the battery, and the Wi-Fi or the phone that the scale or cuff sends through.\n• It’s there under another profile: /connect links that one.\n• It’s there under yours: /doctor looks for what’s wrong on my side.`,
  sinceLink: (count: number) => `since Withings was linked ${days(count)} ago`,
  lately: (count: number) => `for ${days(count)}`,
  rhythm(everyDays: number): string {
    if (everyDays === 1) return "every day";
    return everyDays === 7 ? "once a week" : `every ${everyDays} days`;
  },
  /** `rhythm` is empty if it isn't known. */
  nothing: {
    weigh_in: (length: string, rhythm: string) =>
      `No weigh-in ${length}${rhythm && `; you usually weigh in ${rhythm}`}. If you have been on the scale since, open the Withings app:\n• Your weigh-in isn’t there: check the scale’s battery and its Wi-Fi. Without Wi-Fi it sends only while the app is open nearby.\n• It’s there: /doctor looks for what’s wrong on my side.`,
    blood_pressure: (length: string, rhythm: string) =>
      `No blood pressure reading ${length}${rhythm && `; you usually measure ${rhythm}`}. If you have measured since, open the Withings app:\n• Your reading isn’t there: check the cuff’s battery, and its Wi-Fi or the phone’s Bluetooth. Many cuffs send only while the app is open nearby.\n• It’s there: /doctor looks for what’s wrong on my side.`,
  } satisfies Record<ReadingKind, (length: string, rhythm: string) => string>,
};
export type SilenceWords = typeof SILENCE_IN_ENGLISH;

export const SILENCE_OFF_IN_ENGLISH: Record<ReadingKind | "all", string> = {
  weigh_in: "Don’t tell me about the scale",
  blood_pressure: "Don’t tell me about the cuff",
  all: "Don’t tell me about this",
};
