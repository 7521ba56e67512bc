import type { KnownHeight } from "../../sync/engine/height.ts";
import type { Sends, Settings } from "../../sync/model/account.ts";
import { heightText } from "../words/height.ts";
import { type SettingsWords, settingsWords } from "../words/settings.ts";
import type { Words } from "../words/words.ts";

export interface SettingsView {
  settings: Settings;
  timezone: string;
  clockTime: string;
  /** `withings_before`: it's no longer linked. `nobody`: it's UTC for want of a better one. */
  zoneFrom: keyof SettingsWords["zoneFrom"];
  height: KnownHeight | undefined;
}

export type SettingsTopic = keyof SettingsWords["topic"];
export const TOPICS: SettingsTopic[] = [
  "units",
  "zone",
  "summary",
  "silence",
  "patience",
  "sends",
  "deletions",
  "height",
  "theme",
  "language",
];

export function settingsText(view: SettingsView, words: Words): string {
  return TOPICS.map((topic) => lineOf(topic, view, words)).join("\n");
}

export function settingsScreen(topic: SettingsTopic, view: SettingsView, words: Words): string {
  return `${lineOf(topic, view, words)}\n\n${settingsWords(words).more[topic]}`;
}

function lineOf(topic: SettingsTopic, view: SettingsView, words: Words): string {
  const { settings, timezone, clockTime, zoneFrom, height } = view;
  const say = settingsWords(words);
  switch (topic) {
    case "units":
      return say.line.units(settings.units);
    case "zone":
      return say.line.zone(timezone, clockTime, say.zoneFrom[zoneFrom]);
    case "summary":
      return say.line.summary[settings.cards](settings.summaryHour);
    case "silence":
      return say.line.silence[silenceTold(settings.tellsSilence)];
    case "patience":
      return durationIn(say.line.patience, settings.patienceHours);
    case "sends":
      return say.line.sends(sentKinds(settings.sends));
    case "deletions":
      return say.line.deletions[settings.deletions];
    case "height":
      if (!height) return say.line.noHeight;
      return say.line.height(heightText(height.heightM, settings.units, words), say.heightFrom[height.from]);
    case "theme":
      return say.line.theme[settings.theme];
    case "language":
      return say.line.language;
  }
}

function silenceTold({ weigh_in, blood_pressure }: Settings["tellsSilence"]) {
  if (weigh_in && blood_pressure) return "all";
  if (weigh_in) return "weigh_in";
  return blood_pressure ? "blood_pressure" : "none";
}

/** No button sets less than an hour, but the demo does. */
export function durationIn(say: SettingsWords["duration"], hours: number): string {
  return hours >= 1 ? say.hours(hours) : say.minutes(Math.round(hours * 60));
}

export function whichZoneText(shown: number, found: number, words: Words): string {
  const say = settingsWords(words);
  if (found > shown) return say.oneOfTheseZones(found);
  return found === 1 ? say.isThisZone : say.whichZone;
}

const NEEDS: Partial<Record<keyof Sends, keyof Sends>> = { composition: "weight", muscle: "composition" };
const KINDS: Array<keyof Sends> = ["weight", "composition", "muscle", "bloodPressure"];

/** No body composition without the weight, no muscle without the composition. */
export function sentKinds(sends: Sends): Array<keyof Sends> {
  return choosableKinds(sends).filter((kind) => sends[kind]);
}

export function choosableKinds(sends: Sends): Array<keyof Sends> {
  const isSent = (kind: keyof Sends | undefined): boolean => kind === undefined || (sends[kind] && isSent(NEEDS[kind]));
  return KINDS.filter((kind) => isSent(NEEDS[kind]));
}
