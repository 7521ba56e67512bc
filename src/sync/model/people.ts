import type { Lease } from "./leases.ts";
import type { ReadingKind } from "./reading.ts";
import type { VersionedMemory } from "./store.ts";

/** The right to handle what a chat sends. Each Telegram update is handled once, whichever process receives it, and how often. */
export interface ChatTurns {
  /** Undefined while somebody else has the turn in this chat. */
  acquire(name: string, seconds: number): Promise<ChatTurn | undefined>;
}

export interface ChatTurn extends Lease {
  isHandled(updateId: number): boolean;
  /** With its release, this update counts as handled. */
  settle(updateId: number): void;
  /** Whether a dialog is open in the chat; undefined if nobody knows. Opening and ending a dialog set it. */
  hasDialog: boolean | undefined;
}

/** True for the first that asks, and for nobody else for `seconds`. */
export type Once = (name: string, seconds: number) => Promise<boolean>;

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
  /** The newest digest of each period that was sent, or had nothing to say: the local date on which it was due. */
  digests?: { week?: string; month?: string };
  /** Today's card, if it is edited as readings come. Without a message it may not have come. */
  card?: { date: string; messageId?: number; since: Date; at: Date };
  /** A card that may not have come: the next one says what this one said. */
  sending?: { at: Date; since: Date };
  /** When the owner heard what came first. */
  firstSaidAt?: Date;
  /** The time of the link when its owner heard that nothing had come of it. */
  silenceToldFor?: Date;
  /** The newest reading of a kind when its owner heard that the kind is silent. */
  kindSilenceToldFor?: Partial<Record<ReadingKind, Date>>;
}

export type SummaryStore = VersionedMemory<SummaryMemory>;
