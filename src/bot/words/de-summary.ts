import type { Composition } from "../../sync/model/reading.ts";
import type { Summary, WeightTrend } from "../../sync/status/summary.ts";
import { noticesInGerman } from "./de-notices.ts";
import type { Format } from "./format.ts";

/** The daily summary in German. */
export function summaryInGerman(format: Format) {
  const { number, weight, weightChange, percent, values, time } = format;
  const notices = noticesInGerman(format);
  const counted = (count: number, one: string, many: string) => `${count} ${count === 1 ? one : many}`;

  function trendLine({ takenAt, weightKg, daysAgo, meanKg, changeKg }: WeightTrend): string {
    if (daysAgo !== undefined) return `Letztes Gewicht: ${weight(weightKg)}, ${time(takenAt)}, vor ${daysAgo} Tagen.`;
    const change = changeKg === undefined ? "" : `, ${weightChange(changeKg)} gegenüber der Woche davor`;
    const mean = meanKg === undefined ? "" : ` Mittel der 7 Tage: ${weight(meanKg, 1)}${change}.`;
    return `Gewicht ${weight(weightKg)}, ${time(takenAt)}.${mean}`;
  }

  function compositionLine(it: Composition): string {
    const parts = [
      ...(it.bodyFatPercent === undefined ? [] : [`Fett ${percent(it.bodyFatPercent)}`]),
      ...(it.bodyWaterPercent === undefined ? [] : [`Wasser ${percent(it.bodyWaterPercent)}`]),
      ...(it.muscleMassKg === undefined ? [] : [`Muskeln ${weight(it.muscleMassKg, 1)}`]),
      ...(it.boneMassKg === undefined ? [] : [`Knochen ${weight(it.boneMassKg, 1)}`]),
      ...(it.visceralFatIndex === undefined ? [] : [`Bauchfett ${number(it.visceralFatIndex, 1)}`]),
    ];
    return `Körper: ${parts.join(", ")}.`;
  }

  return ({ arrived, weight: trend, composition, bloodPressure, waiting, paused }: Summary): string => {
    const kinds = [
      ...(arrived.weigh_in ? [counted(arrived.weigh_in.count, "Wiegung", "Wiegungen")] : []),
      ...(arrived.blood_pressure
        ? [counted(arrived.blood_pressure.count, "Blutdruckmessung", "Blutdruckmessungen")]
        : []),
    ];
    const waits = [
      ...(waiting.held > 0 ? [`${waiting.held} zurückgehalten`] : []),
      ...(waiting.failed > 0 ? [`${waiting.failed} nicht gespeichert`] : []),
    ];
    return [
      kinds.length > 0
        ? `Neu in Garmin: ${kinds.join(", ")}.`
        : "Nichts Neues in Garmin seit meiner letzten Zusammenfassung.",
      ...(trend ? [trendLine(trend)] : []),
      ...(composition ? [compositionLine(composition)] : []),
      ...(bloodPressure ? [`Blutdruck ${values(bloodPressure.values)}, ${time(bloodPressure.takenAt)}.`] : []),
      ...(waits.length > 0 ? [`Wartet auf dich: ${waits.join(", ")}. /status zeigt sie.`] : []),
      ...(paused ?? []).map((kind) => notices.paused(kind, "/status")),
    ].join("\n");
  };
}
