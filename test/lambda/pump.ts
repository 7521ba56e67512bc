import { ChangeMessageVisibilityCommand, DeleteMessageCommand, type Message } from "@aws-sdk/client-sqs";
import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import type { LocalSqs } from "../support/sqs.ts";
import { sqsEvent } from "./events.ts";

export interface Pump {
  /** Resolves when the queue is empty: all is done or dead-lettered. */
  empty(): Promise<void>;
  /** Lets running jobs finish. */
  stop(): Promise<void>;
}

/**
 * Delivers messages to their worker as AWS does: one per call, deleted once it is done, as many at once as there are places.
 * What failed comes back at once, because tests don't wait for real time.
 */
export function startPump(sqs: LocalSqs, places: ReadonlyArray<(event: SQSEvent) => Promise<unknown>>): Pump {
  const { client, queueUrl: QueueUrl, queueArn } = sqs;
  let isStopped = false;
  const idle = () => new Promise((resolve) => setTimeout(resolve, 5));

  async function bring(message: Message, invoke: (event: SQSEvent) => Promise<unknown>): Promise<void> {
    const { MessageId, ReceiptHandle } = message;
    if (await isDone(invoke(sqsEvent(message, queueArn)), MessageId)) {
      await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    } else {
      await client.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }));
    }
  }

  const running = places.map(async (invoke) => {
    while (!isStopped) {
      // Receiving costs a request, several hundred times a second.
      const [message] = sqs.waiting() > 0 ? await sqs.receive(1) : [];
      if (message) await bring(message, invoke);
      else await idle();
    }
  });

  return {
    async empty() {
      while (sqs.waiting() > 0) await idle();
    },
    async stop() {
      isStopped = true;
      await Promise.all(running);
    },
  };
}

/** Whether neither the worker nor this message failed. */
async function isDone(answer: Promise<unknown>, messageId: string | undefined): Promise<boolean> {
  try {
    const response = (await answer) as SQSBatchResponse | null | undefined;
    return !response?.batchItemFailures?.some(({ itemIdentifier }) => itemIdentifier === messageId);
  } catch {
    return false;
  }
}
