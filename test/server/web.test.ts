import { afterEach, describe, expect, test } from "vitest";
import { jobOf } from "../../src/sync/jobs/worker.ts";
import { ACCOUNT, USERID } from "../support/test-app.ts";
import { startTestServer, type TestServer } from "./test-server.ts";

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function startServer(options: { linked: boolean }) {
  server = await startTestServer(options);
  return server;
}

describe("a program with an address", () => {
  test("a program with an address subscribes after a person has linked on its page, and says in the chat who was linked", async () => {
    const { app, url, sandbox, person, start, theirs, told } = await startServer({ linked: false });
    person.stepOnScale({ weightKg: 80.25 });
    const { said, logged } = await start();
    await said("bot_started");
    expect(await (await fetch(`${url}/health`)).json()).toEqual({
      status: "ok",
      telegram: "ok",
      version: expect.stringMatching(/^\d/),
    });
    const page = app.withingsLinking.begin(ACCOUNT);
    await app.store.accounts.save(ACCOUNT, { name: "Kim & Co <b>" });
    const shown = await (await fetch(sandbox.withings.allow(USERID, page))).text();
    expect(shown).toContain("Linked");
    // A person who was only sent the address of the consent page may see it.
    expect(shown).toMatch(
      /Withings now shares your measurements with @\w+, for Kim &amp; Co &lt;b>\. .* If you’re not Kim &amp; Co &lt;b>, withdraw the access in the Withings app/,
    );
    await said("consent_answered");
    await expect.poll(() => theirs.subscriptions).toHaveLength(3);
    expect(logged).not.toContainEqual(expect.objectContaining({ event: "subscriptions_restored" }));
    await expect.poll(() => told()).toHaveLength(2);
    expect(told()[0]).toMatch(/^Withings is linked: the profile whose last weigh-in was 80\.25 kg, today 12:59\./);
    expect(told()[1]).toContain("Garmin: not linked");
  });

  test("a program with an address reports at /health that there was no sweep for ten minutes", async () => {
    const { clock, url, start } = await startServer({ linked: true });
    const { said, wake } = await start();
    await said("run_ended");
    const status = async () => (await fetch(`${url}/health`)).status;
    expect(await status()).toBe(200);
    clock.advance(601);
    expect(await status()).toBe(503);
    wake();
    await expect.poll(() => status()).toBe(200);
  });

  test("a program with an address renews a subscription that vanished, and says so once, quietly", async () => {
    const { clock, start, theirs, told, chat } = await startServer({ linked: true });
    const first = await start();
    await expect.poll(() => theirs.subscriptions).toHaveLength(3);
    await first.stop();
    theirs.drop(USERID);
    // Before the next day's summary.
    clock.advance(24 * 3600);
    const { said, logged, stop } = await start();
    await said("subscriptions_restored");
    await stop();
    clock.advance(3600);
    await (await start()).said("run_ended");
    expect(theirs.subscriptions).toHaveLength(3);
    expect(logged.filter(({ event }) => event === "subscriptions_restored")).toEqual([
      expect.objectContaining({ account: ACCOUNT, applis: "1,4,46" }),
    ]);
    expect(told()).toEqual([expect.stringMatching(/^Withings had stopped telling me about new readings\./)]);
    expect(chat.messages.every(({ silent }) => silent)).toBe(true);
  });

  test.each([
    [
      "en",
      /^Withings can’t reach my public address, .*Nothing is lost: I check/,
      /^Withings reaches my public address/,
    ],
    [
      "de",
      /^Withings erreicht meine öffentliche Adresse nicht .*Nichts ist verloren: Ich/,
      /^Withings erreicht .*wieder/,
    ],
  ] as const)(
    "says once, quietly, that Withings cannot reach it, and when it can (%s)",
    async (language, gone, back) => {
      const { app, clock, sandbox, start, told, chat } = await startServer({ linked: true });
      await app.store.accounts.save(ACCOUNT, { language, settings: { cards: "needed" } });
      const body = { status: 293, body: {}, error: "Invalid Params: invalid callbackurl" };
      const match = { path: "/notify", action: "subscribe" };
      sandbox.faults.add({ name: "unreachable", server: "withings", match, times: 99, effect: { type: "body", body } });
      const { wake } = await start();
      const nextDay = async () => {
        clock.advance(24 * 3600);
        await wake();
        await expect.poll(async () => (await app.store.jobs.list()).length).toBe(0);
      };
      await expect.poll(told).toEqual([expect.stringMatching(gone)]);
      await nextDay();
      expect(told()).toHaveLength(1);
      sandbox.faults.remove("unreachable");
      await nextDay();
      await expect.poll(told).toEqual([expect.stringMatching(gone), expect.stringMatching(back)]);
      expect(chat.messages.filter(({ from }) => from === "bot").every(({ silent }) => silent)).toBe(true);
    },
  );

  test("a program with an address syncs what is announced, and asks Withings if a notification says that a person is gone", async () => {
    const { app, clock, notifyUrl, person, start, weights, told } = await startServer({ linked: true });
    const { said } = await start();
    await said("run_ended");
    const post = async (fields: Record<string, string>) => {
      const body = new URLSearchParams({ userid: String(USERID), ...fields });
      expect((await fetch(notifyUrl, { method: "POST", body })).status).toBe(200);
    };
    person.stepOnScale({ weightKg: 80.25 });
    await post({ appli: "1" });
    clock.advance(8);
    // Started at once, so the worker sees that the other one is due too.
    await post({ appli: "46", action: "unlink" });
    await expect.poll(() => app.store.jobs.list()).toEqual([]);
    expect(weights().map(({ weightKg }) => weightKg)).toEqual([80.25]);
    expect((await app.store.links.read(ACCOUNT, "withings"))?.value.state).toBe("linked");
    expect(told()).toEqual([expect.stringMatching(/^80\.3 kg is in Garmin\.\n/)]);
  });

  test("a program that was removed at Withings stops there, once its owner has heard of it", async () => {
    const { app, notifyUrl, sandbox, start, theirs, told, chat } = await startServer({ linked: true });
    const { said } = await start();
    await said("run_ended");
    await expect.poll(() => theirs.subscriptions).toHaveLength(3);
    sandbox.withings.revoke(USERID);
    // Telegram is down at first: nothing ends silently.
    sandbox.faults.add({
      ...{ name: "away", server: "telegram", match: { path: /\/sendMessage$/ }, times: Number.POSITIVE_INFINITY },
      effect: { type: "status", status: 502, body: { ok: false, error_code: 502, description: "Bad Gateway" } },
    });
    const body = new URLSearchParams({ userid: String(USERID), appli: "46", action: "unlink" });
    const post = async () => expect((await fetch(notifyUrl, { method: "POST", body })).status).toBe(200);
    await post();
    await said("job_postponed");
    expect(await app.store.links.read(ACCOUNT, "withings")).toBeDefined();
    sandbox.faults.remove("away");
    await post();
    await expect.poll(() => app.store.links.read(ACCOUNT, "withings")).toBeUndefined();
    expect(told()).toEqual([expect.stringMatching(/^You’ve removed me at Withings/)]);
    expect(chat.lastMessage?.buttons.flat().map(({ text }) => text)).toEqual(["Link Withings again"]);
  });

  test("a program that was removed at Withings stops at once if its owner has also blocked the bot", async () => {
    const { app, notifyUrl, sandbox, start } = await startServer({ linked: true });
    const { said, logged } = await start();
    await said("run_ended");
    sandbox.withings.revoke(USERID);
    sandbox.faults.add({
      ...{ server: "telegram", match: { path: /\/sendMessage$/ }, times: Number.POSITIVE_INFINITY },
      effect: {
        type: "status",
        status: 403,
        body: { ok: false, error_code: 403, description: "Forbidden: bot was blocked by the user" },
      },
    });
    const body = new URLSearchParams({ userid: String(USERID), appli: "46", action: "unlink" });
    expect((await fetch(notifyUrl, { method: "POST", body })).status).toBe(200);
    await said("withings_unlinked");
    expect(await app.store.links.read(ACCOUNT, "withings")).toBeUndefined();
    expect(logged).not.toContainEqual(expect.objectContaining({ event: "job_postponed" }));
  });

  test("a program that stops while it subscribes still answers Withings, and reports nobody as unreachable", async () => {
    const { sandbox, start, theirs, told } = await startServer({ linked: true });
    const match = { path: "/notify", action: "subscribe" };
    sandbox.faults.add({ server: "withings", match, times: 99, effect: { type: "delay", seconds: 0.2 } });
    const { stop } = await start();
    await expect.poll(() => sandbox.withings.requests.some(({ path }) => path === "/notify")).toBe(true);
    await stop();
    expect(theirs.subscriptions).toHaveLength(3);
    expect(told()).toEqual([]);
  });

  test("a program with an address finishes what it has started before it stops, and frees its port", async () => {
    const { app, url, clock, sandbox, start } = await startServer({ linked: true });
    await app.store.jobs.put([jobOf(ACCOUNT, "withings_unlinked", clock.now())]);
    const measure = { server: "withings", match: { path: "/measure" }, times: Number.POSITIVE_INFINITY } as const;
    sandbox.faults.add({ ...measure, effect: { type: "delay", seconds: 0.4 } });
    const { stop, logged } = await start();
    const asked = () => sandbox.withings.requests.filter(({ path }) => path === "/measure").length;
    // One from the sweep, one from the job.
    await expect.poll(() => asked()).toBeGreaterThanOrEqual(2);
    await stop();
    expect(await app.store.jobs.list()).toEqual([]);
    await expect(fetch(`${url}/health`)).rejects.toThrow();
    expect(logged.filter(({ level }) => level === "error")).toEqual([]);
  });
});

test("a program without an address listens nowhere", async () => {
  const { env, url, start, theirs } = await startServer({ linked: true });
  for (const name of ["PUBLIC_URL", "PORT"]) delete env[name];
  env.WITHINGS_REDIRECT_URL = "https://example.org/callback";
  const { said } = await start();
  await said("run_ended");
  await expect(fetch(`${url}/health`)).rejects.toThrow();
  expect(theirs.subscriptions).toEqual([]);
});
