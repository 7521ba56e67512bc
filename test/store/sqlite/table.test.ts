import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../../src/lib/clock.ts";
import { RetryLaterError, UsageError } from "../../../src/lib/errors.ts";
import { createManualClock } from "../../../src/sandbox/manual-clock.ts";
import { toJson } from "../../../src/store/item-json.ts";
import { openSqliteTable } from "../../../src/store/sqlite/table.ts";
import { describeTableContract } from "../table.contract.ts";

const tableName = "weighbridge.test-1";
let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "weighbridge-sqlite-"));
  file = path.join(folder, "data", "weighbridge.db");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = () => openSqliteTable({ file, tableName, clock: systemClock });
const mode = (name: string) => (statSync(name).mode & 0o777).toString(8);

describeTableContract("a table in SQLite", async ({ clock }) => openSqliteTable({ file, tableName, clock }));

describe("the file", () => {
  test("the folder, the database and its companions are for this user alone, whatever the umask", async () => {
    const umask = process.umask(0);
    const table = open();
    process.umask(umask);
    await table.put({ pk: "a", sk: "b" }, {}, { expect: "absent" });

    expect(mode(path.dirname(file))).toBe("700");
    expect([file, `${file}-wal`, `${file}-shm`].map(mode)).toEqual(["600", "600", "600"]);
    await table.close();
  });

  test("an open database is in WAL mode", async () => {
    const table = open();
    const reader = new DatabaseSync(file);
    expect(reader.prepare("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" });
    reader.close();
    await table.close();
  });

  test("a file that is not a database is explained in one sentence and left as it was", () => {
    mkdirSync(path.dirname(file));
    const list = "shopping list\n".repeat(100);
    writeFileSync(file, list);

    expect(open).toThrow(UsageError);
    expect(open).toThrow(/weighbridge\.db is not an intact SQLite database: move it away.*DATA_DIR\.$/);
    expect(readFileSync(file, "utf8")).toBe(list);
  });

  test("a folder that cannot hold the database is explained in one sentence", () => {
    writeFileSync(path.dirname(file), "a file where the folder should be");
    expect(open).toThrow(UsageError);
    expect(open).toThrow(/weighbridge\.db cannot be opened for writing: .*DATA_DIR\.$/);
  });

  test.skipIf(process.getuid?.() === 0)("a folder without permission is refused in words (skipped for root)", () => {
    chmodSync(folder, 0o500);
    expect(open).toThrow(UsageError);
  });

  test("a directory in place of the database is explained in one sentence", () => {
    mkdirSync(file, { recursive: true });
    expect(open).toThrow(UsageError);
  });

  test.each(["ab", 'x"; DROP TABLE y; --', "sqlite_table", "a b c", ""])("%j can't be the table's name", (name) => {
    expect(() => openSqliteTable({ file, tableName: name, clock: systemClock })).toThrow(UsageError);
  });

  test("two tables in one file are independent", async () => {
    const [here, there] = ["table-1", "table-2"].map((name) =>
      openSqliteTable({ file, tableName: name, clock: systemClock }),
    );
    await here?.put({ pk: "a", sk: "b" }, {}, { expect: "absent" });

    expect(await there?.get({ pk: "a", sk: "b" })).toBeUndefined();
    await here?.close();
    await there?.close();
  });

  test("opening removes expired rows from the disk and keeps the others", async () => {
    const clock = createManualClock(new Date("2026-11-23T06:00:00Z"));
    const expiresAt = clock.now().getTime() / 1000 + 60;
    const first = openSqliteTable({ file, tableName, clock });
    await first.put({ pk: "claims", sk: "old" }, {}, { expect: "absent", expiresAt });
    await first.put({ pk: "claims", sk: "newer" }, {}, { expect: "absent", expiresAt: expiresAt + 1 });
    await first.put({ pk: "claims", sk: "lasting" }, {}, { expect: "absent" });
    await first.close();

    clock.advance(60);
    await openSqliteTable({ file, tableName, clock }).close();

    const database = new DatabaseSync(file);
    expect(database.prepare(`SELECT sk FROM "${tableName}" ORDER BY sk`).all()).toEqual([
      { sk: "lasting" },
      { sk: "newer" },
    ]);
    database.close();
  });

  test("a database that another process locks for too long is a RetryLaterError", async () => {
    const table = openSqliteTable({ file, tableName, clock: systemClock, busyTimeoutMs: 50 });
    const holder = new DatabaseSync(file);
    holder.exec("BEGIN IMMEDIATE");

    const put = () => table.put({ pk: "a", sk: "b" }, {}, { expect: "absent" });
    await expect(put()).rejects.toBeInstanceOf(RetryLaterError);
    expect(await table.get({ pk: "a", sk: "b" })).toBeUndefined();
    expect(() => openSqliteTable({ file, tableName, clock: systemClock, busyTimeoutMs: 50 })).toThrow(RetryLaterError);

    holder.exec("COMMIT");
    holder.close();
    expect((await put()).type).toBe("written");
    await table.close();
  });

  test("many writes at once are one commit, and wait for a lock or fail as one", async () => {
    const table = openSqliteTable({ file, tableName, clock: systemClock, busyTimeoutMs: 50 });
    const writes = Array.from({ length: 100 }, (_, n) => ({
      key: { pk: "a", sk: `${n}` },
      value: {},
      expect: "absent" as const,
    }));
    const holder = new DatabaseSync(file);
    holder.exec("BEGIN IMMEDIATE");
    await expect(table.putAll(writes)).rejects.toBeInstanceOf(RetryLaterError);
    holder.exec("COMMIT");
    holder.close();
    expect(await table.list("a")).toEqual([]);

    const before = commitsIn(`${file}-wal`);
    await table.putAll(writes);
    expect(commitsIn(`${file}-wal`) - before).toBe(1);
    expect(await table.list("a")).toHaveLength(100);
    await table.close();
  });

  test("many writes at once, one of which can't be stored, leave nothing and the table usable", async () => {
    const table = open();
    const circular: { [name: string]: never } = {};
    Object.assign(circular, { circular });
    const at = (sk: string, value = {}) => ({ key: { pk: "a", sk }, value, expect: "absent" as const });

    await expect(table.putAll([at("1"), at("2", circular), at("3")])).rejects.toThrow(TypeError);
    expect(await table.list("a")).toEqual([]);
    expect((await table.putAll([at("1")])).map(({ type }) => type)).toEqual(["written"]);
    await table.close();
  });

  test("deleted data is nowhere in its files after a purge, even if another process reads in the meantime", async () => {
    const table = open();
    const secret = "a-secret-that-nobody-may-find-any-more";
    const isFound = () =>
      readdirSync(path.dirname(file)).some((name) =>
        readFileSync(path.join(path.dirname(file), name)).includes(secret),
      );
    const write = async (sk: string, value: object) =>
      table
        .put({ pk: "a", sk }, toJson(value), { expect: "absent" })
        .then((it) => (it.type === "written" ? it.version : ""));
    await write("other", { text: "of somebody else" });
    const version = await write("b", { secret, more: secret.repeat(200) });
    const changed = await write("c", { secret });
    await table.put({ pk: "a", sk: "c" }, { text: "renewed" }, { expect: { version: changed } });
    await table.delete({ pk: "a", sk: "b" }, { version });
    expect(isFound()).toBe(true);
    await table.purge();
    expect(isFound()).toBe(false);

    const again = await write("b", { secret });
    const reader = new DatabaseSync(file);
    reader.exec("BEGIN");
    reader.prepare(`SELECT * FROM "${tableName}"`).all();
    await table.delete({ pk: "a", sk: "b" }, { version: again });
    const impatient = openSqliteTable({ file, tableName, clock: systemClock, busyTimeoutMs: 50 });
    await impatient.purge();
    expect(isFound()).toBe(true);
    reader.close();
    const next = await write("d", {});
    await impatient.delete({ pk: "a", sk: "d" }, { version: next });
    expect(isFound()).toBe(false);
    expect((await table.get({ pk: "a", sk: "other" }))?.value).toEqual({ text: "of somebody else" });
    await impatient.close();
    await table.close();
  });

  test("a row with invalid JSON does not hide the others, and no schema accepts it", async () => {
    const table = open();
    for (const sk of ["a", "b", "c"]) await table.put({ pk: "jobs", sk }, { sk }, { expect: "absent" });
    const database = new DatabaseSync(file);
    database.prepare(`UPDATE "${tableName}" SET value = '{' WHERE sk = 'b'`).run();
    database.close();
    expect((await table.list("jobs")).map(({ value }) => value)).toEqual([{ sk: "a" }, null, { sk: "c" }]);
    await table.close();
  });
});

/** Frames of the write-ahead log that end a commit: they name the size of the database. https://sqlite.org/fileformat2.html#walformat */
function commitsIn(file: string): number {
  const log = readFileSync(file);
  const frameBytes = 24 + log.readUInt32BE(8);
  let commits = 0;
  for (let at = 32; at < log.length; at += frameBytes) if (log.readUInt32BE(at + 4) > 0) commits++;
  return commits;
}
