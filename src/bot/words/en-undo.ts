import type { ReadingKind } from "../../sync/model/reading.ts";
import type { Format, Measured } from "./format.ts";

const KIND: Record<ReadingKind, string> = { weigh_in: "weigh-ins", blood_pressure: "blood pressures" };

export function undoInEnglish({ short: name, day }: Format) {
  return {
    ask: (it: Measured) => `${name(it)}, is in Garmin. Take it out?`,
    askUnseen: (it: Measured) => `${name(it)}, is on its way to Garmin. Take it out?`,
    nothing: "There’s nothing in Garmin that I put there. I leave alone what came from you or other apps.",
    taking: (it: Measured) => `Taking ${name(it)} out of Garmin…`,
    removed: (it: Measured, until: Date | undefined) =>
      `${name(it)}: no longer in Garmin.${until ? ` You can restore it until ${day(until)}.` : ""}`,
    stays: (it: Measured) => `${name(it)}, stays in Garmin.`,
    pending: (it: Measured) =>
      `${name(it)}: I couldn’t take it out of Garmin yet. The next sync will try again, and I’ll tell you.`,
    elsewhere: (it: Measured) =>
      `${name(it)}: it didn’t get to Garmin from me, so I leave it alone. You can delete it in Garmin Connect.`,
    sending: (it: Measured) => `Sending ${name(it)} to Garmin…`,
    inGarmin: (it: Measured) => `${name(it)}, is in Garmin.`,
    willBeSent: (it: Measured) => `${name(it)}, isn’t in Garmin yet. The next sync will send it.`,
    kindOff: (it: Measured) =>
      `${name(it)}: I can’t send it, because ${KIND[it.values.kind]} are switched off. /settings switches them on.`,
    tooLate: (it: Measured) => `${name(it)}: it’s too late to undo that.`,
    unknown: "I don’t know that reading any more, so nothing has changed.",
    failed: (it: Measured) => `${name(it)}: that didn’t work just now. Please tap again.`,
    which: "Which one shall I take out of Garmin?",
    noneListed: "I can’t list these any more. /undo takes out the last reading.",
    button: { takeOut: "Take it out", keep: "Keep it", restore: "Restore", undo: "Undo", undoOne: "Take one out…" },
  };
}
export type UndoWords = ReturnType<typeof undoInEnglish>;
