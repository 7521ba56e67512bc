import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import { RetryLaterError } from "../errors.ts";
import { errorFacts } from "../log.ts";
import { readJob, retrySeconds } from "../store/sqs.ts";
import { clock, deadlineOf, kept } from "./invocation.ts";
import { startProgram } from "./program.ts";

const ready = kept(() => startProgram("worker"));
type Program = Awaited<ReturnType<typeof startProgram>>;

/** A job is put into the queue a little before it is due, so as to stand for what is announced meanwhile. Never for longer. */
const LONGEST_WAIT_SECONDS = 10;

/** Does the jobs of the queue. One that fails comes again after a pause, and in the end lies in the queue of the dead. */
export async function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  const program = await ready();
  program.workUntil(deadlineOf(context));
  const batchItemFailures = [];
  for (const record of event.Records) {
    if (!(await perform(program, record))) batchItemFailures.push({ itemIdentifier: record.messageId });
  }
  await program.rest();
  return { batchItemFailures };
}

async function perform({ log, queue, work }: Program, record: SQSRecord): Promise<boolean> {
  const { body, receiptHandle, attributes } = record;
  const deliveries = Number(attributes.ApproximateReceiveCount);
  try {
    const job = readJob(body);
    const waitSeconds = (job.dueAt.getTime() - clock.now().getTime()) / 1000;
    if (waitSeconds > 0) await clock.sleep(Math.min(waitSeconds, LONGEST_WAIT_SECONDS));
    await work({ ...job, attempts: deliveries - 1 });
    return true;
  } catch (error) {
    const facts = { deliveries, ...errorFacts(error) };
    if (error instanceof RetryLaterError) log.warn("job_postponed", facts);
    else log.error("job_failed", facts);
    // Its account waits for it, and would wait for the whole visibility timeout of the queue.
    await queue
      .retryIn(receiptHandle, retrySeconds(deliveries))
      .catch((cause: unknown) => log.warn("job_retry_not_set", errorFacts(cause)));
    return false;
  }
}
