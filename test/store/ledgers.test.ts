import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createLog } from "../../src/lib/log.ts";
import { createManualClock } from "../../src/sandbox/manual-clock.ts";
import { createDynamoTable } from "../../src/store/dynamodb/create.ts";
import { openDynamoTable } from "../../src/store/dynamodb/table.ts";
import { keys } from "../../src/store/keys.ts";
import { createLedgers } from "../../src/store/ledgers.ts";
import { openSqliteTable } from "../../src/store/sqlite/table.ts";
import type { Table } from "../../src/store/table.ts";
import { startingPoint } from "../../src/sync/engine/progress.ts";
import type { Ledger, LedgerEntry } from "../../src/sync/model/ledger.ts";
import { type Reading, readingId } from "../../src/sync/model/reading.ts";
import { FIRST_HANDED_ID } from "../../src/sync/model/typed.ts";
import { createMeter } from "../bench/meter.ts";
import { startDynalite } from "../support/dynalite.ts";
import { ACCOUNT, NOON } from "../support/test-app.ts";

const clock = createManualClock(NOON);
const DAYS = 400;

const entry = (day: number, more: Partial<LedgerEntry> = {}): LedgerEntry => {
  const takenAt = new Date(NOON.getTime() - (DAYS - day) * 24 * 3600_000);
  return {
    ...{ measureGroupId: 5_000_000 + day * 1_000, kind: "weigh_in", takenAt, modifiedAt: takenAt, fingerprint: "[]" },
    ...{ fate: { state: "seen" }, values: { kind: "weigh_in", weightKg: 80 }, attempts: 1, ...more },
  };
};
const idOf = (day: number) => readingId(entry(day));

const folder = mkdtempSync(path.join(tmpdir(), "weighbridge-ledgers-"));
let dynalite: Awaited<ReturnType<typeof startDynalite>>;
beforeAll(async () => {
  dynalite = await startDynalite();
});
afterAll(async () => {
  await dynalite.close();
  rmSync(folder, { recursive: true });
});

const ENGINES: Record<string, () => Promise<Table>> = {
  SQLite: async () => openSqliteTable({ file: path.join(folder, "weighbridge.db"), tableName: "ledgers", clock }),
  DynamoDB: async () => {
    const options = { tableName: `weighbridge-${randomUUID()}`, endpoint: dynalite.endpoint, clock };
    await createDynamoTable({ ...options, log: createLog({ level: "silent" }) });
    return openDynamoTable(options);
  },
};

describe.each(Object.entries(ENGINES))("a ledger of 400 readings on %s", (_engine, open) => {
  const meter = createMeter();
  let table: Table;
  let ledger: Ledger;
  const found = async (ids: string[]) => [...(await ledger.entries(ids)).keys()];

  beforeAll(async () => {
    table = await open();
    ledger = createLedgers(meter.wrapTable(table)).of(ACCOUNT, "1", "2");
    const all = Array.from({ length: DAYS }, (_, day) => entry(day));
    await ledger.write(all.map((it) => ({ entry: it, version: undefined })));
  });
  afterAll(() => table.close());

  test("gives Withings' newest from one on, without what was typed, and without one that is damaged", async () => {
    const typed = { ...entry(1), measureGroupId: FIRST_HANDED_ID + 5 };
    await ledger.write([{ entry: typed, version: undefined }]);
    const damaged = keys.reading(keys.ledger(ACCOUNT, "1", "2"), readingId({ ...typed, measureGroupId: 5_399_500 }));
    const { version } = (await table.put(damaged, { fate: "?" }, { expect: "absent" })) as { version: string };
    meter.reset();
    const newest = await ledger.entriesFrom(idOf(DAYS - 3));
    expect(newest.map(readingId)).toEqual([3, 2, 1].map((back) => idOf(DAYS - back)));
    expect(newest[0]).toEqual(entry(DAYS - 3));
    expect(meter.units.reads).toBeLessThan(3);
    expect((await ledger.all()).map(({ value }) => readingId(value))).toEqual([
      ...Array.from({ length: DAYS }, (_, day) => idOf(day)),
      readingId(typed),
    ]);
    await table.delete(damaged, { version });
    const [[, stored] = []] = await ledger.entries([readingId(typed)]);
    if (stored) await ledger.forget(stored);
  });

  test("gives those that are asked for, in any order, and no others", async () => {
    expect(await found([])).toEqual([]);
    expect(await found([idOf(7), "0000000000000001#weigh_in", idOf(3), idOf(7)])).toEqual([idOf(3), idOf(7)]);
    const days = Array.from({ length: DAYS }, (_, day) => day);
    for (const step of [1, 2, 7, 13, 50, 399]) {
      const ids = days.filter((day) => day % step === 0).map(idOf);
      expect(await found(ids.toReversed())).toEqual(ids);
    }
    expect((await ledger.entries([idOf(5)])).get(idOf(5))?.value).toEqual(entry(5));
  });

  test("is found from another one of the same account and Garmin profile", async () => {
    const ledgers = createLedgers(table);
    const all = [
      [ACCOUNT, "1", "2"],
      [ACCOUNT, "7", "2"],
      [ACCOUNT, "7", "3"],
      [ACCOUNT + 1, "8", "2"],
    ] as const;
    const progress = startingPoint(undefined, undefined, NOON);
    for (const [account, user, profile] of all)
      await ledgers.of(account, user, profile).saveProgress(progress, undefined);
    expect(await ledgers.othersIn(ACCOUNT, { withingsUserId: "7", garminProfileId: "2" })).toEqual(["1"]);
    expect(await ledgers.othersIn(ACCOUNT, { withingsUserId: "9", garminProfileId: "2" })).toEqual(["1", "7"]);
    expect(await ledgers.othersIn(ACCOUNT, { withingsUserId: "1", garminProfileId: "1" })).toEqual([]);
  });

  test("keeps what is from before its start, and doesn't mix it with what it has", async () => {
    expect(await ledger.past()).toBeUndefined();
    const reading = (measureGroupId: number, takenAt: string): Reading => ({
      ...{ measureGroupId, takenAt: new Date(takenAt), modifiedAt: NOON, attribution: "certain", imported: false },
      ...{ kind: "weigh_in", weightKg: 80.25, bodyFatPercent: 20.1 },
    });
    const [older, newer] = [reading(7, "2019-12-31T23:59:59.000Z"), reading(8, "2020-01-01T00:00:00.000Z")];
    await ledger.savePast([newer, older], NOON);
    const past = (await ledger.past()) ?? expect.fail();
    expect(past.map(({ measureGroupId }) => measureGroupId).sort()).toEqual([7, 8]);
    const values = { takenAt: older.takenAt, kind: "weigh_in", weightKg: 80.25, bodyFatPercent: 20.1 };
    expect(past.find((it) => it.measureGroupId === 7)).toMatchObject(values);
    await ledger.savePast([older], NOON);
    expect(await ledger.all()).toHaveLength(DAYS);
    expect((await ledger.garminKeys()).size).toBe(0);
  });

  test("gives one of today and one of years ago without what lies between", async () => {
    meter.reset();
    expect(await found([idOf(1), idOf(DAYS - 1)])).toEqual([idOf(1), idOf(DAYS - 1)]);
    expect(meter.units).toMatchObject({ reads: 3, calls: 2 });
  });
});
