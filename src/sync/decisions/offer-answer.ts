import { changedMeanwhile, moved } from "../engine/offers.ts";
import { writeAll } from "../engine/record.ts";
import { leaseName, withLease } from "../links/with-lease.ts";
import type { Account } from "../model/account.ts";
import type { LedgerEntry } from "../model/ledger.ts";
import type { Offer } from "../model/offers.ts";
import { handedId, handedReadingId, type TypedReading, withinOf } from "../model/typed.ts";
import { type OfferDeps, offerTo } from "./offer.ts";
import { type Opened, type Owner, openedUnder } from "./opened-ledger.ts";
import { restoreOn, type TakenBack, takeOutOn } from "./take-back.ts";

/**
 * What became of the other one's answer.
 *
 *   accepted   it's in their ledger as `id`, or goes there with the next run
 *   declined   it's none of theirs
 *   asked      they took their answer back. `outcome`: what became of the reading, if it had been theirs
 *   elsewhere  they can't take it back: it came to Garmin by other means
 *   over       they aren't asked any more
 */
export type Answered =
  | { type: "accepted"; offer: Offer; id: string }
  | { type: "declined"; offer: Offer }
  | { type: "asked"; offer: Offer; outcome?: TakenBack }
  | { type: "elsewhere"; offer: Offer }
  | { type: "over"; offer?: Offer };

async function offerFor({ offers }: OfferDeps, to: Owner, from: number, reading: string) {
  const found = await offers.find(from, reading);
  return found?.value.to === to.telegramUserId ? found : undefined;
}

/** Under the lease of the one who answers, so that none of their runs and no other answer is at work. */
export function accept(deps: OfferDeps, to: Account, from: number, reading: string): Promise<Answered> {
  return withLease(deps.leases, leaseName(to.telegramUserId), async (lease): Promise<Answered> => {
    let found = await offerFor(deps, to, from, reading);
    if (found?.value.state === "asked") {
      await lease.ensure();
      found = await moved(deps, found, "accepted");
    }
    if (found?.value.state !== "accepted") return { type: "over", ...(found && { offer: found.value }) };
    const offer = found.value;
    const theirs = typedOf(offer);
    const id = handedReadingId(offer);
    const opened = await openedUnder(lease, deps, to);
    const entry = (await opened?.ledger.entries([id]))?.get(id)?.value;
    // Taken out again since then, it stays out.
    const isTakenBack = entry?.removal && entry.removal.askedAt <= offer.at;
    if (opened && isTakenBack) await restoreOn(deps, to, opened, id);
    else if (!entry?.removal) await deps.typed.add(to.telegramUserId, theirs);
    return { type: "accepted", offer, id };
  });
}

/** Nothing of its composition, which was computed for another body. */
function typedOf(offer: Offer): TypedReading {
  const { takenAt, values, at } = offer;
  const id = handedId(offer);
  return { id, takenAt, values, typedAt: at, within: withinOf(id) };
}

export async function decline(deps: OfferDeps, to: Owner, from: number, reading: string): Promise<Answered> {
  let found = await offerFor(deps, to, from, reading);
  if (found?.value.state === "asked") {
    const { saidNo = [], ...asked } = found.value;
    const value = { ...asked, saidNo: [...new Set([...saidNo, to.telegramUserId])] };
    found = await moved(deps, { ...found, value }, "declined");
  }
  const { value: offer } = found ?? {};
  if (offer?.state === "declined") return { type: "declined", offer };
  if (offer?.state === "accepted") return { type: "accepted", offer, id: handedReadingId(offer) };
  return { type: "over", ...(offer && { offer }) };
}

export async function reconsider(deps: OfferDeps, to: Owner, from: number, reading: string): Promise<Answered> {
  const found = await offerFor(deps, to, from, reading);
  const { value: offer } = found ?? {};
  if (offer?.state === "asked") return { type: "asked", offer };
  if (offer?.state === "accepted") return takenBack(deps, to, from, reading);
  if (offer?.state !== "declined") return { type: "over", ...(offer && { offer }) };
  const { fromMessageId, toMessageId } = offer;
  const again = await offerTo(
    deps,
    { telegramUserId: from },
    { reading, to: to.telegramUserId, fromMessageId, toMessageId },
  );
  return again.type === "asked" ? again : { type: "over", offer };
}

/** It leaves their Garmin before the offer is open again: until then it's theirs. */
function takenBack(deps: OfferDeps, to: Owner, from: number, reading: string): Promise<Answered> {
  return withLease(deps.leases, leaseName(to.telegramUserId), async (lease): Promise<Answered> => {
    const found = await offerFor(deps, to, from, reading);
    if (found?.value.state !== "accepted") throw changedMeanwhile();
    const { value: offer } = found;
    const opened = await openedUnder(lease, deps, to);
    if (opened) await disown(deps, opened, handedReadingId(offer));
    const outcome = opened && (await takeOutOn(deps, to, opened, handedReadingId(offer), false));
    const isOut = outcome?.type === "removed" || outcome?.type === "pending";
    if (outcome?.type === "elsewhere" || (!isOut && (await isInOtherGarmin(deps, offer)))) {
      return { type: "elsewhere", offer };
    }
    await lease.ensure();
    // It may still wait for its first run.
    await deps.typed.settle(to.telegramUserId, new Map([[handedId(offer), undefined]]));
    const asked = await moved(deps, found, "asked");
    return { type: "asked", offer: asked.value, ...(outcome && { outcome }) };
  });
}

/** First: once it's out, only another yes brings it back. */
async function disown({ clock }: OfferDeps, { ledger }: Opened, id: string): Promise<void> {
  const entry = (await ledger.entries([id])).get(id);
  if (!entry || entry.value.decision?.type === "handed_on") return;
  const next: LedgerEntry = { ...entry.value, decision: { type: "handed_on", at: clock.now() } };
  await writeAll([{ item: { entry }, next }], ledger);
}

/** Brought there before they linked another profile. */
async function isInOtherGarmin({ typed }: OfferDeps, offer: Offer): Promise<boolean> {
  const kept = (await typed.read(offer.to)).find(({ id }) => id === handedId(offer));
  return kept !== undefined && (kept.settledIn !== undefined || kept.begun !== undefined);
}
