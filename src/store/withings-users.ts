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
  };
}
