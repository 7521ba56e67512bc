import type { Composition } from "../../sync/model/reading.ts";
import type { Summary, WeightTrend } from "../../sync/status/summary.ts";
import { noticesInEnglish } from "./en-notices.ts";
import type { Format } from "./format.ts";

/** The daily summary in English. */
export function summaryInEnglish(format: Format) {
  const { number, weight, weightChange, percent, values, time } = format;
  const notices = noticesInEnglish(format);
  const counted = (count: number, one: string, many: string) => `${count} ${count === 1 ? one : many}`;

  function trendLine({ takenAt, weightKg, daysAgo, meanKg, changeKg }: WeightTrend): string {
    if (daysAgo !== undefined) return `Last weigh-in: ${weight(weightKg)}, ${time(takenAt)}, ${daysAgo} days ago.`;
    const change = changeKg === undefined ? "" : `, ${weightChange(changeKg)} against the week before`;
    const mean = meanKg === undefined ? "" : ` Mean of 7 days: ${weight(meanKg, 1)}${change}.`;
    return `Weight ${weight(weightKg)}, ${time(takenAt)}.${mean}`;
  }

  function compositionLine(it: Composition): string {
    const parts = [
      ...(it.bodyFatPercent === undefined ? [] : [`fat ${percent(it.bodyFatPercent)}`]),
      ...(it.bodyWaterPercent === undefined ? [] : [`water ${percent(it.bodyWaterPercent)}`]),
      ...(it.muscleMassKg === undefined ? [] : [`muscle ${weight(it.muscleMassKg, 1)}`]),
      ...(it.boneMassKg === undefined ? [] : [`bone ${weight(it.boneMassKg, 1)}`]),
      ...(it.visceralFatIndex === undefined ? [] : [`visceral fat ${number(it.visceralFatIndex, 1)}`]),
    ];
    return `Body: ${parts.join(", ")}.`;
  }

  return ({ arrived, weight: trend, composition, bloodPressure, waiting, paused }: Summary): string => {
    const kinds = [
      ...(arrived.weigh_in ? [counted(arrived.weigh_in.count, "weigh-in", "weigh-ins")] : []),
      ...(arrived.blood_pressure ? [counted(arrived.blood_pressure.count, "blood pressure", "blood pressures")] : []),
    ];
    const waits = [
      ...(waiting.held > 0 ? [`${waiting.held} held`] : []),
      ...(waiting.failed > 0 ? [`${waiting.failed} not stored`] : []),
    ];
    return [
      kinds.length > 0 ? `New in Garmin: ${kinds.join(", ")}.` : "Nothing new in Garmin since my last summary.",
      ...(trend ? [trendLine(trend)] : []),
      ...(composition ? [compositionLine(composition)] : []),
      ...(bloodPressure ? [`Blood pressure ${values(bloodPressure.values)}, ${time(bloodPressure.takenAt)}.`] : []),
      ...(waits.length > 0 ? [`Waiting for you: ${waits.join(", ")}. /status shows them.`] : []),
      ...(paused ?? []).map((kind) => notices.paused(kind, "/status")),
    ].join("\n");
  };
}
