import type { GoneReason } from "../../sync/model/ledger.ts";
import type { SummaryWords } from "./en-summary.ts";
import type { Format } from "./format.ts";

const BECAUSE: Record<GoneReason, string> = {
  deleted: "weil es sie bei Withings nicht mehr gibt",
  reassigned: "weil Withings nicht mehr sicher ist, ob sie von dir ist",
};

export function summaryInGerman({ number, weight, amountOf, percent, day, moment }: Format): SummaryWords {
  return {
    inGarmin: (values, from) => `${values}${from ? ` (${day(from)})` : ""} ✓ in Garmin`,
    change: (changeKg) => {
      const [amount, isLess] = amountOf(changeKg);
      return amount ? `${amount} ${isLess ? "unter" : "über"} der Vorwoche` : "wie in der Vorwoche";
    },
    removed: (name, because) => `Aus Garmin entfernt: ${name}${because ? `, ${BECAUSE[because]}` : ""}.`,
    body: (parts) => `Körper: ${parts.join(", ")}.`,
    part: {
      bodyFatPercent: (value) => `Fett ${percent(value)}`,
      bodyWaterPercent: (value) => `Wasser ${percent(value)}`,
      muscleMassKg: (value) => `Muskeln ${weight(value, 1)}`,
      boneMassKg: (value) => `Knochen ${weight(value, 1)}`,
      visceralFatIndex: (value) => `Bauchfett ${number(value, 1)}`,
    },
    held: (count) => `${count} zurückgehalten`,
    notStored: (count) => `${count} nicht gespeichert`,
    gone: (count) => `${count} bei Withings weg`,
    waits: (counted) => `Wartet auf dich: ${counted.join(", ")}. /status zeigt sie.`,
    stuck: (since, because) =>
      `Neue Messungen warten${since ? ` seit ${moment(since)} Uhr` : ""} bei Withings. ${because} /status sagt mehr.`,
  };
}
