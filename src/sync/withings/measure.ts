import * as z from "zod";
import { isTimezone } from "../../local-time.ts";
import type { WithingsCall } from "./client.ts";

const integer = z.union([
  z.number(),
  z
    .string()
    .regex(/^-?\d+$/)
    .transform(Number),
]);

/** Far beyond any reading, and well within what a date can hold. */
const seconds = integer.pipe(z.number().nonnegative().max(100_000_000_000));

const MeasureGroup = z.object({
  grpid: integer,
  attrib: integer,
  date: seconds, // epoch seconds, when the person stood on the scale
  created: seconds.optional(),
  modified: seconds.optional(), // epoch seconds, when Withings last changed the group
  deviceid: z.string().nullish(),
  measures: z.array(z.object({ type: integer, value: integer, unit: integer, position: integer.nullish() })),
});
export type MeasureGroup = z.infer<typeof MeasureGroup>;

const GetMeasBody = z.object({
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

export interface MeasAnswer {
  groups: MeasureGroup[];
  /** Groups that did not parse, with their id where that much could be read. They never stop the others. */
  unreadable: Array<{ measureGroupId: number | undefined }>;
  /** IANA zone of the Withings user. */
  timezone: string | undefined;
}

/**
 * All pages of the measure groups that were created or changed since `lastUpdate` (epoch seconds), in no promised order.
 * Whether `lastUpdate` itself is included is undocumented: ask with an overlap.
 *
 * @see https://developer.withings.com/api-reference/#operation/measure-getmeas
 */
export async function getMeas(
  call: WithingsCall,
  options: { accessToken: string; lastUpdate: number; measureTypes?: readonly number[] },
): Promise<MeasAnswer> {
  const { accessToken, lastUpdate, measureTypes = MEASURE_TYPES } = options;
  const answer: MeasAnswer = { groups: [], unreadable: [], timezone: undefined };
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
    for (const raw of page.measuregrps) {
      const group = MeasureGroup.safeParse(raw);
      if (group.success) answer.groups.push(group.data);
      else answer.unreadable.push({ measureGroupId: z.object({ grpid: integer }).safeParse(raw).data?.grpid });
    }
    if (page.timezone && isTimezone(page.timezone)) answer.timezone = page.timezone;
    if (!page.more) return answer;
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
