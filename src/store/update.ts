import { RetryLaterError } from "../lib/errors.ts";
import { errorFacts, type Log } from "../lib/log.ts";
import { toJson } from "./item-json.ts";
import { expectation, type Item, type Key, type Table } from "./table.ts";

export class ContendedError extends RetryLaterError {}

export interface Change<T> {
  /** Absent: nothing is written. */
  value?: object;
  /** Epoch seconds. */
  expiresAt?: number | undefined;
  result: T;
}

interface UpdateOptions {
  what: string;
  tries?: number;
  pause?: (tries: number) => Promise<void>;
}

/**
 * Calls `change` again with what somebody else wrote in between.
 * @throws ContendedError when somebody else was faster every time.
 */
export async function update<T>(
  table: Table,
  key: Key,
  change: (item: Item | undefined) => Change<T> | Promise<Change<T>>,
  { what, tries = 5, pause }: UpdateOptions,
): Promise<T> {
  for (let tried = 1; tried <= tries; tried++) {
    const item = await table.get(key);
    const { value, expiresAt, result } = await change(item);
    if (value === undefined) return result;
    const outcome = await table.put(key, toJson(value), { expect: expectation(item?.version), expiresAt });
    if (outcome.type === "written") return result;
    await pause?.(tried);
  }
  throw new ContendedError(`${what} kept changing`);
}

export function overwrite(
  table: Table,
  key: Key,
  value: object,
  { expiresAt, ...options }: UpdateOptions & { expiresAt?: number },
): Promise<void> {
  return update(table, key, () => ({ value, expiresAt, result: undefined }), options);
}

export async function removeItem(table: Table, key: Key): Promise<void> {
  for (let tried = 1; tried <= 5; tried++) {
    const item = await table.get(key);
    if (!item || (await table.delete(key, { version: item.version })) === "deleted") return;
  }
  throw new RetryLaterError("what was to be removed kept changing");
}

export async function removePartition(table: Table, pk: string): Promise<void> {
  for (const { key } of await table.list(pk)) await removeItem(table, key);
}

/** What `read` makes of an item. A damaged one is logged as `event` and removed. */
export async function readOrRemove<T>(
  table: Table,
  item: Item,
  read: (item: Item) => T,
  log: Log,
  event: string,
): Promise<T | undefined> {
  try {
    return read(item);
  } catch (error) {
    log.error(event, errorFacts(error));
    await removeItem(table, item.key);
    return undefined;
  }
}
