import * as z from "zod";
import type { Versioned } from "./link.ts";

const JobBase = z.object({ account: z.int(), dueAt: z.iso.datetime().transform((text) => new Date(text)) });
/** A job as JSON, in the store and in SQS. */
export const StoredJob = z.discriminatedUnion("reason", [
  JobBase.extend({
    reason: z.enum([
      /** Its time has come: a look at everything, which then says when the next one is. */
      "scheduled",
      /** Withings says that something was measured, changed or deleted. */
      "withings_notified",
      /** Withings says that the person is gone, or no longer shares with us. */
      "withings_unlinked",
    ]),
  }),
  /** Somebody asked in the chat, for a sync or for /doctor. The answer is written into this message. */
  JobBase.extend({ reason: z.enum(["requested", "doctor"]), messageId: z.int() }),
]);

/** Something to be done for an account, not before `dueAt`. */
export type NewJob = z.output<typeof StoredJob>;

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
