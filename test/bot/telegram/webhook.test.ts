import type { Update } from "grammy/types";
import { GrammyError } from "grammy/web";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createTelegramHealth } from "../../../src/bot/telegram/health.ts";
import {
  ALLOWED_UPDATES,
  createCheckRequests,
  keepWebhook,
  serveByWebhook,
  WEBHOOK_CONNECTIONS,
} from "../../../src/bot/telegram/webhook.ts";
import { RetryLaterError } from "../../../src/lib/errors.ts";
import { ACCOUNT } from "../../support/test-app.ts";
import { startTestBot, type TestBot } from "../test-bot.ts";

let harness: TestBot;
beforeEach(async () => {
  harness = await startTestBot();
  harness.telegram.user({ id: ACCOUNT, firstName: "Owner", started: true });
});
afterEach(() => harness.close());

const said = () => harness.owner.messages.filter(({ from }) => from === "bot").map(({ text }) => text);
let nextUpdate = 880_000;
const message = (text: string): Update => ({
  update_id: nextUpdate++,
  message: {
    ...{ message_id: nextUpdate, date: 1_795_000_000, text },
    entities: [{ type: "bot_command", offset: 0, length: text.length }],
    chat: { id: ACCOUNT, type: "private", first_name: "Owner" },
    from: { id: ACCOUNT, is_bot: false, first_name: "Owner" },
  },
});

const A_YEAR_SECONDS = 365 * 24 * 3600;

describe("an update from the webhook", () => {
  test("an update that comes twice at once to two processes is handled once, and confirmed by both", async () => {
    const update = message("/cancel");
    const copies = [harness.newBot(), harness.newBot()];
    // With the manual clock the five seconds pass at once; Telegram brings a refused update again.
    const deliver = async (copy: (typeof copies)[number]): Promise<void> => {
      await copy.handleUpdate(structuredClone(update)).catch((error: unknown) => {
        if (!(error instanceof RetryLaterError)) throw error;
        return deliver(copy);
      });
    };
    await Promise.all(copies.map(deliver));
    expect(said()).toEqual(["There is nothing to cancel."]);
  });

  test("an update comes again while one process works on it, and is handled by another if that one died", async () => {
    const update = message("/status");
    const overview = vi.fn(() => new Promise<never>(() => {}));
    void harness.newBot({ overview }).bot.handleUpdate(structuredClone(update));
    await expect.poll(() => overview).toHaveBeenCalled();
    const other = harness.newBot();
    const again = () => other.handleUpdate(structuredClone(update));
    const begunAt = harness.clock.now().getTime();
    await expect(again()).rejects.toThrow(RetryLaterError);
    // Telegram waits a minute for an answer, and must not see this as a failure.
    expect(harness.clock.now().getTime() - begunAt).toBeLessThanOrEqual(5000);
    harness.clock.advance(60);
    await expect(again()).rejects.toThrow("another update of this chat is being handled");
    expect(said()).toEqual([]);
    harness.clock.advance(60);
    await again();
    await again();
    expect(said()).toEqual([expect.stringMatching(/^Withings: /)]);
  });

  test("an update is handled by another process if the first died with a clock that was years ahead", async () => {
    const update = message("/status");
    const overview = vi.fn(() => new Promise<never>(() => {}));
    harness.clock.advance(A_YEAR_SECONDS);
    void harness.newBot({ overview }).bot.handleUpdate(structuredClone(update));
    await expect.poll(() => overview).toHaveBeenCalled();
    harness.clock.advance(-A_YEAR_SECONDS);
    await harness.newBot().handleUpdate(update);
    expect(said()).toEqual([expect.stringMatching(/^Withings: /)]);
  });

  test("an update waits for its turn in the chat, then comes again, with nothing done", async () => {
    const lease = await harness.app.store.turns.acquire(`chat#${ACCOUNT}`, 120);
    const update = message("/cancel");
    const bot = harness.newBot();
    await expect(bot.handleUpdate(update)).rejects.toThrow(RetryLaterError);
    await lease?.release();
    await bot.handleUpdate(update);
    expect(said()).toEqual(["There is nothing to cancel."]);
  });

  test("an update comes again while the store is down, and nobody gets a message about it", async () => {
    const acquire = vi.fn(harness.app.store.turns.acquire).mockRejectedValue(new RetryLaterError("the store is away"));
    const update = message("/cancel");
    const away = harness.newBot({ turns: { acquire } });
    await expect(away.handleUpdate(structuredClone(update))).rejects.toThrow("the store is away");
    expect(acquire.mock.calls.length).toBeGreaterThan(1);
    expect(said()).toEqual([]);
    await harness.newBot().handleUpdate(update);
    expect(said()).toEqual(["There is nothing to cancel."]);
  });

  test("an update doesn’t come again once something was done, even if that broke", async () => {
    const turns: typeof harness.app.store.turns = {
      acquire: async (...given) => {
        const turn = await harness.app.store.turns.acquire(...given);
        // As after an update whose release was written, and its answer lost.
        const release = async () => {
          await turn?.release();
          throw new RetryLaterError("the store is away");
        };
        return turn && { ...turn, release };
      },
    };
    await harness.newBot({ turns }).handleUpdate(message("/cancel"));
    const later = new RetryLaterError("Withings is away");
    await harness.newBot({ overview: () => Promise.reject(later) }).handleUpdate(message("/status"));
    await harness.newBot({ overview: () => Promise.reject(new Error("a bug")) }).handleUpdate(message("/status"));
    expect(said()).toEqual([
      "There is nothing to cancel.",
      expect.stringContaining("just now"),
      expect.stringContaining("broke on my side"),
    ]);
  });

  test("a program that is stopping accepts no update, and finishes what it has started", async () => {
    let finish = () => {};
    const gate = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const bot = harness.newBot({ overview: () => gate.then(() => Promise.reject(new RetryLaterError("away"))) });
    const first = bot.handleUpdate(message("/status"));
    let hasStopped = false;
    const stopped = bot.stop().then(() => {
      hasStopped = true;
    });
    await expect(bot.handleUpdate(message("/cancel"))).rejects.toThrow("the program is stopping");
    // Enough time for a stop that doesn’t wait.
    await harness.newBot().bot.api.getMe();
    expect(hasStopped).toBe(false);
    finish();
    await Promise.all([first, stopped]);
    expect(said()).toHaveLength(1);
  });
});

const target = { url: "https://127.0.0.1:9/telegram", secretToken: "a-secret_of-the-webhook" };
const logged = (event: string) => harness.logged.filter((line) => line.event === event);
const deps = () => ({ clock: harness.clock, log: logOf(harness) });
const serving = () => ({ ...deps(), health: createTelegramHealth(deps()), mayEnd: async () => true });
function logOf({ logged: lines }: TestBot) {
  const at =
    (level: string) =>
    (event: string, facts: object = {}) =>
      void lines.push({ level, event, ...facts });
  return { info: at("info"), warn: at("warn"), error: at("error") };
}

describe("the webhook", () => {
  const api = () => harness.newBot().bot.api;
  const keep = (force = false) => keepWebhook(api(), { ...target, ...deps(), force });
  const sets = () => harness.telegram.calls("setWebhook").map(({ params }) => params);

  test("the webhook is set once, for the updates that the bot understands, and keeps waiting updates", async () => {
    const { updateId } = harness.owner.say("hello");
    expect(updateId).toBeGreaterThan(0);
    expect(await keep()).toEqual({ type: "set", before: "none", pending: 1 });
    expect(await keep()).toMatchObject({ type: "kept" });
    expect(sets()).toEqual([
      {
        url: target.url,
        secret_token: target.secretToken,
        allowed_updates: JSON.stringify(ALLOWED_UPDATES),
        max_connections: String(WEBHOOK_CONNECTIONS),
      },
    ]);
    expect(harness.telegram.pendingUpdates()).toBe(1);
  });

  test("the webhook is set again if it was removed, belongs to another program, or brings other updates", async () => {
    await keep();
    const bot = api();
    await bot.deleteWebhook();
    expect(await keep()).toMatchObject({ type: "set" });
    await bot.setWebhook("https://127.0.0.1:9/another?key=secret");
    expect(await keep()).toMatchObject({ type: "set" });
    await bot.setWebhook(target.url, { secret_token: target.secretToken, allowed_updates: ["message"] });
    expect(await keep()).toMatchObject({ type: "set" });
    expect(await keep()).toMatchObject({ type: "kept" });
    expect(await keep(true)).toMatchObject({ type: "set" });
    expect(logged("webhook_set").map(({ before }) => before)).toEqual(["none", "none", "another", "ours", "ours"]);
    // The other program will set its address again, so each would get half of the messages.
    expect(logged("webhook_taken")).toEqual([{ level: "warn", event: "webhook_taken", by: "https://127.0.0.1:9" }]);
    expect(JSON.stringify(harness.logged)).not.toMatch(/key=secret|a-secret_of/);
  });

  test("the log says that Telegram can’t deliver, and how many updates wait, while the error is recent", async () => {
    await keep();
    harness.owner.say("hello");
    await expect.poll(async () => (await api().getWebhookInfo()).last_error_date).toBeDefined();
    const { type, pending, lastError } = await keep();
    expect({ type, pending, message: lastError?.message }).toEqual({
      ...{ type: "kept", pending: 1, message: "Connection failed" },
    });
    expect(logged("webhook_failing")).toEqual([
      { level: "warn", event: "webhook_failing", pending: 1, message: "Connection failed" },
    ]);
    harness.clock.advance(16 * 60);
    // The webhook was tried again meanwhile, but an old answer counts here.
    const info = { ...(await api().getWebhookInfo()), last_error_date: harness.clock.now().getTime() / 1000 - 16 * 60 };
    const old = { ...api(), getWebhookInfo: async () => info, setWebhook: vi.fn() };
    expect(await keepWebhook(old as never, { ...target, ...deps() })).toEqual({ type: "kept", pending: 1 });
  });

  test.each([
    ["what failed has been delivered since", { pending_update_count: 0 }, false, []],
    ["what failed was another address", { url: "https://127.0.0.1:9/another" }, false, ["webhook_taken"]],
    ["it has just moved here from another address", { url: "https://127.0.0.1:9/another" }, true, []],
    ["what failed still waits", {}, false, ["webhook_failing"]],
    ["it was not running when that failed", {}, true, []],
  ])("the webhook raises an alarm only for updates that don’t arrive: %s", async (_what, differs, force, alarms) => {
    const info = {
      ...{ url: target.url, has_custom_certificate: false, pending_update_count: 1, allowed_updates: ALLOWED_UPDATES },
      last_error_date: harness.clock.now().getTime() / 1000,
      last_error_message: "Connection timed out",
      ...differs,
    };
    const seen = { getWebhookInfo: async () => info, setWebhook: vi.fn() } as never;
    await keepWebhook(seen, { ...target, ...deps(), force });
    expect(harness.logged.filter(({ level }) => level === "warn").map(({ event }) => event)).toEqual(alarms);
  });

  test("the webhook is set again if Telegram has a wrong secret", async () => {
    const info = {
      ...{ url: target.url, has_custom_certificate: false, pending_update_count: 2, allowed_updates: ALLOWED_UPDATES },
      last_error_date: harness.clock.now().getTime() / 1000,
      last_error_message: `Wrong response from the webhook: 401 Unauthorized ${target.secretToken}`,
    };
    const setWebhook = vi.fn();
    const seen = await keepWebhook({ getWebhookInfo: async () => info, setWebhook } as never, { ...target, ...deps() });
    expect(seen).toMatchObject({ type: "set", pending: 2 });
    expect(JSON.stringify(seen)).not.toContain(target.secretToken);
    expect(setWebhook).toHaveBeenCalledOnce();
    // If our secret is the wrong one, this repeats.
    expect(logged("webhook_failing")).toMatchObject([{ pending: 2 }]);
    expect(JSON.stringify(harness.logged)).not.toContain(target.secretToken);
  });

  test("the webhook is tried again while it can’t be set, and checked from then on", async () => {
    harness.sandbox.faults.add({
      ...{ server: "telegram", match: { path: /\/setWebhook$/ }, times: 1 },
      effect: {
        ...{ type: "status", status: 400 },
        body: { ok: false, error_code: 400, description: "Bad Request: bad webhook: Failed to resolve host" },
      },
    });
    const { bot } = harness.newBot();
    const stopping = new AbortController();
    const pauses: number[] = [];
    let starts = 0;
    await serveByWebhook(bot.api, target, {
      ...serving(),
      stopping: stopping.signal,
      onStart: async () => void starts++,
      pause: async (seconds) => {
        pauses.push(seconds);
        if (pauses.length === 2) await bot.api.deleteWebhook();
        if (pauses.length === 4) stopping.abort();
      },
    });
    expect({ pauses, starts }).toEqual({ pauses: [30, 300, 300, 300], starts: 1 });
    expect(logged("webhook_not_kept")).toHaveLength(1);
    expect(logged("webhook_set")).toHaveLength(2);
    expect((await bot.api.getWebhookInfo()).url).toBe(target.url);
    // Telegram drops no webhook by itself, and doesn’t say who removed it.
    expect(logged("webhook_taken")).toEqual([{ level: "warn", event: "webhook_taken", by: "" }]);
  });

  test("the webhook is checked on request, and the request resolves when that is done", async () => {
    const stopping = new AbortController();
    const checks = createCheckRequests();
    await checks.request();
    const served = serveByWebhook(api(), target, {
      ...{ ...serving(), stopping: stopping.signal, checks, onStart: async () => {} },
    });
    await expect.poll(() => logged("webhook_set")).toHaveLength(1);
    await api().setWebhook("https://127.0.0.1:9/another");
    await expect
      .poll(async () => {
        await checks.request();
        return logged("webhook_taken");
      })
      .toHaveLength(1);
    expect((await api().getWebhookInfo()).url).toBe(target.url);
    stopping.abort();
    await served;
    await checks.request();
  });

  test.each([
    [401, "Unauthorized"],
    [400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook"],
    [400, "Bad Request: bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443"],
  ])(
    "a webhook that can never be set ends a program that may end, and no other: %s %s",
    async (status, description) => {
      harness.sandbox.faults.add({
        ...{ server: "telegram", match: { path: /\/setWebhook$/ }, times: Number.POSITIVE_INFINITY },
        effect: { type: "status", status, body: { ok: false, error_code: status, description } },
      });
      const stopping = new AbortController();
      const served = (mayEnd: boolean) =>
        serveByWebhook(api(), target, {
          ...{ ...serving(), mayEnd: async () => mayEnd },
          ...{ stopping: stopping.signal, onStart: async () => {}, pause: async () => stopping.abort() },
        });
      await expect(served(true)).rejects.toThrow(GrammyError);
      await expect(served(false)).resolves.toBeUndefined();
      expect(harness.logged.map(({ event }) => event)).toContain(
        status === 401 ? "telegram_token_unknown" : "webhook_failing",
      );
    },
  );
});
