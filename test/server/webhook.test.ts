import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ACCOUNT, OWNER } from "../support/test-app.ts";
import { startTestServer, type TestServer } from "./test-server.ts";

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer({ linked: true });
});
afterEach(() => server.close());

const heard = (text: string) => server.heard(text);
const delivered = () => server.delivered();
const methods = () => server.sandbox.telegram.outbox.map(({ method }) => method);
const statuses = () => server.sandbox.telegram.deliveries.map(({ outcome }) => outcome);

/** The program, once Telegram has its address. */
async function begin() {
  const program = await server.start();
  await program.said("bot_started");
  return program;
}

/** The same program without an address. */
function withoutAddress() {
  for (const name of ["PUBLIC_URL", "PORT"]) delete server.env[name];
  server.env.WITHINGS_REDIRECT_URL = "https://example.org/callback";
}

describe("a program with an address", () => {
  test("with a webhook, Telegram brings what people write, and the program asks for nothing", async () => {
    await begin();
    server.chat.say("/cancel");
    await heard("There is nothing to cancel.");
    await delivered();
    expect(statuses()).toEqual([200]);
    expect(methods()).not.toContain("getUpdates");
    const [{ params = {} } = {}] = server.sandbox.telegram.calls("setWebhook");
    expect(params.url).toBe(`${server.url}/telegram`);
    expect(params.secret_token).toMatch(/^[\w-]{43}$/);
  });

  test("a webhook accepts only updates with its secret", async () => {
    server.env.TELEGRAM_WEBHOOK_SECRET = "a-secret-of-our-own";
    await begin();
    expect(server.sandbox.telegram.calls("setWebhook")[0]?.params.secret_token).toBe("a-secret-of-our-own");
    const headers = { "x-telegram-bot-api-secret-token": server.app.store.webhookSecret };
    const answer = await fetch(`${server.url}/telegram`, { method: "POST", headers, body: '{"update_id":1}' });
    expect(answer.status).toBe(401);
  });

  test.each([
    ["once where it has to", 1],
    ["never where it was told", 0],
  ])("asks who it is %s", async (_when, times) => {
    if (times === 0) server.env.BOT_INFO = JSON.stringify(server.sandbox.telegram.bot);
    await begin();
    server.chat.say("/cancel");
    await heard("There is nothing to cancel.");
    expect(server.sandbox.telegram.calls("getMe")).toHaveLength(times);
  });

  test("an update that comes twice by webhook is handled once", async () => {
    await begin();
    const { updateId } = server.chat.say("/cancel");
    await delivered();
    server.chat.redeliver(updateId);
    await delivered();
    expect(statuses()).toEqual([200, 200]);
    expect(server.told()).toEqual(["There is nothing to cancel."]);
  });

  test("an update that can't be handled is accepted, so that Telegram doesn't repeat it for a day", async () => {
    const { said } = await begin();
    const headers = { "x-telegram-bot-api-secret-token": server.app.store.webhookSecret };
    const message = { message_id: 1, date: 1, text: "hello", from: { id: ACCOUNT, is_bot: false, first_name: "O" } };
    const update = { update_id: 7, message: { ...message, chat: { type: "private", first_name: "O" } } };
    const answer = await fetch(`${server.url}/telegram`, { method: "POST", headers, body: JSON.stringify(update) });
    expect(answer.status).toBe(200);
    await said("update_failed");
  });

  test("what a killed copy had started comes again until that copy counts as dead", async () => {
    // What a killed process leaves behind.
    await server.app.store.turns.acquire(`chat#${ACCOUNT}`, 120);
    await begin();
    server.chat.say("/cancel");
    await vi.waitFor(
      () => {
        server.clock.advance(3);
        expect(server.told()).toEqual(["There is nothing to cancel."]);
      },
      { timeout: 30_000, interval: 50 },
    );
    await delivered();
    expect(new Set(statuses())).toEqual(new Set([503, 200]));
  });

  /** A sign-in in the chat that waits for the password. */
  async function toPassword() {
    server.chat.say("/connect");
    await heard("Press a button");
    server.chat.tap("Link Garmin");
    await heard("Three ways");
    server.chat.tap("Here in the chat");
    await heard("Which e-mail");
    server.chat.say(OWNER.email);
    await heard("the password for");
  }

  test("a sign-in with a code works by webhook, message by message", async () => {
    await server.app.disconnect(await server.app.store.accounts.save(ACCOUNT, {}), "garmin");
    server.sandbox.garmin.accounts.get(OWNER.email).mfa = "email";
    const { logged } = await begin();
    await toPassword();
    server.chat.say(OWNER.password);
    await heard("Garmin sent a code");
    server.chat.say(server.sandbox.garmin.inbox[0]?.code ?? "");
    await heard("Signed in to Garmin as Owner.");
    await delivered();
    expect(new Set(statuses())).toEqual(new Set([200]));
    expect(JSON.stringify(logged)).not.toContain(OWNER.password);
  });

  test("when it stops, what was started by webhook is finished, and the rest comes afterwards", async () => {
    await server.app.disconnect(await server.app.store.accounts.save(ACCOUNT, {}), "garmin");
    const { stop } = await begin();
    await toPassword();
    await delivered();
    const sso = { server: "garmin_sso", match: { method: "POST" } } as const;
    server.sandbox.faults.add({ ...sso, effect: { type: "delay", seconds: 0.4 } });
    server.sandbox.garmin.requests.length = 0;
    server.chat.say(OWNER.password);
    await expect.poll(() => server.sandbox.garmin.requests.length).toBeGreaterThan(0);
    await stop();
    expect(server.told().join("\n")).toContain("Signed in to Garmin as Owner.");
    await expect.poll(() => statuses().at(-1)).toBe(200);
    server.chat.say("/cancel");
    await expect.poll(() => statuses().at(-1)).toBe("Connection failed");
    server.clock.advance(60);
    await begin();
    await heard("There is nothing to cancel.");
  });

  test("a program that starts takes its webhook back from another program, with all that waits", async () => {
    await (await begin()).stop();
    const { token, apiRoot } = server.sandbox.telegram;
    await fetch(`${apiRoot}/bot${token}/setWebhook?url=https://127.0.0.1:9/another`);
    server.chat.say("/cancel");
    await begin();
    await heard("There is nothing to cancel.");
  });

  test("POST /sync/manual with its token syncs, and the owner hears what they have to", async () => {
    server.env.MANUAL_SYNC_TOKEN = "a-token-of-many-characters-for-tests";
    const { said } = await begin();
    await said("run_ended");
    server.person.stepOnScale({ weightKg: 80.25 });
    server.person.stepOnScale({ weightKg: 41, attrib: 1 });
    const headers = { authorization: `Bearer ${server.env.MANUAL_SYNC_TOKEN}` };
    const answer = await fetch(`${server.url}/sync/manual?account=${ACCOUNT}`, { method: "POST", headers });
    expect(await answer.json()).toEqual({ status: "success", synced: 1, skipped: 0, held: 1, failed: 0 });
    expect(server.weights().map(({ weightKg }) => weightKg)).toEqual([80.25]);
    await heard("41.0 kg, ");
  });
});

test("from webhook to long polling and back, no message is lost or comes twice", async () => {
  const { env } = server;
  const withAddress = { ...env };
  const say = async (text: string, answer: string) => {
    server.chat.say(text);
    await heard(answer);
  };
  const first = await begin();
  await say("/cancel", "There is nothing to cancel.");
  await first.stop();

  withoutAddress();
  server.chat.say("/help");
  const second = await begin();
  await heard("What I can do");
  await expect.poll(() => server.sandbox.telegram.pendingUpdates()).toBe(0);
  await second.stop();

  Object.assign(env, withAddress);
  server.chat.say("blue cheese");
  await begin();
  await heard("I’m not sure what you mean");
  await delivered();
  expect(server.told()).toHaveLength(3);
});
