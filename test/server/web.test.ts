import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import { readConfig } from "../../src/config.ts";
import { createLog } from "../../src/log.ts";
import { type Server, startServer } from "../../src/server.ts";
import { jobOf } from "../../src/sync/jobs.ts";
import { type Machine, startMachine } from "../support/cli-process.ts";
import { ACCOUNT, type Household, startHousehold, USERID } from "../support/household.ts";

let house: Household;
let server: Server | undefined;
let machine: Machine | undefined;
afterEach(async () => {
  await server?.stop();
  await house?.close();
  await machine?.close();
  server = undefined;
  machine = undefined;
});

const SECTIONS = ["store", "sealing", "withings", "withingsLogin", "garmin", "telegram", "schedule", "web"] as const;
const theirs = () => house.sandbox.withings.notifications;

async function freePort(): Promise<number> {
  const taken = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => taken.once("listening", resolve));
  const { port } = taken.address() as AddressInfo;
  await new Promise((resolve) => taken.close(resolve));
  return port;
}

async function moveIn(options: { linked: boolean }) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  house = await startHousehold({
    ...options,
    env: { PUBLIC_URL: url, PORT: String(port), WITHINGS_REDIRECT_URL: "", TELEGRAM_ALLOWED_IDS: String(ACCOUNT) },
    sandbox: { withingsRedirectUrl: `${url}/withings/callback` },
  });
  house.sandbox.telegram.user({ id: ACCOUNT, firstName: "Owner", started: true });
  return { url, notifyUrl: `${url}/withings/notify?key=${house.app.notifyKey}` };
}

/** The whole program. Its rounds are an hour apart, so that what happens comes from outside. */
async function start() {
  const logged: Array<Record<string, unknown>> = [];
  const log = createLog({ level: "debug", write: (line) => logged.push(JSON.parse(line)), now: house.clock.now });
  const config = readConfig({ ...house.env, SYNC_INTERVAL_MINUTES: "60" }, SECTIONS);
  const started = await startServer(config, { clock: house.clock, log });
  started.polling.catch(() => undefined);
  server = started;
  const said = (event: string) =>
    vi.waitFor(() => expect(logged).toContainEqual(expect.objectContaining({ event })), { timeout: 5000 });
  return {
    logged,
    said,
    stop: async () => {
      server = undefined;
      await started.stop();
    },
  };
}

describe("a program with an address", () => {
  test("subscribes by itself after somebody has linked on its page", async () => {
    const { url } = await moveIn({ linked: false });
    const { said, logged } = await start();
    expect(await (await fetch(`${url}/health`)).json()).toEqual({
      status: "ok",
      version: expect.stringMatching(/^\d/),
    });
    const page = house.app.withingsLinking.begin(ACCOUNT);
    expect(await (await fetch(house.sandbox.withings.allow(USERID, page))).text()).toContain("Linked");
    await said("consent_answered");
    await vi.waitFor(() => expect(theirs().subscriptions).toHaveLength(3), { timeout: 5000 });
    expect(logged).not.toContainEqual(expect.objectContaining({ event: "subscriptions_restored" }));
  });

  test("makes again what has vanished, and says so once", async () => {
    await moveIn({ linked: true });
    const first = await start();
    await vi.waitFor(() => expect(theirs().subscriptions).toHaveLength(3), { timeout: 5000 });
    await first.stop();
    theirs().drop(USERID);
    house.clock.advance(24 * 3600);
    const { said, logged, stop } = await start();
    await said("subscriptions_restored");
    await stop();
    await (await start()).said("run_ended");
    expect(theirs().subscriptions).toHaveLength(3);
    expect(logged.filter(({ event }) => event === "subscriptions_restored")).toEqual([
      expect.objectContaining({ account: ACCOUNT, applis: "1,4,46" }),
    ]);
  });

  test("syncs what is announced, and asks back when somebody says that a person is gone", async () => {
    const { notifyUrl } = await moveIn({ linked: true });
    const { said } = await start();
    await said("run_ended");
    const post = async (fields: Record<string, string>) => {
      const body = new URLSearchParams({ userid: String(USERID), ...fields });
      expect((await fetch(notifyUrl, { method: "POST", body })).status).toBe(200);
    };
    house.person.stepOnScale({ weightKg: 80.25 });
    await post({ appli: "1" });
    house.clock.advance(8);
    // Begun at once, and the worker sees by it that the other one is due as well.
    await post({ appli: "46", action: "unlink" });
    await vi.waitFor(async () => expect(await house.app.jobs.list()).toEqual([]), { timeout: 5000 });
    expect(house.weights().map(({ weightKg }) => weightKg)).toEqual([80.25]);
    expect((await house.app.links.read(ACCOUNT, "withings"))?.value.state).toBe("linked");
  });

  test("begins at once with what cannot wait", async () => {
    const { notifyUrl } = await moveIn({ linked: true });
    const { said } = await start();
    await said("run_ended");
    await vi.waitFor(() => expect(theirs().subscriptions).toHaveLength(3), { timeout: 5000 });
    house.sandbox.withings.revoke(USERID);
    const body = new URLSearchParams({ userid: String(USERID), appli: "46", action: "unlink" });
    expect((await fetch(notifyUrl, { method: "POST", body })).status).toBe(200);
    await said("unlinked_at_withings");
    await vi.waitFor(async () => expect(await house.app.links.read(ACCOUNT, "withings")).toBeUndefined());
  });

  test("stops with everything that was begun at its end, and its port free", async () => {
    const { url } = await moveIn({ linked: true });
    await house.app.jobs.put(jobOf(ACCOUNT, "withings_unlinked", house.clock.now()));
    const measure = { server: "withings", match: { path: "/measure" }, times: Number.POSITIVE_INFINITY } as const;
    house.sandbox.faults.add({ ...measure, effect: { type: "delay", seconds: 0.4 } });
    const { stop, logged } = await start();
    const asked = () => house.sandbox.withings.requests.filter(({ path }) => path === "/measure").length;
    // The round's question and the job's.
    await vi.waitFor(() => expect(asked()).toBeGreaterThanOrEqual(2), { timeout: 5000 });
    await stop();
    expect(await house.app.jobs.list()).toEqual([]);
    await expect(fetch(`${url}/health`)).rejects.toThrow();
    expect(logged.filter(({ level }) => level === "error")).toEqual([]);
  });
});

test("a port that is taken ends the program with 2 and one sentence, before it has begun anything", async () => {
  machine = await startMachine();
  const { port } = new URL(machine.sandbox.withings.apiUrl);
  const { exit, stdout, stderr } = await machine.run("start", [], { PORT: port, LOG_LEVEL: "error" });
  expect({ exit, stdout, stderr }).toEqual({
    ...{ exit: 2, stdout: "" },
    stderr: `Port ${port} is in use by another program. Stop that one, or set PORT to another number.\n`,
  });
  expect(machine.sandbox.telegram.calls("getMe")).toHaveLength(0);
});

test("without an address it listens nowhere", async () => {
  house = await startHousehold({ env: { TELEGRAM_ALLOWED_IDS: String(ACCOUNT) } });
  const { said } = await start();
  await said("run_ended");
  expect(server?.port).toBeUndefined();
  expect(theirs().subscriptions).toEqual([]);
});
