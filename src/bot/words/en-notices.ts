import { doubtedUntil } from "../../sync/engine/pause.ts";
import type { Differing } from "../../sync/model/ledger.ts";
import type { ReadingKind } from "../../sync/model/reading.ts";
import type { Difference, Field } from "../../sync/model/vendors.ts";
import type { Facts, Notice } from "../../sync/status/kind-notices.ts";
import type { Format } from "./format.ts";

export const newestOf = (fields: Differing[]): Differing | undefined =>
  fields.toSorted((a, b) => b.takenAt.getTime() - a.takenAt.getTime())[0];

/** How Garmin shows or refuses readings, in English. */
export function noticesInEnglish({ fieldValue, values, time, moment, now }: Format) {
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
  const readings = (count: number) =>
    count === 0 ? "No other reading waits" : count === 1 ? "1 reading waits" : `${count} readings wait`;

  function difference({ field, sent, shown }: Difference): string {
    const shows = shown === undefined ? "nothing shown" : `${fieldValue(field, shown)} shown`;
    return `${FIELD[field]}: ${fieldValue(field, sent)} sent, ${shows}.`;
  }

  function text(notice: Notice): string {
    switch (notice.type) {
      case "closed": {
        const { since, waiting, httpStatus } = notice.pause;
        const doubted = doubtedUntil(notice.pause);
        const again = now < doubted ? `with every sync until ${moment(doubted)}, then once a day` : "once a day";
        return `Garmin hasn’t accepted ${KIND[notice.kind]} for this account since ${moment(since)} (HTTP ${httpStatus}). ${readings(waiting)}; nothing is lost, and everything else continues. I’ll ask again ${again}. If this account can’t have ${KIND[notice.kind]}, switch that off here or in /settings.`;
      }
      case "served":
        return `Garmin accepts ${KIND[notice.kind]} for this account again. The waiting readings follow by themselves.`;
      case "differs": {
        const { differing, pause } = notice;
        const about = differing[0] ? ` (${values(differing[0].values)}, ${time(differing[0].takenAt)})` : "";
        return [
          ...differing.map(difference),
          `That’s how Garmin shows a reading that I sent${about}. ${readings(pause.waiting)}; nothing is lost, and nothing is sent twice. Look at it in Garmin Connect: if it’s fine with you, go on; otherwise stop.`,
        ].join("\n");
      }
      case "fields": {
        const [first] = notice.differing;
        const about = first ? ` of ${values(first.values)}, ${time(first.takenAt)}` : "";
        return [
          ...notice.differing.map(difference),
          `That’s how Garmin shows the reading${about}. The reading itself is right, and everything continues; from now on I’ll tell you what Garmin shows. You don’t have to do anything.`,
        ].join("\n");
      }
      case "twin": {
        const { twin } = notice;
        return `2 entries in Garmin for one reading: ${values(twin.values)}, ${time(twin.takenAt)}, from me, and ${values(twin.other.values)}, ${time(twin.other.takenAt)}, from elsewhere. Another app, Apple Health for example, may be writing to Garmin too. Switch one of the two off, there or in /settings. I’ll say this only once.`;
      }
    }
  }

  /** Parts of readings, with the newest one. Empty where Garmin shows everything. */
  function notAsSent(fields: Differing[]): string {
    const newest = newestOf(fields);
    if (!newest) return "";
    const names = fields.map(({ field }) => (field === "bmi" ? FIELD.bmi : FIELD[field].toLowerCase())).join(", ");
    return `Garmin doesn’t show these values as I sent them: ${names} (${values(newest.values)}, ${time(newest.takenAt)}).`;
  }

  return {
    text,
    goOn: {
      weigh_in: "Go on with weigh-ins",
      blood_pressure: "Go on with blood pressure",
    } satisfies Record<ReadingKind, string>,
    stopSending: {
      weigh_in: "Stop sending weigh-ins",
      blood_pressure: "Stop sending blood pressure",
    } satisfies Record<ReadingKind, string>,
    /** Part of the answer to a sync. */
    paused: (kind: ReadingKind, status: string) =>
      `Not sent for now: ${KIND[kind]}. Nothing is lost; ${status} says why.`,
    statusLines: ({ closed, differs, fields }: Pick<Facts, "closed" | "differs" | "fields">): string[] => [
      ...[...differs, ...closed].flatMap((it) => ["", text(it)]),
      ...(fields.length > 0 ? ["", notAsSent(fields)] : []),
    ],
    notAsSent,
  };
}
