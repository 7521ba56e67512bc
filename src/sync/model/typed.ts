import type { Reading, Within } from "./reading.ts";
import type { Measured } from "./vendors.ts";

/** A reading that its owner typed into the chat. */
export interface TypedReading extends Measured {
  /** Its `measureGroupId` in the ledger. */
  id: number;
  typedAt: Date;
  within: Within;
  /** The Garmin profile that has it. It's kept for a while then, because the scale may deliver the same one late. */
  settledIn?: string;
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
export const FIRST_ID = 9_000_000_000_000_000;

/** The same message always gets the same number, however often it's delivered or its button tapped. `date` in epoch seconds. */
export function typedId({ date, message_id }: { date: number; message_id: number }): number {
  return FIRST_ID + date * 1000 + (message_id % 1000);
}

export const isTypedId = (measureGroupId: number) => measureGroupId >= FIRST_ID;

export const typedAtOf = (id: number): Date => new Date(Math.floor((id - FIRST_ID) / 1000) * 1000);

export function readingOf({ id, takenAt, typedAt, values, within }: TypedReading): Reading {
  return {
    ...{ measureGroupId: id, takenAt, modifiedAt: typedAt, within, ...values },
    // It's looked for before it's sent, and nobody is asked whose it is.
    ...{ attribution: "confirmed", imported: true, typed: true },
  };
}
