import type { Clock } from "../../lib/clock.ts";
import { isTimezone } from "../../lib/local-time.ts";
import type { Tokens } from "../links/tokens.ts";
import { type Account, isKindOn, type Sends } from "../model/account.ts";
import type { AttentionItem, Ledger, LedgerEntry, Ledgers, Progress } from "../model/ledger.ts";
import type { Link, Vendor, Versioned, WithAccess } from "../model/link.ts";
import { fingerprint, type Reading, type ReadingKind, readingId, readingOfPrint } from "../model/reading.ts";
import type { Pair, TypedReading, TypedReadings } from "../model/typed.ts";
import type { Height, OpenSinks, ReadingSource, Sink, Sinks, SourceAnswer } from "../model/vendors.ts";
import { isWithoutZone } from "./attention.ts";
import { Claims } from "./claims.ts";
import { type EarlierLinks, openEarlierLinks, withoutUnderWay } from "./earlier-links.ts";
import { type EarlyLook, lookEarly } from "./early-look.ts";
import { type Item, isTask, type Task } from "./item.ts";
import { isKindPaused, reachingBack } from "./kind-pause.ts";
import { isOpen, plan, type Step } from "./plan.ts";
import { isPlausible } from "./plausibility.ts";
import { isOwners, startingPoint, unreadableSince, withoutFuture } from "./progress.ts";
import { typedFor, waitingReadings, withoutDoubles } from "./typed.ts";

const FIRST_RUN_SECONDS = 30 * 24 * 3600;
/** Withings doesn't say whether a change in exactly the cursor's second is listed again, nor how late one becomes visible. */
const OVERLAP_SECONDS = 24 * 3600;
/** Withings refuses the same call within ten seconds. A starting point that moves with the clock makes it another call. */
const VARIATION_SECONDS = 600;

export interface CollectDeps {
  ledgers: Ledgers;
  typed: TypedReadings;
  tokens: Tokens;
  source: ReadingSource;
  openSinks: OpenSinks;
  clock: Clock;
  vendorTime?: () => Date | undefined;
}

export interface Start {
  ledger: Ledger;
  stored: Versioned<Progress> | undefined;
  progress: Progress;
  /** Garmin may have readings that the ledger doesn't know, so a look comes before anything is sent. */
  looksFirst: boolean;
  /** The same for what is held already: somebody may have brought it by other means. */
  looksForHeld: boolean;
  /** The look for weigh-ins comes while Withings is asked, in case there are new ones. */
  looksEarly: boolean;
  pair: Pair;
  earlierLinks: EarlierLinks;
  typed: TypedReading[];
  /** Both only for the links that the run started with: it must not go on with others. */
  withingsAccess: WithAccess;
  sinks: Sinks;
}

export interface StartOptions {
  /** Reaches back to this instant, and takes over what Garmin already has of that time. */
  since?: Date | undefined;
  /** The store is known to hold everything that was sent. Otherwise the run looks into Garmin before it sends. */
  ledgerIsCurrent?: boolean | undefined;
  /** That look comes while Withings is asked: a wait less if anything is new, a request more if nothing is. */
  looksEarly?: boolean | undefined;
}

export async function openStart(
  { ledgers, typed, tokens, openSinks, clock }: CollectDeps,
  account: Account,
  { withings, garmin }: Record<Vendor, Link>,
  { since, ledgerIsCurrent = false, looksEarly = false }: StartOptions,
): Promise<Start> {
  const id = account.telegramUserId;
  const pair = { withingsUserId: withings.vendorUserId, garminProfileId: garmin.vendorUserId };
  const ledger = ledgers.of(id, withings.vendorUserId, garmin.vendorUserId);
  const stored = await ledger.progress();
  const now = clock.now();
  const firstRunStart = secondsBefore(now, FIRST_RUN_SECONDS);
  const start = startingPoint(stored?.value, since, firstRunStart);
  const progress = reachingBack(since ? start : withoutFuture(start, firstRunStart, now), account.settings.sends, now);
  const earlierLinks = await openEarlierLinks(ledgers, id, pair, { links: { withings, garmin }, progress, now });
  const looksForHeld = progress.adopting === true || !ledgerIsCurrent;
  // A record that couldn't be read until now was in no earlier look.
  const looksFirst = looksForHeld || progress.unreadable !== undefined || earlierLinks.looksFirst;
  return {
    ...{ ledger, stored, progress, looksFirst, looksForHeld },
    looksEarly: looksEarly && looksFirst && expectsWeighIns(account, progress, now),
    pair,
    earlierLinks,
    typed: typedFor(await typed.read(id), pair),
    withingsAccess: tokens.withAccess(id, "withings", withings.vendorUserId),
    sinks: openSinks(tokens.withAccess(id, "garmin", garmin.vendorUserId)),
  };
}

function expectsWeighIns({ settings: { sends } }: Account, progress: Progress, now: Date): boolean {
  const isOn = isKindOn(sends, "weigh_in") && !isKindPaused(progress, "weigh_in", sends, now);
  return isOn && progress.lastReadings.weigh_in !== undefined;
}

export interface Collected {
  answer: SourceAnswer;
  early: Partial<Record<ReadingKind, EarlyLook | undefined>>;
  since: Date;
  height: Height | undefined;
  /** Undefined too if no blood pressure needs it. */
  timezone: string | undefined;
  items: Item[];
}

/** Reads Withings and the ledger, and decides what to do with each reading. Changes nothing. */
export async function collectAndPlan(
  { source, clock }: CollectDeps,
  account: Account,
  start: Start,
): Promise<Collected> {
  const { ledger, progress, looksFirst, looksEarly, pair, typed, withingsAccess, sinks } = start;
  const now = clock.now();
  const variation = Math.floor(now.getTime() / 1000) % VARIATION_SECONDS;
  // A cursor ahead of the time would wait for it, and miss everything until then.
  const cursorAt = Math.min(progress.cursorAt.getTime(), now.getTime(), ...waitsNoLonger(account, progress, now));
  const again = unreadableSince(progress, now).map((it) => it.getTime());
  const since = new Date(Math.min(secondsBefore(new Date(cursorAt), OVERLAP_SECONDS + variation).getTime(), ...again));
  const looking = looksEarly ? lookEarly(sinks.weigh_in as Sink, since, now) : undefined;
  // Whatever Withings says, the look comes to its end: it may be renewing the link.
  const answer = await source.changedSince(withingsAccess, since, progress.timezone).finally(() => looking);
  // The height is seldom sent, and a body-mass index needs it: once, it's looked up in the whole history.
  const earlierHeight = progress.height ?? (progress.adopting ? await source.latestHeight(withingsAccess) : undefined);
  const ownListed = [...answer.readings, ...waitingReadings(typed, pair, now)];
  const entries = await ledger.entries([...ownListed.map(readingId), ...(progress.restoring ?? [])]);
  const readings = [...ownListed, ...restoredReadings(progress, answer, entries)];
  // Only a blood pressure needs it, and the first look at a zone takes 11 ms and 7 MB.
  const needsTimezone = readings.some(({ kind }) => kind === "blood_pressure");
  const timezone = needsTimezone ? timezoneOf(account, progress, answer.timezone) : undefined;
  const { sends } = account.settings;
  const facts = { progress, looksFirst, sends, hasTimezone: timezone !== undefined, now };
  const items = withoutUnderWay(withoutDoubles(planAll(sinks, readings, entries, facts), typed), start.earlierLinks);
  const height = newer(answer.height, earlierHeight);
  return { answer, since, timezone, items, height, early: { weigh_in: await looking } };
}

/** What its owner restored and Withings no longer lists, as it was sent before. */
function restoredReadings(
  { restoring = [] }: Progress,
  { readings, unreadable, isComplete }: SourceAnswer,
  entries: Map<string, Versioned<LedgerEntry>>,
): Reading[] {
  if (restoring.length === 0 || !isComplete) return [];
  const listed = new Set([...readings.map(readingId), ...unreadable.map(({ id }) => id)]);
  return restoring.flatMap((id) => {
    const entry = entries.get(id)?.value;
    const isListed = listed.has(id) || listed.has(String(entry?.measureGroupId));
    return entry && !isListed ? [readingOfPrint(entry)] : [];
  });
}

function timezoneOf(account: Account, progress: Progress, answered?: string): string | undefined {
  const { timezone, reportedTimezone } = account;
  return [timezone, answered, progress.timezone, reportedTimezone].find((it) => it !== undefined && isTimezone(it));
}

/** From when to list again what was held without a zone, now that there is one, or until its date had come. */
function waitsNoLonger(account: Account, progress: Progress, now: Date): number[] {
  const hasZone = () => timezoneOf(account, progress) !== undefined;
  const hasCome = ({ fate, takenAt }: AttentionItem) => fate.reason === "in_the_future" && takenAt <= now;
  return progress.attention
    .filter((it) => (isWithoutZone(it) && hasZone()) || (hasCome(it) && !progress.paused?.[it.kind]))
    .filter((it) => isKindOn(account.settings.sends, it.kind))
    .map(({ modifiedAt }) => modifiedAt.getTime() - 1000);
}

function planAll(
  sinks: Sinks,
  readings: Reading[],
  entries: Map<string, Versioned<LedgerEntry>>,
  facts: { progress: Progress; looksFirst: boolean; sends: Sends; hasTimezone: boolean; now: Date },
): Item[] {
  const { progress, looksFirst, sends, hasTimezone, now } = facts;
  // By time: a run reads again what earlier runs have settled.
  const own = new Map(progress.recentWeighIns.map((it) => [it.takenAt.getTime(), it]));
  return readings.map((reading) => {
    const entry = entries.get(readingId(reading));
    const others = [...own.values()].filter((it) => it.takenAt.getTime() !== reading.takenAt.getTime());
    const isOn = isKindOn(sends, reading.kind);
    // Readings of a paused kind keep waiting even if the kind is switched off in between.
    const isLeft = !isOn && !entry && progress.paused?.[reading.kind] !== undefined;
    const step: Step = isLeft
      ? { type: "leave" }
      : plan(reading, entry?.value, {
          // However old it is, its owner has just typed it.
          startAt: reading.within ? reading.takenAt : progress.startAt,
          begunAt: progress.begunAt,
          now,
          adopting: looksFirst,
          refusal: (sinks[reading.kind] as Sink).refusal(reading),
          isOn,
          hasTimezone,
          askedSince: progress.askedSince,
          probable: reading.kind === "weigh_in" ? isPlausible(reading, others) : true,
        });
    const item: Item = { reading, step, before: entry?.value, entry };
    const isOwn = isTask(item) || (step.type === "settled" && isOwners(entry?.value));
    if (isOwn && reading.kind === "weigh_in") own.set(reading.takenAt.getTime(), reading);
    return item;
  });
}

const isHold = (item: Item): item is Item<Extract<Task["step"], { type: "hold" }>> => item.step.type === "hold";

export function tasksOf(items: Item[], kind: ReadingKind): Task[] {
  return items.filter((it) => it.reading.kind === kind).filter(isTask);
}

/** Readings to be held: Garmin is asked first, because nobody should be asked about what is already there. */
export function holdsOf(
  items: Item[],
  { sinks, looksForHeld }: Pick<Start, "sinks" | "looksForHeld">,
  kind: ReadingKind,
): Task[] {
  const holds = items.filter((it) => it.reading.kind === kind).filter(isHold);
  return holds.filter(({ reading, before }) => {
    const isKnown = before?.fate.state === "held" && before.fingerprint === fingerprint(reading);
    // What was sent of it is followed up anyway, and what Garmin can't store isn't there.
    const isPointless = (before && isOpen(before)) || (sinks[kind] as Sink).refusal(reading) !== undefined;
    return !isPointless && (looksForHeld || !isKnown);
  });
}

export function claimsOf(items: Item[], others: LedgerEntry[], { ledger, progress }: Start): Claims {
  return new Claims(ledger, progress, [...items.flatMap(({ entry }) => entry?.value ?? []), ...others]);
}

function newer(a: Height | undefined, b: Height | undefined): Height | undefined {
  return a && b ? (a.takenAt >= b.takenAt ? a : b) : (a ?? b);
}

function secondsBefore(instant: Date, seconds: number): Date {
  return new Date(instant.getTime() - seconds * 1000);
}
