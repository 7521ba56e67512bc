import * as z from "zod";
import { RetryLaterError } from "../../errors.ts";
import { isTimezone } from "../../local-time.ts";
import type { WithingsCall } from "./client.ts";

const integer = z.union([
  z.number(),
  z
    .string()
    .regex(/^-?\d+$/)
    .transform(Number)
    .pipe(z.number()), // a few hundred digits are Infinity
]);

/** Far beyond any reading, and well within what a date can hold. */
const seconds = integer.pipe(z.number().nonnegative().max(100_000_000_000));

const Measure = z
  .object({
    type: integer,
    value: integer,
    unit: integer.pipe(z.number().min(-20).max(20)),
    position: integer.nullish(),
  })
  .refine((measure) => Number.isFinite(realValue(measure)));

const MeasureGroup = z.object({
  grpid: integer,
  attrib: integer,
  date: seconds, // epoch seconds, when the person stood on the scale
  created: seconds.optional(),
  modified: seconds.optional(), // epoch seconds, when Withings last changed the group
  deviceid: z.string().nullish(),
  measures: z.array(Measure),
});
/** What even a group that can not be read tells of the order it stands in. */
const Change = z.object({ grpid: z.unknown(), modified: integer });
export type MeasureGroup = z.infer<typeof MeasureGroup>;

const GetMeasBody = z.object({
  updatetime: integer.optional().catch(undefined), // epoch seconds at Withings when it answered
  timezone: z.string().nullish(),
  measuregrps: z.array(z.unknown()),
  more: z.union([z.number(), z.boolean()]).nullish(),
  offset: integer.nullish(),
});

/** What Weighbridge knows how to use, and what it only recognises, so that a new type can be told from a known one. */
export const MEASURE_TYPES = [
  1, 4, 5, 6, 8, 9, 10, 11, 54, 71, 73, 76, 77, 88, 91, 155, 168, 169, 170, 226, 227,
] as const;

/** Undocumented is how many groups a page holds; this only ends an endless answer. */
const MAX_PAGES = 1000;
/** A second reading finds the list at rest, unless somebody is at work in the app. */
const MAX_READINGS_AGAIN = 3;

export interface MeasAnswer {
  groups: MeasureGroup[];
  /** Groups that did not parse, with their id where that much could be read. They never stop the others. */
  unreadable: Array<{ measureGroupId: number | undefined }>;
  /** IANA zone of the Withings user. */
  timezone: string | undefined;
  /** What it said instead of one: `GMT+2`, for instance. */
  unknownTimezone?: string;
  /** Withings' own time when it answered, if it said so. */
  answeredAt?: Date;
}

/**
 * All pages of the measure groups that were created or changed since `lastUpdate` (epoch seconds), in no promised order.
 * Whether `lastUpdate` itself is included is undocumented: ask with an overlap.
 *
 * @see https://developer.withings.com/api-reference/#operation/measure-getmeas
 */
export async function getMeas(call: WithingsCall, options: GetMeasOptions): Promise<MeasAnswer> {
  const { lastUpdate } = options;
  let touchedBefore = new Set<string>();
  for (let again = 0; again <= MAX_READINGS_AGAIN; again++) {
    // A second earlier each time, because Withings refuses the same call within ten seconds; but never by itself to 0,
    // which some would read as "not given".
    const from = Math.max(Math.min(lastUpdate, 1), lastUpdate - again);
    const { answer, touched } = await readPages(call, { ...options, lastUpdate: from });
    // What the reading before listed just so has not moved during this one: a `modified` in the future is no endless loop.
    if (touched.every((it) => touchedBefore.has(it))) return answer;
    touchedBefore = new Set(touched);
  }
  throw new RetryLaterError("Withings getmeas kept changing while its pages were read");
}

interface GetMeasOptions {
  accessToken: string;
  lastUpdate: number;
  measureTypes?: readonly number[];
}

/**
 * The pages of one reading, and which groups may have been touched while it went on. A group that is touched moves within
 * the list, and pushes another one over the border of two pages to where nobody looks.
 */
async function readPages(call: WithingsCall, options: GetMeasOptions) {
  const { accessToken, lastUpdate, measureTypes = MEASURE_TYPES } = options;
  const answer: MeasAnswer = { groups: [], unreadable: [], timezone: undefined };
  const touched: string[] = [];
  let startedAt = Number.POSITIVE_INFINITY;
  let offset: number | undefined;
  for (let pages = 1; ; pages++) {
    const page = await call({
      path: "measure",
      params: {
        action: "getmeas",
        meastypes: measureTypes.join(","),
        category: 1, // without it the user's goals come mixed in
        lastupdate: lastUpdate,
        ...(offset !== undefined && { offset }),
      },
      body: GetMeasBody,
      accessToken,
    });
    if (pages === 1 && page.updatetime !== undefined) {
      startedAt = page.updatetime;
      answer.answeredAt = new Date(startedAt * 1000);
    }
    for (const raw of page.measuregrps) {
      const change = Change.safeParse(raw);
      if (change.success && change.data.modified >= startedAt) {
        touched.push(`${change.data.grpid}@${change.data.modified}`);
      }
      const group = MeasureGroup.safeParse(raw);
      if (group.success) answer.groups.push(group.data);
      else answer.unreadable.push({ measureGroupId: z.object({ grpid: integer }).safeParse(raw).data?.grpid });
    }
    const timezone = page.timezone?.trim();
    if (timezone && isTimezone(timezone)) answer.timezone = timezone;
    else if (timezone) answer.unknownTimezone = timezone;
    if (!page.more) return { answer, touched: pages === 1 ? [] : touched };
    // A page that promises more but does not move on, or never ends, would lose what lies behind it.
    if (page.offset == null || page.offset <= (offset ?? 0) || pages >= MAX_PAGES) {
      throw new Error(`Withings getmeas promised more readings after page ${pages} and gave no way to them`);
    }
    offset = page.offset;
  }
}

/** A Withings value is an integer and a power of ten, always SI: 80250 and -3 is 80.25. Exact, where multiplying is not. */
export function realValue(measure: { value: number; unit: number }): number {
  return Number(`${measure.value}e${measure.unit}`);
}
