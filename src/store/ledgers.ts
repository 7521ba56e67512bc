import { RetryLaterError } from "../lib/errors.ts";
import type { Ledger, LedgerEntry, Ledgers } from "../sync/model/ledger.ts";
import type { Versioned } from "../sync/model/link.ts";
import { readingId } from "../sync/model/reading.ts";
import { readItem, toJson } from "./item-json.ts";
import { keys } from "./keys.ts";
import { LedgerItem, ProgressItem } from "./ledger-items.ts";
import { expectation, type Item, type Table } from "./table.ts";
import { update } from "./update.ts";

/** Only this much of an entry: an old one that is damaged elsewhere must not stop what is new. */
const ItemWithKey = LedgerItem.pick({ garminKey: true });

/**
 * A ledger belongs to one pair of a Withings user and a Garmin profile. Linking another account at either vendor
 * starts a new one, so that nothing counts as settled that never reached this Garmin profile.
 */
export function createLedgers(table: Table): Ledgers {
  return {
    of(account, withingsUserId, garminProfileId): Ledger {
      const pk = keys.ledger(account, withingsUserId, garminProfileId);

      return {
        async progress() {
          const item = await table.get(keys.progress(pk));
          return item && { value: readItem(item, ProgressItem), version: item.version };
        },

        async saveProgress(progress, version) {
          // First: a ledger that nothing names could not be taken away with its account.
          if (version === undefined) {
            await table.put(keys.ledgerMark(account, withingsUserId, garminProfileId), {}, { expect: "absent" });
          }
          const outcome = await table.put(keys.progress(pk), toJson(progress), { expect: expectation(version) });
          if (outcome.type === "conflict") throw new RetryLaterError("another run moved the cursor just now");
          return { value: progress, version: outcome.version };
        },

        async entries(ids) {
          const sorted = [...ids].sort();
          const found = new Map<string, Versioned<LedgerEntry>>();
          const [first, last] = [sorted[0], sorted.at(-1)];
          if (first === undefined || last === undefined) return found;
          const wanted = new Set(sorted);
          // One query for all: ids that are near in time are near in number, so hardly anything else lies between.
          const range = { from: keys.reading(pk, first).sk, to: `${keys.reading(pk, last).sk}\u0000` };
          for (const item of await table.list(pk, range)) {
            const id = item.key.sk.slice("reading#".length);
            if (wanted.has(id)) found.set(id, { value: readItem(item, LedgerItem), version: item.version });
          }
          return found;
        },

        async garminKeys() {
          const found = new Map<string, string>();
          for (const item of await table.list(pk, { from: "reading#", to: "reading$" })) {
            const { garminKey } = readItem(item, ItemWithKey);
            if (garminKey) found.set(item.key.sk.slice("reading#".length), garminKey.id);
          }
          return found;
        },

        async write(entry, version) {
          const key = keys.reading(pk, readingId(entry));
          const outcome = await table.put(key, toJson(entry), { expect: expectation(version) });
          if (outcome.type === "conflict") throw new RetryLaterError("another run works on the same reading");
          return { value: entry, version: outcome.version };
        },

        async forget(entry) {
          const key = keys.reading(pk, readingId(entry.value));
          const outcome = await table.delete(key, { version: entry.version });
          if (outcome === "conflict") throw new RetryLaterError("another run works on the same reading");
        },
      };
    },

    async reconcileWithGarminFirst(account) {
      for (const { key } of await table.list(keys.accountPartition(account), keys.ledgerRange)) {
        const pk = `ledger#${account}#${key.sk.slice(keys.ledgerRange.from.length)}`;
        const change = (item: Item | undefined) => ({
          result: undefined,
          ...(item && { value: { ...readItem(item, ProgressItem), adopting: true } }),
        });
        await update(table, keys.progress(pk), change, { what: "the cursor" });
      }
    },
  };
}
