import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Vendor } from "../../../src/sync/model/link.ts";
import { ACCOUNT, OWNER, USERID } from "../../support/test-app.ts";
import { startTestProcesses } from "../../support/two-processes.ts";

let processes: Awaited<ReturnType<typeof startTestProcesses>>;
beforeEach(async () => {
  processes = await startTestProcesses();
});
afterEach(() => processes.close());

/** Longer than a lease and the wait for an unknown upload last. */
const AHEAD = 125;
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);
const stateOf = async (vendor: Vendor) => (await processes.app.store.links.read(ACCOUNT, vendor))?.value.state;
const slow = (
  server: "withings" | "garmin_diauth" | "garmin_connectapi",
  path: string | RegExp,
  seconds: number,
  times = 1,
) =>
  processes.sandbox.faults.add({ server, match: { method: "POST", path }, times, effect: { type: "delay", seconds } });

test("of two runs of one account at once one works, the other comes back later, and each reading arrives once", async () => {
  processes.person.stepOnScale({ at: minutesAgo(30), weightKg: 80.25 });
  processes.person.takeBloodPressure({ at: minutesAgo(30), systolic: 121, diastolic: 79 });
  slow("withings", "/measure", 0.7);
  const reports = await processes.together({ type: "sync" }, { type: "sync" });
  expect(reports.map((it) => [it.status, it.synced]).sort()).toEqual([
    ["retry_later", 0],
    ["success", 2],
  ]);
  expect([processes.weights(), processes.pressures()]).toEqual([[80.25], [121]]);
});

test("two processes that renew the same links at once lose neither", async () => {
  processes.sandbox.withings.expireAccessToken(USERID);
  processes.sandbox.garmin.expireAccessToken(OWNER.email);
  slow("withings", "/v2/oauth2", 0.5, 2);
  slow("garmin_diauth", /./, 0.5, 2);
  const answers = await processes.together({ type: "use tokens" }, { type: "use tokens" });
  for (const vendor of ["withings", "garmin"] as const) {
    expect(answers.map((it) => it[vendor])).toContain("good");
    for (const it of answers) expect(["good", "RetryLaterError"]).toContain(it[vendor]);
    expect(await stateOf(vendor)).toBe("linked");
  }
  expect(processes.sandbox.garmin.requests.filter((it) => it.body.includes("grant_type=refresh_token"))).toHaveLength(
    1,
  );
  expect(await processes.together({ type: "use tokens", ahead: 61 })).toEqual([{ withings: "good", garmin: "good" }]);
});

describe("a process that is killed during an upload", () => {
  test.each([
    ["arrived", "/upload-service/upload", true, 2],
    ["arrived", "/bloodpressure-service/bloodpressure", true, 1],
    ["did not arrive", "/upload-service/upload", false, 3],
    ["did not arrive", "/bloodpressure-service/bloodpressure", false, 2],
  ])("that %s at %s leaves it to a later run, and each reading arrives once", async (_what, path, arrives, count) => {
    const { person, sandbox } = processes;
    person.stepOnScale({ at: minutesAgo(30), weightKg: 80.25 });
    person.stepOnScale({ at: minutesAgo(20), weightKg: 80.5 });
    person.takeBloodPressure({ at: minutesAgo(30), systolic: 121, diastolic: 79 });
    const standing = () => processes.weights().length + processes.pressures().length;
    if (arrives) slow("garmin_connectapi", path, 0.3);
    else sandbox.faults.add({ server: "garmin_connectapi", match: { method: "POST", path }, effect: { type: "hang" } });

    const killed = await processes.start({ type: "sync" });
    killed.go();
    const uploads = () => sandbox.garmin.requests.filter((it) => it.path === path && it.method === "POST").length;
    await vi.waitUntil(() => uploads() === 1, { timeout: 30_000, interval: 5 });
    const before = standing();
    await killed.kill();
    if (arrives) await vi.waitUntil(() => standing() > before, { timeout: 30_000 });

    expect(await processes.together({ type: "sync" })).toMatchObject([{ status: "retry_later", synced: 0 }]);
    const [report] = await processes.together({ type: "sync", ahead: AHEAD });
    expect(report).toMatchObject({ status: "success", failed: 0 });
    expect([processes.weights(), processes.pressures()]).toEqual([[80.25, 80.5], [121]]);
    expect(uploads()).toBe(count);
  });
});
