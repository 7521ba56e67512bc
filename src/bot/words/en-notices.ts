import type { Pause, Twin } from "../../sync/model/ledger.ts";
import type { ReadingKind } from "../../sync/model/reading.ts";
import type { Difference, Field } from "../../sync/model/vendors.ts";
import type { Format, Measured } from "./format.ts";

export function noticesInEnglish({ fieldValue, reading, moment }: Format) {
  const FIELD: Record<Field, string> = {
    takenAt: "Time",
    weightKg: "Weight",
    systolicMmHg: "Systolic pressure",
    diastolicMmHg: "Diastolic pressure",
    pulseBpm: "Pulse",
    bmi: "BMI",
    bodyFatPercent: "Body fat",
    bodyWaterPercent: "Body water",
    muscleMassKg: "Muscle",
    boneMassKg: "Bone",
    visceralFatIndex: "Visceral fat",
    metabolicAgeYears: "Metabolic age",
  };
  const KIND: Record<ReadingKind, string> = { weigh_in: "weigh-ins", blood_pressure: "blood pressure" };
  const BECAUSE: Record<Pause["reason"], string> = {
    closed: "isn’t accepting this kind of reading for this account",
    differs: "shows one differently from how I sent it",
  };
  const readings = (count: number) =>
    count === 0
      ? "No other reading is waiting"
      : count === 1
        ? "1 reading is waiting"
        : `${count} readings are waiting`;

  return {
    difference({ field, sent, shown }: Difference): string {
      const shows = shown === undefined ? "nothing shown" : `${fieldValue(field, shown)} shown`;
      return `${FIELD[field]}: ${fieldValue(field, sent)} sent, ${shows}.`;
    },
    /** `oftenUntil`: until then Garmin is asked more than once a day. */
    closed(kind: ReadingKind, { since, waiting, httpStatus }: Pause, oftenUntil: Date | undefined): string {
      const again = oftenUntil ? `with every sync until ${moment(oftenUntil)}, then once a day` : "once a day";
      return `Garmin hasn’t accepted ${KIND[kind]} for this account since ${moment(since)} (HTTP ${httpStatus}). ${readings(waiting)}; nothing is lost, and everything else continues. I’ll ask again ${again}. If this account can’t have ${KIND[kind]}, switch that off here or in /settings.`;
    },
    served: (kind: ReadingKind) =>
      `Garmin accepts ${KIND[kind]} for this account again. The waiting readings will follow.`,
    differs: (it: Measured | undefined, waiting: number) =>
      `That’s how Garmin shows a reading that I sent${it ? ` (${reading(it)})` : ""}. ${readings(waiting)}; nothing is lost, and nothing is sent twice. Check it in Garmin Connect: if it looks right to you, keep sending; otherwise stop.`,
    fields: (it: Measured | undefined) =>
      `That’s how Garmin shows the reading${it ? ` of ${reading(it)}` : ""}. The reading itself is right, and everything continues; from now on I’ll tell you what Garmin shows. You don’t have to do anything.`,
    twin: (it: Twin) =>
      `2 entries in Garmin for one reading: ${reading(it)}, from me, and ${reading(it.other)}, from elsewhere. Another app, Apple Health for example, may be writing to Garmin too. Switch one of the two off, there or in /settings. I’ll say this only once.`,
    notAsSent(fields: Field[], newest: Measured): string {
      const names = fields.map((field) => (field === "bmi" ? FIELD.bmi : FIELD[field].toLowerCase())).join(", ");
      return `Garmin doesn’t show these values as I sent them: ${names} (${reading(newest)}).`;
    },
    pausedWait: (counted: string, { waiting, reason }: Pause) =>
      `${counted} ${waiting === 1 ? "is" : "are"} waiting, because Garmin ${BECAUSE[reason]}. /status says more.`,
    paused: (kind: ReadingKind, status: string) =>
      `Not sent for now: ${KIND[kind]}. Nothing is lost; ${status} says why.`,
  };
}
export type NoticeWords = ReturnType<typeof noticesInEnglish>;
