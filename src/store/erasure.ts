import type { Schedule } from "../sync/model/schedule.ts";
import type { Erasure } from "../sync/model/store.ts";
import { keys } from "./keys.ts";
import { ledgersOf } from "./ledgers.ts";
import { removeOffers } from "./offers.ts";
import type { Table } from "./table.ts";
import { removeItem, removePartition } from "./update.ts";

/** What names the rest goes last, so that a second try finds what the first one left. */
export function createErasure(table: Table, schedule: Schedule): Erasure {
  return {
    async erase(account) {
      for (const ledger of await ledgersOf(table, account)) await removePartition(table, ledger);
      await removeOffers(table, account);
      await removeItem(table, keys.dialog(String(account)));
      await schedule.forget(account);
      for (const { key } of await table.list(keys.accountPartition(account))) {
        if (key.sk !== keys.account(account).sk) await removeItem(table, key);
      }
      await removeItem(table, keys.account(account));
      await removeItem(table, keys.accountEntry(account));
      await table.purge();
    },
  };
}
