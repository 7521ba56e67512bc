import type { SubscriptionMemory } from "../sync/model/withings-link.ts";
import { SubscriptionsItem } from "./items.ts";
import { keys } from "./keys.ts";
import type { Table } from "./table.ts";
import { overwrite, removeItem } from "./update.ts";

export function createSubscriptionMemory(table: Table): SubscriptionMemory {
  return {
    async read(account) {
      const item = await table.get(keys.subscriptions(account));
      return item && SubscriptionsItem().safeParse(item.value).data;
    },

    save: (account, seen) =>
      overwrite(table, keys.subscriptions(account), seen, { what: "what is known of the subscriptions" }),

    forget: (account) => removeItem(table, keys.subscriptions(account)),
  };
}
