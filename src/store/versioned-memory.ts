import { errorFacts, type Log } from "../lib/log.ts";
import type { VersionedMemory } from "../sync/model/store.ts";
import { readItem, type Schema, toJson } from "./item-json.ts";
import { expectation, type Key, type Table } from "./table.ts";

/** For an item of an account that may be forgotten: a damaged one counts as empty, and the next write replaces it. */
export function createVersionedMemory<T extends object>(
  table: Table,
  options: { keyOf: (account: number) => Key; schema: Schema<T>; empty: T; log: Log; damaged: string },
): VersionedMemory<T> {
  const { keyOf, schema, empty, log, damaged } = options;
  return {
    async read(account) {
      const item = await table.get(keyOf(account));
      try {
        return { value: item ? readItem(item, schema) : empty, version: item?.version };
      } catch (error) {
        log.error(damaged, errorFacts(error));
        return { value: empty, version: item?.version };
      }
    },

    async write(account, value, version) {
      return (await table.put(keyOf(account), toJson(value), { expect: expectation(version) })).type === "written";
    },
  };
}
