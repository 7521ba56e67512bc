import * as z from "zod";
import { localDateTime } from "../../local-time.ts";
import type { SendAnswer, Sink, Standing } from "../ports.ts";
import type { BloodPressure } from "../reading.ts";
import { attemptUpload, deleteEntry, type GarminCall, readBody } from "./client.ts";
import { datesAround, isWithinGarminTime, wallClock, wallClockInUtc } from "./dates.ts";

/** What Garmin Connect accepts (python-garminconnect 0.3, 2026-08). */
const SYSTOLIC = [70, 260] as const;
const DIASTOLIC = [40, 150] as const;
const PULSE = [20, 250] as const;

const PressureRange = z.object({
  measurementSummaries: z.array(
    z.object({
      startDate: z.string(),
      // Empty, or missing, unless includeAll is asked for.
      measurements: z
        .array(
          z.object({
            version: z.number(), // the delete key
            systolic: z.number(),
            diastolic: z.number(),
            pulse: z.number().nullish(),
            measurementTimestampGMT: wallClockInUtc,
            measurementTimestampLocal: wallClock,
          }),
        )
        .nullish(),
    }),
  ),
});

/** Blood pressure in Garmin Connect: JSON in, a JSON range out. Garmin keeps doubles, so nothing may be sent twice. */
export function createBloodPressureSink(options: {
  call: GarminCall;
  /** Keeps uploads apart. */
  schedule: <T>(task: () => Promise<T>) => Promise<T>;
}): Sink<BloodPressure> {
  const { call, schedule } = options;
  return {
    batchSize: 50,
    sendsAsOne: false,

    refusal: ({ takenAt, systolicMmHg, diastolicMmHg }) =>
      isWithinGarminTime(takenAt) && within(systolicMmHg, SYSTOLIC) && within(diastolicMmHg, DIASTOLIC)
        ? undefined
        : "out_of_range",

    async around(withAccess, from, to) {
      const standing: Standing[] = [];
      for (const [start, end] of datesAround(from, to)) {
        const path = `/bloodpressure-service/bloodpressure/range/${start}/${end}?includeAll=true`;
        const answer = await call(withAccess, { method: "GET", path });
        for (const summary of readBody("Garmin blood pressure range", answer, PressureRange).measurementSummaries) {
          for (const entry of summary.measurements ?? []) {
            standing.push({
              key: { calendarDate: entry.measurementTimestampLocal.slice(0, 10), id: String(entry.version) },
              takenAt: entry.measurementTimestampGMT,
              values: {
                kind: "blood_pressure",
                systolicMmHg: entry.systolic,
                diastolicMmHg: entry.diastolic,
                ...(entry.pulse && { pulseBpm: entry.pulse }),
              },
            });
          }
        }
      }
      return standing;
    },

    async send(withAccess, readings, { timezone, beforeEach }) {
      const answer: SendAnswer = { outcomes: [] };
      for (const reading of readings) {
        if (answer.stoppedBy) {
          answer.outcomes.push("not_sent");
          continue;
        }
        const { outcome, stoppedBy } = await attemptUpload(() =>
          schedule(async () => {
            await beforeEach();
            return call(withAccess, {
              method: "POST",
              path: "/bloodpressure-service/bloodpressure",
              json: toGarmin(reading, timezone),
            });
          }),
        );
        answer.outcomes.push(outcome);
        if (stoppedBy) answer.stoppedBy = stoppedBy;
      }
      return answer;
    },

    remove: (withAccess, { calendarDate, id }) =>
      deleteEntry(call, withAccess, `/bloodpressure-service/bloodpressure/${calendarDate}/${id}`),
  };
}

function toGarmin(reading: BloodPressure, timezone: string) {
  const pulse = reading.pulseBpm === undefined ? undefined : Math.round(reading.pulseBpm);
  return {
    // Milliseconds are demanded, an offset is not understood, and the two have to differ by the zone's true offset.
    measurementTimestampLocal: `${localDateTime(reading.takenAt, timezone)}.000`,
    measurementTimestampGMT: `${localDateTime(reading.takenAt, "UTC")}.000`,
    systolic: Math.round(reading.systolicMmHg),
    diastolic: Math.round(reading.diastolicMmHg),
    ...(pulse !== undefined && within(pulse, PULSE) && { pulse }),
    sourceType: "MANUAL",
    notes: "",
  };
}

function within(value: number, [min, max]: readonly [number, number]): boolean {
  return Math.round(value) >= min && Math.round(value) <= max;
}
