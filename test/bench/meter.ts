import type { Item, JsonObject, Key, Table } from "../../src/store/table.ts";

/** What DynamoDB on demand charges for, by its published rules: 4 KB a read unit, 1 KB a write unit. */
export interface Units {
  reads: number;
  writes: number;
  calls: number;
}

const ATTRIBUTES_BYTES = 60;
const READ_UNIT_BYTES = 4096;
const WRITE_UNIT_BYTES = 1024;

/**
 * Counts the units of every call. Reads are strongly consistent: a `get` costs at least one unit, and a `list` one per 4 KB it
 * goes through. A write costs as much as the larger of the two versions, even if its condition fails.
 */
export function createMeter() {
  const units: Units = { reads: 0, writes: 0, calls: 0 };
  const sizes = new Map<string, number>();
  const nameOf = ({ pk, sk }: Key) => `${pk}\0${sk}`;

  const written = (key: Key, bytes: number) => {
    units.calls++;
    units.writes += Math.max(1, Math.ceil(Math.max(bytes, sizes.get(nameOf(key)) ?? 0) / WRITE_UNIT_BYTES));
  };
  const read = (bytes: number) => {
    units.calls++;
    units.reads += Math.max(1, Math.ceil(bytes / READ_UNIT_BYTES));
  };

  return {
    units,
    storedBytes: () => [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0),
    reset: () => Object.assign(units, { reads: 0, writes: 0, calls: 0 }),
    wrapTable: (table: Table): Table => ({
      ...table,
      async get(key) {
        const item = await table.get(key);
        read(item ? sizeOf(item) : 0);
        return item;
      },
      async list(pk, range) {
        const items = await table.list(pk, range);
        read(items.reduce((sum, item) => sum + sizeOf(item), 0));
        return items;
      },
      async put(key, value, options) {
        const bytes = sizeOf({ key, value });
        const outcome = await table.put(key, value, options);
        written(key, bytes);
        if (outcome.type === "written") sizes.set(nameOf(key), bytes);
        return outcome;
      },
      async putAll(writes) {
        const outcomes = await table.putAll(writes);
        for (const [index, { key, value }] of writes.entries()) {
          const bytes = sizeOf({ key, value });
          written(key, bytes);
          if (outcomes[index]?.type === "written") sizes.set(nameOf(key), bytes);
        }
        return outcomes;
      },
      async delete(key, options) {
        const outcome = await table.delete(key, options);
        written(key, 0);
        if (outcome === "deleted") sizes.delete(nameOf(key));
        return outcome;
      },
    }),
  };
}

function sizeOf({ key, value }: { key: Item["key"]; value: JsonObject | null }): number {
  return Buffer.byteLength(key.pk + key.sk + JSON.stringify(value)) + ATTRIBUTES_BYTES;
}
