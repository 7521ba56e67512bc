import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Clock } from "../../src/lib/clock.ts";
import { RetryLaterError } from "../../src/lib/errors.ts";
import { createLog } from "../../src/lib/log.ts";
import { createManualClock, createRunningClock, type ManualClock } from "../../src/sandbox/manual-clock.ts";
import { createDynamoTable } from "../../src/store/dynamodb/create.ts";
import { openDynamoTable } from "../../src/store/dynamodb/table.ts";
import { keys } from "../../src/store/keys.ts";
import { createSharedRateLimiter } from "../../src/store/shared-rate-limiter.ts";
import { openSqliteTable } from "../../src/store/sqlite/table.ts";
import type { Table } from "../../src/store/table.ts";
import { startDynalite } from "../support/dynalite.ts";

const BUDGET = { name: "vendor", everySeconds: 0.632, burst: 20 };
const tableName = "weighbridge-budget";
const tables: Table[] = [];
let clock: ManualClock;
let folder: string;

beforeEach(() => {
  clock = createManualClock(new Date());
  folder = mkdtempSync(path.join(tmpdir(), "weighbridge-"));
});
afterEach(async () => {
  for (const table of tables.splice(0)) await table.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Another handle on the same file, as in another process. */
function open(by: Clock = clock): Table {
  const table = openSqliteTable({ file: path.join(folder, "weighbridge.sqlite"), tableName, clock: by });
  tables.push(table);
  return table;
}

/** The real times, in seconds, at which requests of a process with this clock would leave. */
function sender(table: Table, by: Clock = clock) {
  const budget = createSharedRateLimiter(table, by, BUDGET);
  return async (maxWaitSeconds = 60) => {
    const waitSeconds = await budget.take(maxWaitSeconds);
    return clock.now().getTime() / 1000 + waitSeconds;
  };
}

function mostInAMinute(instants: number[]): number {
  return Math.max(...instants.map((from) => instants.filter((it) => it >= from && it < from + 60).length));
}

/** A clock that is wrong by this much. */
const wrongBy = (seconds: number): Clock => ({
  now: () => new Date(clock.now().getTime() + seconds * 1000),
  sleep: clock.sleep,
});

test("a damaged rate limit starts again, without waiting for a person", async () => {
  const table = open();
  await table.put(keys.rateLimit(BUDGET.name), { takenAt: "at some time" }, { expect: "absent" });
  const take = sender(table);
  const instants = await Promise.all(Array.from({ length: 10 }, () => take()));
  expect(mostInAMinute(instants)).toBe(10);
});

describe("several processes on one table", () => {
  let dynalite: Awaited<ReturnType<typeof startDynalite>>;
  beforeAll(async () => {
    dynalite = await startDynalite();
    const log = createLog({ level: "silent" });
    await createDynamoTable({ tableName, endpoint: dynalite.endpoint, clock: createManualClock(new Date()), log });
  });
  afterAll(() => dynalite.close());

  test.each([
    ["SQLite", () => open()],
    [
      "DynamoDB",
      () => {
        const table = openDynamoTable({ tableName, endpoint: dynalite.endpoint, clock });
        tables.push(table);
        return table;
      },
    ],
  ])("several processes never share a slot, and none waits forever (%s)", async (_engine, another) => {
    // Their pauses have to take time, or they would all try again at once.
    clock = createRunningClock();
    const left: number[][] = [[], [], [], []];
    await Promise.all(
      left.map(async (mine) => {
        const send = sender(another());
        while (mine.length < 40) mine.push(await send(Number.POSITIVE_INFINITY));
      }),
    );
    const all = left.flat();
    expect(all).toHaveLength(160);
    expect(mostInAMinute(all)).toBeLessThanOrEqual(115);
    // No slot stays empty, either: after the burst they follow one another.
    expect(Math.max(...all) - Math.min(...all)).toBeLessThan(140 * BUDGET.everySeconds + 1);
  });
});

/** Each call takes this long, and other processes are faster so many times in a row. */
function slowAndContested(table: Table, seconds: number, faster: number) {
  let tries = 0;
  const slow: Table = {
    ...table,
    get: async (key) => {
      clock.advance(seconds);
      return table.get(key);
    },
    put: async (...given) => {
      clock.advance(seconds);
      return tries++ < faster ? { type: "conflict" } : table.put(...given);
    },
  };
  return { slow, tries: () => tries };
}

test("a slow store on which others are faster thirty times in a row still gives a slot", async () => {
  const { slow } = slowAndContested(open(), 0.015, 30);
  expect(await sender(slow)()).toBe(clock.now().getTime() / 1000);
});

test.each([0.001, 0.1, 1])(
  "after ten seconds without a slot the run comes later (%d seconds a call)",
  async (seconds) => {
    const { slow, tries } = slowAndContested(open(), seconds, Number.POSITIVE_INFINITY);
    const startedAt = clock.now().getTime();
    await expect(sender(slow)()).rejects.toThrow("the rate limit for vendor kept changing");
    const passed = (clock.now().getTime() - startedAt) / 1000;
    expect(passed).toBeGreaterThanOrEqual(10);
    expect(passed).toBeLessThan(10 + 20 * seconds + 1);
    expect(tries()).toBeGreaterThan(2);
  },
);

test("the first request after a pause costs one write and no read, and the next ones in a row one of each", async () => {
  const table = open();
  const calls: string[] = [];
  const counted: Table = {
    ...table,
    get: (key) => {
      calls.push("get");
      return table.get(key);
    },
    put: (...given) => {
      calls.push("put");
      return table.put(...given);
    },
  };
  const send = sender(counted);
  await send();
  expect(calls.splice(0)).toEqual(["put"]);
  await send();
  expect(calls.splice(0)).toEqual(["get", "put"]);
  clock.advance(20);
  await send();
  expect(calls.splice(0)).toEqual(["put"]);
  // Another process has asked in between: no slot is given twice.
  clock.advance(20);
  const other = sender(open());
  for (let n = 0; n < 25; n++) await other();
  expect(await send()).toBeGreaterThan(clock.now().getTime() / 1000);
});

test("after a pause twenty requests leave at once, and no minute ever has more than 115", async () => {
  const send = sender(open());
  const left: number[] = [];
  for (let n = 0; n < 400; n++) {
    const at = await send();
    left.push(at);
    clock.advance(at - clock.now().getTime() / 1000);
  }
  expect(left.filter((at) => at === left[0])).toHaveLength(20);
  expect(mostInAMinute(left)).toBeLessThanOrEqual(115);
  expect(mostInAMinute(left)).toBeGreaterThan(105);
});

test("a request that would wait too long takes no slot and learns when to come back", async () => {
  const send = sender(open());
  const waited: unknown[] = [];
  for (let n = 0; n < 150; n++) waited.push(await send().catch((error: unknown) => error));
  const refused = waited.filter((it) => it instanceof RetryLaterError);
  expect(refused.length).toBeGreaterThan(30);
  expect(new Set(refused.map((it) => it.retryAfterSeconds))).toEqual(new Set([61]));
  clock.advance(2);
  expect(await send()).toBeGreaterThan(clock.now().getTime() / 1000);
});

describe("where one clock is minutes ahead of the other", () => {
  test("two clocks minutes apart keep the limit together, except for one burst, and neither waits for the other", async () => {
    const ahead = wrongBy(180);
    const [inTime, early] = [sender(open()), sender(open(ahead), ahead)];
    const left: number[] = [];
    const waits = { inTime: 0, early: 0 };
    for (let n = 0; n < 200; n++) {
      for (const [name, send] of [["inTime", inTime] as const, ["early", early] as const]) {
        const at = await send();
        left.push(at);
        const wait = at - clock.now().getTime() / 1000;
        waits[name] = Math.max(waits[name], wait);
        clock.advance(wait);
      }
    }
    expect(mostInAMinute(left)).toBeLessThanOrEqual(115 + BUDGET.burst);
    expect(mostInAMinute(left.slice(80))).toBeLessThanOrEqual(115);
    expect(Math.max(waits.inTime, waits.early)).toBeLessThan(2);
  });

  test("the one behind does not wait for the difference when it is alone again", async () => {
    const ahead = wrongBy(180);
    const early = sender(open(ahead), ahead);
    for (let n = 0; n < 30; n++) await early();
    const inTime = sender(open());
    const begunAt = clock.now().getTime() / 1000;
    for (let n = 0; n < 150; n++) clock.advance((await inTime()) - clock.now().getTime() / 1000);
    expect(clock.now().getTime() / 1000 - begunAt).toBeLessThan(170 * BUDGET.everySeconds);
  });
});

test("a clock that was a year ahead keeps nobody waiting, and leaves no second burst", async () => {
  const broken = wrongBy(365 * 24 * 3600);
  await sender(open(broken), broken)();
  const left: number[] = [];
  for (let n = 0; n < 30; n++) left.push(await sender(open())());
  // Each in a new process, which doesn't know what happened before.
  expect(left.filter((at) => at === clock.now().getTime() / 1000)).toHaveLength(1);
  expect((left.at(-1) ?? 0) - clock.now().getTime() / 1000).toBeLessThan(30);
});

test("a store that is busy, or changes all the time, sends the run away until later", async () => {
  const table = open();
  const busy: Table = { ...table, put: () => Promise.reject(new RetryLaterError("busy")) };
  await expect(sender(busy)()).rejects.toThrow(RetryLaterError);
  const contested: Table = { ...table, put: async () => ({ type: "conflict" }) };
  await expect(sender(contested)()).rejects.toThrow(RetryLaterError);
});
