import type { ReadingKind } from "./reading.ts";
import type { VersionedMemory } from "./store.ts";

/** Each Telegram update is handled once, no matter how often and by which process it is received. */
export interface UpdateClaims {
  claim(updateId: number): Promise<Claim>;
  /** True for the first that asks, and for nobody else for `seconds`. */
  once(name: string, seconds: number): Promise<boolean>;
}

export type Claim =
  | { type: "claimed"; done: () => Promise<void> }
  | { type: "done_before" }
  | { type: "being_handled"; until: Date };

export interface Person {
  telegramUserId: number;
  name: string;
  invitedAt: Date;
}

export interface People {
  isInvited(telegramUserId: number): Promise<boolean>;
  list(): Promise<Person[]>;
  invite(): Promise<string>;
  /** False when the invitation is unknown, taken or too old. */
  accept(token: string, person: { telegramUserId: number; name: string }): Promise<boolean>;
  remove(telegramUserId: number): Promise<void>;
}

export interface SummaryMemory {
  lastSummaryAt?: Date;
  /** The time of the link when its owner heard that nothing had come of it. */
  silenceToldFor?: Date;
  /** The newest reading of a kind when its owner heard that the kind is silent. */
  kindSilenceToldFor?: Partial<Record<ReadingKind, Date>>;
}

export type SummaryStore = VersionedMemory<SummaryMemory>;
