import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../../src/lib/clock.ts";
import { RetryLaterError, UsageError } from "../../../src/lib/errors.ts";
import { createManualClock } from "../../../src/sandbox/manual-clock.ts";
import { toJson } from "../../../src/store/item-json.ts";
import { openSqliteTable } from "../../../src/store/sqlite/table.ts";
import { describeTableContract } from "../table.contract.ts";
import type { WriterTask } from "../writer-process.ts";
import { killAfter, runTogether } from "../writers.ts";

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

  test("a file that is no database is refused in words and left as it was", () => {
    mkdirSync(path.dirname(file));
    const list = "shopping list\n".repeat(100);
    writeFileSync(file, list);

    expect(open).toThrow(UsageError);
    expect(open).toThrow(/weighbridge\.db is not an intact SQLite database: move it away.*DATA_DIR\.$/);
    expect(readFileSync(file, "utf8")).toBe(list);
  });

  test("a folder that cannot hold the database is refused in words", () => {
    writeFileSync(path.dirname(file), "a file where the folder should be");
    expect(open).toThrow(UsageError);
    expect(open).toThrow(/weighbridge\.db cannot be opened for writing: .*DATA_DIR\.$/);
  });

  test.skipIf(process.getuid?.() === 0)("a folder without permission is refused in words (skipped for root)", () => {
    chmodSync(folder, 0o500);
    expect(open).toThrow(UsageError);
  });

  test("a directory in the place of the database is refused in words", () => {
    mkdirSync(file, { recursive: true });
    expect(open).toThrow(UsageError);
  });

  test.each(["ab", 'x"; DROP TABLE y; --', "sqlite_table", "a b c", ""])("%j cannot name the table", (name) => {
    expect(() => openSqliteTable({ file, tableName: name, clock: systemClock })).toThrow(UsageError);
  });

  test("two tables of one file know nothing of each other", async () => {
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

  test("another process that holds the database for too long means: try again later", async () => {
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

  /** A disk of this size, for as long as `work` takes. */
  const isMountable = process.getuid?.() === 0 && spawnSync("unshare", ["-m", "true"]).status === 0;
  test.skipIf(!isMountable).each(["32k", "256k", "300k", "400k"])(
    "a disk of %s that is full is said to be full, when the file is opened and later (skipped where no disk can be mounted)",
    (size) => {
      const script = `
        import { mkdirSync, writeFileSync, appendFileSync } from "node:fs";
        import { openSqliteTable } from "./src/store/sqlite/table.ts";
        const file = process.argv[1] + "/data/weighbridge.db";
        const clock = { now: () => new Date() };
        try {
          const table = openSqliteTable({ file, tableName: "weighbridge", clock });
          for (let n = 0; n < 1000; n++) await table.put({ pk: "a", sk: String(n) }, { text: "x".repeat(2000) }, { expect: "absent" });
        } catch (error) { console.log(error.name + " " + error.message); }
        try { openSqliteTable({ file, tableName: "weighbridge", clock }); } catch (error) { console.log(error.name + " " + error.message); }`;
      const command = `mount -t tmpfs -o size=${size} tmpfs "$0" && exec "$1" --input-type=module -e "$2" "$0"`;
      const { stdout, stderr } = spawnSync("unshare", ["-m", "sh", "-c", command, folder, process.execPath, script], {
        encoding: "utf8",
      });
      const lines = stdout.trim().split("\n");
      expect(lines.length, stderr).toBeGreaterThanOrEqual(1);
      for (const line of lines)
        expect(line).toMatch(/^UsageError The disk that holds .*weighbridge\.db is full\. Free some space there\.$/);
    },
  );

  test("using it prints nothing on standard error", async () => {
    const script = `import { openSqliteTable } from "./src/store/sqlite/table.ts";
      const clock = { now: () => new Date() };
      const table = openSqliteTable({ file: ${JSON.stringify(file)}, tableName: "weighbridge", clock });
      await table.put({ pk: "a", sk: "b" }, {}, { expect: "absent" });
      await table.close();`;
    expect(await run(script)).toBe("");
    expect(statSync(file).size).toBeGreaterThan(0);
  });
});

describe("several processes", () => {
  test("every write acknowledged before kill -9 is there afterwards, and the database is intact", async () => {
    const acknowledged: string[] = [];
    for (const [round, count] of [1, 40, 150, 300].entries()) {
      const task = { type: "write until killed" as const, prefix: `round-${round}` };
      acknowledged.push(...(await killAfter(count, { store: { file }, tableName, pk: "writes", task })));

      const table = open();
      const items = new Map((await table.list("writes")).map((item) => [item.key.sk, item.value]));
      await table.close();
      expect(acknowledged.filter((sk) => items.get(sk)?.text !== sk.repeat(100))).toEqual([]);
      const database = new DatabaseSync(file);
      expect(database.prepare("PRAGMA integrity_check").all()).toEqual([{ integrity_check: "ok" }]);
      database.close();
    }
    expect(acknowledged.length).toBeGreaterThanOrEqual(491);
  });

  test("processes that make the same new databases at the same moment all get them open", async () => {
    const script = `import { openSqliteTable } from "./src/store/sqlite/table.ts";
      for (let n = 0; n < 60; n++) {
        while (Date.now() < ${Date.now() + 500} + n * 10);
        const file = ${JSON.stringify(folder)} + "/" + n + ".db";
        await openSqliteTable({ file, tableName: "weighbridge", clock: { now: () => new Date() } }).close();
      }`;

    expect(await Promise.all([1, 2, 3].map(() => run(script)))).toEqual(["", "", ""]);
  });

  test("of processes that write the same keys at the same moment one wins each key", async () => {
    await open().close();
    const sks = Array.from({ length: 300 }, (_, n) => `key-${n}`);
    const task = { type: "claim all" as const, sks, startAtMs: Date.now() + 600 };
    const writer = { store: { file }, tableName, pk: "claims", task };

    const won = await runTogether([writer, writer, writer]);

    expect(won.flat().sort()).toEqual([...sks].sort());
  });
});

/** Runs a module in a process of its own and returns what it said on standard error. */
async function run(script: string): Promise<string> {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    stdio: ["ignore", "inherit", "pipe"],
  });
  const [errors] = await Promise.all([text(child.stderr), once(child, "close")]);
  return errors;
}

/** A small disk of this process's own, which needs the right to make one. */
const SMALL_DISK = ["-rm", "sh", "-c", 'mount -t tmpfs -o size=400k tmpfs "$0" && exec "$@"'];
const canMount = spawnSync("unshare", [...SMALL_DISK, tmpdir(), "true"]).status === 0;

test.skipIf(!canMount)(
  "a full disk is said in words, and costs nothing that was written (needs the right to mount)",
  async () => {
    const writer = path.join(import.meta.dirname, "../writer-process.ts");
    const ballast = path.join(folder, "ballast");
    const task: WriterTask = { store: { file }, tableName, pk: "full", task: { type: "write until refused", ballast } };
    const args = [...SMALL_DISK, folder, process.execPath, writer, JSON.stringify(task)];
    const child = spawn("unshare", args, { stdio: ["ignore", "pipe", "inherit"] });
    const [wrote, refused, ...found] = (await text(child.stdout)).trim().split("\n");
    expect(refused).toBe(`UsageError: The disk that holds ${file} is full. Free some space there.`);
    expect(Number(wrote)).toBeGreaterThan(2);
    expect(found).toEqual([`${wrote} items, and room for another: written`]);
  },
);
