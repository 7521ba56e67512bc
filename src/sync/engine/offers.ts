import type { Clock } from "../../lib/clock.ts";
import { RetryLaterError } from "../../lib/errors.ts";
import type { Progress } from "../model/ledger.ts";
import type { Versioned } from "../model/link.ts";
import type { Offer, OfferState, Offers } from "../model/offers.ts";
import { readingId } from "../model/reading.ts";
import type { Item } from "./item.ts";

export interface OffersDeps {
  offers: Offers;
  clock: Clock;
}

export async function moved(
  { offers, clock }: OffersDeps,
  { value, version }: Versioned<Offer>,
  state: OfferState,
): Promise<Versioned<Offer>> {
  const saved = await offers.save({ ...value, state, at: clock.now() }, version);
  if (!saved) throw changedMeanwhile();
  return saved;
}

export const changedMeanwhile = () => new RetryLaterError("somebody else has just changed the offer");

/**
 * Those of these readings that somebody else here has accepted as theirs. If there's no answer yet, the offer ends, because their
 * owner wants them. This matters only to a ledger of other links, which doesn't know that they were handed on.
 */
export async function acceptedOf(deps: OffersDeps, account: number, ids: string[]): Promise<Set<string>> {
  const accepted = new Set<string>();
  for (const { from, reading } of await deps.offers.of(account)) {
    if (from !== account || !ids.includes(reading)) continue;
    let found = await deps.offers.find(from, reading);
    if (found?.value.state === "asked") found = await moved(deps, found, "withdrawn");
    if (found?.value.state === "accepted") accepted.add(reading);
  }
  return accepted;
}

/** Of new links, the ledger knows nothing yet: what somebody else here has accepted is neither sent nor held by it. */
export async function withoutHandedOn(
  deps: OffersDeps,
  account: number,
  { adopting }: Pick<Progress, "adopting">,
  items: Item[],
): Promise<Item[]> {
  // What is held may go by itself later.
  const isNew = ({ entry, step }: Item) => !entry && (step.type === "send" || step.type === "hold");
  const ids = items.filter(isNew).map(({ reading }) => readingId(reading));
  if (!adopting || ids.length === 0) return items;
  const accepted = await acceptedOf(deps, account, ids);
  const isTheirs = (item: Item) => isNew(item) && accepted.has(readingId(item.reading));
  return items.map((item) => (isTheirs(item) ? { ...item, step: { type: "skip", reason: "not_mine" } } : item));
}
