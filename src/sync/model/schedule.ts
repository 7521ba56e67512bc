import type { LastRun } from "./account.ts";

export interface ScheduledRun {
  dueAt: Date;
  failures: number;
  /** When a run last succeeded. Absent before the first, and after each sign-in. */
  settledAt?: Date;
}

export interface NextRun extends ScheduledRun {
  /** Where the list has the account, if not at its scheduled run: it is moved on when that run is queued. */
  listedAt?: Date | undefined;
}

/** Who is due when. The scheduled run in the account counts; any other entry in the list is dropped when its time comes. */
export interface Schedule {
  read(account: number): Promise<ScheduledRun | undefined>;
  set(account: number, next: NextRun): Promise<void>;
  lastRun(account: number): Promise<LastRun | undefined>;
  /** Keeps how a run ended, and when the next one is, in one write. Undefined: the account is gone, and nothing is kept. */
  ended(account: number, run: EndedRun): Promise<KeptRun | undefined>;
  /** Those due longest that aren't queued, enough to have `most` in the queue, and whether more are due. */
  due(most: number): Promise<{ entries: DueEntry[]; othersWait: boolean }>;
  /** For an hour it isn't due again; a job that got lost is queued again after that. */
  markQueued(listed: DueEntry): Promise<void>;
  list(account: number, dueAt: Date): Promise<void>;
  /** Unless somebody has changed the entry. */
  unlist(listed: DueEntry): Promise<void>;
  /** Removes what is listed for an account at a time that is no longer its scheduled run. */
  drop(account: number, dueAt: Date): Promise<void>;
  forget(account: number): Promise<void>;
  /**
   * Checks some more accounts, in turn, and answers those among them that have fallen out of the list. Only if this process hasn't
   * done so for half an hour.
   */
  findUnscheduled(): Promise<number[]>;
}

export interface DueEntry {
  account: number;
  dueAt: Date;
  version: string;
}

export interface EndedRun {
  last: (before: LastRun | undefined) => LastRun;
  /** Undefined if the scheduled run is to stay as it is. */
  next?: ((before: ScheduledRun | undefined) => NextRun | undefined) | undefined;
}

export interface KeptRun {
  lastRun: LastRun;
  /** Absent if the scheduled run stayed as it was. */
  scheduledRun?: ScheduledRun;
}
