import { changedMeanwhile } from "../engine/offers.ts";
import type { Account } from "../model/account.ts";
import type { Offer, OfferState } from "../model/offers.ts";
import { type NewOffer, type OfferDeps, offerTo, settleOffer } from "./offer.ts";
import { accept, decline, reconsider } from "./offer-answer.ts";
import type { Owner } from "./opened-ledger.ts";

export type HandOn = ReturnType<typeof createHandOn>;

/**
 * Hands a reading on to somebody else here. Of the two, one has it at most, whatever fails in between, because
 *  - it's out of the first one's reach, by their ledger, before the other one is asked;
 *  - an answer moves the offer, by its version, before the other one's ledger hears of it;
 *  - the first one gets it back only when the offer is over, and it opens again only under that one's lease.
 * Each throws `RetryLaterError` if it has to be done again: while a run is at work, for instance.
 */
export function createHandOn(deps: OfferDeps) {
  return {
    offer: (from: Owner, asked: NewOffer) => offerTo(deps, from, asked),
    /** For the one it came to. `close`: an offer without an answer ends so. */
    settle: (from: Owner, reading: string, close?: OfferState) => settleOffer(deps, from, reading, close),
    accept: (to: Account, from: number, reading: string) => accept(deps, to, from, reading),
    decline: (to: Owner, from: number, reading: string) => decline(deps, to, from, reading),
    /** Takes an answer back, so that the other one is asked again. */
    reconsider: (to: Owner, from: number, reading: string) => reconsider(deps, to, from, reading),
    /** The other one's chat shows it in this message. */
    shownIn: (offer: Offer, toMessageId: number) => shownIn(deps, offer, toMessageId),
  };
}

async function shownIn({ offers }: OfferDeps, { from, reading, to }: Offer, toMessageId: number): Promise<void> {
  const found = await offers.find(from, reading);
  if (!found || found.value.to !== to || found.value.toMessageId === toMessageId) return;
  if (!(await offers.save({ ...found.value, toMessageId }, found.version))) throw changedMeanwhile();
}
