import { DynamoDBClient, type DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import type { Clock } from "../../lib/clock.ts";
import { UsageError } from "../../lib/errors.ts";

const ATTEMPTS = 3;
const CONNECTION_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;

export interface DynamoOptions {
  tableName: string;
  /** Absent on AWS. A loopback address is taken for an emulator, which needs neither region nor credentials. */
  endpoint?: string | undefined;
  clock: Clock;
  requestHandler?: DynamoDBClientConfig["requestHandler"] | undefined;
}

export function createDynamoClient({ endpoint, requestHandler }: DynamoOptions): DynamoDBClient {
  return new DynamoDBClient({
    maxAttempts: ATTEMPTS,
    requestHandler: requestHandler ?? {
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      // Without it the SDK only warns when the time is over. The socket timeout covers an answer that stalls halfway.
      throwOnRequestTimeout: true,
      socketTimeout: REQUEST_TIMEOUT_MS,
    },
    ...(endpoint !== undefined && { endpoint }),
    ...(endpoint !== undefined &&
      isLoopback(endpoint) && {
        region: "us-east-1",
        credentials: { accessKeyId: "local", secretAccessKey: "local" },
      }),
  });
}

function isLoopback(endpoint: string): boolean {
  const url = URL.parse(endpoint);
  // "localhost:8000" parses too, as a URL of the scheme "localhost".
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`The DynamoDB endpoint "${endpoint}" is not a URL: write it as http://host:port.`);
  }
  return /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
}
