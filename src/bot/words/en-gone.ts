import type { GoneReason } from "../../sync/model/ledger.ts";
import { type Format, type Measured, plural } from "./format.ts";

export function goneInEnglish({ short: name, day }: Format) {
  const readings = (count: number) => plural(count, "reading");
  return {
    /** `head` is bold. */
    ask: {
      deleted: (it: Measured) => ({ head: `${name(it)}, is gone at Withings.`, rest: "It’s still in Garmin." }),
      reassigned: (it: Measured) => ({
        head: `${name(it)}: Withings is no longer sure it’s yours.`,
        rest: "It’s still in Garmin.",
      }),
    } satisfies Record<GoneReason, unknown>,
    askMany: {
      deleted: (count: number) => `${readings(count)} are gone at Withings.`,
      reassigned: (count: number) => `${readings(count)}: Withings is no longer sure they’re yours.`,
      both: (count: number) => `${readings(count)} are gone at Withings, or it’s no longer sure they’re yours.`,
    },
    many: "They’re still in Garmin. If that wasn’t you, it may be a fault at Withings: then keep them.",
    more: (count: number) => `and ${count} more`,
    status: {
      deleted: (it: Measured) => `${name(it)}, is gone at Withings and still in Garmin.`,
      reassigned: (it: Measured) => `${name(it)}, is still in Garmin, but Withings is no longer sure it’s yours.`,
    } satisfies Record<GoneReason, (it: Measured) => string>,
    statusMany: (count: number) => `${readings(count)} are gone at Withings and still in Garmin.`,
    restorable: (until: Date) => `You can restore it until ${day(until)}.`,
    taking: "Taking them out of Garmin…",
    removedMany: (count: number, until: Date | undefined) =>
      `${readings(count)}: no longer in Garmin.${until ? ` You can restore them until ${day(until)}.` : ""}`,
    pending: (count: number) =>
      `${readings(count)}: I couldn’t take ${count === 1 ? "it" : "them"} out of Garmin yet. The next sync will try again, and I’ll tell you.`,
    stayMany: "They stay in Garmin.",
    sending: "Sending them to Garmin…",
    sent: (count: number) => `${readings(count)}: back in Garmin.`,
    willBeSent: (count: number) =>
      `${readings(count)}: not in Garmin yet. The next sync will send ${count === 1 ? "it" : "them"}.`,
    nothingLeft: "There’s nothing left to do about these readings.",
    failed: "That didn’t work just now. Please tap again.",
    button: {
      remove: "Remove from Garmin",
      keep: "Keep",
      removeAll: "Remove all from Garmin",
      keepAll: "Keep them",
      restoreAll: "Restore them",
      askOne: (it: Measured) => `Remove or keep ${name(it)}`,
      askMany: (count: number) => `Remove or keep ${readings(count)}`,
    },
  };
}
export type GoneWords = ReturnType<typeof goneInEnglish>;
