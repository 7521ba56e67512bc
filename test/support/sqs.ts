import { randomUUID } from "node:crypto";
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { startFauxqs } from "fauxqs";

const REGION = "eu-central-1";

/**
 * SQS in this process, on a real port. It has the queues of `infra/queues.yml`, for jobs and for what failed seven times, with
 * another visibility timeout.
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
    env: { ...env, QUEUE_URL: jobs.queueUrl },
    client,
    queueUrl: jobs.queueUrl,
    queueArn: jobs.queueArn,
    deadUrl: dead.queueUrl,
    /** Counts messages in progress too. */
    waiting(): number {
      const { ready = [], delayed = [], inflight = [] } = server.inspectQueue("jobs.fifo")?.messages ?? {};
      return ready.length + delayed.length + inflight.length;
    },
    /** How much longer each message in progress stays hidden. */
    hiddenSeconds: (): number[] =>
      (server.inspectQueue("jobs.fifo")?.messages.inflight ?? []).map(
        ({ visibilityDeadline }) => (visibilityDeadline - Date.now()) / 1000,
      ),
    /** What failed seven times. */
    dead: (): string[] => (server.inspectQueue("dead.fifo")?.messages.ready ?? []).map(({ body }) => body),
    /** Doesn't wait. */
    async receive(limit = 10) {
      const command = new ReceiveMessageCommand({
        QueueUrl: jobs.queueUrl,
        MaxNumberOfMessages: limit,
        MessageSystemAttributeNames: ["All"],
      });
      return (await client.send(command)).Messages ?? [];
    },
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
