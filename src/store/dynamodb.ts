import { randomUUID } from "node:crypto";
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  CreateTableCommand,
  DeleteItemCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  type DynamoDBClientConfig,
  GetItemCommand,
  type KeySchemaElement,
  PutItemCommand,
  QueryCommand,
  ResourceInUseException,
  ResourceNotFoundException,
  type TableDescription,
  UpdateContinuousBackupsCommand,
  UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import type { Clock } from "../clock.ts";
import { RetryLaterError, UsageError } from "../errors.ts";
import type { Log } from "../log.ts";
import { failure, orFailure } from "./dynamodb-errors.ts";
import type { Item, JsonObject, Key, Table } from "./table.ts";

const ATTEMPTS = 3;
const CONNECTION_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
const LIVE = "(attribute_not_exists(expiresAt) OR expiresAt > :now)";
const KEY_SCHEMA: KeySchemaElement[] = [
  { AttributeName: "pk", KeyType: "HASH" },
  { AttributeName: "sk", KeyType: "RANGE" },
];
const TABLE_POLL_SECONDS = 1;
const TABLE_POLLS = 120;

export interface DynamoOptions {
  tableName: string;
  /** Absent on AWS. A loopback address is taken for an emulator, which needs neither region nor credentials. */
  endpoint?: string | undefined;
  clock: Clock;
  requestHandler?: DynamoDBClientConfig["requestHandler"] | undefined;
}

type Attributes = Record<string, AttributeValue>;

/**
 * The table in DynamoDB: key `pk`, `sk`; attributes `version`, `value` (JSON text) and `expiresAt` (its TTL).
 * A write that throws `RetryLaterError` may have happened; a version or `get` tells.
 */
export function openDynamoTable(options: DynamoOptions): Table {
  const { tableName: TableName, clock } = options;
  const client = createClient(options);
  const ask = <T>(answer: Promise<T>) => orFailure(answer, TableName);
  const nowValue = () => ({ N: String(clock.now().getTime() / 1000) });

  const read = async (key: Key): Promise<Attributes | undefined> => {
    const command = new GetItemCommand({ TableName, Key: toAttributes(key), ConsistentRead: true });
    return (await ask(client.send(command))).Item;
  };

  return {
    async get(key) {
      const stored = await read(key);
      const item = stored && toItem(stored);
      return item?.expiresAt !== undefined && item.expiresAt <= clock.now().getTime() / 1000 ? undefined : item;
    },

    async list(pk, { from = "", to, limit, descending = false } = {}) {
      if (limit === 0 || (to !== undefined && !isBefore(from, to))) return [];
      const range = keyCondition(pk, from, to);
      const items: Item[] = [];
      let startKey: Attributes | undefined;
      do {
        const command = new QueryCommand({
          TableName,
          ConsistentRead: true,
          ScanIndexForward: !descending,
          KeyConditionExpression: range.expression,
          FilterExpression: LIVE,
          ExpressionAttributeValues: { ...range.values, ":now": nowValue() },
          ExclusiveStartKey: startKey,
          // One more for the upper bound, which BETWEEN includes. Only on the first page: DynamoDB counts expired
          // items too, and a small limit would crawl through them.
          ...(limit !== undefined && startKey === undefined && { Limit: limit + 1 }),
        });
        const page = await ask(client.send(command));
        for (const attributes of page.Items ?? []) {
          if (attributes.sk?.S !== to) items.push(toItem(attributes));
        }
        startKey = page.LastEvaluatedKey;
      } while (startKey !== undefined && items.length < (limit ?? Infinity));
      return items.slice(0, limit);
    },

    async put(key, value, { expect, expiresAt }) {
      const version = randomUUID();
      const command = new PutItemCommand({
        TableName,
        Item: {
          ...toAttributes(key),
          version: { S: version },
          value: { S: JSON.stringify(value) },
          ...(expiresAt !== undefined && { expiresAt: { N: String(expiresAt) } }),
        },
        ...(expect === "absent"
          ? {
              ConditionExpression: "attribute_not_exists(pk) OR expiresAt <= :now",
              ExpressionAttributeValues: { ":now": nowValue() },
            }
          : ifVersion(expect.version, nowValue())),
      });
      try {
        await ask(client.send(command));
        return { type: "written", version };
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        // If the answer to a first attempt was lost, the next one fails because of what the first one wrote.
        const isOurs = wasRetried(error) && (await read(key))?.version?.S === version;
        return isOurs ? { type: "written", version } : { type: "conflict" };
      }
    },

    async delete(key, { version }) {
      const command = new DeleteItemCommand({
        TableName,
        Key: toAttributes(key),
        ...ifVersion(version, nowValue()),
      });
      try {
        await ask(client.send(command));
        return "deleted";
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        // A deleted item keeps no trace of who deleted it. After a retry an absent one is taken for our work, which is
        // what every caller wants to hear unless two of them delete the same version while the network fails: a right
        // that only one may use is claimed by a put, never by a delete.
        return wasRetried(error) && (await read(key)) === undefined ? "deleted" : "conflict";
      }
    },

    async close() {
      client.destroy();
    },
  };
}

/**
 * Makes the table if it is absent, waits until it can be used (at most two minutes) and lets DynamoDB remove expired
 * items. On AWS it is also protected against deletion and keeps continuous backups. Running it again does no harm.
 */
export async function createDynamoTable(options: DynamoOptions & { log: Log }): Promise<"created" | "present"> {
  const { tableName, endpoint } = options;
  const client = createClient(options);
  try {
    const outcome = await orFailure(createTable(client, tableName, endpoint === undefined), tableName);
    await waitUntilActive(client, options);
    await enableTimeToLive(client, options);
    if (endpoint === undefined) await enableBackups(client, options);
    return outcome;
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
    const table = await orFailure(describeTable(client, tableName), tableName);
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
    // DescribeTable is eventually consistent: a table made a moment ago may still be unknown to it.
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
    // Some emulators have no TTL. Expired items then stay on disk, but they count as gone all the same.
    if (!(error instanceof Error && error.name === "UnknownOperationException")) throw failure(error, TableName);
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
      // What AWS answers for a while after a table was made.
      if (error instanceof Error && error.name === "ContinuousBackupsUnavailableException") return false;
      throw failure(error, tableName);
    }
  });
}

async function untilReady(tableName: string, clock: Clock, isReady: () => Promise<boolean>): Promise<void> {
  for (let poll = 0; poll < TABLE_POLLS; poll++) {
    if (await isReady()) return;
    await clock.sleep(TABLE_POLL_SECONDS);
  }
  throw new RetryLaterError(`DynamoDB is still preparing the table ${tableName}: run weighbridge table create again`);
}

function createClient({ endpoint, requestHandler }: DynamoOptions): DynamoDBClient {
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

function toAttributes({ pk, sk }: Key): Attributes {
  return { pk: { S: pk }, sk: { S: sk } };
}

function toItem({ pk, sk, version, value, expiresAt }: Attributes): Item {
  if (!pk?.S || !sk?.S || !version?.S || !value?.S) {
    throw new Error("An item in the table was not written by Weighbridge");
  }
  return {
    key: { pk: pk.S, sk: sk.S },
    version: version.S,
    value: JSON.parse(value.S) as JsonObject,
    ...(expiresAt?.N !== undefined && { expiresAt: Number(expiresAt.N) }),
  };
}

function ifVersion(version: string, now: AttributeValue) {
  return {
    ConditionExpression: `version = :expected AND ${LIVE}`,
    ExpressionAttributeValues: { ":expected": { S: version }, ":now": now },
  };
}

/** DynamoDB takes one condition on the sort key, and none with an empty text. */
function keyCondition(pk: string, from: string, to: string | undefined): { expression: string; values: Attributes } {
  const values: Attributes = { ":pk": { S: pk } };
  if (from !== "") values[":from"] = { S: from };
  if (to !== undefined) values[":to"] = { S: to };
  const condition = from === "" ? "sk < :to" : to === undefined ? "sk >= :from" : "sk BETWEEN :from AND :to";
  const isWholePartition = from === "" && to === undefined;
  return { expression: isWholePartition ? "pk = :pk" : `pk = :pk AND ${condition}`, values };
}

function isBefore(a: string, b: string): boolean {
  return Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;
}

/** A first attempt that fails its condition has written nothing. An unknown number of attempts counts as several. */
function wasRetried(error: ConditionalCheckFailedException): boolean {
  return error.$metadata.attempts !== 1;
}
