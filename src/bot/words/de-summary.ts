import type { SummaryWords } from "./en-summary.ts";
import type { Format } from "./format.ts";

export function summaryInGerman({
  number,
  weight,
  weightChange,
  percent,
  reading,
  time,
  moment,
}: Format): SummaryWords {
  return {
    nothingNew: "Nichts Neues in Garmin seit meiner letzten Zusammenfassung.",
    arrived: (counted) => `Neu in Garmin: ${counted.join(", ")}.`,
    weight: (weightKg, takenAt) => `Gewicht ${weight(weightKg)}, ${time(takenAt)}.`,
    lastWeighIn: (weightKg, takenAt, daysAgo) =>
      `Letztes Gewicht: ${weight(weightKg)}, ${time(takenAt)}, vor ${daysAgo} Tagen.`,
    mean: (meanKg, changeKg) =>
      `7-Tage-Mittel: ${weight(meanKg, 1)}${changeKg === undefined ? "" : `, ${weightChange(changeKg)} gegenüber der Woche davor`}.`,
    body: (parts) => `Körper: ${parts.join(", ")}.`,
    part: {
      bodyFatPercent: (value) => `Fett ${percent(value)}`,
      bodyWaterPercent: (value) => `Wasser ${percent(value)}`,
      muscleMassKg: (value) => `Muskeln ${weight(value, 1)}`,
      boneMassKg: (value) => `Knochen ${weight(value, 1)}`,
      visceralFatIndex: (value) => `Bauchfett ${number(value, 1)}`,
    },
    bloodPressure: (it) => `Blutdruck ${reading(it)}.`,
    held: (count) => `${count} zurückgehalten`,
    notStored: (count) => `${count} nicht gespeichert`,
    waits: (counted) => `Wartet auf dich: ${counted.join(", ")}. /status zeigt sie.`,
    stuck: (since, because) =>
      `Neue Messungen warten${since ? ` seit ${moment(since)} Uhr` : ""} bei Withings. ${because} /status sagt mehr.`,
  };
}
