import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createManualClock } from "../../src/sandbox/manual-clock.ts";
import { openSqliteTable } from "../../src/store/sqlite/table.ts";
import type { Item, Table } from "../../src/store/table.ts";
import { ContendedError, overwrite, update } from "../../src/store/update.ts";
import { NOON } from "../support/test-app.ts";

const KEY = { pk: "counter", sk: "counter" };
const WHAT = { what: "the counter" };

let folder: string;
let table: Table;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "weighbridge-"));
  table = openSqliteTable({
    file: path.join(folder, "test.sqlite"),
    tableName: "tokens",
    clock: createManualClock(NOON),
  });
});
afterEach(async () => {
  await table.close();
  rmSync(folder, { recursive: true });
});

const countIn = (item: Item | undefined) => Number(item?.value?.n ?? 0);
const plusOne = (item: Item | undefined) => ({ value: { n: countIn(item) + 1 }, result: countIn(item) + 1 });
/** Another writer adds one right after it was read. */
const elsewhere = () => update(table, KEY, plusOne, WHAT);

describe("an update", () => {
  test("an update works on an absent and on an existing item, and returns the result of the change", async () => {
    expect(await update(table, KEY, plusOne, WHAT)).toBe(1);
    expect(await update(table, KEY, plusOne, WHAT)).toBe(2);
    expect((await table.get(KEY))?.value).toEqual({ n: 2 });
  });

  test("an update that another writer precedes is made again from what they wrote", async () => {
    let others = 0;
    const change = async (item: Item | undefined) => {
      if (others++ < 3) await elsewhere();
      return plusOne(item);
    };
    expect(await update(table, KEY, change, WHAT)).toBe(4);
  });

  test("an update without a value writes nothing", async () => {
    await update(table, KEY, plusOne, WHAT);
    const before = await table.get(KEY);
    expect(await update(table, KEY, () => ({ result: "as it was" }), WHAT)).toBe("as it was");
    expect(await table.get(KEY)).toEqual(before);
  });

  test("an update that always loses pauses between its tries, gives up, and leaves what others wrote", async () => {
    const pauses: number[] = [];
    const pause = async (tried: number) => void pauses.push(tried);
    const change = async (item: Item | undefined) => {
      await elsewhere();
      return { ...plusOne(item), value: { n: -1 } };
    };
    const given = update(table, KEY, change, { ...WHAT, tries: 3, pause });
    await expect(given).rejects.toThrow(new ContendedError("the counter kept changing"));
    expect(pauses).toEqual([1, 2, 3]);
    expect((await table.get(KEY))?.value).toEqual({ n: 3 });
  });

  test("an update keeps an item until its expiry, and an overwrite without one keeps it for good", async () => {
    const expiresAt = NOON.getTime() / 1000 + 60;
    await update(table, KEY, (item) => ({ ...plusOne(item), expiresAt }), WHAT);
    expect((await table.get(KEY))?.expiresAt).toBe(expiresAt);
    await overwrite(table, KEY, { n: 9 }, WHAT);
    expect(await table.get(KEY)).toMatchObject({ value: { n: 9 } });
    expect((await table.get(KEY))?.expiresAt).toBeUndefined();
  });
});
