import { errorFacts, type Log } from "../lib/log.ts";
import type { SummaryStore } from "../sync/model/people.ts";
import { keys } from "./keys.ts";
import { SummaryItem } from "./run-items.ts";
import type { Table } from "./table.ts";
import { createVersionedMemory } from "./versioned-memory.ts";

/** When an account had its last summary, and what it said of a silence. */
export const createSummaryStore = (table: Table, log: Log): SummaryStore =>
  createVersionedMemory(table, {
    keyOf: keys.summary,
    schema: SummaryItem,
    empty: {},
    onDamaged: (error) => log.error("summary_damaged", errorFacts(error)),
  });
