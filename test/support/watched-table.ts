import { RetryLaterError } from "../../src/lib/errors.ts";
import type { Table } from "../../src/store/table.ts";

/** Counts the calls to the store, and can make it fail. */
export function watched() {
  let calls = 0;
  let isAway = false;
  const through =
    <A extends unknown[], T>(call: (...given: A) => Promise<T>) =>
    async (...given: A) => {
      calls++;
      if (isAway) throw new RetryLaterError("the store is away");
      return call(...given);
    };
  return {
    wrapTable: (table: Table): Table => ({
      get: through(table.get),
      list: through(table.list),
      put: through(table.put),
      putAll: through(table.putAll),
      delete: through(table.delete),
      purge: () => table.purge(),
      close: () => table.close(),
    }),
    calls: () => calls,
    takeAway: () => {
      isAway = true;
    },
    giveBack: () => {
      isAway = false;
    },
  };
}
