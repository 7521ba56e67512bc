import { RetryLaterError } from "../lib/errors.ts";
import type { Vendor, VendorUsers } from "../sync/model/link.ts";
import { readAt, readItem, toJson } from "./item-json.ts";
import { VendorUserItem } from "./items.ts";
import { keys } from "./keys.ts";
import type { Table } from "./table.ts";

export function createVendorUsers(table: Table, vendor: Vendor): VendorUsers {
  return {
    async claim(vendorUserId, account) {
      const key = keys.vendorUser(vendor, vendorUserId);
      const before = await readAt(table, key, VendorUserItem);
      if (before) return before.account;
      const outcome = await table.put(key, toJson({ account }), { expect: "absent" });
      if (outcome.type === "written") return account;
      throw new RetryLaterError(`somebody else is linking the same ${vendor} account`);
    },

    accountOf: async (vendorUserId) =>
      (await readAt(table, keys.vendorUser(vendor, vendorUserId), VendorUserItem))?.account,

    async release(vendorUserId, account) {
      const item = await table.get(keys.vendorUser(vendor, vendorUserId));
      if (!item || readItem(item, VendorUserItem).account !== account) return;
      await table.delete(item.key, { version: item.version });
    },
  };
}
