import { randomUUID } from "node:crypto";
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from "@aws-sdk/client-dynamodb";
import { orAwsError } from "../../lib/aws-errors.ts";
import { inParallel } from "../../lib/in-parallel.ts";
import { storedJsonOrNull } from "../item-json.ts";
import type { Item, Key, ListRange, PutOutcome, Table, Write } from "../table.ts";
import { aboutTable, createDynamoClient, type DynamoOptions } from "./client.ts";

const PUTS_AT_ONCE = 10;
const LIVE = "(attribute_not_exists(expiresAt) OR expiresAt > :now)";

type Attributes = Record<string, AttributeValue>;
type Ask = <T>(answer: Promise<T>) => Promise<T>;

/** The attribute `value` is JSON text, `expiresAt` the TTL. A write that throws `RetryLaterError` may have happened. */
export function openDynamoTable(options: DynamoOptions): Table {
  const { tableName: TableName, clock } = options;
  const client = createDynamoClient(options);
  const ask: Ask = (answer) => orAwsError(answer, aboutTable(TableName));
  const nowValue = () => ({ N: String(clock.now().getTime() / 1000) });

  const read = async (key: Key): Promise<Attributes | undefined> => {
    const command = new GetItemCommand({ TableName, Key: toAttributes(key), ConsistentRead: true });
    return (await ask(client.send(command))).Item;
  };

  /** If the answer to a first attempt is lost, the next one fails because of what the first wrote. */
  const happened = async (write: Promise<unknown>, key: Key, leaves: (stored: Attributes | undefined) => boolean) => {
    try {
      await ask(write);
      return true;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return error.$metadata.attempts !== 1 && leaves(await read(key));
    }
  };

  async function write({ key, value, expect, expiresAt }: Write): Promise<PutOutcome> {
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
    const isWritten = await happened(client.send(command), key, (stored) => stored?.version?.S === version);
    return isWritten ? { type: "written", version } : { type: "conflict" };
  }

  return {
    async get(key) {
      const stored = await read(key);
      const item = stored && toItem(stored);
      return item?.expiresAt !== undefined && item.expiresAt <= clock.now().getTime() / 1000 ? undefined : item;
    },

    list: (pk, range = {}) => query({ client, ask, TableName, now: nowValue() }, pk, range),

    put: (key, value, options) => write({ key, value, ...options }),
    // A transaction of DynamoDB's would cost twice the units, and refuse all of them for one conflict.
    putAll: (writes) => inParallel(writes, PUTS_AT_ONCE, write),

    async delete(key, { version }) {
      const command = new DeleteItemCommand({ TableName, Key: toAttributes(key), ...ifVersion(version, nowValue()) });
      // After a retry, an absent item counts as deleted by us, but another process may have deleted the same version. So what
      // only one may have is claimed by a put, never by a delete.
      const isDeleted = await happened(client.send(command), key, (stored) => stored === undefined);
      return isDeleted ? "deleted" : "conflict";
    },

    async purge() {},

    async close() {
      client.destroy();
    },
  };
}

async function query(
  { client, ask, TableName, now }: { client: DynamoDBClient; ask: Ask; TableName: string; now: AttributeValue },
  pk: string,
  { from = "", to, limit }: ListRange,
): Promise<Item[]> {
  if (limit === 0 || (to !== undefined && !isBefore(from, to))) return [];
  const { expression, values } = keyCondition(pk, from, to);
  const items: Item[] = [];
  let startKey: Attributes | undefined;
  do {
    const command = new QueryCommand({
      TableName,
      ConsistentRead: true,
      KeyConditionExpression: expression,
      FilterExpression: LIVE,
      ExpressionAttributeValues: { ...values, ":now": now },
      ExclusiveStartKey: startKey,
      // One more, because BETWEEN includes the upper bound. Only on the first page: DynamoDB counts expired items too, and a
      // small limit would crawl through them.
      ...(limit !== undefined && startKey === undefined && { Limit: limit + 1 }),
    });
    const page = await ask(client.send(command));
    for (const attributes of page.Items ?? []) if (attributes.sk?.S !== to) items.push(toItem(attributes));
    startKey = page.LastEvaluatedKey;
  } while (startKey !== undefined && items.length < (limit ?? Infinity));
  return items.slice(0, limit);
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
    value: storedJsonOrNull(value.S),
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
