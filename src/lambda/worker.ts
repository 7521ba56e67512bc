import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import { loadEnvironment } from "../config/environment.ts";
import { whoActs } from "../lib/errors.ts";
import { errorFacts } from "../lib/log.ts";
import { clock, deadlineOf, kept, logOf } from "./invocation.ts";
import { openQueue, startProgram } from "./program.ts";
import { readJob, retrySeconds, type SqsQueue } from "./sqs-queue.ts";

const opened = kept(async () => openQueue());
const ready = kept(async () => startProgram("worker", await opened()));
type Program = Awaited<ReturnType<typeof startProgram>>;

/** A job is put into the queue a little before it is due, so as to stand for what is announced meanwhile. Never for longer. */
const LONGEST_WAIT_SECONDS = 10;
/** Later than this after its end nothing of an invocation is under way. */
const AFTERMATH_SECONDS = 30;

/** Does the jobs of the queue. A failed one comes again after a pause, and ends up in the dead-letter queue. */
export async function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  const queue = await opened();
  // First of all: whatever becomes of this process, its jobs come again soon after it can no longer be at work on them.
  const seconds = Math.ceil(context.getRemainingTimeInMillis() / 1000) + AFTERMATH_SECONDS;
  const hiding = Promise.all(event.Records.map((record) => hide(queue, record, seconds)));
  const program = await ready().finally(() => hiding);
  program.workUntil(deadlineOf(context));
  const batchItemFailures = [];
  for (const record of event.Records) {
    if (!(await perform(program, queue, record))) batchItemFailures.push({ itemIdentifier: record.messageId });
  }
  await program.closeIdle();
  return { batchItemFailures };
}

async function perform({ log, work }: Program, queue: SqsQueue, record: SQSRecord): Promise<boolean> {
  const deliveries = Number(record.attributes.ApproximateReceiveCount);
  try {
    const job = readJob(record.body);
    const waitSeconds = (job.dueAt.getTime() - clock.now().getTime()) / 1000;
    if (waitSeconds > 0) await clock.sleep(Math.min(waitSeconds, LONGEST_WAIT_SECONDS));
    await work({ ...job, attempts: deliveries - 1 });
    return true;
  } catch (error) {
    const facts = { deliveries, ...errorFacts(error) };
    const acting = whoActs(error);
    if (acting.who === "time") log.warn("job_postponed", facts);
    else log.error("job_failed", facts);
    const asked = acting.who === "time" ? acting.error.retryAfterSeconds : undefined;
    await hide(queue, record, retrySeconds(deliveries, asked));
    return false;
  }
}

/** Where this fails, the message comes again after the visibility timeout of the queue, which is long. */
async function hide(queue: SqsQueue, { receiptHandle }: SQSRecord, seconds: number): Promise<void> {
  await queue
    .hideFor(receiptHandle, seconds)
    .catch((error: unknown) => logOf(loadEnvironment()).warn("job_retry_not_set", errorFacts(error)));
}
