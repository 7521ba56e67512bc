import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, expect, test } from "vitest";
import { createLog } from "../../../src/lib/log.ts";
import { createManualSync } from "../../../src/sync/jobs/manual-sync.ts";
import { isTimeUp } from "../../../src/sync/links/with-lease.ts";
import { NOON, startTestApp, type TestApp } from "../../support/test-app.ts";

let house: TestApp;
afterEach(() => house.close());

const DAY_MS = 24 * 3600 * 1000;
const SINCE = new Date(NOON.getTime() - 3660 * DAY_MS);
const uploads = () => house.sandbox.garmin.requests.filter((it) => it.path === "/upload-service/upload").length;
const inSeconds = (seconds: number) => new Date(house.clock.now().getTime() + seconds * 1000);

/** The program, if an upload takes its time. */
const slowApp = (uploadSeconds: number) =>
  house.newApp({
    wrapSend: (send) => async (request) => {
      const answer = await send(request);
      if (String(request.url).endsWith("/upload-service/upload")) house.clock.advance(uploadSeconds);
      return answer;
    },
  });

test("ten years that take longer than a process may run arrive over several runs, each reading and each file once", async () => {
  house = await startTestApp();
  for (let day = 3650; day > 0; day--) {
    house.person.stepOnScale({ at: new Date(NOON.getTime() - day * DAY_MS), weightKg: 80 + (day % 50) / 10 });
  }
  const app = await slowApp(20);
  const synced: number[] = [];
  for (;;) {
    const deadlineAt = inSeconds(300);
    const report = await house.sync({ since: SINCE, deadlineAt }, app);
    synced.push(report.synced);
    expect(report.failed + report.held).toBe(0);
    // What was started last had the time that it may take.
    expect(deadlineAt.getTime() - house.clock.now().getTime()).toBeGreaterThan(60_000);
    if (report.status === "success") break;
    expect(report.status).toBe("retry_later");
    expect(report.synced).toBeGreaterThan(0);
    house.clock.advance(60);
  }
  expect(synced.length).toBeGreaterThan(2);
  expect(synced.reduce((sum, it) => sum + it)).toBe(3650);
  expect(uploads()).toBe(38);
  expect(house.weights()).toHaveLength(3650);
});

test("what couldn't finish in time isn't started, and leaves nothing behind that would have to be looked for", async () => {
  house = await startTestApp();
  house.person.stepOnScale({ weightKg: 80.25 });
  expect(await house.sync({ deadlineAt: inSeconds(60) })).toMatchObject({ status: "retry_later", synced: 0 });
  expect(uploads()).toBe(0);
  const database = new DatabaseSync(path.join(house.dataDir, "weighbridge.sqlite"), { readOnly: true });
  expect(database.prepare("SELECT sk FROM weighbridge WHERE sk LIKE 'reading#%'").all()).toEqual([]);
  database.close();
  house.clock.advance(60);
  house.requests();
  expect(await house.sync({ deadlineAt: inSeconds(900) })).toMatchObject({ status: "success", synced: 1 });
  expect(uploads()).toBe(1);
});

test("a run without news needs no remaining time, and a run without a deadline takes all the time it needs", async () => {
  house = await startTestApp();
  expect(await house.sync({ deadlineAt: inSeconds(60) })).toMatchObject({ status: "success" });
  for (let day = 250; day > 0; day--) {
    house.person.stepOnScale({ at: new Date(NOON.getTime() - day * DAY_MS), weightKg: 80 + (day % 50) / 10 });
  }
  house.clock.advance(60);
  expect(await house.sync({ since: SINCE }, await slowApp(60))).toMatchObject({ status: "success", synced: 250 });
});

test("a sync of all accounts starts no account when its time is up, and says which are left", async () => {
  house = await startTestApp();
  for (const account of [1, 2, 3]) await house.app.store.accounts.save(account, {});
  const deadlineAt = inSeconds(115);
  const begun: number[] = [];
  const manualSync = createManualSync({
    accounts: house.app.store.accounts,
    sync: async ({ telegramUserId }) => {
      begun.push(telegramUserId);
      house.clock.advance(13);
      return { status: "success", synced: 1, skipped: 0, held: 0, failed: 0 };
    },
    isTimeUp: () => isTimeUp(deadlineAt, house.clock),
    log: createLog({ level: "silent" }),
  });
  const summary = await manualSync(undefined);
  expect(begun).toEqual([1, 2]);
  expect(summary).toMatchObject({ status: "retry_later", synced: 2 });
  expect(summary?.accounts?.map(({ status }) => status)).toEqual(["success", "success", "retry_later", "retry_later"]);
});
