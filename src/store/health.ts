import { errorFacts, type Log } from "../lib/log.ts";
import { readItem, toJson } from "./item-json.ts";
import { keys } from "./keys.ts";
import { HealthItem } from "./run-items.ts";
import type { Table } from "./table.ts";

/** What the owner of an account has been told, and what is still to be told. */
export function createHealthStore(table: Table, log: Log) {
  return {
    async read(account: number) {
      const item = await table.get(keys.health(account));
      try {
        return { value: item ? readItem(item, HealthItem) : { attentionTold: [] }, version: item?.version };
      } catch (error) {
        // Better to say something twice than to fall silent over it.
        log.error("health_damaged", errorFacts(error));
        return { value: { attentionTold: [] }, version: item?.version };
      }
    },

    async write(account: number, health: object, version: string | undefined): Promise<boolean> {
      const expect = version === undefined ? ("absent" as const) : { version };
      return (await table.put(keys.health(account), toJson(health), { expect })).type === "written";
    },
  };
}
