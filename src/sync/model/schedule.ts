/** When an account is looked at next. */
export interface ScheduledRun {
  dueAt: Date;
  /** How many runs before it had to put something off, one after the other. */
  failures: number;
  /** When a run last succeeded. Absent until there was one, and after each sign-in. */
  settledAt?: Date;
}

/**
 * Who is due when, listed by time, so that finding those who are due costs nothing for all the others. An account's own
 * scheduled run is the truth; what the list says beside it is dropped when its time comes.
 */
export interface Schedule {
  read(account: number): Promise<ScheduledRun | undefined>;
  set(account: number, scheduledRun: ScheduledRun): Promise<void>;
  /** Whose time has come, oldest first, page by page. Who was `queued` lately is left out. */
  due(): AsyncGenerator<DueEntry[]>;
  /** For an hour it is not due again; a job that got lost is queued again after that. */
  markQueued(listed: DueEntry): Promise<void>;
  /** Takes away what is listed for an account at a time that is not its scheduled run, or no longer. */
  drop(account: number, dueAt: Date): Promise<void>;
  /** Takes away the scheduled run of an account that is gone. */
  forget(account: number): Promise<void>;
  /** Looks at some more accounts with every call, round and round: those among them that nobody would look at any more. */
  findUnscheduled(): Promise<number[]>;
}

export interface DueEntry {
  account: number;
  dueAt: Date;
  version: string;
}
