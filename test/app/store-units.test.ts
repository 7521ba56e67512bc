import { randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createLog } from "../../src/lib/log.ts";
import { createManualClock } from "../../src/sandbox/manual-clock.ts";
import { createDynamoTable } from "../../src/store/dynamodb/create.ts";
import { queueDue } from "../../src/sync/jobs/sweep.ts";
import type { JobQueue, NewJob } from "../../src/sync/model/jobs.ts";
import type { LedgerWrite } from "../../src/sync/model/ledger.ts";
import { createMeter } from "../bench/meter.ts";
import { newMessage } from "../bot/chat.ts";
import { startDynalite } from "../support/dynalite.ts";
import { ACCOUNT, NOON, OWNER, startTestApp, type TestApp } from "../support/test-app.ts";

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

async function startVisits(engine: (typeof engines)[number]) {
  const started = await start(engine);
  const { service, unitsOf } = started;
  const { clock, app, person } = harness;
  await app.store.accounts.save(ACCOUNT, { settings: { cards: "needed" } });
  /** The next scheduled run, when it is due, as a sweep queues it. */
  async function visit() {
    const { schedule } = app.store;
    const { dueAt } = (await schedule.read(ACCOUNT)) ?? expect.fail("no run is scheduled");
    clock.advance(Math.max(0, (dueAt.getTime() - clock.now().getTime()) / 1000));
    const queued: NewJob[] = [];
    const queue: JobQueue = { put: async (jobs) => void queued.push(...jobs) };
    await queueDue({ schedule, queue, intervalMinutes: 30, clock });
    expect(queued).toHaveLength(1);
    return unitsOf(async () => {
      for (const job of queued) await service.work({ ...job, attempts: 0 });
    });
  }
  const announced = () =>
    unitsOf(() => service.work({ account: ACCOUNT, reason: "withings_notified", dueAt: clock.now(), attempts: 0 }));
  // The first reading of a kind proves it; a month of daily ones makes the progress as long as it gets in a month.
  for (let day = 30; day > 0; day--) {
    person.stepOnScale({
      at: new Date(NOON.getTime() - day * 24 * 3600_000),
      weightKg: 80 + day / 10,
      fatRatioPercent: 18,
    });
  }
  person.takeBloodPressure({ at: new Date(NOON.getTime() - 3600_000), systolic: 121, diastolic: 79 });
  await visit();
  await visit();
  return { ...started, visit, announced };
}

/**
 * As if the account had been in use for so many days: a weigh-in a week, all of them in Garmin. A run that read them all
 * would cost 120 reads after ten years.
 */
async function addEarlierDays(days: number) {
  const writes = Array.from({ length: Math.floor(days / 7) }, (_, week): LedgerWrite => {
    const day = week * 7;
    const takenAt = new Date(NOON.getTime() - (31 + day) * 24 * 3600_000);
    const garminKey = { calendarDate: takenAt.toISOString().slice(0, 10), id: String(takenAt.getTime()) };
    const reading = { measureGroupId: 9_000_000 - day, kind: "weigh_in", takenAt, modifiedAt: takenAt } as const;
    const values = { kind: "weigh_in", weightKg: 80 } as const;
    const entry = { ...reading, values, fingerprint: "[]", fate: { state: "seen" }, attempts: 1, garminKey } as const;
    return { entry, version: undefined };
  });
  await harness.ledger().write(writes);
}

describe.each(engines)("on %s", (engine) => {
  test("a visit with nothing new costs four reads, four writes and eight calls", async () => {
    const { visit } = await startVisits(engine);
    const units = await visit();
    expect(harness.logged.at(-1)).toContain('"synced":0');
    expect(units).toEqual({ reads: 4, writes: 4, calls: 8 });
    expect(await visit()).toEqual(units);
  });

  test.each([
    ["a month", 0],
    ["ten years", 3650],
  ])("a visit that brings a reading costs seven reads and nine writes after %s", async (_long, days) => {
    const { announced } = await startVisits(engine);
    await addEarlierDays(days);
    harness.person.stepOnScale({ weightKg: 80.25, fatRatioPercent: 18 });
    const units = await announced();
    expect(harness.weights()).toHaveLength(31);
    expect(units).toEqual({ reads: 7, writes: 9, calls: 15 });
  });

  test("a visit costs no more because Garmin has weights of that day from elsewhere", async () => {
    const { announced } = await startVisits(engine);
    for (const hour of [1, 30]) {
      const at = new Date(NOON.getTime() - hour * 3600_000);
      harness.sandbox.garmin.addManualWeight(OWNER.email, { at, weightKg: 78 });
    }
    harness.person.stepOnScale({ weightKg: 80.25 });
    expect(await announced()).toEqual({ reads: 7, writes: 9, calls: 15 });
    expect(harness.weights()).toHaveLength(33);
  });

  test("an update of the chat costs two reads and two writes", async () => {
    const { service, unitsOf } = await start(engine);
    const say = (text: string) => service.chat.telegram.handleUpdate(newMessage(text));
    await say("/help");
    expect(await unitsOf(() => say("/help"))).toEqual({ reads: 2, writes: 2, calls: 4 });
    expect(await unitsOf(() => say("hello"))).toEqual({ reads: 2, writes: 2, calls: 4 });
  });
});
