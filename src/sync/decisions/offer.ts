import { changedMeanwhile, moved } from "../engine/offers.ts";
import { listedAgain, writeAll } from "../engine/record.ts";
import { asksWhose, type HandedOn, type LedgerEntry, type Progress } from "../model/ledger.ts";
import type { Versioned } from "../model/link.ts";
import type { Offer, OfferState, Offers } from "../model/offers.ts";
import { readingId } from "../model/reading.ts";
import { isTypedId, type TypedReadings } from "../model/typed.ts";
import { type Opened, type Owner, withLedger } from "./opened-ledger.ts";
import { askAgainOn, type TakeBackDeps } from "./take-back.ts";

export interface OfferDeps extends TakeBackDeps {
  offers: Offers;
  typed: TypedReadings;
}

/** By then the other one should have answered. */
const OPEN_SECONDS = 5 * 24 * 3600;

/**
 * What has become of a reading, for the account that it came to.
 *
 *   asked     the other one hasn't answered
 *   accepted  it's theirs, so it never goes into this one's Garmin
 *   held      nobody is asked, so its owner decides. `offer`: the one that came to nothing
 *   not_held  its owner has decided otherwise, or it can't be handed on
 */
export type Offered =
  | { type: "asked"; offer: Offer }
  | { type: "accepted"; offer: Offer }
  | { type: "held" | "not_held"; entry: LedgerEntry | undefined; offer?: Offer };

export interface NewOffer {
  reading: string;
  to: number;
  fromMessageId: number;
  toMessageId?: number | undefined;
}

export async function offerTo(deps: OfferDeps, from: Owner, { reading, to, ...messages }: NewOffer): Promise<Offered> {
  const { offers, clock } = deps;
  const done = await withLedger(deps, from, async (opened): Promise<Offered> => {
    const known = await offers.find(from.telegramUserId, reading);
    const found = (await opened.ledger.entries([reading])).get(reading);
    if (!found || !isHandable(found.value)) return { type: "not_held", entry: found?.value };
    await giveUp(deps, opened, found, messages.fromMessageId);
    const { state } = known?.value ?? {};
    if (known && (state === "asked" || state === "accepted")) return { type: state, offer: known.value };
    const { measureGroupId, kind, takenAt, values } = found.value;
    const { fromMessageId, toMessageId } = messages;
    const saidNo = known?.value.saidNo?.filter((it) => it !== to) ?? [];
    const offer: Offer = {
      ...{ from: from.telegramUserId, reading, measureGroupId, kind, takenAt, values, to },
      ...{ state: "asked", at: clock.now(), fromMessageId },
      ...(toMessageId !== undefined && { toMessageId }),
      ...(saidNo.length > 0 && { saidNo }),
    };
    await opened.lease.ensure();
    if (!(await offers.save(offer, known?.version))) throw changedMeanwhile();
    return { type: "asked", offer };
  });
  return done ?? { type: "not_held", entry: undefined };
}

/** Nothing of it may be in Garmin, or get there late. */
function isHandable(entry: LedgerEntry): boolean {
  const { fate, decision, garminKey, measureGroupId } = entry;
  if (garminKey || isTypedId(measureGroupId)) return false;
  return asksWhose(entry) || (fate.state === "skipped" && fate.reason === "not_mine" && decision?.about !== undefined);
}

/** From here on no run sends it, and none of its owner's answers does. */
async function giveUp(
  { clock }: OfferDeps,
  { ledger, progress, lease }: Opened,
  entry: Versioned<LedgerEntry>,
  messageId: number,
): Promise<void> {
  const { fate, decision } = entry.value;
  const id = readingId(entry.value);
  const about = fate.state === "held" ? fate.reason : decision?.about;
  if (decision?.type === "handed_on" && progress.value.handedOn?.some((it) => it.id === id)) return;
  const now = clock.now();
  await lease.ensure();
  // First, as with any decision. It's also what brings the reading back if this ends before anybody is asked.
  const listed = listedAgain(progress.value, entry.value);
  await ledger.saveProgress(withHandedOn(listed, { id, until: untilOf(now), messageId }), progress.version);
  const next: LedgerEntry = {
    ...entry.value,
    fate: { state: "skipped", reason: "not_mine" },
    decision: { type: "handed_on", at: now, ...(about && { about }) },
  };
  await writeAll([{ item: { entry }, next }], ledger);
}

/** An offer without an answer ends as `close` says. Unless the reading is the other one's, its owner is asked about it again. */
export async function settleOffer(deps: OfferDeps, from: Owner, reading: string, close?: OfferState): Promise<Offered> {
  const done = await withLedger(deps, from, async (opened): Promise<Offered> => {
    const { ledger, lease, progress } = opened;
    let found = await deps.offers.find(from.telegramUserId, reading);
    if (found?.value.state === "asked" && close) {
      await lease.ensure();
      found = await moved(deps, found, close);
    }
    const { value: offer } = found ?? {};
    const next =
      offer?.state === "asked" ? stillOffered(progress.value, offer) : withoutHandedOn(progress.value, reading);
    if (offer?.state === "asked" || offer?.state === "accepted") {
      if (next !== progress.value) await ledger.saveProgress(next, progress.version);
      return { type: offer.state, offer };
    }
    return { ...(await givenBack(deps, opened, next, reading)), ...(offer && { offer }) };
  });
  return done ?? { type: "not_held", entry: undefined };
}

async function givenBack(deps: OfferDeps, opened: Opened, next: Progress, reading: string) {
  const { ledger, progress } = opened;
  const entry = (await ledger.entries([reading])).get(reading)?.value;
  if (entry?.decision?.type === "handed_on") {
    const back = await askAgainOn(deps, { ...opened, progress: { ...progress, value: next } }, reading);
    if (back.type === "held") return { type: "held", entry: back.entry } as const;
  }
  if (next !== progress.value) await ledger.saveProgress(next, progress.version);
  return { type: entry?.fate.state === "held" ? "held" : "not_held", entry } as const;
}

const untilOf = (at: Date) => new Date(at.getTime() + OPEN_SECONDS * 1000);

/** The other one may have accepted it before, and taken that back. */
function stillOffered(progress: Progress, { reading: id, at, fromMessageId: messageId }: Offer): Progress {
  if (progress.handedOn?.some((it) => it.id === id)) return progress;
  return withHandedOn(progress, { id, until: untilOf(at), messageId });
}

function withHandedOn(progress: Progress, handedOn: HandedOn): Progress {
  return { ...progress, handedOn: [...(progress.handedOn ?? []).filter(({ id }) => id !== handedOn.id), handedOn] };
}

function withoutHandedOn(progress: Progress, reading: string): Progress {
  const { handedOn = [], ...rest } = progress;
  const left = handedOn.filter(({ id }) => id !== reading);
  if (left.length === handedOn.length) return progress;
  return { ...rest, ...(left.length > 0 && { handedOn: left }) };
}
