import type { Composition, ReadingKind } from "../../sync/model/reading.ts";
import type { Unplaced } from "../../sync/model/vendors.ts";
import type { ArrivalWords } from "./en-arrivals.ts";
import type { Format } from "./format.ts";

export const FIELD_IN_GERMAN: Record<keyof Composition, string> = {
  bodyFatPercent: "Körperfett",
  bodyWaterPercent: "Körperwasser",
  muscleMassKg: "Muskeln",
  boneMassKg: "Knochen",
  visceralFatIndex: "Viszeralfett",
};
const KIND: Record<ReadingKind, string> = { weigh_in: "Gewicht", blood_pressure: "Blutdruck" };
const UNPLACED: Record<Unplaced, string> = {
  scale_pulse: "den Puls von der Waage",
  vascular_age: "das Gefäßalter",
  pulse_wave_velocity: "die Pulswellengeschwindigkeit",
  body_water_parts: "das Wasser in und außerhalb der Zellen",
  temperature: "die Temperatur",
  oxygen: "den Sauerstoff im Blut",
};

const and = (parts: string[]) => [parts.slice(0, -1).join(", "), ...parts.slice(-1)].filter(Boolean).join(" und ");

export function arrivalsInGerman({ day }: Format): ArrivalWords {
  return {
    one: (values, from) => `${values}${from ? ` vom ${day(from)}` : ""} ist in Garmin.`,
    several: (counted, [first, last]) => `${and(counted)}, ${last ? `${first} – ${last}` : first}, sind in Garmin.`,
    corrected: (was, values) => `Korrigiert: ${was} → ${values}.`,
    newest: (readings) => `Die neuesten Werte: ${readings.join("; ")}.`,
    fields: (kinds, parts, unplaced) => {
      const got = [...kinds.map((it) => KIND[it]), ...parts.map((it) => FIELD_IN_GERMAN[it])];
      const none = unplaced.length > 0 ? ` Kein Feld hat es für ${and(unplaced.map((it) => UNPLACED[it]))}.` : "";
      return `Garmin hat ${and(got)} bekommen.${none}`;
    },
    next: {
      each: () => "Ab jetzt schicke ich eine Karte, wenn etwas kommt, eine am Tag. /settings ändert das.",
      daily: (hour) =>
        `Ab jetzt schicke ich um ${hour} Uhr eine kurze Karte, wenn etwas gekommen ist, und montags einen Rückblick. /settings ändert das.`,
      weekly: (hour) => `Ab jetzt schicke ich montags um ${hour} Uhr einen Rückblick. /settings ändert das.`,
      needed: () => "Ab jetzt schreibe ich nur, wenn ich dich brauche. /settings ändert das.",
    },
    inGarmin: { weigh_in: "Gewicht in Garmin", blood_pressure: "Blutdruck in Garmin" },
  };
}
