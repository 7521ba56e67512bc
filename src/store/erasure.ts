import type { Schedule } from "../sync/model/schedule.ts";
import type { Erasure } from "../sync/model/store.ts";
import { keys } from "./keys.ts";
import type { Table } from "./table.ts";
import { removeItem, removePartition } from "./update.ts";

/** Takes away everything of an account. What names the rest goes last, so that a second try finds what a first one left. */
export function createErasure(table: Table, schedule: Schedule): Erasure {
  return {
    async erase(account) {
      for (const { key } of await table.list(keys.accountPartition(account), keys.ledgerRange)) {
        await removePartition(table, `ledger#${account}#${key.sk.slice(keys.ledgerRange.from.length)}`);
      }
      await removeItem(table, keys.dialog(String(account)));
      await schedule.forget(account);
      await removePartition(table, keys.accountPartition(account));
      await removeItem(table, keys.account(account));
      await table.purge();
    },
  };
}
