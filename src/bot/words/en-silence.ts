import type { ReadingKind } from "../../sync/model/reading.ts";
import type { Silence } from "../../sync/status/silence.ts";

/** That the scale or the cuff has fallen silent, and what to check, in English. */
export function silenceInEnglish(silence: Silence): string {
  const { days } = silence;
  const since = days === 1 ? "1 day" : `${days} days`;
  if ("linkedAt" in silence) {
    return `Withings was linked ${since} ago, and no reading for Garmin has come from it yet. If you have measured since, open the Withings app:\n• Your reading isn’t there: check the battery, and the Wi-Fi or the phone that the scale or cuff sends through.\n• It’s there under another profile: /connect links that one.\n• It’s there under yours: /doctor looks for what’s wrong on my side.`;
  }
  const rhythm = rhythmOf(silence);
  const length = silence.isSinceLink ? `since Withings was linked ${since} ago` : `for ${since}`;
  if (silence.kind === "weigh_in") {
    return `No weigh-in ${length}${rhythm && `; you usually weigh in ${rhythm}`}. If you have been on the scale since, open the Withings app:\n• Your weigh-in isn’t there: check the scale’s battery and its Wi-Fi. Without Wi-Fi it sends only while the app is open nearby.\n• It’s there: /doctor looks for what’s wrong on my side.`;
  }
  return `No blood pressure reading ${length}${rhythm && `; you usually measure ${rhythm}`}. If you have measured since, open the Withings app:\n• Your reading isn’t there: check the cuff’s battery, and its Wi-Fi or the phone’s Bluetooth. Many cuffs send only while the app is open nearby.\n• It’s there: /doctor looks for what’s wrong on my side.`;
}

function rhythmOf({ everyDays }: { everyDays?: number }): string {
  if (everyDays === undefined) return "";
  if (everyDays === 1) return "every day";
  return everyDays === 7 ? "once a week" : `every ${everyDays} days`;
}

/** The button that ends such messages, where one message tells of both. */
export const SILENCE_OFF_IN_ENGLISH: Record<ReadingKind | "all", string> = {
  weigh_in: "Don’t tell me about the scale",
  blood_pressure: "Don’t tell me about the cuff",
  all: "Don’t tell me about this",
};
