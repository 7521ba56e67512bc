import { errorFacts, type Log } from "../lib/log.ts";
import type { SummaryStore } from "../sync/model/people.ts";
import { readItem, toJson } from "./item-json.ts";
import { keys } from "./keys.ts";
import { SummaryItem } from "./run-items.ts";
import type { Table } from "./table.ts";

/** When an account had its last summary, and what it said of a silence. */
export function createSummaryStore(table: Table, log: Log): SummaryStore {
  return {
    async read(account) {
      const item = await table.get(keys.summary(account));
      try {
        return { value: item ? readItem(item, SummaryItem) : {}, version: item?.version };
      } catch (error) {
        // Better to say something twice than to fall silent over it.
        log.error("summary_damaged", errorFacts(error));
        return { value: {}, version: item?.version };
      }
    },

    async write(account, memory, version) {
      const expect = version === undefined ? ("absent" as const) : { version };
      return (await table.put(keys.summary(account), toJson(memory), { expect })).type === "written";
    },
  };
}
