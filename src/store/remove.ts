import { RetryLaterError } from "../lib/errors.ts";
import type { Key, Table } from "./table.ts";

const TRIES = 5;

/** Takes an item away, whatever its version. One that is gone already does no harm. */
export async function removeItem(table: Table, key: Key): Promise<void> {
  for (let tries = 1; tries <= TRIES; tries++) {
    const item = await table.get(key);
    if (!item || (await table.delete(key, { version: item.version })) === "deleted") return;
  }
  throw new RetryLaterError("what was to be removed kept changing");
}

/** Takes a whole partition away, item by item. */
export async function removePartition(table: Table, pk: string): Promise<void> {
  for (const { key } of await table.list(pk)) await removeItem(table, key);
}
