import { afterEach, beforeEach, expect, test } from "vitest";
import { createRunningClock } from "../../src/sandbox/manual-clock.ts";
import { NOON, OWNER } from "../support/test-app.ts";
import { startTestServer, type TestServer } from "./test-server.ts";

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer({ linked: true, clock: createRunningClock(NOON) });
  // Long polling, with a port for /health.
  delete server.env.PUBLIC_URL;
  server.env.WITHINGS_REDIRECT_URL = "https://example.org/callback";
});
afterEach(() => server.close());

const WAIT = { timeout: 20_000, interval: 100 };
const refusing = (status: number, description: string, times = Number.POSITIVE_INFINITY) =>
  server.sandbox.faults.add({
    ...{ name: "refused", server: "telegram", match: { path: /\/getUpdates$/ }, times },
    effect: { type: "status", status, body: { ok: false, error_code: status, description } },
  });
/** And the program polls at once, instead of after its pause. */
function well() {
  server.sandbox.faults.remove("refused");
  server.clock.advance(30);
}
const polls = () => server.sandbox.telegram.requests.filter(({ path }) => path.endsWith("/getUpdates")).length;
const telegramInHealth = async () => {
  const answer = await fetch(`${server.url}/health`);
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { telegram: string }).telegram;
};
const heard = (text: string) => server.chat.waitForMessage((message) => message.text.includes(text));
const TAKEN = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";

/** A reading arrives although Telegram doesn't answer the program. */
async function syncs({ wake, said }: Awaited<ReturnType<TestServer["start"]>>, weightKg: number) {
  await said("run_ended");
  await expect.poll(() => server.app.store.jobs.list(), WAIT).toEqual([]);
  server.clock.advance(3600);
  server.person.stepOnScale({ weightKg, at: new Date(server.clock.now().getTime() - 60_000) });
  wake();
  await expect.poll(() => server.weights().map((it) => it.weightKg), WAIT).toContain(weightKg);
}

test("a single conflict after a lost connection isn't reported, and the next message is answered", async () => {
  refusing(409, TAKEN, 1);
  const { logged } = await server.start();
  await expect.poll(polls, WAIT).toBeGreaterThanOrEqual(2);
  server.chat.say("/cancel");
  await heard("There is nothing to cancel.");
  expect(await telegramInHealth()).toBe("ok");
  expect(logged.map(({ event }) => event)).not.toContain("updates_taken");
});

test("a lasting conflict is reported in the log, at /health and in the chat, does not stop syncing, and ends by itself", async () => {
  refusing(409, TAKEN);
  const program = await server.start();
  const { logged, wake } = program;
  await expect.poll(polls, WAIT).toBeGreaterThanOrEqual(2);
  const told = () =>
    server
      .told()
      .filter((text) => /^(Another program (is also|has also been) reading|No other program is reading)/.test(text));
  server.clock.advance(60);
  const before = polls();
  await expect.poll(polls, WAIT).toBeGreaterThan(before);
  expect(await telegramInHealth()).toBe("ok");
  server.clock.advance(60);
  await program.said("updates_taken");
  expect(await telegramInHealth()).toBe("taken");
  wake();
  await expect
    .poll(told, WAIT)
    .toEqual([
      expect.stringMatching(
        /^Another program has also been reading.* since .*Telegram doesn’t say which program.*Syncing continues\./,
      ),
    ]);
  well();
  server.chat.say("/doctor");
  await heard("fix · Telegram: Another program is also reading this bot’s messages");
  refusing(409, TAKEN);
  await syncs(program, 80.25);
  const taken = logged.filter(({ event }) => event === "updates_taken");
  expect(taken.length).toBeLessThanOrEqual(2);

  well();
  server.clock.advance(300);
  server.chat.say("/cancel");
  await heard("There is nothing to cancel.");
  expect(await telegramInHealth()).toBe("ok");
  wake();
  await expect.poll(told, WAIT).toEqual([expect.anything(), expect.stringMatching(/^No other program is reading/)]);
});

test.each([
  [401, "Unauthorized", "token_unknown", "telegram_token_unknown"],
  [404, "Not Found", "token_unknown", "telegram_token_unknown"],
  [400, "Bad Request: something that nobody expected", "refusing", "updates_refused"],
])("a poll that is answered with %i for a while is logged once, said in /health, and ends nothing", async (...args) => {
  const [status, description, state, event] = args;
  refusing(status, description);
  const program = await server.start();
  await program.said(event);
  await expect.poll(polls, WAIT).toBeGreaterThanOrEqual(3);
  expect(await telegramInHealth()).toBe(state);
  expect(program.logged.filter((it) => it.event === event)).toHaveLength(1);
  await syncs(program, 80.25);
  // It is logged again every hour.
  await expect.poll(() => program.logged.filter((it) => it.event === event), WAIT).toHaveLength(2);

  well();
  server.chat.say("/cancel");
  await heard("There is nothing to cancel.");
  expect(await telegramInHealth()).toBe("ok");
});

test("a token revoked before a restart doesn't stop syncing, and works once Telegram knows it again", async () => {
  const unknown = { ok: false, error_code: 401, description: "Unauthorized" };
  server.sandbox.faults.add({
    ...{ name: "refused", server: "telegram", match: {}, times: Number.POSITIVE_INFINITY },
    effect: { type: "status", status: 401, body: unknown },
  });
  const program = await server.start();
  await program.said("telegram_token_unknown");
  await syncs(program, 80.25);
  expect(await telegramInHealth()).toBe("token_unknown");
  well();
  await program.said("bot_started");
  server.chat.say("/cancel");
  await heard("There is nothing to cancel.");
});

test("a webhook that another program sets during polling is removed again, and the owner hears whose it was", async () => {
  const { said, wake } = await server.start();
  await said("bot_started");
  await expect.poll(polls, WAIT).toBeGreaterThanOrEqual(1);
  const { token, apiRoot } = server.sandbox.telegram;
  await fetch(`${apiRoot}/bot${token}/setWebhook?url=https://127.0.0.1:9/another`);
  server.chat.say("/cancel");
  await heard("There is nothing to cancel.");
  wake();
  await heard("Another program, at https://127.0.0.1:9, took over this bot’s messages");
  expect(server.told().join()).not.toContain("9/another");
});

test("a bot hears people before Telegram has taken its menu", async () => {
  server.sandbox.faults.add({
    ...{ server: "telegram", match: { path: /\/setMyCommands$/ }, times: Number.POSITIVE_INFINITY },
    effect: { type: "delay", seconds: 2 },
  });
  server.chat.say("/cancel");
  await server.start();
  await heard("There is nothing to cancel.");
  const methods = server.sandbox.telegram.outbox.map(({ method }) => method);
  expect(methods.slice(0, 2)).toEqual(["deleteWebhook", "getMyShortDescription"]);
  expect(methods).toContain("getUpdates");
  expect(methods).not.toContain("setMyCommands");
});

test("a slow answer in one chat doesn't delay another chat", async () => {
  server.env.TELEGRAM_ALLOWED_IDS += ",4712";
  await server.app.disconnect(await server.app.store.accounts.save(4711, {}), "garmin");
  await (await server.start()).said("bot_started");
  const mate = server.sandbox.telegram.user({ id: 4712, firstName: "Mate", started: true });
  server.chat.say("/connect");
  await heard("Press a button");
  server.chat.tap("Link Garmin");
  await heard("Two ways");
  server.chat.tap("Here in the chat");
  await heard("Which e-mail");
  server.chat.say(OWNER.email);
  await heard("the password for");
  // Garmin answers when the test lets it.
  const slow = { server: "garmin_sso", match: { method: "POST" } } as const;
  server.sandbox.faults.add({ ...slow, effect: { type: "delay", seconds: 4 } });
  server.sandbox.garmin.requests.length = 0;
  server.chat.say(OWNER.password);
  await expect.poll(() => server.sandbox.garmin.requests.length, WAIT).toBeGreaterThan(0);
  mate.say("/cancel");
  await mate.waitForMessage(({ text }) => text.includes("nothing to cancel"));
  expect(server.told().join("\n")).not.toContain("Signed in to Garmin");
  // Neither it nor what came after it is confirmed before it is handled: a killed program gets both again.
  expect(server.sandbox.telegram.pendingUpdates()).toBe(2);
  await heard("Signed in to Garmin as Owner.");
  await expect.poll(() => server.sandbox.telegram.pendingUpdates(), WAIT).toBe(0);
});

test("a stranger who is rate-limited by Telegram doesn't block the owner, and delays things by seconds at most", async () => {
  await (await server.start()).said("bot_started");
  const stranger = server.sandbox.telegram.user({ id: 999, firstName: "S", started: true });
  const sends = () => server.sandbox.telegram.requests.filter(({ path }) => path.endsWith("/sendMessage")).length;
  const limited = { ok: false, error_code: 429, description: "Too Many Requests", parameters: { retry_after: 50 } };
  server.sandbox.faults.add({
    ...{ server: "telegram", match: { path: /\/sendMessage$/ }, times: 1 },
    effect: { type: "status", status: 429, body: limited },
  });
  stranger.say(`/start ${"A".repeat(24)}`);
  await expect.poll(sends, WAIT).toBe(1);
  server.chat.say("/cancel");
  await heard("There is nothing to cancel.");
  // Before the 50 seconds are over.
  await expect.poll(() => server.sandbox.telegram.pendingUpdates(), WAIT).toBe(0);
  expect(stranger.messages.filter(({ from }) => from === "bot")).toEqual([]);
});

test("/sync sends the readings even if Telegram refuses every message", async () => {
  const program = await server.start();
  await program.said("run_ended");
  await program.said("bot_started");
  server.person.stepOnScale({ weightKg: 80.25 });
  server.sandbox.faults.add({
    ...{ server: "telegram", match: { path: /\/sendMessage$/ }, times: Number.POSITIVE_INFINITY },
    effect: { type: "status", status: 403, body: { ok: false, error_code: 403, description: "Forbidden: no" } },
  });
  server.chat.say("/sync");
  await expect.poll(() => server.weights().map((it) => it.weightKg), WAIT).toEqual([80.25]);
});
