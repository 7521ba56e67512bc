import { randomUUID } from "node:crypto";
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from "@aws-sdk/client-dynamodb";
import { orAwsError } from "../../lib/aws-errors.ts";
import { storedJsonOrNull } from "../item-json.ts";
import type { Item, Key, Table } from "../table.ts";
import { createDynamoClient, type DynamoOptions } from "./client.ts";
import { aboutTable } from "./errors.ts";

const LIVE = "(attribute_not_exists(expiresAt) OR expiresAt > :now)";

type Attributes = Record<string, AttributeValue>;

/**
 * The table in DynamoDB: key `pk`, `sk`; attributes `version`, `value` (JSON text) and `expiresAt` (its TTL).
 * A write that throws `RetryLaterError` may have happened; a version or `get` tells.
 */
export function openDynamoTable(options: DynamoOptions): Table {
  const { tableName: TableName, clock } = options;
  const client = createDynamoClient(options);
  const ask = <T>(answer: Promise<T>) => orAwsError(answer, aboutTable(TableName));
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

    async purge() {},

    async close() {
      client.destroy();
    },
  };
}

function toAttributes({ pk, sk }: Key): Attributes {
  return { pk: { S: pk }, sk: { S: sk } };
}

function toItem({ pk, sk, version, value, expiresAt }: Attributes): Item {
  if (!pk?.S || !sk?.S || !version?.S || !value?.S) {
    throw new Error("An item in the table was not written by Weighbridge");
  }
  const key = { pk: pk.S, sk: sk.S };
  return {
    key,
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

/** A first attempt that fails its condition has written nothing. An unknown number of attempts counts as several. */
function wasRetried(error: ConditionalCheckFailedException): boolean {
  return error.$metadata.attempts !== 1;
}
