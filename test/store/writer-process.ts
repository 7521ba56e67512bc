/** A process to race or kill. Its task is JSON in the first argument. It prints a line only after that write was acknowledged. */
import { rmSync, writeFileSync, writeSync } from "node:fs";
import { systemClock } from "../../src/lib/clock.ts";
import { openDynamoTable } from "../../src/store/dynamodb/table.ts";
import { createSharedRateLimiter } from "../../src/store/shared-rate-limiter.ts";
import { openSqliteTable } from "../../src/store/sqlite/table.ts";

export interface WriterTask {
  store: { file: string } | { endpoint: string };
  tableName: string;
  pk: string;
  /**
   * "write until killed" writes numbered items without end; "claim all" tries to be the first to write each of them; "take slots"
   * prints when each of its slots comes, in epoch milliseconds. "write until refused" prints how many it wrote before an error,
   * the error, and what is there after it has deleted the file `ballast`.
   */
  task:
    | { type: "write until killed"; prefix: string }
    | { type: "write until refused"; ballast: string }
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
} else if (task.type === "write until refused") {
  const table = openTable();
  writeFileSync(task.ballast, Buffer.alloc(100_000));
  const write = (n: number) => table.put({ pk, sk: `${n}` }, { text: "text".repeat(1000) }, { expect: "absent" });
  let count = 0;
  try {
    for (; ; count++) await write(count);
  } catch (error) {
    print(`${count}`);
    print(String(error));
  }
  rmSync(task.ballast);
  const { length } = await table.list(pk);
  print(`${length} items, and room for another: ${(await write(count)).type}`);
  await table.close();
} else {
  const table = openTable();
  for (let n = 0; ; n++) {
    const sk = `${task.prefix}-${n}`;
    const outcome = await table.put({ pk, sk }, { text: sk.repeat(100) }, { expect: "absent" });
    if (outcome.type === "written") print(sk);
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
