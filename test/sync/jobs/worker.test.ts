import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openTable } from "../../../src/app/open-stores.ts";
import { RetryLaterError } from "../../../src/lib/errors.ts";
import { createLog } from "../../../src/lib/log.ts";
import { createManualClock, type ManualClock } from "../../../src/sandbox/manual-clock.ts";
import { createJobs } from "../../../src/store/jobs.ts";
import { keys } from "../../../src/store/keys.ts";
import type { Table } from "../../../src/store/table.ts";
import { jobOf, type Notified, startWorker, type Worker } from "../../../src/sync/jobs/worker.ts";
import type { Job, Jobs } from "../../../src/sync/model/jobs.ts";

const [ADA, BEN] = [4711, 4712];
let clock: ManualClock;
let dataDir: string;
let table: Table;
let jobs: Jobs;
let logged: Array<Record<string, unknown>>;
const log = createLog({ level: "info", write: (line) => logged.push(JSON.parse(line)) });
let workers: Worker[];

beforeEach(async () => {
  clock = createManualClock(new Date("2026-11-21T12:00:00Z"));
  dataDir = mkdtempSync(path.join(tmpdir(), "weighbridge-jobs-"));
  table = await openTable({ engine: "sqlite", tableName: "jobs-of-tests", dataDir }, clock);
  jobs = createJobs(table, clock, log);
  logged = [];
  workers = [];
});
afterEach(async () => {
  for (const worker of workers) await worker.stop();
  await table.close();
  rmSync(dataDir, { recursive: true, force: true });
});

const notified = (account = ADA, reason: Notified = "withings_notified") =>
  jobs.put([jobOf(account, reason, clock.now())]);
const waiting = async () => (await jobs.list()).map(({ value }) => `${value.account} ${value.reason}`);

/** A worker whose work is held up by `gate`, and that records what it started. */
function start(work: (job: Job) => Promise<void> = async () => {}) {
  const started: string[] = [];
  const worker = startWorker({
    jobs,
    clock,
    log,
    work: async (job) => {
      started.push(`${job.account} at ${(clock.now().getTime() - Date.parse("2026-11-21T12:00:00Z")) / 1000}`);
      await work(job);
    },
  });
  workers.push(worker);
  return {
    started,
    worker,
    /** Lets the worker look until this holds. */
    until: (check: () => unknown) =>
      vi.waitFor(
        async () => {
          worker.wake();
          await check();
        },
        { timeout: 30_000 },
      ),
    async tick(seconds: number) {
      clock.advance(seconds);
      worker.wake();
      await jobs.list();
    },
  };
}

/** Calls wait here until it is opened. */
function gate() {
  let open = () => {};
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open: () => open() };
}

describe("the notifications of one weigh-in", () => {
  test("become one sync, eight seconds after the first", async () => {
    const { started, until, tick } = start();
    await notified();
    await tick(3);
    await notified();
    await tick(4.9);
    await notified();
    expect(started).toEqual([]);
    await tick(0.1);
    await until(async () => expect(await waiting()).toEqual([]));
    expect(started).toEqual([`${ADA} at 8`]);
  });

  test("that arrive while their sync runs lead to one more, and none is lost in between", async () => {
    const { passed, open } = gate();
    const { started, until, tick } = start(() => passed);
    await notified();
    await tick(8);
    await until(() => expect(started).toHaveLength(1));
    await notified();
    await tick(1);
    await notified();
    await tick(7);
    // The second is due by now, and waits for the first.
    expect(started).toHaveLength(1);
    open();
    await until(async () => expect(await waiting()).toEqual([]));
    expect(started).toEqual([`${ADA} at 8`, `${ADA} at 16`]);
  });

  test("are gathered again when the sync before them has just ended", async () => {
    const { started, until, tick } = start();
    await notified();
    await tick(8);
    await until(async () => expect(await waiting()).toEqual([]));
    await notified();
    await tick(7);
    await notified();
    await tick(1);
    await until(async () => expect(await waiting()).toEqual([]));
    expect(started).toEqual([`${ADA} at 8`, `${ADA} at 16`]);
  });

  test("are one job, even if many arrive at the same moment", async () => {
    await Promise.all(Array.from({ length: 5 }, () => notified()));
    expect(await waiting()).toEqual([`${ADA} withings_notified`]);
  });
});

test("there is one job for each account and reason", async () => {
  for (const account of [ADA, BEN]) {
    for (const reason of ["withings_notified", "withings_unlinked"] as const) await notified(account, reason);
  }
  expect(await waiting()).toHaveLength(4);
});

describe("a process that dies", () => {
  test("before the work started leaves it to the next one", async () => {
    await notified();
    clock.advance(100);
    const { started, until } = start();
    await until(async () => expect(await waiting()).toEqual([]));
    expect(started).toEqual([`${ADA} at 100`]);
  });

  test("in the middle of the work has it done again", async () => {
    const first = start(() => new Promise<never>(() => {}));
    await notified();
    await first.tick(8);
    await first.until(() => expect(first.started).toHaveLength(1));
    // Killed: it is never heard of again.
    workers = [];
    const second = start();
    await second.until(async () => expect(await waiting()).toEqual([]));
    expect(second.started).toEqual([`${ADA} at 8`]);
  });
});

describe("work that fails", () => {
  test("is tried again after pauses that grow to ten minutes, until it succeeds", async () => {
    let isDown = true;
    const { started, until, tick } = start(async () => {
      if (isDown) throw new RetryLaterError("down");
    });
    await notified();
    await tick(8);
    const pauses: number[] = [];
    for (let failures = 1; failures <= 8; failures++) {
      await until(() => expect(logged.filter(({ event }) => event === "job_postponed")).toHaveLength(failures));
      await expect.poll(async () => (await jobs.list())[0]?.value.attempts).toBe(failures);
      const [job] = await jobs.list();
      const pause = ((job?.value.dueAt.getTime() ?? 0) - clock.now().getTime()) / 1000;
      pauses.push(pause);
      await tick(pause - 0.1);
      expect(started).toHaveLength(failures);
      if (failures === 8) isDown = false;
      await tick(0.1);
    }
    expect(pauses).toEqual([15, 30, 60, 120, 240, 480, 600, 600]);
    await until(async () => expect(await waiting()).toEqual([]));
    expect(started).toHaveLength(9);
  });

  test("doesn't wait out its pause when something new is announced", async () => {
    let failures = 0;
    const { until, tick } = start(async () => {
      if (++failures < 6) throw new RetryLaterError("down");
    });
    await notified();
    for (let times = 1; times <= 5; times++) {
      await tick(600);
      await until(async () => expect((await jobs.list())[0]?.value.attempts).toBe(times));
    }
    await notified();
    await tick(8);
    await until(async () => expect(await waiting()).toEqual([]));
    expect(failures).toBe(6);
  });

  test("of one account doesn't hold up another's, and neither does work that hangs", async () => {
    const { passed, open } = gate();
    const { started, until, tick } = start(({ account, reason }) => {
      if (reason === "withings_unlinked") return Promise.reject(new Error("broken"));
      return account === ADA ? passed : Promise.resolve();
    });
    await notified(ADA);
    await notified(BEN);
    await notified(BEN, "withings_unlinked");
    await tick(8);
    await until(async () => expect(await waiting()).toEqual([`${ADA} withings_notified`, `${BEN} withings_unlinked`]));
    expect(started.filter((it) => it.startsWith(`${BEN}`))).toHaveLength(2);
    open();
    await until(async () => expect(await waiting()).toEqual([`${BEN} withings_unlinked`]));
  });
});

test("only so many jobs are at work, the oldest first, and what somebody waits for begins at once", async () => {
  for (const account of [14, 13, 12, 11]) {
    await notified(account, "withings_unlinked");
    clock.advance(1);
  }
  const gates = new Map<string, ReturnType<typeof gate>>();
  const begun: string[] = [];
  const worker = startWorker({
    ...{ jobs, clock, log, mostAtWork: 2 },
    work: async ({ account, reason }) => {
      begun.push(`${account} ${reason}`);
      const held = gate();
      gates.set(`${account} ${reason}`, held);
      await held.passed;
    },
  });
  workers.push(worker);
  const end = (name: string) => gates.get(name)?.open();
  await expect.poll(() => begun).toEqual(["14 withings_unlinked", "13 withings_unlinked"]);

  await jobs.put([{ account: 11, reason: "requested", messageId: 1, dueAt: clock.now() }]);
  worker.wake();
  await expect.poll(() => begun.slice(2)).toEqual(["11 requested"]);
  end("13 withings_unlinked");
  await expect.poll(() => begun.slice(3)).toEqual(["12 withings_unlinked"]);
  end("12 withings_unlinked");
  end("11 requested");
  await expect.poll(() => begun.slice(4)).toEqual(["11 withings_unlinked"]);
  for (const held of gates.values()) held.open();
  await expect.poll(waiting).toEqual([]);
});

test("each look into the queue is announced, except one that hangs", async () => {
  let looks = 0;
  const listing = gate();
  const slow = { ...jobs, list: () => listing.passed.then(jobs.list) };
  const worker = startWorker({ jobs: slow, work: async () => {}, onLook: () => looks++, clock, log });
  workers.push(worker);
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(looks).toBe(0);
  listing.open();
  await vi.waitFor(() => expect(looks).toBe(1));
  worker.wake();
  await vi.waitFor(() => expect(looks).toBe(2));
});

test("a worker has a timer only while a job waits for its time", async () => {
  vi.useFakeTimers({ now: clock.now(), toFake: ["setTimeout", "clearTimeout"] });
  try {
    const { started, worker } = start();
    await jobs.list();
    expect(vi.getTimerCount()).toBe(0);
    await notified();
    worker.wake();
    await vi.waitFor(() => expect(vi.getTimerCount()).toBe(1));
    clock.advance(8);
    await vi.advanceTimersByTimeAsync(8_000);
    expect(started).toEqual([`${ADA} at 8`]);
    await vi.waitFor(async () => expect(await waiting()).toEqual([]));
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

test("work that a vendor puts off is tried again when the wait is over, and not before", async () => {
  let retryAfterSeconds = 3600;
  const { started, until } = start(async () => {
    if (started.length < 3) throw new RetryLaterError("limited", { retryAfterSeconds });
  });
  await notified(ADA, "withings_unlinked");
  await until(() => expect(started).toEqual(["4711 at 0"]));
  await until(() =>
    expect(logged).toContainEqual(expect.objectContaining({ event: "job_postponed", pauseSeconds: 3600 })),
  );
  clock.advance(3599);
  await until(async () => expect((await jobs.list())[0]?.value.attempts).toBe(1));
  expect(started).toHaveLength(1);
  // Nobody waits longer than a day, and a short wait doesn't shorten the pauses.
  retryAfterSeconds = 1e9;
  clock.advance(1);
  await until(() =>
    expect(logged).toContainEqual(expect.objectContaining({ event: "job_postponed", pauseSeconds: 24 * 3600 })),
  );
  clock.advance(24 * 3600);
  await until(async () => expect(await waiting()).toEqual([]));
  expect(started).toHaveLength(3);
});

test("work that breaks is an error in the log, and work that only has to wait is not", async () => {
  const { until, tick } = start(({ account }) =>
    Promise.reject(account === ADA ? new RetryLaterError("down") : new Error("broken")),
  );
  await notified(ADA);
  await notified(BEN);
  await tick(8);
  await until(async () => expect((await jobs.list()).map(({ value }) => value.attempts)).toEqual([1, 1]));
  const saidOf = (id: number) => logged.filter(({ account }) => account === id).map((it) => `${it.level} ${it.event}`);
  expect(saidOf(ADA)).toEqual(["warn job_postponed"]);
  expect(saidOf(BEN)).toEqual(["error job_failed"]);
});

test("a job that ends while the queue is being read isn't done a second time", async () => {
  const [work, reading] = [gate(), gate()];
  let reads = 0;
  const held = jobs;
  jobs = {
    ...held,
    list: async () => {
      const read = await held.list();
      if (++reads === 2) await reading.passed;
      return read;
    },
  };
  await notified();
  clock.advance(8);
  const { started, worker } = start(() => work.passed);
  await expect.poll(() => started).toHaveLength(1);
  worker.wake();
  await expect.poll(() => reads).toBe(2);
  work.open();
  await expect.poll(() => held.list()).toEqual([]);
  reading.open();
  await expect.poll(() => reads).toBeGreaterThanOrEqual(3);
  await worker.stop();
  expect(started).toHaveLength(1);
});

test("stopping lets the work under way finish, and starts nothing else", async () => {
  const { passed, open } = gate();
  const { started, worker, until, tick } = start(() => passed);
  await notified(ADA);
  await tick(8);
  await until(() => expect(started).toHaveLength(1));
  await notified(BEN);
  clock.advance(8);
  const stopped = worker.stop();
  worker.wake();
  open();
  await stopped;
  expect(await waiting()).toEqual([`${BEN} withings_notified`]);
  expect(started).toHaveLength(1);
});

test.each([
  ["isn't a job", '{"account":"one"}'],
  ["isn't JSON", "{"],
])("a stored job that %s is logged and set aside, and the others are done", async (_what, value) => {
  await table.put(keys.job(1, "withings_notified"), {}, { expect: "absent" });
  const database = new DatabaseSync(path.join(dataDir, "weighbridge.sqlite"));
  database.prepare('UPDATE "jobs-of-tests" SET value = ?').run(value);
  database.close();
  await notified(BEN);
  const { started, until, tick } = start();
  await tick(8);
  await until(async () => expect(await waiting()).toEqual([]));
  expect(started).toEqual([`${BEN} at 8`]);
  expect(logged).toContainEqual(expect.objectContaining({ level: "error", event: "job_damaged" }));
});

test("a job that never ends is given up, reported as an error and tried again, so that its account isn't stuck for good", async () => {
  await notified(ADA);
  clock.advance(8);
  let tries = 0;
  const worker = startWorker({
    ...{ jobs, clock, log, longestJobMinutes: 0.001 },
    work: () => (++tries === 1 ? new Promise(() => {}) : Promise.resolve()),
  });
  workers.push(worker);
  await vi.waitFor(() =>
    expect(logged).toContainEqual(expect.objectContaining({ level: "error", event: "job_failed" })),
  );
  await vi.waitFor(
    async () => {
      clock.advance(15);
      worker.wake();
      expect(await waiting()).toEqual([]);
    },
    { timeout: 30_000, interval: 20 },
  );
  expect(tries).toBe(2);
});

test("a store that is down for a moment loses nothing", async () => {
  let isAway = true;
  const held = jobs;
  jobs = {
    ...held,
    list: async () => (isAway ? Promise.reject(new RetryLaterError("the store is busy")) : held.list()),
  };
  await notified();
  clock.advance(8);
  const { started, worker } = start();
  await expect.poll(() => logged).toContainEqual(expect.objectContaining({ event: "jobs_not_read" }));
  isAway = false;
  worker.wake();
  await expect.poll(() => held.list()).toEqual([]);
  expect(started).toEqual([`${ADA} at 8`]);
});
