import { isStillAhead } from "../../lib/clock.ts";
import type { LedgerEntry } from "../model/ledger.ts";
import { type Reading, readingId } from "../model/reading.ts";
import { type Pair, readingOf, type TypedReading } from "../model/typed.ts";
import type { Item } from "./item.ts";
import { isAsTyped, secondsApart, sentValues } from "./match.ts";
import type { Step } from "./plan.ts";

const SAME: Step = { type: "skip", reason: "already_in_garmin" };

/** Readings that its owner typed into the chat, for a run: what waits, and what this profile has from the last weeks. */
export function typedFor(all: TypedReading[], pair: Pair): TypedReading[] {
  return all.filter((it) => it.settledIn === undefined || it.settledIn === pair.garminProfileId || isBegunBy(pair, it));
}

export function isBegunBy({ withingsUserId, garminProfileId }: Pair, { begun = [] }: TypedReading): boolean {
  return begun.some((it) => it.withingsUserId === withingsUserId && it.garminProfileId === garminProfileId);
}

/** Garmin shows within a day what it accepted from the other ledger. Until then it can't be found there. */
const ELSEWHERE_SECONDS = 26 * 3600;

/** What waits, unless it's under way to the same profile by the ledger of another link to Withings. */
export function waitingReadings(typed: TypedReading[], pair: Pair, now: Date): Reading[] {
  const isOtherOne = (it: Pair & { at: Date }) =>
    it.garminProfileId === pair.garminProfileId &&
    isStillAhead(new Date(it.at.getTime() + ELSEWHERE_SECONDS * 1000), now, ELSEWHERE_SECONDS);
  const isForUs = (it: TypedReading) =>
    isBegunBy(pair, it) || (it.settledIn === undefined && !it.begun?.some(isOtherOne));
  return typed.filter(isForUs).map(readingOf);
}

/**
 * Of a typed reading and the same one from a device, one goes to Garmin: the one that was sent first, and if none was, the device's,
 * which has more in it. The other one waits until that one is there.
 */
export function withoutDoubles(items: Item[], typed: TypedReading[]): Item[] {
  const changes = new Map<Item, Partial<Item>>();
  for (const each of typed) {
    const device = sameOf(each, items);
    const own = items.find(({ reading }) => reading.measureGroupId === each.id);
    const [item, step] = (device && (own ? eitherOf(own, device) : besides(each, device))) || [];
    if (item && step) changes.set(item, { step });
    if (device && item === own && step?.type === "wait") changes.set(device, { within: each.within });
  }
  return changes.size === 0 ? items : items.map((item) => ({ ...item, ...changes.get(item) }));
}

/** A device's reading that is what was typed: the nearest, but first one that was already taken for it. */
export function sameOf(typed: TypedReading, items: Item[]): Item | undefined {
  const measured = ({ reading }: Item) => ({ takenAt: reading.takenAt, values: sentValues(reading) });
  const isTaken = ({ entry }: Item) => Number(isAlreadyThere(entry?.value));
  return items
    .filter((it) => it.reading.within === undefined && isAsTyped(typed, measured(it)))
    .sort((a, b) => isTaken(b) - isTaken(a) || secondsApart(typed, measured(a)) - secondsApart(typed, measured(b)))[0];
}

/** In a run that doesn't handle what was typed: it's there already, or under way by another ledger. */
function besides(typed: TypedReading, device: Item): [Item, Step] | undefined {
  if (!isNew(device)) return undefined;
  return [device, typed.settledIn === undefined ? { type: "wait", on: readingId(readingOf(typed)) } : SAME];
}

/** Which of the two doesn't go for now, and why. */
function eitherOf(own: Item, device: Item): [Item, Step] | undefined {
  const waitsFor = (other: Item): Step => ({ type: "wait", on: readingId(other.reading) });
  if (isNew(own)) {
    if (isInGarmin(device.entry?.value)) return [own, SAME];
    const { type } = device.step;
    // What is watched was refused, and Garmin may have stored it all the same.
    if (type === "send" || type === "verify" || type === "replace" || type === "watch") return [own, waitsFor(device)];
    return type === "hold" && isNew(device) && own.step.type !== "hold" ? [device, waitsFor(own)] : undefined;
  }
  if (!isNew(device) || !own.entry?.value.attemptedAt) return undefined;
  return [device, isInGarmin(own.entry.value) ? SAME : waitsFor(own)];
}

/** It's to be sent or held, and nothing of it was ever sent. */
function isNew({ entry, step }: Item): boolean {
  const { attemptedAt, garminKey } = entry?.value ?? {};
  return (step.type === "send" || step.type === "verify" || step.type === "hold") && !attemptedAt && !garminKey;
}

export const isAlreadyThere = (entry: LedgerEntry | undefined) =>
  entry?.fate.state === "skipped" && entry.fate.reason === "already_in_garmin";

export const isInGarmin = (entry: LedgerEntry | undefined) => entry?.fate.state === "seen" || isAlreadyThere(entry);
