import { describeTableContract } from "../store/table.contract.ts";
import { createMemoryTable } from "./scale-table.ts";

/** Handles of one test share a clock, and with it the table. */
const tables = new WeakMap<object, ReturnType<typeof createMemoryTable>>();

describeTableContract("the table in memory that the simulation runs on", async ({ clock }) => {
  const table = tables.get(clock) ?? createMemoryTable(clock);
  tables.set(clock, table);
  return table;
});
