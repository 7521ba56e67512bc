import * as z from "zod";
import type { Sink, Standing } from "../ports.ts";
import { chosenParts, type WeighIn } from "../reading.ts";
import { attemptUpload, deleteEntry, type GarminCall, readBody } from "./client.ts";
import { datesAround, epochMilliseconds } from "./dates.ts";
import { encodeWeighIns, weighInRefusal } from "./fit.ts";

/** Peers found Garmin failing above 200 records a file; 100 is proven over ten-year imports. */
const WEIGH_INS_PER_FILE = 100;
const UPLOAD_SECONDS = 60;

const WeightRange = z.object({
  dailyWeightSummaries: z.array(
    z.object({
      allWeightMetrics: z.array(
        z.object({
          samplePk: z.number(), // when it was uploaded, and the delete key
          calendarDate: z.string(),
          weight: z.number(), // grams
          timestampGMT: epochMilliseconds, // the field `date` is a local wall clock, do not use it
        }),
      ),
    }),
  ),
});

/** Weigh-ins in Garmin Connect: FIT files in, a JSON range out. There is no public documentation; seen by several projects. */
export function createWeightSink(options: {
  call: GarminCall;
  /** Keeps uploads apart. */
  schedule: <T>(task: () => Promise<T>) => Promise<T>;
}): Sink<WeighIn> {
  const { call, schedule } = options;
  return {
    batchSize: WEIGH_INS_PER_FILE,
    sendsAsOne: true,
    refusal: weighInRefusal,

    async around(withAccess, from, to) {
      const standing: Standing[] = [];
      for (const [start, end] of datesAround(from, to)) {
        const path = `/weight-service/weight/range/${start}/${end}?includeAll=true`;
        const answer = await call(withAccess, { method: "GET", path });
        for (const day of readBody("Garmin weight range", answer, WeightRange).dailyWeightSummaries) {
          for (const entry of day.allWeightMetrics) {
            standing.push({
              key: { calendarDate: entry.calendarDate, id: String(entry.samplePk) },
              takenAt: entry.timestampGMT,
              values: { kind: "weigh_in", weightKg: entry.weight / 1000 },
            });
          }
        }
      }
      return standing;
    },

    async send(withAccess, weighIns, { heightM, parts, beforeEach }) {
      const chosen = weighIns.map((it) => chosenParts(it, parts));
      const file = new Blob([new Uint8Array(await encodeWeighIns(chosen, heightM))]);
      const { outcome, ...stop } = await attemptUpload(() =>
        schedule(async () => {
          await beforeEach();
          return call(withAccess, {
            method: "POST",
            path: "/upload-service/upload",
            form: () => {
              const form = new FormData();
              form.append("file", file, "weight.fit"); // the extension tells Garmin what it is
              return form;
            },
            answerSeconds: UPLOAD_SECONDS,
          });
        }),
      );
      return { outcomes: weighIns.map(() => outcome), ...stop };
    },

    remove: (withAccess, { calendarDate, id }) =>
      deleteEntry(call, withAccess, `/weight-service/weight/${calendarDate}/byversion/${id}`),
  };
}
