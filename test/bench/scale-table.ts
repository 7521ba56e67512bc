import type { Clock } from "../../src/lib/clock.ts";
import type { Item, Table } from "../../src/store/table.ts";

interface Partition {
  items: Map<string, Item>;
  /** Sort keys in order, those of expired items included, in short pieces: moving along in one long list took a fifth of the time. */
  pieces: string[][];
}

const LONGEST_PIECE = 256;

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
      const { items, pieces } = partitions.get(pk) ?? { items: new Map<string, Item>(), pieces: [] };
      const found: Item[] = [];
      const first = pieceOf(pieces, from);
      for (let piece = first; piece < pieces.length; piece++) {
        const keys = pieces[piece] as string[];
        for (let at = piece === first ? placeOf(keys, from) : 0; at < keys.length; at++) {
          const sk = keys[at] as string;
          if (found.length >= limit || (to !== undefined && compare(sk, to) >= 0)) return found;
          const item = items.get(sk);
          if (isLive(item)) found.push(item);
        }
      }
      return found;
    },

    async put({ pk, sk }, value, { expect, expiresAt }) {
      const before = live(pk, sk);
      if (expect === "absent" ? before : before?.version !== expect.version) return { type: "conflict" };
      const partition = partitions.get(pk) ?? { items: new Map(), pieces: [] };
      partitions.set(pk, partition);
      if (!partition.items.has(sk)) add(partition.pieces, sk);
      const version = String(++versions);
      partition.items.set(sk, { key: { pk, sk }, version, value, ...(expiresAt !== undefined && { expiresAt }) });
      return { type: "written", version };
    },

    putAll: (writes) => Promise.all(writes.map(({ key, value, ...options }) => table.put(key, value, options))),

    async delete({ pk, sk }, { version }) {
      const partition = partitions.get(pk);
      if (!partition || live(pk, sk)?.version !== version) return "conflict";
      partition.items.delete(sk);
      remove(partition.pieces, sk);
      if (partition.items.size === 0) partitions.delete(pk);
      return "deleted";
    },

    purge: async () => {},
    close: async () => {},
  };
  return table;
}

function add(pieces: string[][], sk: string): void {
  const index = pieceOf(pieces, sk);
  const piece = pieces[index];
  if (!piece) return void pieces.push([sk]);
  piece.splice(placeOf(piece, sk), 0, sk);
  if (piece.length > LONGEST_PIECE) pieces.splice(index + 1, 0, piece.splice(LONGEST_PIECE / 2));
}

function remove(pieces: string[][], sk: string): void {
  const index = pieceOf(pieces, sk);
  const piece = pieces[index] as string[];
  piece.splice(placeOf(piece, sk), 1);
  if (piece.length === 0) pieces.splice(index, 1);
}

/** The last piece that begins with this key or one before it; if there is none, the first. */
function pieceOf(pieces: string[][], sk: string): number {
  let [from, to] = [0, pieces.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (compare(pieces[middle]?.[0] ?? "", sk) <= 0) from = middle + 1;
    else to = middle;
  }
  return Math.max(0, from - 1);
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
