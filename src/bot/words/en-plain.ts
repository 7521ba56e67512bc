import type { ReadingKind } from "../../sync/model/reading.ts";
import { type Format, type Measured, plural } from "./format.ts";

const KIND: Record<ReadingKind, string> = { weigh_in: "weigh-in", blood_pressure: "blood pressure" };
const KINDS: Record<ReadingKind, string> = { weigh_in: "Weigh-ins are", blood_pressure: "Blood pressure is" };
const DEVICE: Record<ReadingKind, string> = { weigh_in: "scale", blood_pressure: "cuff" };

/** Answers to plain questions. They load when somebody asks one. */
export function plainInEnglish({ short: nameOf, day }: Format) {
  return {
    help: {
      what: "I copy the readings from your Withings scale and cuff to Garmin Connect automatically. If one may not be yours, I hold it back and ask you.",
      ask: "You can also ask in plain words, for instance “Why is my weight missing?” or “What is sent?”. If something doesn’t work, /doctor looks for the cause.",
    },
    hello: "Hello! Ask me why a reading is missing, or what you last weighed. Or pick one of these:",
    thanks: "You’re welcome!",
    unsure: "I’m not sure what you mean. One of these, perhaps?",
    looking: "Looking at Withings and in Garmin…",
    last: {
      weigh_in: (it: Measured | undefined) =>
        it ? `Your last weigh-in: ${nameOf(it)}.` : "I haven’t seen a weigh-in of yours yet.",
      blood_pressure: (it: Measured | undefined) =>
        it ? `Your last blood pressure: ${nameOf(it)}.` : "I haven’t seen a blood pressure of yours yet.",
    } satisfies Record<ReadingKind, (it: Measured | undefined) => string>,
    sent: {
      some: (parts: string[]) => `What I send to Garmin: ${parts.join("; ")}.`,
      nothing: "I send nothing to Garmin right now: everything is switched off.",
      weight: "your weight",
      composition: "body fat, water, bone mass and visceral fat",
      compositionAndMuscle: "body fat, water, muscle, bone mass and visceral fat",
      bloodPressure: "blood pressure with the pulse",
    },
    stop: "You decide when I write. Whatever you choose, I’ll still tell you when something needs you. To leave altogether, send /disconnect.",
    cause: {
      kindOff: (kind: ReadingKind) => `${KINDS[kind]} switched off, so I send none to Garmin.`,
      noneMeasured: (kind: ReadingKind, count: number, last: Measured | undefined) =>
        `Withings has no ${KIND[kind]} of yours from the last ${plural(count, "day")}${last ? `; the last one I know of is ${nameOf(last)}` : ""}. Open the Withings app near your ${DEVICE[kind]}.`,
      held: (it: Measured) => `${nameOf(it)}: not in Garmin yet, because you haven’t said whether it’s yours.`,
      heldForDate: (it: Measured) => `${nameOf(it)}: not in Garmin, because its date can’t be right.`,
      heldForZone: (it: Measured) => `${nameOf(it)}: not in Garmin yet, because I don’t know your time zone.`,
      beforeStart: (it: Measured, startAt: Date | undefined) =>
        `${nameOf(it)}: it’s older than what I copy${startAt ? `, which starts on ${day(startAt)}` : ""}, so I left it out.`,
      onItsWay: (it: Measured) => `Withings has ${nameOf(it)}, and it isn’t in Garmin yet. I’m about to copy it.`,
      notShown: (it: Measured) => `${nameOf(it)}: I’ve sent it, but Garmin doesn’t show it yet. I’ll keep checking.`,
      gone: (it: Measured) => `${nameOf(it)}: Garmin had it, but no longer shows it. Was it deleted there?`,
      arrived: (it: Measured, kind: ReadingKind) =>
        `${nameOf(it)}: that’s the newest at Withings, and it’s in Garmin. Anything newer hasn’t left your ${DEVICE[kind]} yet.`,
      quiet: (it: Measured, kind: ReadingKind, count: number) =>
        `Your ${DEVICE[kind]} has sent nothing to Withings for ${plural(count, "day")}. The last one, ${nameOf(it)}, is in Garmin. Check its battery and Wi-Fi in the Withings app.`,
    },
    button: {
      status: "Status",
      sync: "Sync now",
      help: "Help",
      doctor: "Check everything",
      settings: "Settings",
      change: "Change this",
      decide: "Decide",
      askAgain: "Ask again",
      why: "Why is my weight missing?",
      whenToWrite: "When I write",
      whatIsSent: "What is sent",
      details: "Show every check",
    },
  };
}
export type PlainWords = ReturnType<typeof plainInEnglish>;
