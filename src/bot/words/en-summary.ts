import type { Format, Measured } from "./format.ts";

export function summaryInEnglish({ number, weight, weightChange, percent, reading, time, moment }: Format) {
  return {
    nothingNew: "Nothing new in Garmin since my last summary.",
    arrived: (counted: string[]) => `New in Garmin: ${counted.join(", ")}.`,
    weight: (weightKg: number, takenAt: Date) => `Weight ${weight(weightKg)}, ${time(takenAt)}.`,
    lastWeighIn: (weightKg: number, takenAt: Date, daysAgo: number) =>
      `Last weigh-in: ${weight(weightKg)}, ${time(takenAt)}, ${daysAgo} days ago.`,
    mean: (meanKg: number, changeKg: number | undefined) =>
      `7-day average: ${weight(meanKg, 1)}${changeKg === undefined ? "" : `, ${weightChange(changeKg)} from the week before`}.`,
    body: (parts: string[]) => `Body: ${parts.join(", ")}.`,
    part: {
      bodyFatPercent: (value: number) => `fat ${percent(value)}`,
      bodyWaterPercent: (value: number) => `water ${percent(value)}`,
      muscleMassKg: (value: number) => `muscle ${weight(value, 1)}`,
      boneMassKg: (value: number) => `bone ${weight(value, 1)}`,
      visceralFatIndex: (value: number) => `visceral fat ${number(value, 1)}`,
    },
    bloodPressure: (it: Measured) => `Blood pressure ${reading(it)}.`,
    held: (count: number) => `${count} held`,
    notStored: (count: number) => `${count} not stored`,
    waits: (counted: string[]) => `Waiting for you: ${counted.join(", ")}. /status shows them.`,
    stuck: (since: Date | undefined, because: string) =>
      `New readings ${since ? `have been waiting at Withings since ${moment(since)}` : "are waiting at Withings"}. ${because} /status says more.`,
  };
}
export type SummaryWords = ReturnType<typeof summaryInEnglish>;
