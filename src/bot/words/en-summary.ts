import type { Composition } from "../../sync/reading.ts";
import type { Silence, Summary, WeightTrend } from "../../sync/summary.ts";
import { noticesInEnglish } from "./en-notices.ts";
import type { Format } from "./format.ts";

/** The daily summary in English. */
export function summaryInEnglish(format: Format) {
  const { number, weight, weightChange, percent, values, time } = format;
  const notices = noticesInEnglish(format);
  const counted = (count: number, one: string, many: string) => `${count} ${count === 1 ? one : many}`;

  function trendLine({ takenAt, weightKg, meanKg, changeKg }: WeightTrend): string {
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

  function silenceLine(silence: Silence): string {
    const days = counted(silence.days, "day", "days");
    if ("linkedAt" in silence) {
      return `Withings was linked ${days} ago, and no reading for Garmin has come from it yet. If you did measure, look into the Withings app: the reading may be missing there, or belong to somebody else. /connect links another profile.`;
    }
    switch (silence.kind) {
      case "weigh_in":
        return `No weigh-in has arrived for ${days}. If you did step on the scale, look into the Withings app: it may not have sent it.`;
      case "blood_pressure":
        return `No blood pressure has arrived for ${days}. If you did measure, look into the Withings app: the cuff may not have sent it.`;
      default:
        return `Nothing was measured for ${days}. If you did step on the scale, look into the Withings app: it may not have sent it.`;
    }
  }

  return ({
    arrived,
    weight: trend,
    composition,
    bloodPressure,
    waiting,
    paused,
    quiet,
    isSilenceAlone,
  }: Summary): string => {
    if (quiet && isSilenceAlone) return silenceLine(quiet);
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
      ...(quiet ? [silenceLine(quiet)] : []),
    ].join("\n");
  };
}
