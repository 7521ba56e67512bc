import { randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createLog } from "../../src/lib/log.ts";
import { createManualClock } from "../../src/sandbox/manual-clock.ts";
import { createDynamoTable } from "../../src/store/dynamodb/create.ts";
import { createMeter } from "../bench/meter.ts";
import { newMessage } from "../bot/chat.ts";
import { startDynalite } from "../support/dynalite.ts";
import { NOON, startTestApp, type TestApp } from "../support/test-app.ts";

/** What the store is asked for costs money on DynamoDB and time everywhere. A figure here is a promise of `docs/costs.md`. */
let dynalite: Awaited<ReturnType<typeof startDynalite>>;
beforeAll(async () => {
  dynalite = await startDynalite();
});
afterAll(() => dynalite.close());

let harness: TestApp;
afterEach(() => harness.close());

const engines = ["SQLite", "DynamoDB"] as const;
let tables = 0;

/** The whole program on a metered table: one account, linked, whose first runs are over. */
async function start(engine: (typeof engines)[number]) {
  const meter = createMeter();
  const table = { tableName: `weighbridge-units-${++tables}`, endpoint: dynalite.endpoint };
  const isDynamo = engine === "DynamoDB";
  const log = createLog({ level: "silent" });
  if (isDynamo) await createDynamoTable({ ...table, clock: createManualClock(NOON), log });
  harness = await startTestApp({
    wrapTable: meter.wrapTable,
    ...(isDynamo && {
      env: {
        STORE: "dynamodb",
        TOKEN_TABLE_NAME: table.tableName,
        DYNAMODB_ENDPOINT: table.endpoint,
        SEALING_KEY: randomBytes(32).toString("base64"),
      },
    }),
  });
  const service = harness.newService();
  /** What this took. */
  async function unitsOf(work: () => Promise<unknown>) {
    meter.reset();
    await work();
    return { ...meter.units };
  }
  return { service, unitsOf };
}

describe.each(engines)("on %s", (engine) => {
  test("an update of the chat costs two reads and two writes", async () => {
    const { service, unitsOf } = await start(engine);
    const say = (text: string) => service.chat.telegram.handleUpdate(newMessage(text));
    await say("/help");
    expect(await unitsOf(() => say("/help"))).toEqual({ reads: 2, writes: 2, calls: 4 });
    expect(await unitsOf(() => say("hello"))).toEqual({ reads: 2, writes: 2, calls: 4 });
  });
});
