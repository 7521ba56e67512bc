import { errorFacts, type Log } from "../lib/log.ts";
import type { HealthStore } from "../sync/model/health.ts";
import { keys } from "./keys.ts";
import { HealthItem } from "./run-items.ts";
import type { Table } from "./table.ts";
import { createVersionedMemory } from "./versioned-memory.ts";

/** What the owner of an account has been told, and what is still to be told. Better to say it twice than to fall silent. */
export const createHealthStore = (table: Table, log: Log): HealthStore =>
  createVersionedMemory(table, {
    keyOf: keys.health,
    schema: HealthItem,
    empty: { attentionTold: [] },
    onDamaged: (error) => log.error("health_damaged", errorFacts(error)),
  });
