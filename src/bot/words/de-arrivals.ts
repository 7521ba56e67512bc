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
    one: (values, from) => `${values}${from ? ` (${day(from)})` : ""} ist in Garmin.`,
    several: (counted, [first, last]) => `${and(counted)}, ${last ? `${first} – ${last}` : first}, sind in Garmin.`,
    corrected: (was, values) => `Korrigiert: ${was} → ${values}.`,
    newest: (readings) => `Die neuesten Werte: ${readings.join("; ")}.`,
    fields: (kinds, parts, unplaced) => {
      const got = [...kinds.map((it) => KIND[it]), ...parts.map((it) => FIELD_IN_GERMAN[it])];
      const none = unplaced.length > 0 ? ` Kein Feld gibt es dort für ${and(unplaced.map((it) => UNPLACED[it]))}.` : "";
      return `In Garmin stehen jetzt: ${and(got)}.${none}`;
    },
    next: {
      each: () =>
        "Ab jetzt schicke ich dir eine Meldung am Tag und ergänze sie, wenn etwas kommt. Mit /settings änderst du das.",
      daily: (hour) =>
        `Ab jetzt schicke ich dir um ${hour} Uhr eine kurze Meldung, wenn es Neues gibt, und montags einen Rückblick. Mit /settings änderst du das.`,
      weekly: (hour) =>
        `Ab jetzt schicke ich dir montags um ${hour} Uhr einen Rückblick. Mit /settings änderst du das.`,
      needed: () => "Ab jetzt schreibe ich nur, wenn ich dich brauche. Mit /settings änderst du das.",
    },
    inGarmin: { weigh_in: "Gewicht in Garmin", blood_pressure: "Blutdruck in Garmin" },
  };
}
