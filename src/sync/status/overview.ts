import type { Clock } from "../../lib/clock.ts";
import type { Action } from "../../lib/errors.ts";
import type { Account, LastRun } from "../model/account.ts";
import type { AttentionItem, Ledgers, Progress } from "../model/ledger.ts";
import { type Link, type LinkFacts, type Links, VENDORS, type Vendor } from "../model/link.ts";
import type { Delay } from "../model/outcome.ts";
import type { Schedule } from "../model/schedule.ts";
import type { UnreadableRecord } from "../model/vendors.ts";
import { type Facts, factsOf } from "./kind-notices.ts";

export interface LinkOverview {
  state: Link["state"];
  displayName: string;
  linkedAt: Date;
  /** Whole days until the refresh token expires, if nothing renews it. */
  daysLeft: number;
  endsAt: Date;
  /** From its last renewal, or sign-in, to that end. */
  lifeDays: number;
}

/** How an account is doing, from what is stored. Asks no vendor. */
export interface Overview {
  account: Account;
  links: Partial<Record<Vendor, LinkOverview>>;
  lastReadings: Progress["lastReadings"];
  attention: AttentionItem[];
  unreadable: UnreadableRecord[];
  facts: Facts;
  timezone: string;
  /** False if it's UTC because neither of the two has said anything. */
  isTimezoneKnown: boolean;
  /** Without the action it asked for, once a link that was made or removed since has settled that. */
  lastRun: LastRun | undefined;
  /** Absent before the first run of these two links. */
  progress?: Progress;
}

interface OverviewDeps {
  schedule: Pick<Schedule, "lastRun">;
  links: Pick<Links, "facts">;
  ledgers: Ledgers;
  clock: Clock;
}

export function createOverviews(deps: OverviewDeps) {
  return {
    of: (account: Account) => overviewOf(deps, account),
    /** As in its overview, but without reading the ledger. */
    lastRun: (account: number) => lastRunOf(deps, account),
  };
}

async function overviewOf({ schedule, links, ledgers, clock }: OverviewDeps, account: Account): Promise<Overview> {
  const now = clock.now();
  const { telegramUserId } = account;
  const withings = await links.facts(telegramUserId, "withings");
  const garmin = await links.facts(telegramUserId, "garmin");
  const ledger = withings && garmin && ledgers.of(telegramUserId, withings.vendorUserId, garmin.vendorUserId);
  const progress = (await ledger?.progress())?.value;
  const timezone = account.timezone ?? progress?.timezone ?? account.reportedTimezone;
  return {
    account,
    links: {
      ...(withings && { withings: describeLink(withings, now) }),
      ...(garmin && { garmin: describeLink(garmin, now) }),
    },
    lastReadings: progress?.lastReadings ?? {},
    attention: progress?.attention ?? [],
    unreadable: progress?.unreadable ?? [],
    facts: factsOf(progress, account.settings),
    timezone: timezone ?? "UTC",
    isTimezoneKnown: timezone !== undefined,
    lastRun: stillTrue(await schedule.lastRun(telegramUserId), { withings, garmin }),
    ...(progress && { progress }),
  };
}

async function lastRunOf({ schedule, links }: OverviewDeps, account: number): Promise<LastRun | undefined> {
  const withings = await links.facts(account, "withings");
  const garmin = await links.facts(account, "garmin");
  return stillTrue(await schedule.lastRun(account), { withings, garmin });
}

const ABOUT: Partial<Record<Action, Vendor>> = {
  link_withings: "withings",
  relink_withings: "withings",
  link_garmin: "garmin",
  relink_garmin: "garmin",
  grant_garmin_upload: "garmin",
  unlock_garmin_account: "garmin",
  use_garmin_page: "garmin",
  fix_garmin_client_id: "garmin",
};

function stillTrue(lastRun: LastRun | undefined, links: Record<Vendor, LinkFacts | undefined>): LastRun | undefined {
  if (!lastRun) return undefined;
  const { uploadRefusedAt, delay, ...known } = lastRun.outcome;
  const isOlder = (vendor: Vendor, at: Date) => {
    const linkedAt = links[vendor]?.linkedAt;
    return linkedAt !== undefined && linkedAt <= at;
  };
  const isRefusalTrue = uploadRefusedAt && isOlder("garmin", uploadRefusedAt);
  // A delay at one vendor says nothing about a link that was made since.
  const isDelayTrue = delay && vendorsOf(delay).every((vendor) => isOlder(vendor, lastRun.finishedAt));
  const outcome = { ...known, ...(isDelayTrue && { delay }), ...(isRefusalTrue && { uploadRefusedAt }) };
  return withoutSettledAction({ ...lastRun, outcome }, links);
}

const vendorsOf = ({ cause }: Delay): Vendor[] => VENDORS.filter((vendor) => cause.startsWith(vendor));

function withoutSettledAction(lastRun: LastRun, links: Record<Vendor, LinkFacts | undefined>): LastRun {
  const vendor = lastRun.outcome.action && ABOUT[lastRun.outcome.action];
  if (!vendor) return lastRun;
  const link = links[vendor];
  const { action, ...outcome } = lastRun.outcome;
  const wasMissing = action === `link_${vendor}`;
  const isSettled = link ? link.linkedAt > lastRun.finishedAt : !wasMissing;
  return isSettled ? { ...lastRun, outcome } : lastRun;
}

function describeLink(link: LinkFacts, now: Date): LinkOverview {
  const { state, displayName, refreshExpiresAt: endsAt, renewedAt, linkedAt } = link;
  const daysLeft = Math.max(0, Math.floor(days(now, endsAt)));
  return { state, displayName, linkedAt, daysLeft, endsAt, lifeDays: days(renewedAt ?? linkedAt, endsAt) };
}

const days = (from: Date, to: Date) => (to.getTime() - from.getTime()) / (24 * 3600 * 1000);
