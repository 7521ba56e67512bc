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
import { orAwsError } from "../../lib/aws-errors.ts";
import { RetryLaterError, UsageError } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import { aboutTable, createDynamoClient, type DynamoOptions } from "./client.ts";

const KEY_SCHEMA: KeySchemaElement[] = [
  { AttributeName: "pk", KeyType: "HASH" },
  { AttributeName: "sk", KeyType: "RANGE" },
];
const TABLE_POLL_SECONDS = 1;
const TABLE_POLLS = 120;

/** Waits until the table can be used, two minutes at most. On AWS it is protected against deletion and backed up. */
export function createDynamoTable(options: DynamoOptions & { log: Log }): Promise<"created" | "present"> {
  const isOnAws = options.endpoint === undefined;
  return withClient(options, async (client) => {
    const outcome = await createTable(client, options.tableName, isOnAws);
    await untilReady(options, () => isActive(client, options.tableName));
    await enableTimeToLive(client, options);
    if (isOnAws) await untilReady(options, () => enableBackups(client, options.tableName));
    return outcome;
  });
}

export function dynamoTableExists(options: DynamoOptions): Promise<boolean> {
  return withClient(options, async (client) => (await describeTable(client, options.tableName)) !== undefined);
}

async function withClient<T>(options: DynamoOptions, use: (client: DynamoDBClient) => Promise<T>): Promise<T> {
  const client = createDynamoClient(options);
  try {
    return await orAwsError(use(client), aboutTable(options.tableName));
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

async function isActive(client: DynamoDBClient, tableName: string): Promise<boolean> {
  const table = await describeTable(client, tableName);
  if (table !== undefined && !hasOurKey(table)) {
    throw new UsageError(
      `The table ${tableName} exists with a key other than pk and sk (both text): choose another table name.`,
    );
  }
  return table?.TableStatus === "ACTIVE" || table?.TableStatus === "UPDATING";
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

async function enableTimeToLive(client: DynamoDBClient, { tableName: TableName, log }: DynamoOptions & { log: Log }) {
  try {
    const { TimeToLiveDescription: present } = await client.send(new DescribeTimeToLiveCommand({ TableName }));
    if (present?.TimeToLiveStatus === "ENABLED" || present?.TimeToLiveStatus === "ENABLING") return;
    const TimeToLiveSpecification = { AttributeName: "expiresAt", Enabled: true };
    await client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
  } catch (error) {
    if (error instanceof Error && /^TimeToLive is already enabled/.test(error.message)) return;
    // Some emulators have no TTL. Expired items then stay on disk, but count as gone.
    if (!isNamed(error, "UnknownOperationException")) throw error;
    log.warn("table.ttl_unsupported", { tableName: TableName });
  }
}

async function enableBackups(client: DynamoDBClient, TableName: string): Promise<boolean> {
  const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: true };
  try {
    await client.send(new UpdateContinuousBackupsCommand({ TableName, PointInTimeRecoverySpecification }));
    return true;
  } catch (error) {
    // AWS answers this for a while after the table was created.
    if (isNamed(error, "ContinuousBackupsUnavailableException")) return false;
    throw error;
  }
}

const isNamed = (error: unknown, name: string) => error instanceof Error && error.name === name;

async function untilReady({ tableName, clock }: DynamoOptions, isReady: () => Promise<boolean>): Promise<void> {
  for (let poll = 0; poll < TABLE_POLLS; poll++) {
    if (await isReady()) return;
    await clock.sleep(TABLE_POLL_SECONDS);
  }
  throw new RetryLaterError(
    `DynamoDB is still preparing the table ${tableName}: run npx weighbridge table create again`,
  );
}
