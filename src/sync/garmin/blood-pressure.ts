import * as z from "zod";
import { lazy } from "../../lib/lazy.ts";
import { localDateTime } from "../../lib/local-time.ts";
import { present } from "../../lib/present.ts";
import type { BloodPressure } from "../model/reading.ts";
import type { Around, SendAnswer, Sink } from "../model/vendors.ts";
import { attemptUpload, deleteEntry, type GarminCall, readRange } from "./client.ts";
import { datesAround, instantOfEpoch, instantOfUtc, isWithinGarminTime, localDateOf } from "./dates.ts";
import { calendarDateOf, entriesOfDay, keyOf, Loose, numberOf, unreadFields } from "./entries.ts";

/** What Garmin Connect accepts (python-garminconnect 0.3, 2026-08). */
const SYSTOLIC = [70, 260] as const;
const DIASTOLIC = [40, 150] as const;
const PULSE = [20, 250] as const;

const PressureRange = lazy(() => z.object({ measurementSummaries: z.array(z.unknown()) }));

/** JSON in, a JSON range out. Garmin keeps doubles, so nothing may be sent twice. */
export function createBloodPressureSink(options: {
  call: GarminCall;
  rateLimited: <T>(task: () => Promise<T>) => Promise<T>;
}): Sink<BloodPressure> {
  const { call, rateLimited } = options;
  return {
    batchSize: 50,
    sendsAsOne: false,

    refusal: ({ takenAt, systolicMmHg, diastolicMmHg }) =>
      isWithinGarminTime(takenAt) && within(systolicMmHg, SYSTOLIC) && within(diastolicMmHg, DIASTOLIC)
        ? undefined
        : "out_of_range",

    sentFields: (reading) => {
      const { systolic, diastolic, pulse } = valuesOf(reading);
      return { systolicMmHg: systolic, diastolicMmHg: diastolic, ...(pulse !== undefined && { pulseBpm: pulse }) };
    },

    async around(from, to) {
      const around: Around = { entries: [], unreadable: [] };
      for (const [start, end] of datesAround(from, to)) {
        const path = `/bloodpressure-service/bloodpressure/range/${start}/${end}?includeAll=true`;
        const ask = () => call({ method: "GET", path });
        const answer = await readRange("Garmin blood pressure range", ask, PressureRange());
        if (!answer) around.isWithoutBody = true;
        for (const summary of answer?.body.measurementSummaries ?? []) {
          // The list is empty, or missing, unless includeAll is asked for.
          const { startDate, numOfMeasurements, measurements } = Loose().safeParse(summary).data ?? {};
          for (const entry of entriesOfDay(measurements, numOfMeasurements)) {
            readEntry(entry, calendarDateOf(startDate), around, (where) => answer?.note(where, entry));
          }
        }
      }
      return around;
    },

    async send(readings, { timezone, beforeEach }) {
      if (timezone === undefined) {
        return { outcomes: readings.map(() => "not_sent"), stoppedBy: new Error("no time zone for blood pressures") };
      }
      const answer: SendAnswer = { outcomes: [] };
      for (const reading of readings) {
        if (answer.stoppedBy) {
          answer.outcomes.push("not_sent");
          continue;
        }
        const { outcome, stoppedBy } = await attemptUpload(
          () =>
            rateLimited(async () => {
              await beforeEach();
              return call({
                method: "POST",
                path: "/bloodpressure-service/bloodpressure",
                json: toGarmin(reading, timezone),
              });
            }),
          "entry",
        );
        answer.outcomes.push(outcome);
        if (stoppedBy) answer.stoppedBy = stoppedBy;
      }
      return answer;
    },

    remove: ({ calendarDate, id }) => deleteEntry(call, `/bloodpressure-service/bloodpressure/${calendarDate}/${id}`),
  };
}

/** Parsed one by one: other programs write here too, in other shapes. */
function readEntry(entry: unknown, day: string | undefined, around: Around, note: (where: string) => void) {
  const it = Loose().safeParse(entry).data ?? {};
  const takenAt = instantOfUtc(it.measurementTimestampGMT);
  const systolicMmHg = numberOf(it.systolic) || undefined;
  const diastolicMmHg = numberOf(it.diastolic) || undefined;
  const pulseBpm = numberOf(it.pulse);
  const id = keyOf(it.version); // the delete key
  // A deletion names its local date.
  const calendarDate = localDateOf(it.measurementTimestampLocal) ?? day;
  if (takenAt && systolicMmHg !== undefined && diastolicMmHg !== undefined && id && calendarDate) {
    const fields = { systolicMmHg, diastolicMmHg, ...(pulseBpm && { pulseBpm }) };
    const storedAt = instantOfEpoch(id);
    around.entries.push({
      ...{ key: { calendarDate, id }, takenAt, ...(storedAt && { storedAt }) },
      values: { kind: "blood_pressure", ...fields },
      fields,
    });
    return;
  }
  note(
    unreadFields({
      ...{ measurementTimestampGMT: takenAt, systolic: systolicMmHg, diastolic: diastolicMmHg },
      ...{ version: id, measurementTimestampLocal: calendarDate },
    }),
  );
  around.unreadable.push(present({ takenAt, calendarDate, systolicMmHg, diastolicMmHg }));
}

function toGarmin(reading: BloodPressure, timezone: string) {
  return {
    // Milliseconds are required, an offset isn't understood, and the two have to differ by the zone's true offset.
    measurementTimestampLocal: `${localDateTime(reading.takenAt, timezone)}.000`,
    measurementTimestampGMT: `${localDateTime(reading.takenAt, "UTC")}.000`,
    ...valuesOf(reading),
    sourceType: "MANUAL",
    notes: "",
  };
}

function valuesOf(reading: BloodPressure) {
  const pulse = reading.pulseBpm === undefined ? undefined : Math.round(reading.pulseBpm);
  return {
    systolic: Math.round(reading.systolicMmHg),
    diastolic: Math.round(reading.diastolicMmHg),
    ...(pulse !== undefined && within(pulse, PULSE) && { pulse }),
  };
}

function within(value: number, [min, max]: readonly [number, number]): boolean {
  return Math.round(value) >= min && Math.round(value) <= max;
}
