import type { Action } from "../../lib/errors.ts";
import type { Vendor } from "./link.ts";
import type { Delay } from "./outcome.ts";

/** What an owner knows of their account, and has still to be told. */

/** A vendor answers in a way that the program does not know. */
export const UNEXPECTED = { withings: "withings_unexpected", garmin: "garmin_unexpected" } as const;
export type Unexpected = (typeof UNEXPECTED)[Vendor];
export const isUnexpected = (what: Trouble["what"]): what is Unexpected =>
  Object.values<string>(UNEXPECTED).includes(what);

/** What keeps readings from arriving, beside what its owner has to do. "broken" is ours to fix, "waiting" for time. */
export const TROUBLES = ["broken", "waiting", UNEXPECTED.withings, UNEXPECTED.garmin] as const;

export interface Trouble {
  what: Action | (typeof TROUBLES)[number];
  /** With "broken" a few technical words, with "waiting" a `DelayCause`. Another cause is another trouble. */
  cause?: string;
  /** With a vendor's unexpected answer. */
  since?: Date;
}

/** When the owner heard of it, the last time and how often. */
export interface Told extends Trouble {
  at: Date;
  times: number;
}

export const OUTAGE_STATES = ["lasts", "over"] as const;

/** From the first run that did not end well until the owner knows that all is well again. */
export interface Outage {
  since: Date;
  state: (typeof OUTAGE_STATES)[number];
  /** How often was tried since then, what began it included. */
  runs: number;
  /** Readings that arrived since then. */
  synced: number;
  /** As the last run knew that did not just have to wait. */
  standing: Trouble[];
  told: Told[];
  /** Since when runs do nothing but wait. */
  waitingSince?: Date;
  /** Why the last run had to wait, and what waits. */
  delay?: Delay;
}

/** A link that comes to its end soon, because nothing could renew it. */
export interface Expiry {
  vendor: Vendor;
  endsAt: Date;
  /** From its last renewal to its end. */
  lifeDays: number;
  /** So many days were left when the owner last heard of it. */
  toldDays?: number;
}

/** How an account is, as its owner knows it. Stored, so that no restart makes us forget what is still to be told. */
export interface Health {
  /** Held and failed readings that the owner has heard of. */
  attentionTold: string[];
  /** The ids of unreadable Withings records the owner has been told about. */
  unreadableTold?: string[];
  /** Which notices they have heard. */
  noticesTold?: string[];
  outage?: Outage;
  expiries?: Expiry[];
}

export interface HealthStore {
  read(account: number): Promise<{ value: Health; version: string | undefined }>;
  /** Writes if nobody else did since. */
  write(account: number, health: Health, version: string | undefined): Promise<boolean>;
}
