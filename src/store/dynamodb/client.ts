import { DynamoDBClient, type DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import type { AwsSubject } from "../../lib/aws-errors.ts";
import type { Clock } from "../../lib/clock.ts";
import { UsageError } from "../../lib/errors.ts";

const REQUEST_TIMEOUT_MS = 30_000;

export interface DynamoOptions {
  tableName: string;
  /** Absent on AWS. At a loopback address there is an emulator, which needs neither region nor credentials. */
  endpoint?: string | undefined;
  clock: Clock;
  requestHandler?: DynamoDBClientConfig["requestHandler"] | undefined;
}

export function createDynamoClient({ endpoint, requestHandler }: DynamoOptions): DynamoDBClient {
  return new DynamoDBClient({
    maxAttempts: 3,
    requestHandler: requestHandler ?? {
      connectionTimeout: 10_000,
      requestTimeout: REQUEST_TIMEOUT_MS,
      // Otherwise the SDK only warns. The socket timeout covers an answer that stalls halfway.
      throwOnRequestTimeout: true,
      socketTimeout: REQUEST_TIMEOUT_MS,
    },
    ...(endpoint !== undefined && { endpoint }),
    ...(endpoint !== undefined && isLoopback(endpoint) && EMULATOR),
  });
}

const EMULATOR = { region: "us-east-1", credentials: { accessKeyId: "local", secretAccessKey: "local" } };

function isLoopback(endpoint: string): boolean {
  const url = URL.parse(endpoint);
  // "localhost:8000" parses too, as a URL of the scheme "localhost".
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`The DynamoDB endpoint "${endpoint}" is not a URL: write it as http://host:port.`);
  }
  return /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
}

export const aboutTable = (tableName: string): AwsSubject => ({
  service: "DynamoDB",
  absent: {
    name: /^ResourceNotFoundException$/,
    text: `The table ${tableName} does not exist. Run: npx weighbridge table create.`,
  },
  denied: (action = "the DynamoDB actions") =>
    `AWS refuses access to the table ${tableName}: allow this user or role ${action} on it.`,
  credentials: (reason) =>
    `The AWS credentials or region for the table ${tableName} are missing or not accepted (${reason}): ` +
    "set AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or sign in to AWS again.",
});
