import type { Sends, Settings } from "../../sync/model/account.ts";
import type { ReadingKind } from "../../sync/model/reading.ts";

/** What the settings screens tell of. */
export interface SettingsView {
  settings: Settings;
  /** The zone that counts, and what its clocks show. */
  timezone: string;
  clockTime: string;
  /** Who said so. `withings_before`: it is no longer linked. `nobody`: it is UTC for want of anything better. */
  zoneFrom: "owner" | "withings" | "withings_before" | "nobody";
}

export type SettingsTopic = "units" | "zone" | "summary" | "silence" | "patience" | "sends" | "language";
export type SettingsWords = ReturnType<typeof settingsInEnglish>;

/** The English sentences of /settings. */
export function settingsInEnglish() {
  const UNITS: Record<Settings["units"], string> = { kg: "kilograms", lb: "pounds", st: "stone" };
  const KIND: Record<keyof Sends, string> = {
    weight: "weight",
    composition: "body composition",
    muscle: "muscle",
    bloodPressure: "blood pressure",
  };
  const ZONE_FROM: Record<SettingsView["zoneFrom"], string> = {
    owner: "as you chose",
    withings: "as Withings says",
    withings_before: "as Withings said while it was linked",
    nobody: "until you choose one or Withings tells me yours",
  };
  /** Less than an hour can be set in the store, as the demo does, and by no button. */
  const hours = (count: number) => {
    if (count >= 1) return count === 1 ? "1 hour" : `${count} hours`;
    const minutes = Math.round(count * 60);
    return minutes === 1 ? "1 minute" : `${minutes} minutes`;
  };

  function summary({ summaryMode, summaryHour }: Settings): string {
    if (summaryMode === "off") return "Summary: off";
    const when = summaryMode === "daily" ? "every day" : "only when something happened";
    return `Summary: ${when}, at ${summaryHour}:00`;
  }

  function silence({ weigh_in: scale, blood_pressure: cuff }: Settings["tellsSilence"]): string {
    if (!scale && !cuff) return "I don’t tell you when nothing comes";
    const what = scale && cuff ? "your scale or cuff" : scale ? "your scale" : "your cuff";
    return `I tell you when nothing comes from ${what}`;
  }

  const line = {
    units: ({ settings }) => `Units: ${UNITS[settings.units]}`,
    zone: ({ timezone, clockTime, zoneFrom }) => `Time zone: ${timezone} (${clockTime} now), ${ZONE_FROM[zoneFrom]}`,
    summary: ({ settings }) => summary(settings),
    silence: ({ settings: { tellsSilence } }) => `Silence: ${silence(tellsSilence)}`,
    patience: ({ settings }) => `Short outages: I mention them only after ${hours(settings.patienceHours)}`,
    sends: ({ settings: { sends } }) =>
      `Sent to Garmin: ${
        sentKinds(sends)
          .map((it) => KIND[it])
          .join(", ") || "nothing"
      }`,
    language: () => "Language: English",
  } satisfies Record<SettingsTopic, (view: SettingsView) => string>;

  const MORE: Record<SettingsTopic, string> = {
    units: "How I write weights here. Garmin Connect has a setting of its own.",
    zone: "The times in this chat and the hour of the summary go by it.",
    summary: "The hour of the summary, and when it comes.",
    silence:
      "I go by your own rhythm, separately for the scale and the cuff: if readings usually come every day, I tell you after three days without one; if once a week, after two weeks; otherwise after twice the usual gap. Until I know your rhythm, it’s a week; if nothing has ever come, three days. If you measure less than once a month, I say nothing.\n\nI tell you once, at the hour of the summary at the earliest, even if the summary is off.",
    patience:
      "When Withings or Garmin doesn’t answer, it usually passes by itself, and nothing is lost. If something needs you, I tell you at once.",
    sends:
      "Garmin’s muscle field means skeletal muscle, and Withings measures all muscle, which is more: switch muscle off if you don’t want to mix them.\n\nBody composition needs the weight, and muscle needs the body composition. What is measured while a kind is off stays at Withings.",
    language: "The menu of commands changes with it.",
  };

  return {
    languageName: "English",
    top: (view: SettingsView) =>
      Object.values(line)
        .map((it: (view: SettingsView) => string) => it(view))
        .join("\n"),
    screen: (topic: SettingsTopic, view: SettingsView): string => `${line[topic](view)}\n\n${MORE[topic]}`,
    topic: {
      units: "Units",
      zone: "Time zone",
      summary: "Summary",
      silence: "Silence",
      patience: "Short outages",
      sends: "What is sent",
      language: "Language",
    } satisfies Record<SettingsTopic, string>,
    back: "Back",
    units: { kg: "Kilograms (kg)", lb: "Pounds (lb)", st: "Stone (st)" } satisfies Record<Settings["units"], string>,
    mode: { daily: "Every day", when_new: "When something happened", off: "Off" } satisfies Record<
      Settings["summaryMode"],
      string
    >,
    device: { weigh_in: "Scale", blood_pressure: "Cuff" } satisfies Record<ReadingKind, string>,
    hours,
    kind: {
      weight: "Weight",
      composition: "Body composition",
      muscle: "Muscle",
      bloodPressure: "Blood pressure",
    } satisfies Record<keyof Sends, string>,
    asWithings: "Leave it to Withings",
    typeZone: "Type it",
    askZone: "Which time zone? Send me a big city in it, or your country: Berlin, New York or France.",
    whichZone: (shown: number, found: number) =>
      found > shown
        ? `There are ${found} such time zones. Is it one of these? If not, send me the biggest city near you.`
        : found === 1
          ? "Is it this one? If not, send me the biggest city near you, or your country."
          : "Which of these?",
    unknownZone:
      "I don’t know that place. Send me the biggest city near it, or the country, for instance Berlin, New York or France.",
    zoneLeft: "I have left your time zone as it was.",
  };
}

/** What goes to Garmin only together with something else. */
const NEEDS: Partial<Record<keyof Sends, keyof Sends>> = { composition: "weight", muscle: "composition" };
const KINDS: Array<keyof Sends> = ["weight", "composition", "muscle", "bloodPressure"];

/** What an account sends: no body composition without its weight, no muscle without the composition. */
export function sentKinds(sends: Sends): Array<keyof Sends> {
  return choosableKinds(sends).filter((kind) => sends[kind]);
}

/** What can be switched on or off: not what would stay at Withings anyway. */
export function choosableKinds(sends: Sends): Array<keyof Sends> {
  const isSent = (kind: keyof Sends | undefined): boolean => kind === undefined || (sends[kind] && isSent(NEEDS[kind]));
  return KINDS.filter((kind) => isSent(NEEDS[kind]));
}
