import { RetryLaterError } from "../lib/errors.ts";
import { lazy } from "../lib/lazy.ts";
import type { Ledger, LedgerEntry, Ledgers } from "../sync/model/ledger.ts";
import type { Versioned } from "../sync/model/link.ts";
import { readingId } from "../sync/model/reading.ts";
import { FIRST_HANDED_ID } from "../sync/model/typed.ts";
import { readItem, readVersioned, toJson } from "./item-json.ts";
import { keys } from "./keys.ts";
import { LedgerItem, ProgressItem } from "./ledger-items.ts";
import { packed, unpacked } from "./packed-item.ts";
import { readPast, savePast } from "./past.ts";
import { expectation, type Item, type Key, type Table } from "./table.ts";
import { update } from "./update.ts";

/** Only this much of an entry: an old one that is damaged elsewhere must not stop what is new. */
const ItemWithKey = lazy(() => LedgerItem().pick({ garminKey: true }));
const READINGS = { from: "reading#", to: "reading$" };
const idOf = ({ key }: Item) => key.sk.slice(READINGS.from.length);

/** One ledger for each pair of Withings user and Garmin profile, so nothing counts as settled that never reached this profile. */
export function createLedgers(table: Table): Ledgers {
  return {
    of(account, withingsUserId, garminProfileId) {
      const mark = keys.ledgerMark(account, withingsUserId, garminProfileId);
      return ledgerIn(table, keys.ledger(account, withingsUserId, garminProfileId), mark);
    },

    async othersIn(account, { withingsUserId, garminProfileId }) {
      const pairs = (await marksOf(table, account)).map((it) => it.split("#"));
      return pairs.flatMap(([user, profile]) =>
        user !== undefined && user !== withingsUserId && profile === garminProfileId ? user : [],
      );
    },

    async reconcileWithGarminFirst(account) {
      for (const pk of await ledgersOf(table, account)) {
        const change = (item: Item | undefined) => ({
          result: undefined,
          ...(item && { value: packed({ ...readItem(unpacked(item), ProgressItem), adopting: true }) }),
        });
        await update(table, keys.progress(pk), change, { what: "the cursor" });
      }
    },
  };
}

/** `mark`: where the account says that it has this ledger. */
function ledgerIn(table: Table, pk: string, mark: Key): Ledger {
  return {
    async progress() {
      const item = await table.get(keys.progress(pk));
      return item && readVersioned(unpacked(item), ProgressItem);
    },

    async saveProgress(progress, version) {
      // First: without it, nothing would remove the ledger with its account.
      if (version === undefined) {
        await table.put(mark, {}, { expect: "absent" });
      }
      const key = keys.progress(pk);
      const outcome = await table.put(key, packed(progress), { expect: expectation(version) });
      if (outcome.type === "conflict") throw new RetryLaterError("another run moved the cursor just now");
      return { value: progress, version: outcome.version };
    },

    async entries(ids) {
      const found = new Map<string, Versioned<LedgerEntry>>();
      const wanted = new Set(ids);
      for await (const item of itemsNear(table, pk, [...wanted].sort())) {
        if (wanted.has(idOf(item))) found.set(idOf(item), readVersioned(item, LedgerItem));
      }
      return found;
    },

    async entriesFrom(id) {
      const range = { from: keys.reading(pk, id).sk, to: keys.reading(pk, String(FIRST_HANDED_ID)).sk };
      const items = await table.list(pk, range);
      return items.flatMap(({ value }) => LedgerItem().safeParse(value).data ?? []);
    },

    async all() {
      const items = await table.list(pk, READINGS);
      return items.flatMap(({ value, version }) => {
        const entry = LedgerItem().safeParse(value).data;
        return entry ? { value: entry, version } : [];
      });
    },

    past: () => readPast(table, pk),
    savePast: (readings, readAt) => savePast(table, pk, readings, readAt),

    async garminKeys() {
      const found = new Map<string, string>();
      for (const item of await table.list(pk, READINGS)) {
        const { garminKey } = readItem(item, ItemWithKey);
        if (garminKey) found.set(idOf(item), garminKey.id);
      }
      return found;
    },

    async write(writes) {
      const outcomes = await table.putAll(
        writes.map(({ entry, version }) => ({
          key: keys.reading(pk, readingId(entry)),
          value: toJson(entry),
          expect: expectation(version),
        })),
      );
      return writes.map(({ entry }, index) => {
        const outcome = outcomes[index];
        return outcome?.type === "written" ? { value: entry, version: outcome.version } : "conflict";
      });
    },

    async forget({ value, version }) {
      const outcome = await table.delete(keys.reading(pk, readingId(value)), { version });
      if (outcome === "conflict") throw new RetryLaterError("another run works on the same reading");
    },
  };
}

/**
 * Those with these ids, and few others. Ids that are near in time are near in number, so mostly one query brings all; but a
 * reading of years ago may be listed again, and the years between are passed over.
 */
async function* itemsNear(table: Table, pk: string, sorted: string[]): AsyncGenerator<Item> {
  let left = sorted;
  for (;;) {
    const [first, last] = [left[0], left.at(-1)];
    if (first === undefined || last === undefined) return;
    const limit = 2 * left.length + 10;
    const to = `${keys.reading(pk, last).sk}\u0000`;
    const items = await table.list(pk, { from: keys.reading(pk, first).sk, to, limit });
    yield* items;
    const reached = items[limit - 1];
    if (!reached) return;
    left = left.filter((id) => id > idOf(reached));
  }
}

export async function ledgersOf(table: Table, account: number): Promise<string[]> {
  return (await marksOf(table, account)).map((it) => `ledger#${account}#${it}`);
}

/** `<withings user>#<garmin profile>` of each. */
async function marksOf(table: Table, account: number): Promise<string[]> {
  const marks = await table.list(keys.accountPartition(account), keys.ledgerRange);
  return marks.map(({ key }) => key.sk.slice(keys.ledgerRange.from.length));
}
