/** The contract of what the chat remembers: updates, people, and the summaries it told. */
import type { ReadingKind } from "./reading.ts";

/** Each Telegram update is handled once, however often and by whichever process it is received (invariant 8). */
export interface UpdateClaims {
  claim(updateId: number): Promise<Claim>;
  /** True for the first that asks, and for nobody else for as long as `seconds`. */
  once(name: string, seconds: number): Promise<boolean>;
}

export type Claim =
  | { type: "claimed"; done: () => Promise<void> }
  | { type: "done_before" }
  | { type: "being_handled"; until: Date };

/** Somebody who was invited to the bot. */
export interface Person {
  telegramUserId: number;
  /** As they call themselves in Telegram. */
  name: string;
  invitedAt: Date;
}

/** Who may use the bot beside those whom the configuration names. */
export interface People {
  isInvited(telegramUserId: number): Promise<boolean>;
  list(): Promise<Person[]>;
  /** An invitation for one person, good for a day. */
  invite(): Promise<string>;
  /** False when the invitation is unknown, taken or too old. */
  accept(token: string, person: { telegramUserId: number; name: string }): Promise<boolean>;
  remove(telegramUserId: number): Promise<void>;
}

/** What summaries leave behind. Stored. */
export interface SummaryMemory {
  lastSummaryAt?: Date;
  /** The time of the link when it was told that nothing had come of it. */
  silenceToldFor?: Date;
  /** The newest reading of a kind when it was told that the kind is silent. */
  kindSilenceToldFor?: Partial<Record<ReadingKind, Date>>;
}

export interface SummaryStore {
  read(account: number): Promise<{ value: SummaryMemory; version: string | undefined }>;
  /** Writes if nobody else did since. */
  write(account: number, memory: SummaryMemory, version: string | undefined): Promise<boolean>;
}
