import { UsageError } from "../lib/errors.ts";
import type { Item, JsonObject, Table } from "./table.ts";

/** Raise it if older versions would misread what this one stores, or lose part of it by writing it back. */
export const SCHEMA = 1;

/** Marks every value with the schema that wrote it, and refuses one that is newer. */
export function withSchemaVersion(table: Table): Table {
  return {
    ...table,
    async get(key) {
      const item = await table.get(key);
      return item && readable(item);
    },
    list: async (pk, range) => (await table.list(pk, range)).map(readable),
    put: (key, value, options) => table.put(key, marked(value), options),
    putAll: (writes) => table.putAll(writes.map((it) => ({ ...it, value: marked(it.value) }))),
  };
}

function marked(value: JsonObject): JsonObject {
  return { ...value, schema: SCHEMA };
}

function readable(item: Item): Item {
  if (item.value === null) return item;
  const { schema, ...value } = item.value;
  if (typeof schema === "number" && schema > SCHEMA) {
    throw new UsageError(
      `A newer version of Weighbridge has written to this store (schema ${schema}; this version knows ${SCHEMA}). Update this one; until then it leaves newer items alone.`,
    );
  }
  return { ...item, value };
}
