import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../../src/lib/clock.ts";
import { createLog } from "../../../src/lib/log.ts";
import { createDynamoTable } from "../../../src/store/dynamodb/create.ts";
import { openDynamoTable } from "../../../src/store/dynamodb/table.ts";
import { startDynalite } from "../../support/dynalite.ts";
import { killAfter, runTogether } from "../writers.ts";

const tableName = `weighbridge-test-${process.pid}`;
let dynalite: Awaited<ReturnType<typeof startDynalite>>;
beforeAll(async () => {
  dynalite = await startDynalite();
  const log = createLog({ level: "silent" });
  await createDynamoTable({ tableName, endpoint: dynalite.endpoint, clock: systemClock, log });
});
afterAll(() => dynalite.close());

const store = () => ({ endpoint: dynalite.endpoint });

test("every write acknowledged before kill -9 is there afterwards", async () => {
  const table = openDynamoTable({ tableName, ...store(), clock: systemClock });
  const acknowledged: string[] = [];
  for (const [round, count] of [1, 60].entries()) {
    const task = { type: "write until killed" as const, prefix: `round-${round}` };
    acknowledged.push(...(await killAfter(count, { store: store(), tableName, pk: "writes", task })));

    const items = new Map((await table.list("writes")).map((item) => [item.key.sk, item.value]));
    expect(acknowledged.filter((sk) => items.get(sk)?.text !== sk.repeat(100))).toEqual([]);
  }
  expect(acknowledged.length).toBeGreaterThanOrEqual(61);
  await table.close();
});

test("of many writes at once, all that were acknowledged before kill -9 are there afterwards", async () => {
  const table = openDynamoTable({ tableName, ...store(), clock: systemClock });
  const task = { type: "write until killed" as const, prefix: "batch", atOnce: 30 };
  const acknowledged = await killAfter(70, { store: store(), tableName, pk: "batches", task });

  const found = new Set((await table.list("batches")).map(({ key }) => key.sk));
  expect(acknowledged.filter((sk) => !found.has(sk))).toEqual([]);
  expect(acknowledged.length).toBeGreaterThanOrEqual(70);
  await table.close();
});

test("processes that write the same keys have one winner for each", async () => {
  const sks = Array.from({ length: 100 }, (_, n) => `key-${n}`);
  const task = { type: "claim all" as const, sks, startAtMs: Date.now() + 1_000 };
  const writer = { store: store(), tableName, pk: "claims", task };

  const won = await runTogether([writer, writer]);

  expect(won.flat().sort()).toEqual([...sks].sort());
});
