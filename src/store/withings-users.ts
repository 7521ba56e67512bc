import { RetryLaterError } from "../errors.ts";
import type { WithingsUsers } from "../sync/ports.ts";
import { keys, readItem, toJson, WithingsUserItem } from "./items.ts";
import type { Table } from "./table.ts";

export function createWithingsUsers(table: Table): WithingsUsers {
  return {
    async claim(withingsUserId, account) {
      const key = keys.withingsUser(withingsUserId);
      const item = await table.get(key);
      if (item) return readItem(item, WithingsUserItem).account;
      const outcome = await table.put(key, toJson({ account }), { expect: "absent" });
      if (outcome.type === "conflict")
        throw new RetryLaterError("somebody else links the same Withings person just now");
      return account;
    },

    async accountOf(withingsUserId) {
      const item = await table.get(keys.withingsUser(withingsUserId));
      return item && readItem(item, WithingsUserItem).account;
    },

    async release(withingsUserId, account) {
      const item = await table.get(keys.withingsUser(withingsUserId));
      if (!item || readItem(item, WithingsUserItem).account !== account) return;
      await table.delete(item.key, { version: item.version });
    },
  };
}
