import { type Reading, type ReadingKind, readingId, type Within } from "./reading.ts";
import type { Measured } from "./vendors.ts";

/** A reading that its owner typed into the chat, or that somebody else here has handed on to them. */
export interface TypedReading extends Measured {
  /** Its `measureGroupId` in the ledger. */
  id: number;
  typedAt: Date;
  within: Within;
  /** The Garmin profile that has it. It's kept for a while then, because the scale may deliver the same one late. */
  settledIn?: string;
  /** Handed on, and both chats have been told that it's there. */
  isTold?: true;
  /** The links by whose ledgers it's under way: only those know how far that has got. */
  begun?: Array<Pair & { at: Date }>;
}

/** The two that have a ledger together. */
export interface Pair {
  withingsUserId: string;
  garminProfileId: string;
}

/** A few for each account: those that wait, and those of the last weeks that no device has delivered. */
export interface TypedReadings {
  read(account: number): Promise<TypedReading[]>;
  /** Once for each id. Throws `ContendedError` if somebody else was faster every time. */
  add(account: number, reading: TypedReading): Promise<void>;
  /** Replaces those with these ids; without a value, they go. What was added meanwhile stays. */
  settle(account: number, next: ReadonlyMap<number, TypedReading | undefined>): Promise<void>;
}

/** Far above Withings' numbers, which have ten digits. */
const FIRST_ID = 9_000_000_000_000_000;

/** The same message always gets the same number, however often it's delivered or its button tapped. `date` in epoch seconds. */
export function typedId({ date, message_id }: { date: number; message_id: number }): number {
  return FIRST_ID + date * 1000 + (message_id % 1000);
}

/** What somebody else's device measured has a number of its own too, in case Withings gives it to its new owner as well. */
export const FIRST_HANDED_ID = 8_000_000_000_000_000;
/** The vendor would deliver the same measurement with the same second and weight; weights are kept to ten grams. */
const AS_MEASURED: Within = { seconds: 1, kg: 0.01 };
/** How roughly people give times and weights. */
const AS_TYPED: Within = { seconds: 600, kg: 0.1 };

/** For the other one's ledger. A measure group may hold a weigh-in and a blood pressure at once. */
export function handedId({ measureGroupId, kind }: { measureGroupId: number; kind: ReadingKind }): number {
  return FIRST_HANDED_ID + measureGroupId * 2 + (kind === "weigh_in" ? 0 : 1);
}

export const isHandedId = (measureGroupId: number) => measureGroupId >= FIRST_HANDED_ID && measureGroupId < FIRST_ID;

/** What the other one's ledger knows it by. */
export function handedReadingId(offer: { measureGroupId: number; kind: ReadingKind }): string {
  return readingId({ measureGroupId: handedId(offer), kind: offer.kind });
}

/** Whether it's kept by us, because Withings doesn't list it. */
export const isTypedId = (measureGroupId: number) => measureGroupId >= FIRST_HANDED_ID;

export const withinOf = (id: number): Within => (id >= FIRST_ID ? AS_TYPED : AS_MEASURED);

export const typedAtOf = (id: number): Date => new Date(Math.floor((id - FIRST_ID) / 1000) * 1000);

export function readingOf({ id, takenAt, typedAt, values, within }: TypedReading): Reading {
  return {
    ...{ measureGroupId: id, takenAt, modifiedAt: typedAt, within, ...values },
    // It's looked for before it's sent, and nobody is asked whose it is.
    ...{ attribution: "confirmed", imported: true },
    ...(id >= FIRST_ID && { typed: true }),
  };
}
