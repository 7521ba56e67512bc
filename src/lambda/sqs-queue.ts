import { type AwsSubject, orAwsError } from "../lib/aws-errors.ts";
import type { Clock } from "../lib/clock.ts";
import { RetryLaterError } from "../lib/errors.ts";
import { issuePaths, parseJson } from "../lib/json.ts";
import { type JobQueue, type NewJob, StoredJob } from "../sync/model/jobs.ts";
import { createFunctionClient } from "./aws.ts";

const JOBS_A_CALL = 10;
const TRIES = 3;
/** Notifications due within the same eight seconds are one job. No longer than a notification waits before it is due. */
const GATHER_SECONDS = 8;
const FIRST_RETRY_SECONDS = 30;
const LONGEST_RETRY_SECONDS = 600;
/** A hidden job delays everything else for its account, including the chat. */
const LONGEST_HIDDEN_SECONDS = 3600;

/** The error doesn't repeat what the message holds. */
export function readJob(body: string): NewJob {
  const parsed = StoredJob().safeParse(parseJson(body));
  if (!parsed.success) throw new Error(`a message in the queue is not a job (${issuePaths(parsed.error)})`);
  return parsed.data;
}

/** The wait after a job's first, second, ... failed delivery. `askedSeconds`: how long a vendor asked us to wait. */
export function retrySeconds(deliveries: number, askedSeconds = 0): number {
  const own = Math.min(FIRST_RETRY_SECONDS * 2 ** (deliveries - 1), LONGEST_RETRY_SECONDS);
  return Math.max(own, Math.min(Math.ceil(askedSeconds), LONGEST_HIDDEN_SECONDS));
}

export interface SqsQueue extends JobQueue {
  /** If the message is still there after this time, it is delivered again. The queue's own visibility timeout is long. */
  hideFor(receiptHandle: string, seconds: number): Promise<void>;
  close(): void;
}

/** A FIFO queue with a group for each account, so its jobs are delivered one after the other. */
export function createSqsQueue({ queueUrl: QueueUrl, clock }: { queueUrl: string; clock: Clock }): SqsQueue {
  const client = createFunctionClient("sqs", { clock, answerSeconds: 10 });
  const ask = (action: string, body: object) =>
    orAwsError(client.post(`AmazonSQS.${action}`, "1.0", { QueueUrl, ...body }), QUEUE);

  async function send(jobs: readonly NewJob[]): Promise<void> {
    let left = jobs.map(entryOf);
    let why = "";
    for (let tries = 1; left.length > 0; tries++) {
      if (tries > TRIES) throw new RetryLaterError(`SQS did not take ${left.length} of ${jobs.length} jobs (${why})`);
      if (tries > 1) await clock.sleep(tries - 1);
      const { Failed = [] } = (await ask("SendMessageBatch", { Entries: left })) as BatchAnswer;
      const refused = Failed.find(({ SenderFault }) => SenderFault);
      if (refused) throw new Error(`SQS refused a job (${refused.Code})`);
      why = Failed[0]?.Code ?? "";
      left = left.filter(({ Id }) => Failed.some((failed) => failed.Id === Id));
    }
  }

  return {
    async put(jobs) {
      for (let from = 0; from < jobs.length; from += JOBS_A_CALL) await send(jobs.slice(from, from + JOBS_A_CALL));
    },
    async hideFor(ReceiptHandle, seconds) {
      await ask("ChangeMessageVisibility", { ReceiptHandle, VisibilityTimeout: seconds });
    },
    close: () => client.close(),
  };
}

/** What SQS didn't take of a batch; absent if it took everything. */
interface BatchAnswer {
  Failed?: Array<{ Id: string; Code: string; SenderFault: boolean }>;
}

/** A message of the queue: its group, and what it has in common with another of the same job. */
export function entryOf(job: NewJob, index: number) {
  return {
    Id: String(index),
    MessageGroupId: String(job.account),
    MessageDeduplicationId: `${job.account}-${job.reason}-${sameness(job)}`,
    MessageBody: JSON.stringify(job),
  };
}

/** SQS drops the second of two jobs with the same account, reason and sameness within five minutes. */
function sameness(job: NewJob): number | string {
  switch (job.reason) {
    // Both were announced before the first is due, so the first job finds both readings at Withings. If the senders' clocks
    // differ, a notification can be lost; the next scheduled run finds its reading.
    case "withings_notified":
      return Math.floor(job.dueAt.getTime() / (GATHER_SECONDS * 1000));
    // Due at once, so an earlier one may have been done already.
    case "withings_unlinked":
      return job.dueAt.getTime();
    // A sweep may have been killed before it noted that it had queued this.
    case "scheduled":
      return job.dueAt.getTime();
    // The same may be wanted again: taken out, restored, taken out. And several may be queued at once.
    case "reading":
    case "readings":
    case "handed_on":
      return `${job.dueAt.getTime()}-${job.act}-${job.messageId}`;
    // Another range may be wanted, and the first one again.
    case "picture":
      return `${job.dueAt.getTime()}-${job.messageId}`;
    case "requested":
    case "doctor":
    case "working":
    case "weigh_in_missing":
    case "blood_pressure_missing":
      return job.messageId;
  }
}

const QUEUE: AwsSubject = {
  service: "SQS",
  absent: {
    name: /QueueDoesNotExist|NonExistentQueue/,
    text: "The queue does not exist: deploy again to create it.",
  },
  denied: (action = "more rights") =>
    `AWS does not let this function use its queue: it needs ${action}. Deploy again to renew its rights.`,
  credentials: (reason) => `The AWS credentials or region for the queue are missing or not accepted (${reason}).`,
};
