import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, expect, test } from "vitest";
import { createLog } from "../../../src/lib/log.ts";
import { createManualSync } from "../../../src/sync/jobs/manual-sync.ts";
import { isTimeUp } from "../../../src/sync/links/with-lease.ts";
import { NOON, startTestApp, type TestApp } from "../../support/test-app.ts";

let harness: TestApp;
afterEach(() => harness.close());

const DAY_MS = 24 * 3600 * 1000;
const SINCE = new Date(NOON.getTime() - 3660 * DAY_MS);
const uploads = () => harness.sandbox.garmin.requests.filter((it) => it.path === "/upload-service/upload").length;
const inSeconds = (seconds: number) => new Date(harness.clock.now().getTime() + seconds * 1000);

/** A run of a process that is stopped after this many seconds. */
async function syncWithin(seconds: number) {
  const deadlineAt = inSeconds(seconds);
  return harness.sync({}, await harness.newApp({ deadlineAt: () => deadlineAt }));
}

/** The program, if an upload takes its time. */
const slowApp = (uploadSeconds: number, deadlineAt: (() => Date) | undefined) =>
  harness.newApp({
    ...(deadlineAt && { deadlineAt }),
    wrapSend: (send) => async (request) => {
      const answer = await send(request);
      if (String(request.url).endsWith("/upload-service/upload")) harness.clock.advance(uploadSeconds);
      return answer;
    },
  });

test("four years that take longer than a process may run arrive over several runs, each reading and each file once", async () => {
  harness = await startTestApp();
  for (let day = 1460; day > 0; day--) {
    harness.person.stepOnScale({ at: new Date(NOON.getTime() - day * DAY_MS), weightKg: 80 + (day % 50) / 10 });
  }
  let deadlineAt = inSeconds(300);
  const app = await slowApp(45, () => deadlineAt);
  const synced: number[] = [];
  for (;;) {
    deadlineAt = inSeconds(300);
    const report = await harness.sync({ since: SINCE }, app);
    synced.push(report.synced);
    expect(report.failed + report.held).toBe(0);
    // What was started last had the time that it may take.
    expect(deadlineAt.getTime() - harness.clock.now().getTime()).toBeGreaterThan(60_000);
    if (report.status === "success") break;
    expect(report.status).toBe("retry_later");
    expect(report.synced).toBeGreaterThan(0);
    harness.clock.advance(60);
  }
  expect(synced.length).toBeGreaterThan(2);
  expect(synced.reduce((sum, it) => sum + it)).toBe(1460);
  expect(uploads()).toBe(16);
  expect(harness.weights()).toHaveLength(1460);
});

test("what couldn't finish in time isn't started, and leaves nothing behind that would have to be looked for", async () => {
  harness = await startTestApp();
  harness.person.stepOnScale({ weightKg: 80.25 });
  expect(await syncWithin(60)).toMatchObject({ status: "retry_later", synced: 0 });
  expect(uploads()).toBe(0);
  const database = new DatabaseSync(path.join(harness.dataDir, "weighbridge.sqlite"), { readOnly: true });
  expect(database.prepare("SELECT sk FROM weighbridge WHERE sk LIKE 'reading#%'").all()).toEqual([]);
  database.close();
  harness.clock.advance(60);
  harness.requests();
  expect(await syncWithin(900)).toMatchObject({ status: "success", synced: 1 });
  expect(uploads()).toBe(1);
});

test("a run without news needs no remaining time, and a run without a deadline takes all the time it needs", async () => {
  harness = await startTestApp();
  expect(await syncWithin(60)).toMatchObject({ status: "success" });
  for (let day = 250; day > 0; day--) {
    harness.person.stepOnScale({ at: new Date(NOON.getTime() - day * DAY_MS), weightKg: 80 + (day % 50) / 10 });
  }
  harness.clock.advance(60);
  expect(await harness.sync({ since: SINCE }, await slowApp(60, undefined))).toMatchObject({
    status: "success",
    synced: 250,
  });
});

test("a sync of all accounts starts no account when its time is up, and says which are left", async () => {
  harness = await startTestApp();
  for (const account of [1, 2, 3]) await harness.app.store.accounts.save(account, {});
  const deadlineAt = inSeconds(115);
  const begun: number[] = [];
  const manualSync = createManualSync({
    accounts: harness.app.store.accounts,
    sync: async ({ telegramUserId }) => {
      begun.push(telegramUserId);
      harness.clock.advance(13);
      return { status: "success", synced: 1, skipped: 0, held: 0, failed: 0 };
    },
    isTimeUp: () => isTimeUp(deadlineAt, harness.clock),
    log: createLog({ level: "silent" }),
  });
  const summary = await manualSync(undefined);
  expect(begun).toEqual([1, 2]);
  expect(summary).toMatchObject({ status: "retry_later", synced: 2 });
  expect(summary?.accounts?.map(({ status }) => status)).toEqual(["success", "success", "retry_later", "retry_later"]);
});
