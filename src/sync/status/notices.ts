import { byStart } from "../engine/attention.ts";
import { continued } from "../engine/delay.ts";
import type { RunReport } from "../engine/run.ts";
import {
  type Expiry,
  type Health,
  isUnexpected,
  type Outage,
  type SubscriptionNews,
  type Told,
  type Trouble,
  UNEXPECTED,
} from "../model/health.ts";
import { type Arrival, type AttentionItem, asksWhose, type Removal } from "../model/ledger.ts";
import { RELINK, VENDORS, type Vendor } from "../model/link.ts";
import { type Delay, isAboutOneReading, isIncomplete } from "../model/outcome.ts";
import { readingId } from "../model/reading.ts";
import type { UnreadableRecord } from "../model/vendors.ts";
import { type GoneQuestion, goneQuestions } from "./gone.ts";
import { afterNotice, type Notice, noticesOf, stillTold } from "./kind-notices.ts";
import type { Overview } from "./overview.ts";

export type HealthNews =
  | TroubleNews
  | Healed
  | { type: "expiry"; vendor: Vendor; daysLeft: number; endsAt: Date }
  /** Held by itself, with a question of its own. */
  | { type: "question"; item: AttentionItem; lastReadings: Overview["lastReadings"] }
  /** Too many for a question each. */
  | { type: "questions"; items: AttentionItem[] }
  /** What Garmin didn't store, or many with something wrong in them. */
  | { type: "attention"; items: AttentionItem[] }
  /** From before the account's start, but got by Withings after it was linked. */
  | { type: "before_start"; items: AttentionItem[]; startAt: Date | undefined }
  /** Taken out of Garmin by a run after the one that was asked to. */
  | { type: "removed"; removal: Removal }
  /** The same of several that were asked about together. */
  | { type: "removed_together"; removals: Removal[]; askedAt: Date }
  /** Gone at Withings, and still in Garmin. */
  | { type: "gone"; question: GoneQuestion }
  | { type: "unreadable"; records: UnreadableRecord[] }
  | { type: "subscriptions"; news: SubscriptionNews }
  | { type: "notice"; notice: Notice };

/** Its words are loaded on demand. */
export type GoneNews = Extract<HealthNews, { type: "gone" | "removed_together" }>;
export const isAboutGone = (news: HealthNews): news is GoneNews =>
  news.type === "gone" || news.type === "removed_together";
export interface Healed {
  type: "healed";
  since: Date;
  synced: number;
  /** What the owner had heard. */
  told: Trouble[];
  /** Absent if that couldn't be read. */
  left?: LeftOver | undefined;
  /** The one reading that came. */
  only?: Arrival;
  /** The next message says what came. */
  isNamedNext?: true;
}

/** What isn't in Garmin after a run that went well: `held` only since the trouble started. */
interface LeftOver {
  held: number;
  failed: number;
  unreadable: number;
  paused: Array<Pick<Extract<Notice, { type: "closed" | "differs" }>, "kind" | "pause">>;
}

export interface TroubleNews {
  type: "trouble";
  trouble: Trouble;
  since: Date;
  runs: number;
  delay?: Delay;
  isReminder: boolean;
}

/** What of an account is known after a run; undefined if it couldn't be read. */
type Known = { [Name in "attention" | "links" | "facts" | "unreadable" | "progress"]?: Overview[Name] | undefined } & {
  removals?: Removal[] | undefined;
};

const HOUR_MS = 3600 * 1000;
const DAY_MS = 24 * HOUR_MS;
const FIRST_REMINDER_MS = 3 * DAY_MS;
const NEXT_REMINDERS_MS = 7 * DAY_MS;
/** A link valid for no longer than this isn't worth a warning. */
const FIRST_WARNING_DAYS = 14;
const WARNING_DAYS = [1, 5, FIRST_WARNING_DAYS];
const TOLD_TROUBLES = 30;
const CAUSE_LENGTH = 200;
const TOLD_RECORDS = 100;

export function afterRun(
  health: Health,
  report: RunReport,
  { now, attention, links, facts, removals, progress }: Known & { now: Date },
): Health {
  if (report.busy) return health;
  const inAttention = attention && new Set(attention.map(attentionId));
  const attentionTold = health.attentionTold.filter((id) => inAttention?.has(id) ?? true);
  const { unreadableTold, removalsTold = [], subscriptionNews } = health;
  const goneTold = (health.goneTold ?? []).filter(
    (id) => !progress || goneQuestions(progress.gone).some((it) => it.id === id),
  );
  const stillRemoved = removalsTold.filter((told) => removals?.some((it) => removalId(it) === told) ?? true);
  const before = health.outage && withoutFuture(health.outage, now);
  const outage = outageAfter(withoutRelinked(before, report, { links, now }), report, now);
  const expiries = expiriesAfter(health.expiries, links, now);
  const { noticesTold: heard = [] } = health;
  const noticesTold = facts ? stillTold(heard, facts) : heard;
  return {
    attentionTold,
    ...(unreadableTold && { unreadableTold }),
    ...(stillRemoved.length > 0 && { removalsTold: stillRemoved }),
    ...(goneTold.length > 0 && { goneTold }),
    ...(noticesTold.length > 0 && { noticesTold }),
    ...(outage && { outage }),
    ...(expiries.length > 0 && { expiries }),
    ...(subscriptionNews && { subscriptionNews }),
  };
}

/** What came up at night, until it's told. That Withings reaches us again isn't news if it wasn't told that it couldn't. */
export function withSubscriptionNews(health: Health, news: SubscriptionNews): Health {
  const { subscriptionNews: before, ...rest } = health;
  return before === "unreachable" && news === "reached" ? rest : { ...rest, subscriptionNews: news };
}

/** A renewal gives a link another end, and the owner hasn't heard of that one. */
function expiriesAfter(before: Expiry[] = [], links: Overview["links"] | undefined, now: Date): Expiry[] {
  if (!links) return before;
  return VENDORS.flatMap((vendor) => {
    const link = links[vendor];
    if (link?.state !== "linked" || daysUntil(link.endsAt, now) > FIRST_WARNING_DAYS) return [];
    const { endsAt, lifeDays } = link;
    return [before.find(isOf(vendor, endsAt)) ?? { vendor, endsAt, lifeDays }];
  });
}

const isOf = (vendor: Vendor, endsAt: Date) => (it: Expiry) =>
  it.vendor === vendor && it.endsAt.getTime() === endsAt.getTime();
const daysUntil = (at: Date, now: Date) => (at.getTime() - now.getTime()) / DAY_MS;

/** Times in the future were written by a wrong clock, and would delay all news until then. */
function withoutFuture(outage: Outage, now: Date): Outage {
  const notAhead = (at: Date) => (at > now ? now : at);
  const { since, waitingSince, told } = outage;
  return {
    ...outage,
    since: notAhead(since),
    ...(waitingSince && { waitingSince: notAhead(waitingSince) }),
    told: told.map((it) => ({ ...it, at: notAhead(it.at) })),
  };
}

/** A link that the owner has made again isn't trouble any more. If it has ended since, they don't know of that yet. */
function withoutRelinked(
  before: Outage | undefined,
  { action }: RunReport,
  { links = {}, now }: { links: Overview["links"] | undefined; now: Date },
) {
  if (!before) return undefined;
  let { standing, told } = before;
  for (const vendor of VENDORS) {
    const link = links[vendor];
    if (!link) continue;
    const relink = RELINK[vendor];
    if (link.state === "linked") standing = standing.filter(({ what }) => what !== relink);
    // A link dated by a clock that was ahead would otherwise be news after every run until that date.
    if (action === relink && link.linkedAt <= now) {
      told = told.filter(({ what, at }) => what !== relink || at > link.linkedAt);
    }
  }
  return { ...before, standing, told };
}

function outageAfter(before: Outage | undefined, report: RunReport, now: Date): Outage | undefined {
  // What was never set up, or was removed again, isn't in trouble.
  if (report.action && isIncomplete(report.action) && report.status === "action_needed") return undefined;
  const started: Outage = { since: now, state: "lasts", runs: 0, synced: 0, standing: [], told: [] };
  const { waitingSince = now, delay: waitedFor, ...known } = before ?? started;
  const outage: Outage = { ...known, runs: known.runs + 1, synced: known.synced + report.synced };
  const troubles = troublesOf(report);
  if (report.status === "success") {
    return outage.told.length > 0 ? { ...outage, state: "over", standing: [] } : undefined;
  }
  // Having to wait says nothing about what was wrong before: after a new sign-in Garmin often takes another run.
  if (report.status === "retry_later") {
    return {
      ...outage,
      state: "lasts",
      waitingSince,
      delay: continued(report.delay ?? { cause: "us", since: now }, waitedFor),
    };
  }
  if (troubles.length === 0) return before && { ...before, runs: outage.runs, synced: outage.synced };
  return { ...outage, state: "lasts", standing: troubles };
}

/** None if Garmin just didn't take a reading: the owner hears of that reading by itself. */
function troublesOf({ status, action, cause, problem, unexpectedFrom, since }: RunReport): Trouble[] {
  if (status === "success" || status === "retry_later") return [];
  const isBroken = status === "error" ? !isAboutOneReading(cause) : !action;
  const short = shortened(cause ?? problem);
  return [
    ...(action && !isIncomplete(action) ? [{ what: action }] : []),
    ...(isBroken && unexpectedFrom ? [{ what: UNEXPECTED[unexpectedFrom], ...(since && { since }) }] : []),
    ...(isBroken && !unexpectedFrom ? [{ what: "broken" as const, ...(short && { cause: short }) }] : []),
  ];
}

/** Ids and times change with every run, so they don't count as another cause. */
function shortened(cause: string | undefined): string | undefined {
  return cause?.replace(/\d{4,}/g, "…").slice(0, CAUSE_LENGTH);
}

/** The most important first. It stays news until `afterTelling`. What passes by itself must have lasted `patienceHours`. */
export function pendingNotices(health: Health, known: Known & { now: Date; patienceHours: number }): HealthNews[] {
  const { attention = [], progress, unreadable = [], facts, removals = [], now, patienceHours } = known;
  const { outage, expiries = [], attentionTold, unreadableTold = [], removalsTold = [], subscriptionNews } = health;
  const records = unreadable.filter(({ id }) => !unreadableTold.includes(id));
  const notices = facts ? noticesOf(facts, health.noticesTold ?? [], now, patienceHours) : [];
  const untold = attention.filter((item) => !attentionTold.includes(attentionId(item)));
  const { late, items } = byStart(untold);
  return [
    ...(outage ? newsOfOutage(outage, known) : []),
    ...expiries.flatMap((expiry) => newsOfExpiry(expiry, now)),
    ...newsOfRemovals(removals.filter((it) => it.isNews && !removalsTold.includes(removalId(it)))),
    ...goneQuestions(progress?.gone)
      .filter(({ id }) => !health.goneTold?.includes(id))
      .map((question): HealthNews => ({ type: "gone", question })),
    ...notices.map((notice): HealthNews => ({ type: "notice", notice })),
    ...newsOfAttention(items, progress?.lastReadings ?? {}),
    ...(late.length > 0 ? [{ type: "before_start" as const, items: late, startAt: progress?.startAt }] : []),
    ...(records.length > 0 ? [{ type: "unreadable" as const, records }] : []),
    ...(subscriptionNews ? [{ type: "subscriptions" as const, news: subscriptionNews }] : []),
  ];
}

function newsOfRemovals(removals: Removal[]): HealthNews[] {
  const alone = removals.filter(({ together }) => !together);
  const others = Map.groupBy(
    removals.filter(({ together }) => together),
    ({ together }) => together?.getTime() ?? 0,
  );
  return [
    ...alone.map((removal): HealthNews => ({ type: "removed", removal })),
    ...[...others].map(([at, all]): HealthNews => ({ type: "removed_together", removals: all, askedAt: new Date(at) })),
  ];
}

/** As many as this are asked about one by one. */
const QUESTIONS_AT_ONCE = 3;

function newsOfAttention(items: AttentionItem[], lastReadings: Overview["lastReadings"]): HealthNews[] {
  const { held = [], failed = [] } = Object.groupBy(items, ({ fate }) => fate.state);
  const { whose = [], wrong = [] } = Object.groupBy(held, (it) => (asksWhose(it) ? "whose" : "wrong"));
  const oneByOne = (all: AttentionItem[]) => all.map((item): HealthNews => ({ type: "question", item, lastReadings }));
  const isMany = (all: AttentionItem[]) => all.length > QUESTIONS_AT_ONCE;
  const rest = [...(isMany(wrong) ? wrong : []), ...failed];
  return [
    ...(isMany(whose) ? [{ type: "questions" as const, items: whose }] : oneByOne(whose)),
    ...(isMany(wrong) ? [] : oneByOne(wrong)),
    ...(rest.length > 0 ? [{ type: "attention" as const, items: rest }] : []),
  ];
}

/** Without a sound: nothing has to be done. */
export function isQuiet(news: HealthNews): boolean {
  if (news.type === "healed") return news.told.every(({ what }) => what === "waiting");
  // A question that can wait: what is in Garmin stays there meanwhile.
  if (news.type === "removed" || news.type === "removed_together" || news.type === "gone") return true;
  if (news.type === "subscriptions") return true;
  if (news.type === "notice") return news.notice.type !== "closed" && news.notice.type !== "differs";
  return news.type === "trouble" && news.trouble.what === "waiting";
}

/** From 22 to 7 nothing else comes by itself. It waits, and is dropped if it's no longer true by then. */
export function needsOwner(news: HealthNews): boolean {
  switch (news.type) {
    case "trouble":
    case "notice":
      return !isQuiet(news);
    case "expiry":
      return news.daysLeft <= 1;
    case "question":
    case "questions":
    case "attention":
    case "before_start":
      return true;
    case "healed":
    case "removed":
    case "removed_together":
    case "gone":
    case "unreadable":
    case "subscriptions":
      return false;
  }
}

function newsOfExpiry({ vendor, endsAt, lifeDays, toldDays }: Expiry, now: Date): HealthNews[] {
  const daysLeft = Math.ceil(daysUntil(endsAt, now));
  // If several were passed in the meantime, the nearest says it all.
  const warning = WARNING_DAYS.find((days) => daysLeft <= days && days < lifeDays);
  if (daysLeft <= 0 || warning === undefined || (toldDays !== undefined && toldDays <= warning)) return [];
  return [{ type: "expiry", vendor, daysLeft, endsAt }];
}

function leftOver({ attention, unreadable, facts }: Known, since: Date): LeftOver | undefined {
  if (!attention || !unreadable || !facts) return undefined;
  return {
    held: attention.filter(({ fate, waitsSince }) => fate.state === "held" && !(waitsSince && waitsSince < since))
      .length,
    failed: attention.filter(({ fate }) => fate.state === "failed").length,
    unreadable: unreadable.length,
    paused: [...facts.differs, ...facts.closed],
  };
}

function newsOfOutage(outage: Outage, known: Known & { now: Date; patienceHours: number }): HealthNews[] {
  const { now, patienceHours } = known;
  const { since, state, runs, synced, standing, told } = outage;
  const { waitingSince, delay } = outage;
  if (state === "over") {
    const { arrived = [] } = known.progress ?? {};
    const [only, ...more] = synced === 1 ? arrived.filter(({ arrivedAt }) => arrivedAt >= since) : [];
    const isOnly = only && more.length === 0;
    return [{ type: "healed", since, synced, told, left: leftOver(known, since), ...(isOnly && { only }) }];
  }
  const news = standing.flatMap((trouble): HealthNews[] => {
    const heard = told.find((it) => isSame(it, trouble));
    // An owner who only has to wait may have done what was asked: no time to ask again.
    const isReminder = heard !== undefined && !waitingSince && isReminderDue(heard, now);
    return heard && !isReminder ? [] : [{ type: "trouble", trouble, since, runs, isReminder }];
  });
  if (waitingSince && delay) {
    const trouble: Trouble = { what: "waiting", cause: delay.cause };
    // The first time, all the waiting counts; after that another cause has to last by itself.
    const isFirst = !told.some(({ what }) => what === "waiting");
    const lastsFrom = isFirst ? waitingSince : new Date(Math.max(waitingSince.getTime(), delay.since.getTime()));
    const isPatienceOver = now.getTime() - lastsFrom.getTime() >= patienceHours * HOUR_MS;
    if (isPatienceOver && !told.some((it) => isSame(it, trouble))) {
      news.push({ type: "trouble", trouble, since, runs, delay, isReminder: false });
    }
  }
  return news;
}

function isReminderDue({ what, at, times }: Told, now: Date): boolean {
  if (what === "broken" || what === "waiting" || isUnexpected(what)) return false;
  return now.getTime() - at.getTime() >= (times === 1 ? FIRST_REMINDER_MS : NEXT_REMINDERS_MS);
}

/** Only what was delivered counts, or what never can be. */
export function afterTelling(health: Health, news: HealthNews, now: Date): Health {
  if ("items" in news || news.type === "question") {
    const items = "items" in news ? news.items : [news.item];
    return { ...health, attentionTold: [...new Set([...health.attentionTold, ...items.map(attentionId)])] };
  }
  if (news.type === "unreadable") {
    const told = [...(health.unreadableTold ?? []), ...news.records.map(({ id }) => id)];
    return { ...health, unreadableTold: [...new Set(told)].slice(-TOLD_RECORDS) };
  }
  if (news.type === "removed" || news.type === "removed_together") {
    const told = "removals" in news ? news.removals : [news.removal];
    return { ...health, removalsTold: [...(health.removalsTold ?? []), ...told.map(removalId)] };
  }
  if (news.type === "gone") return { ...health, goneTold: [...(health.goneTold ?? []), news.question.id] };
  if (news.type === "expiry") {
    const isTold = isOf(news.vendor, news.endsAt);
    const expiries = health.expiries?.map((it) => (isTold(it) ? { ...it, toldDays: news.daysLeft } : it));
    return { ...health, ...(expiries && { expiries }) };
  }
  if (news.type === "subscriptions") {
    const { subscriptionNews, ...rest } = health;
    return subscriptionNews === news.news ? rest : health;
  }
  if (news.type === "notice") return { ...health, noticesTold: afterNotice(health.noticesTold ?? [], news.notice) };
  const { outage, ...rest } = health;
  if (!outage) return health;
  if (news.type === "healed") {
    // If it has started again in the meantime, the owner now thinks all is well, and has to hear it again.
    return outage.state === "over" ? rest : { ...rest, outage: { ...outage, told: [] } };
  }
  const heard = outage.told.find((it) => isSame(it, news.trouble));
  const others = outage.told.filter((it) => it !== heard);
  const told = [...others, { ...news.trouble, at: now, times: (heard?.times ?? 0) + 1 }].slice(-TOLD_TROUBLES);
  return { ...rest, outage: { ...outage, told } };
}

/** The news that the answer to a requested run already tells. */
export function coveredByAnswer(report: RunReport, news: HealthNews[]): HealthNews[] {
  return news.flatMap((each): HealthNews[] => {
    if (each.type === "healed") return report.status === "success" ? [each] : [];
    if (each.type === "expiry" || each.type === "unreadable" || each.type === "notice") return [];
    if (each.type === "before_start" || each.type === "removed" || each.type === "removed_together") return [];
    if (each.type === "subscriptions") return [];
    // Its answer belongs below its own question.
    if (each.type === "question" || each.type === "questions" || each.type === "gone") return [];
    if (each.type === "trouble") return isSaidIn(report, each.trouble) ? [each] : [];
    const items = each.items.filter(({ fate }) => report[fate.state] > 0);
    return items.length > 0 ? [{ ...each, items }] : [];
  });
}

function isSaidIn(report: RunReport, trouble: Trouble): boolean {
  if (trouble.what === "waiting") return report.status === "retry_later";
  return troublesOf(report).some((it) => isSame(it, trouble));
}

const isSame = (a: Trouble, b: Trouble) => a.what === b.what && a.cause === b.cause;
/** A held reading that Garmin refuses later is another piece of news. */
const attentionId = (item: AttentionItem) => `${readingId(item)}#${item.fate.state}`;
/** Taken out again after it was restored, it's another piece of news. */
const removalId = ({ id, removedAt }: Removal) => `${id}#${removedAt?.getTime()}`;
