import { RetryLaterError } from "../lib/errors.ts";
import type { SubscriptionMemory } from "../sync/model/withings-link.ts";
import { toJson } from "./item-json.ts";
import { SubscriptionsItem } from "./items.ts";
import { keys } from "./keys.ts";
import { removeItem } from "./remove.ts";
import type { Table } from "./table.ts";

const TRIES = 5;

/** What was seen of subscriptions. What is damaged counts as never seen: they are simply checked again. */
export function createSubscriptionMemory(table: Table): SubscriptionMemory {
  return {
    async read(account) {
      const item = await table.get(keys.subscriptions(account));
      return item && SubscriptionsItem.safeParse(item.value).data;
    },

    async save(account, seen) {
      const key = keys.subscriptions(account);
      for (let tries = 1; tries <= TRIES; tries++) {
        const item = await table.get(key);
        const expect = item ? { version: item.version } : ("absent" as const);
        if ((await table.put(key, toJson(seen), { expect })).type === "written") return;
      }
      throw new RetryLaterError("what is known of the subscriptions kept changing");
    },

    forget: (account) => removeItem(table, keys.subscriptions(account)),
  };
}
