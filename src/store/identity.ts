import { randomBytes } from "node:crypto";
import type { StoreIdentity } from "../sync/model/store.ts";
import { readAt } from "./item-json.ts";
import { StoreIdentityItem } from "./items.ts";
import { keys } from "./keys.ts";
import type { Table } from "./table.ts";

export function createStoreIdentity(table: Table): StoreIdentity {
  return {
    async id() {
      const stored = () => readAt(table, keys.storeIdentity, StoreIdentityItem);
      const before = await stored();
      if (before) return before.id;
      const id = randomBytes(6).toString("hex");
      const made = await table.put(keys.storeIdentity, { id }, { expect: "absent" });
      if (made.type === "written") return id;
      return (await stored())?.id ?? id;
    },
    isEmpty: async () => (await table.list(keys.accounts, { limit: 1 })).length === 0,
  };
}
