import type { Log } from "../lib/log.ts";
import type { HealthStore } from "../sync/model/health.ts";
import { keys } from "./keys.ts";
import { HealthItem } from "./run-items.ts";
import type { Table } from "./table.ts";
import { createVersionedMemory } from "./versioned-memory.ts";

export const createHealthStore = (table: Table, log: Log): HealthStore =>
  createVersionedMemory(table, {
    keyOf: keys.health,
    schema: HealthItem,
    empty: { attentionTold: [] },
    ...{ log, damaged: "health_damaged" },
  });
