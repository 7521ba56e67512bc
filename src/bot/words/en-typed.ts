import type { Vendor } from "../../sync/model/link.ts";
import type { ReadingKind } from "../../sync/model/reading.ts";
import { type Format, type Measured, VENDOR_NAME } from "./format.ts";

const and = (vendors: Vendor[]) => vendors.map((it) => VENDOR_NAME[it]).join(" and ");

export const typedInEnglish = ({ values, lately }: Format) => ({
  help: "You can also type a reading yourself: 72.4, 120/80 62, or 72.4 yesterday 7:30.",
  name: (it: Measured) => `${values(it.values)}, ${lately(it.takenAt)}`,
  understood: (name: string) => `${name}.`,
  perhaps: (name: string) => `Did you mean ${name}?`,
  farOff: {
    weigh_in: (last: Measured | undefined) =>
      last ? `That’s far from your last weight, ${values(last.values)}.` : "That’s an unusual weight.",
    blood_pressure: () => "That’s an unusual blood pressure.",
  } satisfies Record<ReadingKind, (last: Measured | undefined) => string>,
  isRight: "Is it right?",
  sure: (name: string) => `${name}. Shall I really send it to Garmin?`,
  save: "Save to Garmin",
  yes: "Yes, it’s right",
  notSaved: (name: string) => `${name}: I haven’t saved it.`,
  alreadySaved: "You’ve already saved it.",
  sameAsBefore: (name: string) => `${name}: you’ve given me that one already.`,
  kept: (name: string) => `${name}: I’ve noted it, and I’ll send it to Garmin as soon as this is over.`,
  /** Without Withings, nobody could tell whether the scale has brought it. */
  keptUntilLinked: (name: string, missing: Vendor[]) =>
    `${name}: I’ve noted it, and I’ll send it to Garmin once you’ve linked ${and(missing)}.${missing.includes("withings") ? " I look there first, so that the same reading doesn’t arrive twice." : ""}`,
  isOff: {
    weigh_in: "Weight is switched off in /settings, so I haven’t saved anything.",
    blood_pressure: "Blood pressure is switched off in /settings, so I haven’t saved anything.",
  } satisfies Record<ReadingKind, string>,
  inTheFuture: "That time is still to come, so I haven’t saved anything.",
  zoneFirst:
    "I don’t know your time zone yet, so I can’t tell when that was. Choose it here, or share your location; then send me the reading again.",
  zoneHere: (timezone: string, clockTime: string) =>
    `Where you are, it’s ${clockTime} now (${timezone}). Shall I use that time zone?`,
  zonesNear: "There’s more than one time zone near you. Which one is yours?",
  useZone: "Yes, use it",
});
export type TypedWords = ReturnType<typeof typedInEnglish>;
