import type { Sends, Settings } from "../../sync/model/account.ts";
import type { ReadingKind } from "../../sync/model/reading.ts";
import { plural } from "./format.ts";

type Topic =
  | "units"
  | "zone"
  | "summary"
  | "silence"
  | "patience"
  | "sends"
  | "deletions"
  | "height"
  | "theme"
  | "language";

const UNITS: Record<Settings["units"], string> = { kg: "kilograms", lb: "pounds", st: "stone" };
const KIND: Record<keyof Sends, string> = {
  weight: "weight",
  composition: "body composition",
  muscle: "muscle",
  bloodPressure: "blood pressure",
};
const hours = (count: number) => plural(count, "hour");
const minutes = (count: number) => plural(count, "minute");

export const SETTINGS_IN_ENGLISH = {
  languageName: "English",
  line: {
    units: (units: Settings["units"]) => `Units: ${UNITS[units]}`,
    zone: (timezone: string, clockTime: string, from: string) => `Time zone: ${timezone} (${clockTime} now), ${from}`,
    summary: {
      each: () => "Cards: with every reading, one message a day",
      daily: (hour: number) => `Cards: on days with something new, at ${hour}:00`,
      weekly: (hour: number) => `Cards: once a week, on Mondays at ${hour}:00`,
      needed: () => "Cards: none; I only write when something needs you",
    } satisfies Record<Settings["cards"], (hour: number) => string>,
    silence: {
      all: "No readings: I tell you when your scale or cuff goes quiet",
      weigh_in: "No readings: I tell you when your scale goes quiet",
      blood_pressure: "No readings: I tell you when your cuff goes quiet",
      none: "No readings: I don’t tell you when they stop",
    },
    patience: {
      hours: (count: number) => `Short outages: I only mention them after ${hours(count)}`,
      minutes: (count: number) => `Short outages: I only mention them after ${minutes(count)}`,
    },
    sends: (kinds: Array<keyof Sends>) => `Sent to Garmin: ${kinds.map((it) => KIND[it]).join(", ") || "nothing"}`,
    deletions: {
      ask: "Deleted at Withings: I ask whether to remove it from Garmin",
      always: "Deleted at Withings: I remove it from Garmin too",
      never: "Deleted at Withings: it stays in Garmin",
    } satisfies Record<Settings["deletions"], string>,
    height: (height: string, from: string) => `Height: ${height}, ${from}`,
    noHeight: "Height: I don’t know it",
    theme: { light: "Pictures: light", dark: "Pictures: dark" } satisfies Record<Settings["theme"], string>,
    language: "Language: English",
  },
  heightFrom: { withings: "from Withings", owner: "as you told me", garmin: "from your Garmin profile" },
  zoneFrom: {
    owner: "set by you",
    withings: "from Withings",
    withings_before: "from Withings, when it was linked",
    nobody: "until you choose one or Withings tells me yours",
  },
  more: {
    units: "How I write weights here. Garmin Connect has its own setting.",
    zone: "It sets the times in this chat and the hour of the cards.",
    summary:
      "A card says what has come in, in a line or two. With “Every reading”, I send one message a day and update it. Unless you choose “Only when something needs me”, you also get a digest of the week on Mondays and of the month on the first.\n\nBetween 22:00 and 7:00 I only write if something needs you.",
    silence:
      "I go by your own rhythm, separately for the scale and the cuff: if readings usually come every day, I tell you after three days without one; if once a week, after two weeks; otherwise after twice the usual gap. Until I know your rhythm, it’s a week; if nothing has ever come, three days. If you measure less than once a month, I say nothing.\n\nI tell you once, at the hour of the cards or later, even if you have switched them off.",
    patience:
      "When Withings or Garmin doesn’t answer, it usually passes by itself, and nothing is lost. If something needs you, I tell you at once.",
    sends:
      "Garmin’s muscle field means skeletal muscle, and Withings measures all muscle, which is more: switch muscle off if you don’t want to mix them.\n\nBody composition needs the weight, and muscle needs the body composition. What is measured while a kind is off stays at Withings.",
    deletions:
      "Once a week and with /sync, I compare the last 30 days with Withings. A reading that’s missing twice, at least a day apart, counts as deleted; one that Withings is no longer sure is yours counts at once. If many go at the same time, I ask in any case. What didn’t come from me stays in Garmin.",
    height:
      "Garmin gets your BMI from it; without a BMI, Garmin’s web page hides your body composition. It applies to what I send from now on. If you enter your height in the Withings app, that one counts.",
    theme: "For /weight, /bp and /body.",
    language: "The command menu changes with it.",
  } satisfies Record<Topic, string>,
  topic: {
    units: "Units",
    zone: "Time zone",
    summary: "Cards",
    silence: "No readings",
    patience: "Short outages",
    sends: "What is sent",
    deletions: "Deleted at Withings",
    height: "Height",
    theme: "Pictures",
    language: "Language",
  } satisfies Record<Topic, string>,
  back: "Back",
  units: { kg: "Kilograms (kg)", lb: "Pounds (lb)", st: "Stone (st)" } satisfies Record<Settings["units"], string>,
  cards: {
    each: "Every reading",
    daily: "Daily, if something new came in",
    weekly: "Weekly",
    needed: "Only when something needs me",
  } satisfies Record<Settings["cards"], string>,
  deletions: { ask: "Ask me", always: "Always remove it", never: "Never remove it" } satisfies Record<
    Settings["deletions"],
    string
  >,
  theme: { light: "Light", dark: "Dark" } satisfies Record<Settings["theme"], string>,
  device: { weigh_in: "Scale", blood_pressure: "Cuff" } satisfies Record<ReadingKind, string>,
  duration: { hours, minutes },
  kind: {
    weight: "Weight",
    composition: "Body composition",
    muscle: "Muscle",
    bloodPressure: "Blood pressure",
  } satisfies Record<keyof Sends, string>,
  asWithings: "Use Withings’ time zone",
  typeZone: "Type it",
  typeHeight: "Type my height",
  forgetHeight: "Forget my height",
  askZone: "Which time zone? Send me a big city there, or your country: Berlin, New York or France.",
  isThisZone: "Is it this one? If not, send me the biggest city near you, or your country.",
  whichZone: "Which of these?",
  oneOfTheseZones: (found: number) =>
    `${found} time zones match. Is it one of these? If not, send me the biggest city near you.`,
  unknownZone:
    "I don’t know that place. Send me the biggest city near it, or the country, for instance Berlin, New York or France.",
};
export type SettingsWords = typeof SETTINGS_IN_ENGLISH;
