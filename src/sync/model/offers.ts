import type { Versioned } from "./link.ts";
import type { ReadingKind } from "./reading.ts";
import type { Measured } from "./vendors.ts";

/**
 * How far an offer has got. It alone decides whose the reading is, so it changes only from a known version.
 *
 *   asked      the other one hasn't answered
 *   accepted   it's theirs
 *   declined   it isn't
 *   withdrawn  its owner doesn't want to ask any more
 *   expired    there was no answer for days
 *   unreachable  the other one has blocked the bot
 */
export const OFFER_STATES = ["asked", "accepted", "declined", "withdrawn", "expired", "unreachable"] as const;
export type OfferState = (typeof OFFER_STATES)[number];

/** A reading that its owner says is somebody else's here. The other one learns nothing but this. */
export interface Offer extends Measured {
  /** The account that it came to. */
  from: number;
  /** Its id in that account's ledger. */
  reading: string;
  measureGroupId: number;
  kind: ReadingKind;
  to: number;
  state: OfferState;
  /** Since when it's in this state. */
  at: Date;
  /** The messages in both chats that say how far it has got. */
  fromMessageId: number;
  toMessageId?: number;
  /** Those who were asked and said no. They aren't offered again. */
  saidNo?: number[];
}

/** One for each reading of an account: the next person who is asked replaces the one before. */
export interface Offers {
  find(from: number, reading: string): Promise<Versioned<Offer> | undefined>;
  /** All that the account has made or was made. */
  of(account: number): Promise<Offer[]>;
  /** Undefined if somebody else wrote first. */
  save(offer: Offer, version: string | undefined): Promise<Versioned<Offer> | undefined>;
}
