/** The contract of what comes in from outside: answers of the consent page, notifications, and the work they leave. */
import type { Versioned } from "./vendors.ts";

/** The `state` of a consent page: says, signed, which account asked. Nothing is stored until it comes back. */
export interface LinkStates {
  issue(account: number): string;
  /** Whose it is. Asks nobody, spends nothing. */
  read(state: string): { type: "ok" | "late"; account: number } | { type: "wrong" };
  /** Spends it: of all that bring the same one, the first alone gets `ok`. One that is wrong or late costs no I/O. */
  redeem(state: string): Promise<{ type: "ok" | "late" | "used"; account: number } | { type: "wrong" }>;
}

/** What the consent page answered, in the address that the browser ended on. */
export type ConsentAnswer =
  | { type: "code"; code: string; state: string }
  | { type: "refused"; state: string }
  | { type: "no_code" };

/** What a person pasted: that address, the code alone, or the page on which Withings refuses the callback address. */
export type PastedAnswer =
  | ConsentAnswer
  | { type: "bare_code"; code: string }
  | { type: "callback_refused" }
  | { type: "not_an_address" };

/** Something to be done for an account, not before `dueAt`. */
export type NewJob = { account: number; dueAt: Date } & (
  | {
      reason: /** Its time has come: a look at everything, which then says when the next one is. */
        | "visit"
        /** Withings says that something was measured, changed or deleted. */
        | "withings_notified"
        /** Withings says that the person is gone, or no longer shares with us. */
        | "withings_unlinked";
    }
  /** Somebody asked in the chat, for a sync or for /doctor. The answer is written into this message. */
  | { reason: "asked" | "doctor"; messageId: number }
);
export type JobReason = NewJob["reason"];

/** Where jobs go. What it has taken is done, whatever becomes of the process that brought it, and possibly more than once. */
export interface JobQueue {
  put(jobs: readonly NewJob[]): Promise<void>;
}

export type Job = NewJob & {
  /** How often it failed. */
  attempts: number;
};

/**
 * A durable queue in the store. There is one job for an account and a reason (and a message), however often it was asked
 * for: one that waits already stands for this one too, unless it is due later; one that may have begun is followed by another.
 */
export interface Jobs extends JobQueue {
  list(): Promise<Array<Versioned<Job>>>;
  /** Takes it away after it was done, unless it was asked for again meanwhile. */
  finish(job: Versioned<Job>): Promise<void>;
  /** For another attempt, unless it was asked for again meanwhile. */
  postpone(job: Versioned<Job>, dueAt: Date): Promise<void>;
}

/** When an account is looked at next. */
export interface Appointment {
  dueAt: Date;
  /** How many runs before it had to put something off, one after the other. */
  failures: number;
  /** When a run last succeeded. Absent until there was one, and after each sign-in. */
  settledAt?: Date;
}

/**
 * Who is due when, listed by time, so that finding those who are due costs nothing for all the others. An account's own
 * appointment is the truth; what the list says beside it is dropped when its time comes.
 */
export interface Agenda {
  read(account: number): Promise<Appointment | undefined>;
  set(account: number, appointment: Appointment): Promise<void>;
  /** Whose time has come, oldest first, page by page. Who was `queued` lately is left out. */
  due(): AsyncGenerator<ListedAppointment[]>;
  /** For an hour it is not due again; a job that got lost is queued anew after that. */
  queued(listed: ListedAppointment): Promise<void>;
  /** Takes away what is listed for an account at a time that is not its appointment, or no longer. */
  drop(account: number, dueAt: Date): Promise<void>;
  /** Takes away the appointment of an account that is gone. */
  forget(account: number): Promise<void>;
  /** Looks at some more accounts with every call, round and round: those among them that nobody would look at any more. */
  lost(): Promise<number[]>;
}

export interface ListedAppointment {
  account: number;
  dueAt: Date;
  version: string;
}

/** One thing that Withings tells one address about one person. */
export interface Subscription {
  /** Withings' number of what is told: 1 weight, 4 blood pressure, 46 the person's profile. */
  appli: number;
  callbackUrl: string;
}

/** What is known of an account's subscriptions. */
export interface SubscriptionsSeen {
  checkedAt: Date;
  /** Tells one callback address from another without holding its key. */
  callbackId: string;
  /**
   * `callback_unreachable`: Withings does not get through to us. `unknown`: Withings could not be asked. `gone`: some of
   * `active` were missing when somebody looked since.
   */
  state: "active" | "callback_unreachable" | "unknown" | "gone";
  /** Which stood at our address at the last check that came to its end. */
  active: number[];
}

export interface SubscriptionMemory {
  read(account: number): Promise<SubscriptionsSeen | undefined>;
  save(account: number, seen: SubscriptionsSeen): Promise<void>;
  forget(account: number): Promise<void>;
}
