import {
  ChangeMessageVisibilityCommand,
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { type AwsSubject, orAwsError } from "../lib/aws-errors.ts";
import type { Clock } from "../lib/clock.ts";
import { RetryLaterError } from "../lib/errors.ts";
import { issuePaths, parseJson } from "../lib/json.ts";
import { type JobQueue, type NewJob, StoredJob } from "../sync/model/jobs.ts";

/** SQS takes no more at once. */
const JOBS_A_CALL = 10;
const TRIES = 3;
/** Notifications that are due within the same stretch are one job. No longer than a notification waits before it is due. */
const GATHER_SECONDS = 8;
const FIRST_RETRY_SECONDS = 30;
const LONGEST_RETRY_SECONDS = 600;
/** A hidden job delays everything else for its account, including the chat. */
const LONGEST_ASKED_SECONDS = 3600;

/** The job in a message. Throws on one that it cannot read, without telling what stood there. */
export function readJob(body: string): NewJob {
  const parsed = StoredJob.safeParse(parseJson(body));
  if (!parsed.success) throw new Error(`a message in the queue is no job (${issuePaths(parsed.error)})`);
  return parsed.data;
}

/**
 * How long a failed job rests after this many deliveries, counted from one. `askedSeconds` is how long a vendor asked us to
 * wait.
 */
export function retrySeconds(deliveries: number, askedSeconds = 0): number {
  const own = Math.min(FIRST_RETRY_SECONDS * 2 ** (deliveries - 1), LONGEST_RETRY_SECONDS);
  return Math.max(own, Math.min(Math.ceil(askedSeconds), LONGEST_ASKED_SECONDS));
}

export interface SqsQueue extends JobQueue {
  /**
   * Delivers a message again after this time if it is still there, not only after the queue's visibility timeout: until then it
   * delays everything else for its account.
   */
  hideFor(receiptHandle: string, seconds: number): Promise<void>;
  close(): void;
}

/** A FIFO queue with a group for each account: its jobs are delivered one after the other, in the order they came. */
export function createSqsQueue({ queueUrl: QueueUrl, clock }: { queueUrl: string; clock: Clock }): SqsQueue {
  const client = new SQSClient({
    maxAttempts: 3,
    // A queue's address holds its host, and would win over AWS_ENDPOINT_URL_SQS.
    useQueueUrlAsEndpoint: false,
    requestHandler: { connectionTimeout: 3_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
  });

  async function send(jobs: readonly NewJob[]): Promise<void> {
    let left = jobs.map(entryOf);
    let why = "";
    for (let tries = 1; left.length > 0; tries++) {
      if (tries > TRIES) throw new RetryLaterError(`SQS did not take ${left.length} of ${jobs.length} jobs (${why})`);
      if (tries > 1) await clock.sleep(tries - 1);
      const { Failed = [] } = await orAwsError(
        client.send(new SendMessageBatchCommand({ QueueUrl, Entries: left })),
        QUEUE,
      );
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
      const VisibilityTimeout = seconds;
      const command = new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout });
      await orAwsError(client.send(command), QUEUE);
    },
    close: () => client.destroy(),
  };
}

function entryOf(job: NewJob, index: number): SendMessageBatchRequestEntry {
  return {
    Id: String(index),
    MessageGroupId: String(job.account),
    MessageDeduplicationId: `${job.account}-${job.reason}-${sameness(job)}`,
    MessageBody: JSON.stringify(job),
  };
}

/** Of two jobs of an account and a reason that are the same in this, SQS drops the second within five minutes. */
function sameness(job: NewJob): number {
  switch (job.reason) {
    // A notification is due eight seconds after it was announced. So what is due within the same eight seconds as another
    // one was announced before that one is due, and its look at Withings, which comes later still, finds it too. Only if
    // the clocks of two senders differ can a hint be dropped that came after the look; the next scheduled run finds the reading.
    case "withings_notified":
      return Math.floor(job.dueAt.getTime() / (GATHER_SECONDS * 1000));
    // At once due, so one that came earlier may have been done already: each is a job of its own.
    case "withings_unlinked":
      return job.dueAt.getTime();
    // The same scheduled run, listed by a sweep that ended before it could say that it had queued it.
    case "scheduled":
      return job.dueAt.getTime();
    case "requested":
    case "doctor":
      return job.messageId;
  }
}

const QUEUE: AwsSubject = {
  service: "SQS",
  absent: {
    name: /QueueDoesNotExist|NonExistentQueue/,
    text: "The queue does not exist: deploy again, which makes it.",
  },
  denied: (action = "more rights") =>
    `AWS does not let this function use its queue: it needs ${action}. Deploy again, which renews them.`,
  credentials: (reason) => `The AWS credentials or region for the queue are missing or not accepted (${reason}).`,
};
