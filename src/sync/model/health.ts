import type { Action } from "../../lib/errors.ts";
import type { Vendor } from "./link.ts";
import type { Delay } from "./outcome.ts";
import type { VersionedMemory } from "./store.ts";

export const UNEXPECTED = { withings: "withings_unexpected", garmin: "garmin_unexpected" } as const;
export type Unexpected = (typeof UNEXPECTED)[Vendor];
export const isUnexpected = (what: Trouble["what"]): what is Unexpected =>
  Object.values<string>(UNEXPECTED).includes(what);

/** What keeps readings from arriving, apart from what the owner has to do. "broken": we have to fix it. "waiting": it passes. */
export const TROUBLES = ["broken", "waiting", UNEXPECTED.withings, UNEXPECTED.garmin] as const;

export interface Trouble {
  what: Action | (typeof TROUBLES)[number];
  /** With "broken" a few technical words, with "waiting" a `DelayCause`. Another cause is another trouble. */
  cause?: string;
  since?: Date;
}

export interface Told extends Trouble {
  at: Date;
  times: number;
}

export const SUBSCRIPTION_NEWS = ["restored", "unreachable", "reached"] as const;
export type SubscriptionNews = (typeof SUBSCRIPTION_NEWS)[number];

export const OUTAGE_STATES = ["lasts", "over"] as const;

/** From the first run that went wrong until the owner knows that all is well again. */
export interface Outage {
  since: Date;
  state: (typeof OUTAGE_STATES)[number];
  runs: number;
  synced: number;
  standing: Trouble[];
  told: Told[];
  waitingSince?: Date;
  delay?: Delay;
}

export interface Expiry {
  vendor: Vendor;
  endsAt: Date;
  lifeDays: number;
  toldDays?: number;
}

/** What an owner knows of their account, and has still to hear. Stored, so that no restart forgets it. */
export interface Health {
  attentionTold: string[];
  unreadableTold?: string[];
  removalsTold?: string[];
  goneTold?: string[];
  noticesTold?: string[];
  outage?: Outage;
  expiries?: Expiry[];
  /** What came up at night about Withings' notifications. */
  subscriptionNews?: SubscriptionNews;
}

export type HealthStore = VersionedMemory<Health>;
