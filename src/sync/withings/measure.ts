import * as z from "zod";
import { RetryLaterError } from "../../lib/errors.ts";
import { issuePaths } from "../../lib/json.ts";
import { lazy } from "../../lib/lazy.ts";
import { isTimezone } from "../../lib/local-time.ts";
import type { NoteUnknown } from "../model/vendor-answers.ts";
import type { UnreadableRecord } from "../model/vendors.ts";
import type { WithingsCall } from "./client.ts";

export const integer = lazy(() =>
  z.union([
    z.number(),
    z
      .string()
      .regex(/^-?\d+$/)
      .transform(Number)
      .pipe(z.number()), // a few hundred digits are Infinity
  ]),
);

/** Far beyond any reading, and well within what a date can hold. */
const seconds = lazy(() => integer().pipe(z.number().nonnegative().max(100_000_000_000)));

const UNREADABLE_ATTRIB = -2;

const Measure = lazy(() =>
  z
    .object({
      type: integer(),
      value: integer(),
      unit: integer().pipe(z.number().min(-20).max(20)),
      position: integer().nullish(),
    })
    .refine((measure) => Number.isFinite(realValue(measure))),
);
export type Measure = z.infer<ReturnType<typeof Measure>>;

/** Measured for the whole body, so an odd position says nothing about them. */
const OF_THE_WHOLE_PERSON = new Set([1, 4, 9, 10, 11]);
/** If one of these is present but unreadable, the reading is unreadable. */
const ESSENTIAL = new Set([1, 9, 10]);

const REAL = 1;
const GOAL = 2;

/** Only the id and the time have to be right. Other fields are left out if they can't be read. */
const MeasureGroup = lazy(() =>
  z.object({
    grpid: integer().pipe(z.int().nonnegative()),
    /** -2: unreadable, so we don't guess whose it is. */
    attrib: integer().catch(UNREADABLE_ATTRIB),
    date: seconds(), // epoch seconds, when the person stood on the scale
    created: seconds().optional().catch(undefined),
    modified: seconds().optional().catch(undefined), // epoch seconds, when Withings last changed the group
    category: integer().optional().catch(undefined),
    deviceid: z.string().nullish().catch("unreadable"),
    measures: z.array(z.unknown()),
  }),
);
/** Even a group we can't read shows its place in the order. */
const Change = lazy(() => z.object({ grpid: z.unknown(), modified: integer() }));
export type MeasureGroup = Omit<z.infer<ReturnType<typeof MeasureGroup>>, "measures"> & { measures: Measure[] };

const GetMeasBody = lazy(() =>
  z.object({
    updatetime: integer().optional().catch(undefined), // epoch seconds at Withings when it answered
    timezone: z.string().nullish().catch(undefined),
    measuregrps: z.array(z.unknown()),
    more: z.unknown().optional(),
    offset: integer().nullish().catch(undefined),
  }),
);

/** Zero in any spelling ends the list. An unreadable value doesn't: the rest of the list would be lost. */
const isMore = (more: unknown) => !(more == null || more === false || /^(0|false|)$/i.test(String(more)));

/** What Weighbridge uses, and what it only recognises, so that a new type stands out. */
export const MEASURE_TYPES = [
  1, 4, 5, 6, 8, 9, 10, 11, 54, 71, 73, 76, 77, 88, 91, 155, 168, 169, 170, 226, 227,
] as const;

/** How many groups a page holds is undocumented; this only ends an endless answer. */
const MAX_PAGES = 1000;
/** The second time, the list is usually unchanged, unless somebody is using the app. */
const MAX_READINGS_AGAIN = 3;

interface MeasAnswer {
  groups: MeasureGroup[];
  /** Unreadable groups that hold, or may hold, something to send. They never stop the others. */
  unreadable: UnreadableRecord[];
  /** False if Withings promised more and didn't say how to get it. */
  isComplete: boolean;
  timezone: string | undefined;
  /** What it sent instead of one, for instance `GMT+2`. */
  unknownTimezone?: string;
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
    // A second earlier each time, because Withings refuses the same call within ten seconds; but never to 0, which some would
    // read as "not given".
    const from = Math.max(Math.min(lastUpdate, 1), lastUpdate - again);
    const { answer, touched } = await readPages(call, { ...options, lastUpdate: from });
    // Groups that were touched the time before too have not moved: otherwise a `modified` in the future would never end.
    if (touched.every((it) => touchedBefore.has(it))) return answer;
    touchedBefore = new Set(touched);
  }
  throw new RetryLaterError("Withings getmeas kept changing while its pages were read", {
    delayedBy: "withings_silent",
  });
}

interface GetMeasOptions {
  accessToken: string;
  lastUpdate: number;
  knownTimezone?: string | undefined;
  measureTypes?: readonly number[];
  onUnknown?: NoteUnknown | undefined;
}

/** A group that is `touched` meanwhile moves within the list, and pushes another one to a page that was already read. */
async function readPages(call: WithingsCall, options: GetMeasOptions) {
  const { accessToken, lastUpdate, measureTypes = MEASURE_TYPES, knownTimezone, onUnknown = () => {} } = options;
  const answer: MeasAnswer = { groups: [], unreadable: [], isComplete: true, timezone: undefined };
  const noted = new Set<string>();
  const note = (where: string, value: unknown) => {
    // The same oddity in every group of a list is noted once.
    if (noted.has(where)) return;
    noted.add(where);
    onUnknown({ vendor: "withings", call: "Withings POST /measure getmeas", where, value });
  };
  const touched: string[] = [];
  let startedAt = Number.POSITIVE_INFINITY;
  let offset: number | undefined;
  for (let pages = 1; ; pages++) {
    const page = await call({
      path: "measure",
      params: {
        action: "getmeas",
        meastypes: measureTypes.join(","),
        category: REAL, // without it the list includes the user's goals
        lastupdate: lastUpdate,
        ...(offset !== undefined && { offset }),
      },
      body: GetMeasBody(),
      accessToken,
    });
    if (pages === 1 && page.updatetime !== undefined) {
      startedAt = page.updatetime;
      answer.answeredAt = new Date(startedAt * 1000);
    }
    for (const raw of page.measuregrps) {
      const change = Change().safeParse(raw);
      if (change.success && change.data.modified >= startedAt) {
        touched.push(`${change.data.grpid}@${change.data.modified}`);
      }
      const group = readGroup(raw, note);
      if (group === "goal") continue;
      if ("measures" in group) answer.groups.push(group);
      else answer.unreadable.push(group);
    }
    const timezone = page.timezone?.trim();
    if (timezone && (timezone === knownTimezone || isTimezone(timezone))) answer.timezone = timezone;
    else if (timezone) answer.unknownTimezone = timezone;
    // An offset without `more`: Withings may have renamed that field, and the rest would be lost.
    const isUnsaid = page.more === undefined && (page.offset ?? 0) > (offset ?? 0);
    if (isUnsaid) note("more: missing beside an offset", { ...page, measuregrps: [] });
    if (!isUnsaid && !isMore(page.more)) return { answer, touched: pages === 1 ? [] : touched };
    // A page that promises more but doesn't advance, or never ends: we keep what came, and the rest waits.
    if (page.offset == null || page.offset <= (offset ?? 0) || pages >= MAX_PAGES) {
      note(`more: promised after page ${pages}, without a way to it`, { ...page, measuregrps: [] });
      return { answer: { ...answer, isComplete: false }, touched: [] };
    }
    offset = page.offset;
  }
}

function readGroup(raw: unknown, note: (where: string, value: unknown) => void) {
  const parsed = MeasureGroup().safeParse(raw);
  if (!parsed.success) {
    note(`measuregrps: ${issuePaths(parsed.error)}`, raw);
    return unreadable(raw);
  }
  const { measures: all, ...group } = parsed.data;
  if (group.category === GOAL) {
    note("measuregrps: a goal, though only measures were asked for", raw);
    return "goal";
  }
  if (isOdd(raw, group)) note("measuregrps: a field without weight is odd", raw);
  const measures = all.flatMap((it) => readMeasure(it) ?? []);
  if (!all.every((it) => Measure().safeParse(it).success)) note("measuregrps: a measure is unreadable", raw);
  const has = (type: number) => measures.some((it) => it.type === type);
  const isLost = all.some((it) => {
    if (readMeasure(it)) return false;
    const type = z.object({ type: integer() }).safeParse(it).data?.type;
    // Without a type it may be anything; next to a readable reading it's most likely something else.
    return type === undefined ? ![...ESSENTIAL].some(has) : ESSENTIAL.has(type) && !has(type);
  });
  return isLost && !has(1) && !(has(9) && has(10)) ? unreadable(raw) : { ...group, measures };
}

function readMeasure(raw: unknown): Measure | undefined {
  const measure = Measure().safeParse(raw);
  if (measure.success) return measure.data;
  const anywhere = Measure().safeParse(typeof raw === "object" ? { ...raw, position: undefined } : raw);
  return anywhere.success && OF_THE_WHOLE_PERSON.has(anywhere.data.type) ? anywhere.data : undefined;
}

function isOdd(raw: unknown, group: Omit<z.infer<ReturnType<typeof MeasureGroup>>, "measures">): boolean {
  const { created, modified, deviceid, category } = raw as Record<string, unknown>;
  return (
    group.attrib === UNREADABLE_ATTRIB ||
    group.deviceid !== deviceid ||
    [[created, group.created] as const, [modified, group.modified] as const, [category, group.category] as const].some(
      ([given, read]) => given !== undefined && read === undefined,
    )
  );
}

function unreadable(raw: unknown): UnreadableRecord {
  const { grpid, date } = (typeof raw === "object" && raw !== null ? raw : {}) as { grpid?: unknown; date?: unknown };
  const id = integer().pipe(z.int().nonnegative()).safeParse(grpid).data;
  const at = seconds().safeParse(date).data;
  const takenAt = at === undefined ? undefined : new Date(at * 1000);
  return { id: id === undefined ? `at ${takenAt?.toISOString() ?? "?"}` : String(id), ...(takenAt && { takenAt }) };
}

/** A Withings value is an integer and a power of ten, always SI: 80250 and -3 is 80.25. Exact, where multiplying isn't. */
export function realValue(measure: { value: number; unit: number }): number {
  return Number(`${measure.value}e${measure.unit}`);
}
