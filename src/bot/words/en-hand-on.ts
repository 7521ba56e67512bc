import type { Format, Measured } from "./format.ts";

/** A reading that was somebody else's here. `who` is their first name, or the first name of the one it came to. */
export function handOnInEnglish({ short: name, shortValues, moment, isToday }: Format) {
  const yes = (it: Measured, who: string) => `${name(it)}: ${who} says yes.`;
  return {
    /** In the chat of the one it came to. */
    asking: (it: Measured, who: string) => `${name(it)}: asking ${who}…`,
    asked: (it: Measured, who: string) => `${name(it)}: I’ve asked ${who}.`,
    saidYes: {
      only: yes,
      there: (it: Measured, who: string) => `${yes(it, who)} It’s in ${who}’s Garmin.`,
      soon: (it: Measured, who: string) => `${yes(it, who)} It goes into ${who}’s Garmin with the next sync.`,
      unlinked: (it: Measured, who: string) =>
        `${yes(it, who)} It goes into ${who}’s Garmin as soon as ${who} has linked both sides again.`,
    },
    /** Before the question whose it is. */
    because: {
      declined: (who: string) => `${who} says no.`,
      lastDeclined: (who: string) =>
        `${who} says no, and there’s nobody else here to ask: if it wasn’t you, tap No, and it stays out of Garmin.`,
      expired: (who: string) => `${who} hasn’t answered for five days.`,
      unreachable: (who: string) => `I can’t reach ${who}, who has blocked me.`,
      gone: "The person I asked doesn’t use me any more.",
    },
    cannotAsk: (who: string) => `I can’t ask ${who}: Withings or Garmin isn’t linked there.`,
    saidNo: (who: string) => `${who} has already said no to this one.`,
    notHere: "I can’t ask that person any more.",
    earlierIsThere: (it: Measured) => `${name(it)}: an earlier version of it is in your Garmin, so I can’t hand it on.`,
    failed: (it: Measured) => `${name(it)}: that didn’t work just now. Please tap again.`,
    /** In the chat of the one who is asked. */
    question: (it: Measured, who: string) => ({
      head: `${who} asks: was the ${shortValues(it.values)} ${isToday(it.takenAt) ? "at" : "on"} ${moment(it.takenAt)} yours?`,
      rest: "If it was, I’ll put it into your Garmin.",
    }),
    leavesWithNextSync: "The next sync takes it out of your Garmin.",
    saving: (it: Measured) => `Sending ${name(it)} to Garmin…`,
    yoursUntilLinked: (it: Measured) => `${name(it)} is yours. I’ll send it once both sides are linked: /connect.`,
    notYours: (it: Measured) => `${name(it)}: not yours, so I won’t send it to your Garmin.`,
    over: {
      withdrawn: (it: Measured, who: string) => `${name(it)}: ${who} no longer asks.`,
      expired: (it: Measured) => `${name(it)}: there was no answer for five days, so the question is closed.`,
      other: "That question is closed, so nothing has changed.",
    },
    status: {
      asked: (it: Measured, who: string) => `${name(it)}: I’ve asked ${who}, who hasn’t answered yet.`,
      toAnswer: (it: Measured, who: string) => `${name(it)}: ${who} asks whether that was you.`,
    },
    button: {
      itWas: (who: string) => `It was ${who}`,
      itWasSomebody: "It was …",
      back: "Back",
      yes: "Yes",
      no: "No",
      undo: "Undo",
      answer: (who: string) => `Answer ${who}`,
      stopAsking: (who: string) => `Stop asking ${who}`,
    },
  };
}
export type HandOnWords = ReturnType<typeof handOnInEnglish>;
