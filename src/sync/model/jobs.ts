import * as z from "zod";
import { lazy } from "../../lib/lazy.ts";
import type { Versioned } from "./link.ts";

/** Questions whose answer takes a look at the vendors. */
export const LOOKS = ["doctor", "working", "weigh_in_missing", "blood_pressure_missing"] as const;
export type Look = (typeof LOOKS)[number];

/** What can be done with one reading. "undo" takes back the answer to the question whose it is. "keep": it stays in Garmin. */
export const ACTS = ["take_out", "keep", "restore", "mine", "not_mine", "undo"] as const;
export type Act = (typeof ACTS)[number];
/** The same with all readings that were asked about together. "ask_again" takes back an answer about several held readings. */
export const ACTS_TOGETHER = ["take_out", "keep", "restore", "ask_again"] as const;
export type ActTogether = (typeof ACTS_TOGETHER)[number];
/** About what is gone at Withings. */
export type GoneAct = Exclude<ActTogether, "ask_again">;

/**
 * What is done with a reading that somebody hands on, named by its id in their ledger. In their chat: ask the other one ("offer"),
 * say how far that has got ("heard"), and end it after days without an answer ("expire"). In the other one's: their answers, and
 * what a later run has made of a yes ("settled").
 */
export const HAND_ON_ACTS = ["offer", "heard", "expire", "theirs", "not_theirs", "undo_theirs", "settled"] as const;
export type HandOnAct = (typeof HAND_ON_ACTS)[number];

/** What a picture shows, and of which time until now. */
export const PICTURES = ["weight", "blood_pressure", "body"] as const;
export type Picture = (typeof PICTURES)[number];
export const RANGES = ["30d", "90d", "1y", "all"] as const;
export type Range = (typeof RANGES)[number];

const instant = lazy(() => z.iso.datetime().transform((text) => new Date(text)));
const JobBase = lazy(() => z.object({ account: z.int(), dueAt: instant() }));
export const StoredJob = lazy(() =>
  z.discriminatedUnion("reason", [
    JobBase().extend({
      reason: z.enum(["scheduled", "withings_notified", "withings_unlinked"]),
      /** More accounts are due than the queue was given. When this run has ended, the next of them is queued. */
      othersWait: z.literal(true).optional(),
      /** When the list has the account next. Absent: at `dueAt`, until the run has ended. */
      listedAt: instant().optional(),
    }),
    /** Somebody asked for a sync, for /doctor or in plain words in the chat. The answer is written into this message. */
    JobBase().extend({ reason: z.enum(["requested", ...LOOKS]), messageId: z.int() }),
    /** The message becomes this picture. */
    JobBase().extend({
      ...{ reason: z.literal("picture"), messageId: z.int() },
      ...{ picture: z.enum(PICTURES), range: z.enum(RANGES) },
    }),
    /** Somebody wants something done with one reading. What became of it is written into this message. */
    JobBase().extend({ reason: z.literal("reading"), act: z.enum(ACTS), reading: z.string(), messageId: z.int() }),
    JobBase().extend({
      ...{ reason: z.literal("readings"), act: z.enum(ACTS_TOGETHER), messageId: z.int() },
      /** When they were asked about. */
      askedAt: instant(),
    }),
    JobBase().extend({
      ...{ reason: z.literal("handed_on"), act: z.enum(HAND_ON_ACTS), reading: z.string(), messageId: z.int() },
      /** Who is asked, or whose reading it was. */
      other: z.int().optional(),
    }),
  ]),
);

export type NewJob = z.output<ReturnType<typeof StoredJob>>;

/** What it has taken is done, possibly more than once, even if the process that queued it crashes. */
export interface JobQueue {
  put(jobs: readonly NewJob[]): Promise<void>;
}

export type Job = NewJob & {
  attempts: number;
};

export type ReadingJob = Extract<Job, { reason: "reading" | "readings" | "handed_on" }>;
export type PictureJob = Extract<Job, { reason: "picture" }>;
export type HandOnJob = Extract<Job, { reason: "handed_on" }>;

/** One job for an account and a reason. A waiting job covers a new one, unless it's due later or may have started. */
export interface Jobs extends JobQueue {
  list(): Promise<Array<Versioned<Job>>>;
  /** Removes it, unless it was queued again in the meantime. */
  finish(job: Versioned<Job>): Promise<void>;
  /** For another attempt, unless it was queued again in the meantime. */
  postpone(job: Versioned<Job>, dueAt: Date): Promise<void>;
}
