import type { Settings } from "../../sync/model/account.ts";
import type { Composition, ReadingKind } from "../../sync/model/reading.ts";
import type { Unplaced } from "../../sync/model/vendors.ts";
import type { Format } from "./format.ts";

export const FIELD_IN_ENGLISH: Record<keyof Composition, string> = {
  bodyFatPercent: "body fat",
  bodyWaterPercent: "body water",
  muscleMassKg: "muscle",
  boneMassKg: "bone",
  visceralFatIndex: "visceral fat",
};
const KIND: Record<ReadingKind, string> = { weigh_in: "weight", blood_pressure: "blood pressure" };
const UNPLACED: Record<Unplaced, string> = {
  scale_pulse: "the pulse from your scale",
  vascular_age: "vascular age",
  pulse_wave_velocity: "pulse wave velocity",
  body_water_parts: "water inside and outside the cells",
  temperature: "temperature",
  oxygen: "blood oxygen",
};

const and = (parts: string[]) => [parts.slice(0, -1).join(", "), ...parts.slice(-1)].filter(Boolean).join(" and ");

export function arrivalsInEnglish({ day }: Format) {
  return {
    /** `from`: the day of a late one. */
    one: (values: string, from: Date | undefined) => `${values}${from ? ` (${day(from)})` : ""} is in Garmin.`,
    several: (counted: string[], [first, last]: string[]) =>
      `${and(counted)}, ${last ? `${first} – ${last}` : first}, are in Garmin.`,
    corrected: (was: string, values: string) => `Corrected: ${was} → ${values}.`,
    newest: (readings: string[]) => `Newest: ${readings.join("; ")}.`,
    fields: (kinds: ReadingKind[], parts: Array<keyof Composition>, unplaced: Unplaced[]) => {
      const got = [...kinds.map((it) => KIND[it]), ...parts.map((it) => FIELD_IN_ENGLISH[it])];
      const none = unplaced.length > 0 ? ` It has no field for ${and(unplaced.map((it) => UNPLACED[it]))}.` : "";
      return `Garmin now has your ${and(got)}.${none}`;
    },
    /** What happens from now on, by the setting. */
    next: {
      each: () => "From now on I’ll send one card a day and update it as readings come in. /settings changes that.",
      daily: (hour: number) =>
        `From now on I’ll send a short card at ${hour}:00 when something new has come in, and a digest on Mondays. /settings changes that.`,
      weekly: (hour: number) => `From now on I’ll send a digest on Mondays at ${hour}:00. /settings changes that.`,
      needed: () => "From now on I’ll only write when I need you. /settings changes that.",
    } satisfies Record<Settings["cards"], (hour: number) => string>,
    inGarmin: { weigh_in: "Weight in Garmin", blood_pressure: "Blood pressure in Garmin" } satisfies Record<
      ReadingKind,
      string
    >,
  };
}
export type ArrivalWords = ReturnType<typeof arrivalsInEnglish>;
