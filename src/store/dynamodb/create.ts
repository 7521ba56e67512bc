import {
  CreateTableCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  type KeySchemaElement,
  ResourceInUseException,
  ResourceNotFoundException,
  type TableDescription,
  UpdateContinuousBackupsCommand,
  UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import { explainAwsError, orAwsError } from "../../lib/aws-errors.ts";
import type { Clock } from "../../lib/clock.ts";
import { RetryLaterError, UsageError } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import { aboutTable, createDynamoClient, type DynamoOptions } from "./client.ts";

const KEY_SCHEMA: KeySchemaElement[] = [
  { AttributeName: "pk", KeyType: "HASH" },
  { AttributeName: "sk", KeyType: "RANGE" },
];
const TABLE_POLL_SECONDS = 1;
const TABLE_POLLS = 120;

/**
 * Creates the table if it is absent, waits until it can be used (two minutes at most) and lets DynamoDB remove expired items.
 * On AWS it is also protected against deletion and has continuous backups.
 */
export async function createDynamoTable(options: DynamoOptions & { log: Log }): Promise<"created" | "present"> {
  const { tableName, endpoint } = options;
  const client = createDynamoClient(options);
  try {
    const outcome = await orAwsError(createTable(client, tableName, endpoint === undefined), aboutTable(tableName));
    await waitUntilActive(client, options);
    await enableTimeToLive(client, options);
    if (endpoint === undefined) await enableBackups(client, options);
    return outcome;
  } finally {
    client.destroy();
  }
}

export async function dynamoTableExists(options: DynamoOptions): Promise<boolean> {
  const client = createDynamoClient(options);
  try {
    return (await orAwsError(describeTable(client, options.tableName), aboutTable(options.tableName))) !== undefined;
  } finally {
    client.destroy();
  }
}

async function createTable(client: DynamoDBClient, TableName: string, isOnAws: boolean) {
  const command = new CreateTableCommand({
    TableName,
    BillingMode: "PAY_PER_REQUEST",
    KeySchema: KEY_SCHEMA,
    AttributeDefinitions: KEY_SCHEMA.map(({ AttributeName }) => ({ AttributeName, AttributeType: "S" })),
    ...(isOnAws && { DeletionProtectionEnabled: true }),
  });
  try {
    await client.send(command);
    return "created";
  } catch (error) {
    if (error instanceof ResourceInUseException) return "present";
    throw error;
  }
}

async function waitUntilActive(client: DynamoDBClient, { tableName, clock }: DynamoOptions): Promise<void> {
  await untilReady(tableName, clock, async () => {
    const table = await orAwsError(describeTable(client, tableName), aboutTable(tableName));
    if (table !== undefined && !hasOurKey(table)) {
      throw new UsageError(
        `The table ${tableName} exists with another key than pk and sk (both text): choose another table name.`,
      );
    }
    return table?.TableStatus === "ACTIVE" || table?.TableStatus === "UPDATING";
  });
}

async function describeTable(client: DynamoDBClient, TableName: string): Promise<TableDescription | undefined> {
  try {
    return (await client.send(new DescribeTableCommand({ TableName }))).Table;
  } catch (error) {
    // A table that has just been created may still be unknown here.
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}

function hasOurKey(table: TableDescription): boolean {
  const keys = (table.KeySchema ?? []).map(({ AttributeName, KeyType }) => {
    const definition = table.AttributeDefinitions?.find((candidate) => candidate.AttributeName === AttributeName);
    return `${KeyType} ${AttributeName} ${definition?.AttributeType}`;
  });
  return keys.sort().join() === "HASH pk S,RANGE sk S";
}

async function enableTimeToLive(client: DynamoDBClient, options: DynamoOptions & { log: Log }): Promise<void> {
  const { tableName: TableName, log } = options;
  try {
    const { TimeToLiveDescription: present } = await client.send(new DescribeTimeToLiveCommand({ TableName }));
    if (present?.TimeToLiveStatus === "ENABLED" || present?.TimeToLiveStatus === "ENABLING") return;
    const TimeToLiveSpecification = { AttributeName: "expiresAt", Enabled: true };
    await client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
  } catch (error) {
    if (error instanceof Error && /^TimeToLive is already enabled/.test(error.message)) return;
    // Some emulators have no TTL. Expired items then stay on disk, but count as gone.
    if (!(error instanceof Error && error.name === "UnknownOperationException"))
      throw explainAwsError(error, aboutTable(TableName));
    log.warn("table.ttl_unsupported", { tableName: TableName });
  }
}

async function enableBackups(client: DynamoDBClient, { tableName, clock }: DynamoOptions): Promise<void> {
  const command = new UpdateContinuousBackupsCommand({
    TableName: tableName,
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
  });
  await untilReady(tableName, clock, async () => {
    try {
      await client.send(command);
      return true;
    } catch (error) {
      // AWS answers this for a while after the table was created.
      if (error instanceof Error && error.name === "ContinuousBackupsUnavailableException") return false;
      throw explainAwsError(error, aboutTable(tableName));
    }
  });
}

async function untilReady(tableName: string, clock: Clock, isReady: () => Promise<boolean>): Promise<void> {
  for (let poll = 0; poll < TABLE_POLLS; poll++) {
    if (await isReady()) return;
    await clock.sleep(TABLE_POLL_SECONDS);
  }
  throw new RetryLaterError(
    `DynamoDB is still preparing the table ${tableName}: run npx weighbridge table create again`,
  );
}
