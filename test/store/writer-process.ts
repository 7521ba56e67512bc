/** A process to race or kill. Its task is JSON in the first argument. It prints a line only after that write was acknowledged. */
import { rmSync, writeFileSync, writeSync } from "node:fs";
import { systemClock } from "../../src/lib/clock.ts";
import { openDynamoTable } from "../../src/store/dynamodb/table.ts";
import { createSharedRateLimiter } from "../../src/store/shared-rate-limiter.ts";
import { openSqliteTable } from "../../src/store/sqlite/table.ts";
import type { JsonObject, Write } from "../../src/store/table.ts";

export interface WriterTask {
  store: { file: string } | { endpoint: string };
  tableName: string;
  pk: string;
  /**
   * "write until killed" writes numbered items without end, `atOnce` in one call; "die in a batch" kills itself in the middle of
   * one call; "claim all" tries to be the first to write each of them; "take slots" prints when each of its slots comes, in epoch
   * milliseconds. "write until refused" prints how many it wrote before an error, the error, and what is there after it has
   * deleted the file `ballast`.
   */
  task:
    | { type: "write until killed"; prefix: string; atOnce?: number }
    | { type: "die in a batch"; items: number }
    | { type: "write until refused"; ballast: string; atOnce: number }
    | { type: "claim all"; sks: string[]; startAtMs: number }
    | { type: "take slots"; slots: number; everySeconds: number; burst: number; startAtMs: number };
}

const { store, tableName, pk, task } = JSON.parse(process.argv[2] ?? "") as WriterTask;

if (task.type === "claim all") {
  while (Date.now() < task.startAtMs);
  const table = openTable();
  for (const sk of task.sks) {
    const outcome = await table.put({ pk, sk }, { pid: process.pid }, { expect: "absent" });
    if (outcome.type === "written") print(sk);
  }
  await table.close();
} else if (task.type === "take slots") {
  while (Date.now() < task.startAtMs);
  const table = openTable();
  // The wait counts from the last reading of the clock, so later delays of the process move no slot.
  let lookedAt = new Date();
  const now = () => {
    lookedAt = systemClock.now();
    return lookedAt;
  };
  const budget = createSharedRateLimiter(table, { ...systemClock, now }, { ...task, name: pk });
  for (let n = 0; n < task.slots; n++) {
    const waitSeconds = await budget.take(Number.POSITIVE_INFINITY);
    print(String(lookedAt.getTime() + waitSeconds * 1000));
  }
  await table.close();
} else if (task.type === "die in a batch") {
  const table = openTable();
  const dying = { toJSON: () => process.kill(process.pid, "SIGKILL") };
  const values = Array.from({ length: task.items }, (_, n) => (n === task.items - 1 ? dying : { n }));
  await table.putAll(
    values.map((value, n) => ({ key: { pk, sk: `${n}` }, value: value as JsonObject, expect: "absent" as const })),
  );
  print("alive");
} else if (task.type === "write until refused") {
  const table = openTable();
  writeFileSync(task.ballast, Buffer.alloc(100_000));
  const { atOnce } = task;
  const at = (n: number): Write => ({
    key: { pk, sk: `${n}` },
    value: { text: "text".repeat(1000) },
    expect: "absent",
  });
  const write = (from: number) => table.putAll(Array.from({ length: atOnce }, (_, index) => at(from + index)));
  let count = 0;
  try {
    for (; ; count += atOnce) await write(count);
  } catch (error) {
    print(`${count}`);
    print(String(error));
  }
  rmSync(task.ballast);
  const { length } = await table.list(pk);
  print(`${length} items, and room for another: ${(await write(count))[0]?.type}`);
  await table.close();
} else {
  const table = openTable();
  const { prefix, atOnce = 1 } = task;
  for (let n = 0; ; n += atOnce) {
    const sks = Array.from({ length: atOnce }, (_, index) => `${prefix}-${n + index}`);
    const writes = sks.map((sk): Write => ({ key: { pk, sk }, value: { text: sk.repeat(100) }, expect: "absent" }));
    const [first, ...more] = writes;
    const outcomes =
      first && more.length === 0 ? [await table.put(first.key, first.value, first)] : await table.putAll(writes);
    for (const [index, sk] of sks.entries()) if (outcomes[index]?.type === "written") print(sk);
  }
}

function openTable() {
  const options = { tableName, clock: systemClock };
  return "file" in store ? openSqliteTable({ ...options, ...store }) : openDynamoTable({ ...options, ...store });
}

/** Synchronous, so the reader has every printed line. */
function print(line: string): void {
  writeSync(1, `${line}\n`);
}
