import type { ReadingKind } from "../../sync/model/reading.ts";
import { type Format, type Measured, plural } from "./format.ts";

const DEVICE: Record<ReadingKind, string> = { weigh_in: "scale", blood_pressure: "cuff" };

/** Of each question, `head` is bold. */
export function questionInEnglish({ short: name, shortValues, time, day }: Format) {
  const values = ({ values }: Pick<Measured, "values">) => shortValues(values);
  return {
    wasThatYou: (it: Measured) => ({ head: `${name(it)}. Was that you?` }),
    yourLast: (last: Measured) => `Your last was ${values(last)}.`,
    /** Asked after a yes. */
    areYouSure: (it: Measured, last: Measured | undefined) => ({
      head: `${name(it)}. Really yours?`,
      rest: last
        ? `That’s far from your last, ${values(last)}. If I send it, Garmin counts it as yours.`
        : "That’s an unusual weight. If I send it, Garmin counts it as yours.",
    }),
    inTheFuture: (it: Measured) => ({
      head: `${values(it)}, dated ${day(it.takenAt)}, which is in the future.`,
      rest: `Check the clock on your ${DEVICE[it.values.kind]}. I’ll look at this reading again on that day.`,
    }),
    impossibleDate: (it: Measured) => ({
      head: `${values(it)}, dated ${time(it.takenAt)}.`,
      rest: `No ${DEVICE[it.values.kind]} could send readings back then, so the clock on yours was probably reset. Please check it.`,
    }),
    noTimezone: (it: Measured) => ({
      head: `${name(it)}. Which time zone are you in?`,
      rest: "Garmin keeps blood pressure by local time. Once I know yours, I’ll send it.",
    }),
    keptOut: (it: Measured) => `${name(it)}: kept out of Garmin.`,
    earlierStays: "An earlier version of it is still there.",
    alreadyThere: (it: Measured) => `${name(it)}: Garmin already has it, so I sent nothing.`,
    tooLateToUndo: "Answers can be undone for 24 hours. /undo takes the last reading out of Garmin.",
    list: {
      head: (count: number) => `${count} readings. Which of them are yours?`,
      item: (number: number, it: Measured) => `${number}. ${name(it)}`,
      keptOut: (count: number) => `${plural(count, "reading")}: kept out of Garmin.`,
      sending: (count: number) => `${plural(count, "reading")}: I’ll send what Garmin doesn’t have yet.`,
      stillOpen: (count: number) => `${count} still need your answer:`,
      noneLeft: "None of these readings needs an answer any more.",
      undoing: "Undoing that…",
      leaving: (count: number) =>
        `${plural(count, "reading")} can’t be taken out of Garmin yet. The next sync does it, and then I ask again.`,
    },
    button: {
      yes: "Yes",
      sure: "Yes, it’s mine",
      no: "No",
      ignore: "Ignore it",
      send: "Send it anyway",
      none: "None of these is mine",
      all: "All mine, except what is far off",
    },
  };
}
export type QuestionWords = ReturnType<typeof questionInEnglish>;
