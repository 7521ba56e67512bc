import * as z from "zod";
import { lazy } from "../lib/lazy.ts";
import { fingerprint, type Reading, readingOfPrint } from "../sync/model/reading.ts";
import { readItem } from "./item-json.ts";
import { keys } from "./keys.ts";
import { packed, unpacked } from "./packed-item.ts";
import type { Table } from "./table.ts";
import { overwrite } from "./update.ts";

/** Each reading as its measure group, its time in epoch milliseconds and its values. A year's packs to about ten kilobytes. */
const YearItem = lazy(() => z.object({ rows: z.array(z.tuple([z.number(), z.number(), z.string()])) }));

/** Undefined if they were never read, or not to the end. */
export async function readPast(table: Table, ledger: string): Promise<Reading[] | undefined> {
  const items = await table.list(ledger, keys.pastRange);
  const read = keys.pastRead(ledger).sk;
  if (!items.some(({ key }) => key.sk === read)) return undefined;
  return items
    .filter(({ key }) => key.sk !== read)
    .flatMap((item) => readItem(unpacked(item), YearItem).rows)
    .map(([measureGroupId, at, print]) => {
      const takenAt = new Date(at);
      return readingOfPrint({ measureGroupId, takenAt, modifiedAt: takenAt, fingerprint: print });
    });
}

export async function savePast(table: Table, ledger: string, readings: Reading[], readAt: Date): Promise<void> {
  const options = { what: "the past" };
  for (const [year, all] of Map.groupBy(readings, ({ takenAt }) => takenAt.getUTCFullYear())) {
    const rows = all.map((it) => [it.measureGroupId, it.takenAt.getTime(), fingerprint(it)]);
    await overwrite(table, keys.past(ledger, year), packed({ rows }), options);
  }
  await overwrite(table, keys.pastRead(ledger), { readAt }, options);
}
