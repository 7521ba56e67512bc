import type { GoneReason } from "../../sync/model/ledger.ts";
import type { Format } from "./format.ts";

const BECAUSE: Record<GoneReason, string> = {
  deleted: "because it’s gone at Withings",
  reassigned: "because Withings is no longer sure it’s yours",
};

export function summaryInEnglish({ number, weight, amountOf, percent, day, moment }: Format) {
  return {
    /** `from`: when a late one was taken. */
    inGarmin: (values: string, from: Date | undefined) => `${values}${from ? ` (${day(from)})` : ""} ✓ in Garmin`,
    change: (changeKg: number) => {
      const [amount, isLess] = amountOf(changeKg);
      return amount ? `${amount} ${isLess ? "below" : "above"} last week` : "the same as last week";
    },
    removed: (name: string, because?: GoneReason) =>
      `Removed from Garmin: ${name}${because ? `, ${BECAUSE[because]}` : ""}.`,
    body: (parts: string[]) => `Body: ${parts.join(", ")}.`,
    part: {
      bodyFatPercent: (value: number) => `fat ${percent(value)}`,
      bodyWaterPercent: (value: number) => `water ${percent(value)}`,
      muscleMassKg: (value: number) => `muscle ${weight(value, 1)}`,
      boneMassKg: (value: number) => `bone ${weight(value, 1)}`,
      visceralFatIndex: (value: number) => `visceral fat ${number(value, 1)}`,
    },
    held: (count: number) => `${count} held`,
    notStored: (count: number) => `${count} not stored`,
    gone: (count: number) => `${count} gone at Withings`,
    waits: (counted: string[], count: number) =>
      `Waiting for you: ${counted.join(", ")}. /status shows ${count === 1 ? "it" : "them"}.`,
    stuck: (since: Date | undefined, because: string) =>
      `New readings ${since ? `have been waiting at Withings since ${moment(since)}` : "are waiting at Withings"}. ${because} /status says more.`,
  };
}
export type SummaryWords = ReturnType<typeof summaryInEnglish>;
