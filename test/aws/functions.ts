import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  QueueDoesNotExist,
  ReceiveMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import { FUNCTIONS, type FunctionName } from "../../build/bundle.ts";
import type { Environment } from "../../src/config/environment.ts";
import { sqsEvent } from "../lambda/events.ts";
import { createFleet, type Fleet } from "../lambda/fleet.ts";
import { ACCOUNT, arn, REGION } from "./calls.ts";

const IDLE_MS = 250;
const SECRET = "unused";
/** The access key with which a function and what acts for it ask AWS. */
export const keyOf = (name: FunctionName) => `FUNCTION${name}`;
const credentialsOf = (key: string) => ({ accessKeyId: key, secretAccessKey: SECRET });

export interface Deployed extends Record<FunctionName, Fleet> {
  close(): Promise<void>;
}

/** The functions as they were deployed: what is in their archives, in the environment that AWS has for them. */
export async function openFunctions(options: {
  /** Tells what AWS knows. */
  moto: string;
  /** What the functions take for AWS. */
  aws: string;
  vendors: Environment;
  python: string;
  folder: string;
}): Promise<Deployed> {
  const open = async (name: FunctionName) => {
    const { Environment, Timeout, MemorySize } = await configurationOf(options.moto, name);
    const folder = path.join(options.folder, name);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    execFileSync(options.python, ["-m", "zipfile", "-e", `.serverless/${name}.zip`, folder]);
    const env = {
      ...options.vendors,
      ...Object.fromEntries(["SSM", "SQS", "DYNAMODB"].map((it) => [`AWS_ENDPOINT_URL_${it}`, options.aws])),
      AWS_ACCESS_KEY_ID: keyOf(name),
      AWS_SECRET_ACCESS_KEY: SECRET,
      ...Environment.Variables,
    };
    const size = { timeoutSeconds: Timeout, memoryMegabytes: MemorySize };
    return [name, createFleet({ name, folder: path.join(folder, ".build", name), env, ...size })] as const;
  };
  const fleets = Object.fromEntries(await Promise.all(FUNCTIONS.map(open))) as Record<FunctionName, Fleet>;
  return {
    ...fleets,
    async close() {
      await Promise.all(FUNCTIONS.map((name) => fleets[name].close()));
    },
  };
}

interface Configuration {
  Environment: { Variables: Record<string, string> };
  Timeout: number;
  MemorySize: number;
}

async function configurationOf(moto: string, name: FunctionName): Promise<Configuration> {
  const authorization = `AWS4-HMAC-SHA256 Credential=TEST/20260101/${REGION}/lambda/aws4_request`;
  const url = `${moto}/2015-03-31/functions/weighbridge-prod-${name}/configuration`;
  const answer = await fetch(url, { headers: { authorization } });
  if (!answer.ok) throw new Error(`there is no function ${name} yet`);
  return (await answer.json()) as Configuration;
}

/** Lambda's poller, which acts with the worker's rights. */
export function startPoller(aws: string, worker: (event: SQSEvent) => Promise<unknown>) {
  const client = new SQSClient({
    endpoint: aws,
    region: REGION,
    credentials: credentialsOf(keyOf("worker")),
    useQueueUrlAsEndpoint: false,
  });
  const QueueUrl = `https://sqs.${REGION}.amazonaws.com/${ACCOUNT}/weighbridge-prod-jobs.fifo`;
  let isStopped = false;
  let isBusy = false;
  const failed: unknown[] = [];

  async function turn() {
    await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }));
    const MessageSystemAttributeNames = ["All" as const];
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 1, MessageSystemAttributeNames }),
    );
    isBusy = Messages.length > 0;
    for (const message of Messages) {
      const answer = (await worker(sqsEvent(message, arn("sqs", "weighbridge-prod-jobs.fifo")))) as SQSBatchResponse;
      if (answer.batchItemFailures.length > 0) failed.push(message.Body);
      else await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }));
    }
  }

  const running = (async () => {
    while (!isStopped) {
      await turn().catch((error: unknown) => {
        // Before the first deployment, and between two lives.
        if (!(error instanceof QueueDoesNotExist)) failed.push(error);
      });
      if (!isBusy) await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
    }
  })();
  return {
    failed,
    isBusy: () => isBusy,
    async stop() {
      isStopped = true;
      await running;
      client.destroy();
    },
  };
}
