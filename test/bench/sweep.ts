import { randomUUID } from "node:crypto";
import { BatchWriteItemCommand } from "@aws-sdk/client-dynamodb";
import { openTable } from "../../src/app/open-stores.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { createLog } from "../../src/lib/log.ts";
import { createDynamoClient } from "../../src/store/dynamodb/client.ts";
import { createDynamoTable } from "../../src/store/dynamodb/create.ts";
import { toJson } from "../../src/store/item-json.ts";
import { keys } from "../../src/store/keys.ts";
import { createSchedule } from "../../src/store/schedule.ts";
import type { Key } from "../../src/store/table.ts";
import { queueDue, sweep } from "../../src/sync/jobs/sweep.ts";
import type { NewJob } from "../../src/sync/model/jobs.ts";
import { startDynalite } from "../support/dynalite.ts";
import { createMeter } from "./meter.ts";

const TABLE = "weighbridge-bench";
const SIDE_BY_SIDE = 8;
/** DynamoDB takes 25 items at once, and an account has four. */
const ACCOUNTS_A_BATCH = 6;

/** Only one account in a hundred is due, and the cost has to follow those. */
export async function sweepScenes(): Promise<void> {
  console.log("\nsweep          accounts       due   seconds     reads    writes  memory MB");
  await scenes(1000, [10]);
  await scenes(100_000, [10, 1000]);
}

async function scenes(accounts: number, dues: number[]): Promise<void> {
  const { endpoint, close } = await startDynalite();
  const log = createLog({ level: "error" });
  await createDynamoTable({ tableName: TABLE, endpoint, clock: systemClock, log });
  await fill(endpoint, accounts);
  const table = await openTable({ engine: "dynamodb", tableName: TABLE, endpoint }, systemClock);
  const schedule = createSchedule(table, systemClock, log);

  for (const due of dues) {
    for (let id = 1; id <= due; id++) {
      await schedule.set(id, { dueAt: new Date(Date.now() - 1000), failures: 0 });
    }
    const meter = createMeter();
    const metered = createSchedule(meter.wrapTable(table), systemClock, log);
    const waiting: NewJob[] = [];
    const queue = { put: async (jobs: readonly NewJob[]) => void waiting.push(...jobs) };
    let done = 0;
    let peak = 0;
    const before = process.memoryUsage().rss;
    const watch = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage().rss);
    }, 5);
    const startedMs = performance.now();
    const swept = { schedule: metered, queue, intervalMinutes: 60, clock: systemClock, log };
    await sweep(swept);
    for (let job = waiting.shift(); job; job = waiting.shift()) {
      done++;
      // Its run would do this.
      await schedule.set(job.account, { dueAt: new Date(Date.now() + 3_600_000), failures: 0 });
      if (waiting.length === 0) await queueDue(swept);
    }
    const seconds = (performance.now() - startedMs) / 1000;
    clearInterval(watch);
    if (done !== due) throw new Error(`${done} visits were queued where ${due} were due`);
    const { reads, writes } = meter.units;
    const megabytes = Math.max(0, peak - before) / 1e6;
    const cells = [accounts, due, seconds.toFixed(2), reads, writes, megabytes.toFixed(0)];
    console.log(" ".repeat(13) + cells.map((cell) => String(cell).padStart(10)).join(""));
  }
  await table.close();
  await close();
}

/** Writes accounts that aren't due, as the program would, only faster. */
async function fill(endpoint: string, accounts: number) {
  const client = createDynamoClient({ tableName: TABLE, endpoint, clock: systemClock });
  const dueAt = new Date(Date.now() + 3_600_000);
  const batches = Math.ceil(accounts / ACCOUNTS_A_BATCH);
  const waiting = Array.from({ length: batches }, (_, index) => index * ACCOUNTS_A_BATCH).values();
  await Promise.all(
    Array.from({ length: SIDE_BY_SIDE }, async () => {
      for (const first of waiting) {
        const ids = Array.from(
          { length: Math.min(ACCOUNTS_A_BATCH, accounts - first) },
          (_, index) => first + index + 1,
        );
        const items = ids.flatMap((id) => [
          item(keys.accountEntry(id), {}),
          item(keys.account(id), { telegramUserId: id, createdAt: dueAt, settings: {} }),
          item(keys.runs(id), { next: { dueAt, failures: 0 } }),
          item(keys.dueEntry(id, dueAt), { account: id, dueAt }),
        ]);
        await client.send(new BatchWriteItemCommand({ RequestItems: { [TABLE]: items } }));
      }
    }),
  );
  client.destroy();
}

function item({ pk, sk }: Key, value: object) {
  const Item = {
    pk: { S: pk },
    sk: { S: sk },
    version: { S: randomUUID() },
    value: { S: JSON.stringify(toJson(value)) },
  };
  return { PutRequest: { Item } };
}
