import { RetryLaterError } from "../lib/errors.ts";
import type { Vendor, VendorUsers } from "../sync/model/link.ts";
import { readItem, toJson } from "./item-json.ts";
import { VendorUserItem } from "./items.ts";
import { keys } from "./keys.ts";
import type { Table } from "./table.ts";

export function createVendorUsers(table: Table, vendor: Vendor): VendorUsers {
  return {
    async claim(vendorUserId, account) {
      const key = keys.vendorUser(vendor, vendorUserId);
      const item = await table.get(key);
      if (item) return readItem(item, VendorUserItem).account;
      const outcome = await table.put(key, toJson({ account }), { expect: "absent" });
      if (outcome.type === "conflict")
        throw new RetryLaterError(`somebody else links the same ${vendor} account just now`);
      return account;
    },

    async accountOf(vendorUserId) {
      const item = await table.get(keys.vendorUser(vendor, vendorUserId));
      return item && readItem(item, VendorUserItem).account;
    },

    async release(vendorUserId, account) {
      const item = await table.get(keys.vendorUser(vendor, vendorUserId));
      if (!item || readItem(item, VendorUserItem).account !== account) return;
      await table.delete(item.key, { version: item.version });
    },
  };
}
