import * as z from "zod";
import { lazy } from "../../lib/lazy.ts";
import { present } from "../../lib/present.ts";
import { chosenParts, type WeighIn } from "../model/reading.ts";
import type { Around, Fields, Sink } from "../model/vendors.ts";
import { attemptUpload, deleteEntry, type GarminCall, readRange } from "./client.ts";
import { datesAround, instantOfEpoch } from "./dates.ts";
import { calendarDateOf, entriesOfDay, keyOf, Loose, numberOf, unreadFields } from "./entries.ts";
import { encodeWeighIns, fieldsOf, shownAgain, weighInRefusal } from "./fit.ts";

/** Other projects saw Garmin fail above 200 records a file; 100 works for imports of ten years. */
const WEIGH_INS_PER_FILE = 100;
const UPLOAD_SECONDS = 60;

const WeightRange = lazy(() => z.object({ dailyWeightSummaries: z.array(z.unknown()) }));

/** FIT files in, a JSON range out. There is no public documentation; seen by several projects. */
export function createWeightSink(options: {
  call: GarminCall;
  rateLimited: <T>(task: () => Promise<T>) => Promise<T>;
}): Sink<WeighIn> {
  const { call, rateLimited } = options;
  return {
    batchSize: WEIGH_INS_PER_FILE,
    sendsAsOne: true,
    refusal: weighInRefusal,
    sentFields: (weighIn, { heightM, parts }) => shownAgain(fieldsOf(chosenParts(weighIn, parts), heightM)),

    async around(from, to) {
      const around: Around = { entries: [], unreadable: [] };
      for (const [start, end] of datesAround(from, to)) {
        const path = `/weight-service/weight/range/${start}/${end}?includeAll=true`;
        const ask = () => call({ method: "GET", path });
        const answer = await readRange("Garmin weight range", ask, WeightRange());
        if (!answer) around.isWithoutBody = true;
        for (const day of answer?.body.dailyWeightSummaries ?? []) {
          const { summaryDate, numOfWeightEntries, allWeightMetrics } = Loose().safeParse(day).data ?? {};
          for (const entry of entriesOfDay(allWeightMetrics, numOfWeightEntries)) {
            readEntry(entry, calendarDateOf(summaryDate), around, (where) => answer?.note(where, entry));
          }
        }
      }
      return around;
    },

    async send(weighIns, { heightM, parts, beforeEach }) {
      const chosen = weighIns.map((it) => chosenParts(it, parts));
      const file = await encodeWeighIns(chosen, heightM);
      const { outcome, ...stop } = await attemptUpload(
        () =>
          rateLimited(async () => {
            await beforeEach();
            return call({
              method: "POST",
              path: "/upload-service/upload",
              // The extension tells Garmin what it is.
              form: { filename: "weight.fit", file },
              answerSeconds: UPLOAD_SECONDS,
            });
          }),
        "file",
      );
      return { outcomes: weighIns.map(() => outcome), ...stop };
    },

    remove: ({ calendarDate, id }) => deleteEntry(call, `/weight-service/weight/${calendarDate}/byversion/${id}`),
  };
}

/** Other programs write here too, in other shapes. `date` is a local wall clock and doesn't give the instant. */
function readEntry(entry: unknown, day: string | undefined, around: Around, note: (where: string) => void) {
  const it = Loose().safeParse(entry).data ?? {};
  const takenAt = instantOfEpoch(it.timestampGMT);
  const grams = numberOf(it.weight) || undefined;
  const id = keyOf(it.samplePk); // the upload time, and the delete key
  const calendarDate = calendarDateOf(it.calendarDate) ?? day;
  if (takenAt && grams !== undefined && id && calendarDate) {
    const weightKg = grams / 1000;
    const storedAt = instantOfEpoch(id);
    around.entries.push({
      ...{ key: { calendarDate, id }, takenAt, ...(storedAt && { storedAt }) },
      values: { kind: "weigh_in", weightKg },
      fields: { weightKg, ...compositionOf(it) },
    });
    return;
  }
  note(unreadFields({ timestampGMT: takenAt, weight: grams, samplePk: id, calendarDate }));
  around.unreadable.push(present({ takenAt, calendarDate, weightKg: grams && grams / 1000 }));
}

/** A mean year in milliseconds, the unit in which Garmin writes an age. */
const YEAR_MS = 31_556_926_000;

/** Masses are in grams. 0 means missing. */
function compositionOf(entry: Loose): Fields {
  const shown = (name: string, unit = 1) => {
    const number = numberOf(entry[name]);
    return number ? number / unit : undefined;
  };
  const age = shown("metabolicAge");
  return present<Fields>({
    bmi: shown("bmi"),
    bodyFatPercent: shown("bodyFat"),
    bodyWaterPercent: shown("bodyWater"),
    muscleMassKg: shown("muscleMass", 1000),
    boneMassKg: shown("boneMass", 1000),
    visceralFatIndex: shown("visceralFat"),
    metabolicAgeYears: age !== undefined && age > 1000 ? Math.round(age / YEAR_MS) : age,
  });
}
