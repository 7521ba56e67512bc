import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import { loadEnvironment } from "../config/environment.ts";
import { whoActs } from "../lib/errors.ts";
import { errorFacts } from "../lib/log.ts";
import { clock, deadlineOf, kept, logOf, madeAtStart } from "./invocation.ts";
import { openQueue, startProgram } from "./program.ts";
import { readJob, retrySeconds, type SqsQueue } from "./sqs-queue.ts";

const opened = kept(async () => openQueue());
const ready = kept(async () => startProgram("worker", await opened()));
await madeAtStart(ready);
type Program = Awaited<ReturnType<typeof startProgram>>;

/** A notification is queued eight seconds before it is due, for the others of its weigh-in. Nothing waits longer here. */
const LONGEST_WAIT_SECONDS = 10;
/** This long after its time is up, nothing of an invocation is still running. */
const AFTERMATH_SECONDS = 30;

/** A failed job comes again after a pause, and in the end goes to the dead-letter queue. */
export async function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  const queue = await opened();
  // First, so that if this process is killed, its jobs come again soon.
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

/** If this fails, the message comes again after the queue's visibility timeout, which is long. */
async function hide(queue: SqsQueue, { receiptHandle }: SQSRecord, seconds: number): Promise<void> {
  await queue
    .hideFor(receiptHandle, seconds)
    .catch((error: unknown) => logOf(loadEnvironment()).warn("job_retry_not_set", errorFacts(error)));
}
