import { byStart } from "../engine/attention.ts";
import type { RunReport } from "../engine/run.ts";
import type { Expiry, Health, SubscriptionNews } from "../model/health.ts";
import { type AttentionItem, asksWhose } from "../model/ledger.ts";
import { VENDORS, type Vendor } from "../model/link.ts";
import { readingId } from "../model/reading.ts";
import type { UnreadableRecord } from "../model/vendors.ts";
import { type GoneNews, goneAfterTelling, goneStillTold, newsOfGone, type RemovedNews } from "./gone.ts";
import { afterNotice, type Notice, noticesOf, stillTold } from "./kind-notices.ts";
import {
  type Healed,
  isSaidIn,
  type Known,
  newsOfOutage,
  outageAfter,
  outageAfterTelling,
  type TroubleNews,
} from "./outage.ts";
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
  | RemovedNews
  | GoneNews
  | { type: "unreadable"; records: UnreadableRecord[] }
  | { type: "subscriptions"; news: SubscriptionNews }
  | { type: "notice"; notice: Notice };

const DAY_MS = 24 * 3600 * 1000;
/** A link valid for no longer than this isn't worth a warning. */
const FIRST_WARNING_DAYS = 14;
const WARNING_DAYS = [1, 5, FIRST_WARNING_DAYS];
const TOLD_RECORDS = 100;

export function afterRun(
  health: Health,
  report: RunReport,
  { now, attention, links, facts, removals, progress }: Known & { now: Date },
): Health {
  if (report.busy) return health;
  const inAttention = attention && new Set(attention.map(attentionId));
  const attentionTold = health.attentionTold.filter((id) => inAttention?.has(id) ?? true);
  const { unreadableTold, subscriptionNews } = health;
  const outage = outageAfter(health.outage, report, { now, links });
  const expiries = expiriesAfter(health.expiries, links, now);
  const { noticesTold: heard = [] } = health;
  const noticesTold = facts ? stillTold(heard, facts) : heard;
  return {
    attentionTold,
    ...(unreadableTold && { unreadableTold }),
    ...goneStillTold(health, { removals, gone: progress && (progress.gone ?? []) }),
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

/** The most important first. It stays news until `afterTelling`. What passes by itself must have lasted `patienceHours`. */
export function pendingNotices(health: Health, known: Known & { now: Date; patienceHours: number }): HealthNews[] {
  const { attention = [], progress, unreadable = [], facts, removals = [], now, patienceHours } = known;
  const { outage, expiries = [], attentionTold, unreadableTold = [], subscriptionNews } = health;
  const records = unreadable.filter(({ id }) => !unreadableTold.includes(id));
  const notices = facts ? noticesOf(facts, health.noticesTold ?? [], now, patienceHours) : [];
  const untold = attention.filter((item) => !attentionTold.includes(attentionId(item)));
  const { late, items } = byStart(untold);
  return [
    ...(outage ? newsOfOutage(outage, known) : []),
    ...expiries.flatMap((expiry) => newsOfExpiry(expiry, now)),
    ...newsOfGone(health, { removals, gone: progress?.gone }),
    ...notices.map((notice): HealthNews => ({ type: "notice", notice })),
    ...newsOfAttention(items, progress?.lastReadings ?? {}),
    ...(late.length > 0 ? [{ type: "before_start" as const, items: late, startAt: progress?.startAt }] : []),
    ...(records.length > 0 ? [{ type: "unreadable" as const, records }] : []),
    ...(subscriptionNews ? [{ type: "subscriptions" as const, news: subscriptionNews }] : []),
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
  if (news.type === "removed" || news.type === "removed_together" || news.type === "gone") {
    return goneAfterTelling(health, news);
  }
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
  return outageAfterTelling(health, news, now);
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

/** A held reading that Garmin refuses later is another piece of news. */
const attentionId = (item: AttentionItem) => `${readingId(item)}#${item.fate.state}`;
