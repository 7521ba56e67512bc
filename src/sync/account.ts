import type { RunOutcome } from "./outcome.ts";

/** One Telegram user with their own Withings and Garmin links. The Telegram user id is its name everywhere. */
export interface Account {
  telegramUserId: number;
  createdAt: Date;
  /** IANA zone the owner chose; else the one Withings reports counts. */
  timezone?: string;
}

export interface LastRun {
  finishedAt: Date;
  outcome: RunOutcome;
}

export interface Accounts {
  list(): Promise<Account[]>;
  find(telegramUserId: number): Promise<Account | undefined>;
  /** Adds it, or changes just the options given. */
  save(telegramUserId: number, options: { timezone?: string | undefined }): Promise<Account>;
  lastRun(telegramUserId: number): Promise<LastRun | undefined>;
  saveLastRun(telegramUserId: number, run: LastRun): Promise<void>;
}
