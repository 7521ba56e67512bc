import type { Clock } from "../../src/lib/clock.ts";
import type { Item, Table } from "../../src/store/table.ts";

interface Partition {
  items: Map<string, Item>;
  /** Sort keys in order, those of expired items included. */
  order: string[];
}

/** The table in memory, for a simulation: it answers at once, and every handle is the same table. */
export function createMemoryTable(clock: Clock): Table {
  const partitions = new Map<string, Partition>();
  let versions = 0;

  const isLive = (item: Item | undefined): item is Item =>
    item !== undefined && (item.expiresAt === undefined || item.expiresAt > clock.now().getTime() / 1000);
  const live = (pk: string, sk: string) => {
    const item = partitions.get(pk)?.items.get(sk);
    return isLive(item) ? item : undefined;
  };

  const table: Table = {
    get: async ({ pk, sk }) => live(pk, sk),

    async list(pk, { from = "", to, limit = Number.POSITIVE_INFINITY } = {}) {
      const { items, order } = partitions.get(pk) ?? { items: new Map<string, Item>(), order: [] };
      const found: Item[] = [];
      for (let at = placeOf(order, from); at < order.length && found.length < limit; at++) {
        const sk = order[at] as string;
        if (to !== undefined && compare(sk, to) >= 0) break;
        const item = items.get(sk);
        if (isLive(item)) found.push(item);
      }
      return found;
    },

    async put({ pk, sk }, value, { expect, expiresAt }) {
      const before = live(pk, sk);
      if (expect === "absent" ? before : before?.version !== expect.version) return { type: "conflict" };
      const partition = partitions.get(pk) ?? { items: new Map(), order: [] };
      partitions.set(pk, partition);
      if (!partition.items.has(sk)) partition.order.splice(placeOf(partition.order, sk), 0, sk);
      const version = String(++versions);
      partition.items.set(sk, { key: { pk, sk }, version, value, ...(expiresAt !== undefined && { expiresAt }) });
      return { type: "written", version };
    },

    putAll: (writes) => Promise.all(writes.map(({ key, value, ...options }) => table.put(key, value, options))),

    async delete({ pk, sk }, { version }) {
      const partition = partitions.get(pk);
      if (!partition || live(pk, sk)?.version !== version) return "conflict";
      partition.items.delete(sk);
      partition.order.splice(placeOf(partition.order, sk), 1);
      if (partition.order.length === 0) partitions.delete(pk);
      return "deleted";
    },

    purge: async () => {},
    close: async () => {},
  };
  return table;
}

/** The first place whose key is not before this one. */
function placeOf(order: string[], sk: string): number {
  let [from, to] = [0, order.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (compare(order[middle] as string, sk) < 0) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** By bytes of UTF-8, as the port promises. Texts without surrogates are in that order already. */
function compare(a: string, b: string): number {
  if (a === b) return 0;
  if (/[\ud800-\udfff]/.test(a) || /[\ud800-\udfff]/.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : 1;
}
