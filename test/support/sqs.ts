import { randomUUID } from "node:crypto";
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { startFauxqs } from "fauxqs";

const REGION = "eu-central-1";

/**
 * An SQS in this process behind a real port, with a queue of jobs like that of `infra/queues.yml` but for its visibility
 * timeout, and the one for what failed seven times.
 */
export async function startSqs({ visibilitySeconds = 1080 } = {}) {
  const server = await startFauxqs({ port: 0, logger: false, defaultRegion: REGION });
  const env = {
    AWS_ENDPOINT_URL_SQS: `http://127.0.0.1:${server.port}`,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
  };
  const fifo = { FifoQueue: "true", ContentBasedDeduplication: "false" };
  const dead = server.createQueue("dead.fifo", { region: REGION, attributes: fifo });
  const jobs = server.createQueue("jobs.fifo", {
    region: REGION,
    attributes: {
      ...fifo,
      DeduplicationScope: "messageGroup",
      FifoThroughputLimit: "perMessageGroupId",
      VisibilityTimeout: String(visibilitySeconds),
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.queueArn, maxReceiveCount: "7" }),
    },
  });
  const client = new SQSClient({
    endpoint: env.AWS_ENDPOINT_URL_SQS,
    region: REGION,
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });

  return {
    /** What a process needs to reach it. */
    env: { ...env, QUEUE_URL: jobs.queueUrl },
    client,
    queueUrl: jobs.queueUrl,
    queueArn: jobs.queueArn,
    deadUrl: dead.queueUrl,
    /** Every message that waits or is being worked on. */
    waiting(): number {
      const { ready = [], delayed = [], inflight = [] } = server.inspectQueue("jobs.fifo")?.messages ?? {};
      return ready.length + delayed.length + inflight.length;
    },
    /** For how much longer each message that somebody works on is hidden from all others. */
    hiddenSeconds: (): number[] =>
      (server.inspectQueue("jobs.fifo")?.messages.inflight ?? []).map(
        ({ visibilityDeadline }) => (visibilityDeadline - Date.now()) / 1000,
      ),
    /** The texts of what failed seven times. */
    dead: (): string[] => (server.inspectQueue("dead.fifo")?.messages.ready ?? []).map(({ body }) => body),
    /** Whatever is there, at once. */
    async receive(limit = 10) {
      const command = new ReceiveMessageCommand({
        QueueUrl: jobs.queueUrl,
        MaxNumberOfMessages: limit,
        MessageSystemAttributeNames: ["All"],
      });
      return (await client.send(command)).Messages ?? [];
    },
    /** Puts any text into the queue, as somebody else would. */
    send(account: number, body: string) {
      const MessageDeduplicationId = randomUUID();
      const MessageGroupId = String(account);
      return client.send(
        new SendMessageCommand({ QueueUrl: jobs.queueUrl, MessageBody: body, MessageGroupId, MessageDeduplicationId }),
      );
    },
    async close() {
      client.destroy();
      await server.stop();
    },
  };
}
export type LocalSqs = Awaited<ReturnType<typeof startSqs>>;
