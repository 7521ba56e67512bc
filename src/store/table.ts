/**
 * Durable storage: five verbs with optimistic versions, few enough that SQLite and DynamoDB mean the same by them.
 *
 * Promises of every engine (`test/store/table.contract.ts` checks them):
 *  - an acknowledged write survives kill -9 and a power cut;
 *  - reads see every acknowledged write (strongly consistent);
 *  - of several writers that expect the same version, or absence, exactly one succeeds;
 *  - of many writes at once each succeeds or conflicts by itself, and those that succeeded are acknowledged together;
 *  - an item past its `expiresAt` is absent to every verb, even before it is deleted;
 *  - a version is never used twice, so an item that was deleted and written again is not mistaken for the old one.
 */
export interface Table {
  get(key: Key): Promise<Item | undefined>;
  /** Items of one partition with `from <= sk < to`, ascending by `sk` (UTF-8 byte order). */
  list(pk: string, range?: ListRange): Promise<Item[]>;
  put(key: Key, value: JsonObject, options: PutOptions): Promise<PutOutcome>;
  /**
   * Many at once, in no order; outcomes as the writes are listed. After an error or a crash, any of them may have been written.
   * When it throws, nothing is under way any more.
   */
  putAll(writes: readonly Write[]): Promise<PutOutcome[]>;
  delete(key: Key, options: { version: string }): Promise<"deleted" | "conflict">;
  /** Removes deleted data from the engine's files, if they are ours, as soon as no other process reads them. */
  purge(): Promise<void>;
  close(): Promise<void>;
}

export interface Key {
  pk: string;
  sk: string;
}

export interface Item {
  key: Key;
  /** Opaque; changes with every write. */
  version: string;
  /** Null if the stored text is not JSON: no schema accepts it. */
  value: JsonObject | null;
  /** Epoch seconds. */
  expiresAt?: number;
}

export interface ListRange {
  from?: string;
  to?: string;
  limit?: number;
}

interface PutOptions {
  expect: "absent" | { version: string };
  /** Epoch seconds from which the item counts as gone. */
  expiresAt?: number | undefined;
}

export interface Write extends PutOptions {
  key: Key;
  value: JsonObject;
}

export type PutOutcome = { type: "written"; version: string } | { type: "conflict" };

type Json = string | number | boolean | null | Json[] | JsonObject;
export type JsonObject = { [name: string]: Json };

export function expectation(version: string | undefined): PutOptions["expect"] {
  return version === undefined ? "absent" : { version };
}
