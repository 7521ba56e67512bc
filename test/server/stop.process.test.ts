import { afterEach, beforeEach, expect, test } from "vitest";
import { freePort } from "../../src/sandbox/free-port.ts";
import { type Machine, OWNER, startMachine } from "../support/cli-process.ts";

let machine: Machine;
beforeEach(async () => {
  machine = await startMachine();
  await machine.link(OWNER);
});
afterEach(() => machine.close());

const WAIT = { timeout: 30_000, interval: 20 };
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);

test("stopped during an upload, the program waits for the answer, and the ledger is settled", async () => {
  const { sandbox, person, start, weights } = machine;
  const match = { method: "POST", path: /^\/upload-service\// };
  sandbox.faults.add({ server: "garmin_connectapi", match, effect: { type: "delay", seconds: 1 } });
  person().stepOnScale({ at: minutesAgo(10), weightKg: 80.25 });
  const uploads = () => sandbox.garmin.requests.filter(({ path }) => match.path.test(path));
  const program = start("start");
  await expect.poll(uploads, WAIT).toHaveLength(1);
  expect(weights()).toEqual([]);
  program.signal("SIGTERM");
  const { exit, stderr } = await program.ended;
  expect(exit).toBe(0);
  expect(stderr).toMatch(/"stopping"(.|\n)*"run_ended"[^\n]*"synced":1/);
  expect(weights()).toEqual([80.25]);
  // The ledger has nothing left to look for.
  expect((await machine.run("sync --json")).json()).toMatchObject({ status: "success", synced: 0, skipped: 1 });
  expect(uploads()).toHaveLength(1);
});

test("a notification that was accepted is handled after a kill -9", async () => {
  const { sandbox, person, start, weights, inside } = machine;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = { PUBLIC_URL: url, PORT: String(port) };
  const waiting = () => inside(async (app) => (await app.store.jobs.list()).map(({ value }) => value.reason));
  const program = start("start", env);
  await program.said("run_ended");
  person().stepOnScale({ at: minutesAgo(1), weightKg: 80.25 });
  const body = new URLSearchParams({ userid: String(person().userid), appli: "1", startdate: "1", enddate: "2" });
  const key = await inside(async (app) => app.store.notifyKey);
  expect((await fetch(`${url}/withings/notify?key=${key}`, { method: "POST", body })).status).toBe(200);
  program.signal("SIGKILL");
  await program.ended;
  expect(weights()).toEqual([]);
  expect(await waiting()).toContain("withings_notified");

  const next = start("start", env);
  await expect.poll(() => weights(), WAIT).toEqual([80.25]);
  await expect.poll(waiting, WAIT).toEqual([]);
  next.signal("SIGTERM");
  expect((await next.ended).exit).toBe(0);
  expect(sandbox.garmin.weights("owner@example.org")).toHaveLength(1);
});
