import type { Log } from "../lib/log.ts";
import type { SummaryStore } from "../sync/model/people.ts";
import { keys } from "./keys.ts";
import { SummaryItem } from "./run-items.ts";
import type { Table } from "./table.ts";
import { createVersionedMemory } from "./versioned-memory.ts";

export const createSummaryStore = (table: Table, log: Log): SummaryStore =>
  createVersionedMemory(table, {
    keyOf: keys.summary,
    schema: SummaryItem,
    empty: {},
    ...{ log, damaged: "summary_damaged" },
  });
