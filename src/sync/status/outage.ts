import { continued } from "../engine/delay.ts";
import type { RunReport } from "../engine/run.ts";
import { type Health, isUnexpected, type Outage, type Told, type Trouble, UNEXPECTED } from "../model/health.ts";
import type { Arrival, Removal } from "../model/ledger.ts";
import { RELINK, VENDORS, type Vendor } from "../model/link.ts";
import { type Delay, isAboutOneReading, isIncomplete } from "../model/outcome.ts";
import type { Notice } from "./kind-notices.ts";
import type { Overview } from "./overview.ts";

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
export type Known = {
  [Name in "attention" | "links" | "facts" | "unreadable" | "progress"]?: Overview[Name] | undefined;
} & {
  removals?: Removal[] | undefined;
};

const HOUR_MS = 3600 * 1000;
const FIRST_REMINDER_MS = 3 * 24 * HOUR_MS;
const NEXT_REMINDERS_MS = 7 * 24 * HOUR_MS;
const TOLD_TROUBLES = 30;
const CAUSE_LENGTH = 200;

export function outageAfter(
  before: Outage | undefined,
  report: RunReport,
  { now, links }: { now: Date; links: Overview["links"] | undefined },
): Outage | undefined {
  const known = before && withoutFuture(before, now);
  return outageOf(withoutRelinked(known, report, { links, now }), report, { links, now });
}

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
    if ((action === relink || link.state === "stale") && link.linkedAt <= now) {
      told = told.filter(({ what, at }) => what !== relink || at > link.linkedAt);
    }
  }
  return { ...before, standing, told };
}

function outageOf(
  before: Outage | undefined,
  report: RunReport,
  { links = {}, now }: { links: Overview["links"] | undefined; now: Date },
): Outage | undefined {
  // What was never set up, or was removed again, isn't in trouble.
  if (report.action && isIncomplete(report.action) && report.status === "action_needed") return undefined;
  const started: Outage = { since: now, state: "lasts", runs: 0, synced: 0, standing: [], told: [] };
  const { waitingSince = now, delay: waitedFor, ...known } = before ?? started;
  const outage: Outage = { ...known, runs: known.runs + 1, synced: known.synced + report.synced };
  // A run names what stopped it first, and the other link may have ended, too. Without the key to their tokens, both look so.
  const isEnded = (vendor: Vendor) => links[vendor]?.state === "stale" && report.problem === undefined;
  const ended = VENDORS.filter(isEnded).map((it): Trouble => ({ what: RELINK[it] }));
  const troubles = withMore(troublesOf(report), ended);
  if (report.status === "success") {
    return outage.told.length > 0 ? { ...outage, state: "over", standing: [] } : undefined;
  }
  // Having to wait says nothing about what was wrong before: after a new sign-in Garmin often takes another run.
  if (report.status === "retry_later") {
    return {
      ...outage,
      state: "lasts",
      standing: withMore(outage.standing, ended),
      waitingSince,
      delay: continued(report.delay ?? { cause: "us", since: now }, waitedFor),
    };
  }
  if (troubles.length === 0) return before && { ...before, runs: outage.runs, synced: outage.synced };
  return { ...outage, state: "lasts", standing: troubles };
}

const withMore = (troubles: Trouble[], more: Trouble[]) => [
  ...troubles,
  ...more.filter(({ what }) => !troubles.some((it) => it.what === what)),
];

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

export function newsOfOutage(
  outage: Outage,
  known: Known & { now: Date; patienceHours: number },
): Array<Healed | TroubleNews> {
  const { now, patienceHours } = known;
  const { since, state, runs, synced, standing, told } = outage;
  const { waitingSince, delay } = outage;
  if (state === "over") {
    const { arrived = [] } = known.progress ?? {};
    const [only, ...more] = synced === 1 ? arrived.filter(({ arrivedAt }) => arrivedAt >= since) : [];
    const isOnly = only && more.length === 0;
    return [{ type: "healed", since, synced, told, left: leftOver(known, since), ...(isOnly && { only }) }];
  }
  const news = standing.flatMap((trouble): TroubleNews[] => {
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

export function outageAfterTelling(health: Health, news: Healed | TroubleNews, now: Date): Health {
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

export function isSaidIn(report: RunReport, trouble: Trouble): boolean {
  if (trouble.what === "waiting") return report.status === "retry_later";
  return troublesOf(report).some((it) => isSame(it, trouble));
}

const isSame = (a: Trouble, b: Trouble) => a.what === b.what && a.cause === b.cause;
