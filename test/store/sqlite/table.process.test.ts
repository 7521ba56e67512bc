import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../../src/lib/clock.ts";
import { openSqliteTable } from "../../../src/store/sqlite/table.ts";
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

test("of many writes at once, kill -9 leaves all or none, and all that were acknowledged", async () => {
  for (const [round, count] of [1, 90, 300].entries()) {
    const task = { type: "write until killed" as const, prefix: `round-${round}`, atOnce: 30 };
    const acknowledged = await killAfter(count, { store: { file }, tableName, pk: `${round}`, task });

    const table = open();
    const found = new Set((await table.list(`${round}`)).map(({ key }) => key.sk));
    await table.close();
    expect(acknowledged.filter((sk) => !found.has(sk))).toEqual([]);
    expect(found.size % 30).toBe(0);
  }
});

test("a process that dies in the middle of many writes at once leaves none of them", async () => {
  const task = { type: "die in a batch" as const, items: 50 };
  const acknowledged = await killAfter(0, { store: { file }, tableName, pk: "dying", task });

  const table = open();
  expect([acknowledged, await table.list("dying")]).toEqual([[], []]);
  expect((await table.put({ pk: "dying", sk: "after" }, {}, { expect: "absent" })).type).toBe("written");
  await table.close();
});

test("processes that create the same databases at the same moment all open them", async () => {
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

test("the SQLite table prints nothing on standard error", async () => {
  const script = `import { openSqliteTable } from "./src/store/sqlite/table.ts";
    const clock = { now: () => new Date() };
    const table = openSqliteTable({ file: ${JSON.stringify(file)}, tableName: "weighbridge", clock });
    await table.put({ pk: "a", sk: "b" }, {}, { expect: "absent" });
    await table.close();`;
  expect(await run(script)).toBe("");
  expect(statSync(file).size).toBeGreaterThan(0);
});

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

/** Runs a module in a new process and returns its standard error. */
async function run(script: string): Promise<string> {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    stdio: ["ignore", "inherit", "pipe"],
  });
  const [errors] = await Promise.all([text(child.stderr), once(child, "close")]);
  return errors;
}

/** A small disk, which only root can create. */
const SMALL_DISK = ["-rm", "sh", "-c", 'mount -t tmpfs -o size=400k tmpfs "$0" && exec "$@"'];
const canMount = spawnSync("unshare", [...SMALL_DISK, tmpdir(), "true"]).status === 0;

test.skipIf(!canMount).each([1, 7])(
  "a full disk is said in words, and costs nothing that was written, %i at once (needs the right to mount)",
  async (atOnce) => {
    const writer = path.join(import.meta.dirname, "../writer-process.ts");
    const ballast = path.join(folder, "ballast");
    const task: WriterTask = {
      store: { file },
      tableName,
      pk: "full",
      task: { type: "write until refused", ballast, atOnce },
    };
    const args = [...SMALL_DISK, folder, process.execPath, writer, JSON.stringify(task)];
    const child = spawn("unshare", args, { stdio: ["ignore", "pipe", "inherit"] });
    const [wrote, refused, ...found] = (await text(child.stdout)).trim().split("\n");
    expect(refused).toBe(`UsageError: The disk that holds ${file} is full. Free some space there.`);
    expect(Number(wrote)).toBeGreaterThan(2);
    expect(found).toEqual([`${wrote} items, and room for another: written`]);
  },
);
