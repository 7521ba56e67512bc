import type { Update } from "grammy/types";
import { afterEach, describe, expect, test } from "vitest";
import { helpText } from "../../src/bot/views/help.ts";
import { wordsIn } from "../../src/bot/words/words.ts";
import { RetryLaterError } from "../../src/lib/errors.ts";
import { factsOf } from "../../src/sync/status/kind-notices.ts";
import { ACCOUNT } from "../support/test-app.ts";
import { STRANGER, startTestBot, type TestBot } from "./test-bot.ts";

const words = wordsIn("en");
const HELP = helpText(true, words);
const LINKS = "Withings: not linked\nGarmin: not linked\n\nPress a button to link what’s missing.";

let harness: TestBot;
afterEach(() => harness.close());

const repliesTo = (chat: { messages: Array<{ from: string; text: string }> }) =>
  chat.messages.filter(({ from }) => from === "bot").map(({ text }) => text);

describe("a message", () => {
  test.each([
    ["/start", `${words.greeting}\n\n${LINKS}`],
    ["/help", HELP],
    ["/help@weighbridge_bot", HELP],
    ["help", HELP],
    ["Help!", HELP],
    ["help me", HELP],
    ["/cancel", "There is nothing to cancel."],
    ["blue cheese", "I’m not sure what you mean. One of these, perhaps?"],
    ["/dance", "I’m not sure what you mean. One of these, perhaps?"],
  ])("“%s” gets its answer", async (said, answer) => {
    harness = await startTestBot({ linked: false });
    harness.startBot();
    harness.owner.say(said);
    expect((await harness.owner.waitForMessage()).text).toBe(answer);
  });

  test("/start makes the account, once", async () => {
    harness = await startTestBot({ linked: false });
    const { app, owner } = harness;
    await app.store.accounts.save(ACCOUNT, { timezone: "Europe/Berlin" });
    const before = await app.store.accounts.list();
    harness.startBot();
    owner.say("/start");
    await owner.waitForMessage();
    expect(await app.store.accounts.list()).toEqual(before.map((it) => ({ ...it, name: "Owner" })));
  });
});

describe("who is served", () => {
  test("a stranger is refused once, even after a restart, and gets no account", async () => {
    harness = await startTestBot({ linked: false });
    const { telegram, quiet, app } = harness;
    const stranger = telegram.user({ id: STRANGER, firstName: "Stranger" });
    const first = harness.startBot();
    stranger.say("/start");
    expect((await stranger.waitForMessage()).text).toBe(
      `Sorry, this bot is only for its owner’s household. (Your Telegram user id is ${STRANGER}.)`,
    );
    stranger.say("/sync");
    stranger.say("/status");
    await quiet();
    await first.stop();

    harness.startBot();
    stranger.say("please");
    harness.owner.say("/help");
    await harness.owner.waitForMessage();
    await quiet();
    expect(repliesTo(stranger)).toHaveLength(1);
    expect((await app.store.accounts.list()).map(({ telegramUserId }) => telegramUserId)).toEqual([ACCOUNT]);
  });

  test("in a group, even the owner gets one refusal and no readings", async () => {
    harness = await startTestBot();
    const { telegram, owner, quiet } = harness;
    harness.startBot();
    const GROUP = -5000;
    owner.sayInGroup(GROUP, "/status");
    owner.sayInGroup(GROUP, "/sync");
    owner.say("/help");
    await owner.waitForMessage();
    await quiet();
    const told = telegram.messagesInGroup(GROUP).filter(({ from }) => from === "bot");
    expect(told.map(({ text }) => text)).toEqual([words.onlyInPrivate]);
  });
});

describe("handling an update", () => {
  test("an update is handled once, however often Telegram sends it, even after a restart", async () => {
    harness = await startTestBot({ linked: false });
    const { owner, quiet } = harness;
    const first = harness.startBot();
    const { updateId } = owner.say("/cancel");
    await owner.waitForMessage();
    owner.redeliver(updateId);
    await quiet();
    await first.stop();

    harness.startBot();
    owner.redeliver(updateId);
    owner.say("/help");
    await owner.waitForMessage(({ text }) => text === HELP);
    await quiet();
    expect(repliesTo(owner)).toEqual(["There is nothing to cancel.", HELP]);
  });

  test("an update is handled by one of two processes that get it at the same moment", async () => {
    harness = await startTestBot({ linked: false });
    const { owner, telegram, newBot } = harness;
    // The turn must not expire while one process waits for the other.
    const clock = { now: harness.clock.now, sleep: () => new Promise<void>((resolve) => setTimeout(resolve, 20)) };
    const bots = [newBot({ clock }), newBot({ clock })];
    for (const text of ["/cancel", "/help", "/start"]) {
      const update = updateOf(owner.say(text).updateId, text);
      await Promise.all(bots.map(({ bot }) => bot.handleUpdate(update)));
    }
    expect(telegram.calls("sendMessage")).toHaveLength(3);
  });

  test("an update that a crash interrupted is handled once its turn is over", async () => {
    harness = await startTestBot({ linked: false });
    const { owner, clock, app, newBot, telegram } = harness;
    const { updateId } = owner.say("/cancel");
    expect(await app.store.turns.acquire(`chat#${ACCOUNT}`, 120)).toBeDefined();
    const before = clock.now();
    await newBot().bot.handleUpdate(updateOf(updateId, "/cancel"));
    expect(telegram.calls("sendMessage").map(({ params }) => params.text)).toEqual(["There is nothing to cancel."]);
    expect(clock.now().getTime() - before.getTime()).toBeGreaterThanOrEqual(60_000);
  });

  test("an update waits for a busy store, because Telegram won’t send it again", async () => {
    harness = await startTestBot({ linked: false });
    const { owner, app, newBot, telegram } = harness;
    let busy = 3;
    const turns: typeof app.store.turns = {
      acquire: async (...given) => {
        if (busy-- > 0) throw new RetryLaterError("Another process is holding the database");
        return app.store.turns.acquire(...given);
      },
    };
    await newBot({ turns }).bot.handleUpdate(updateOf(owner.say("/cancel").updateId, "/cancel"));
    expect(telegram.calls("sendMessage").map(({ params }) => params.text)).toEqual(["There is nothing to cancel."]);
  });
});

describe("when something breaks on our side", () => {
  test("the sender of an update that breaks gets a report id from the log, and nothing of the error", async () => {
    harness = await startTestBot();
    const { owner, logged } = harness;
    harness.startBot({ overview: () => Promise.reject(new Error("the secret reason")) });
    owner.say("/status");
    const { text } = await owner.waitForMessage();
    const reportId = /in my log, under ([0-9a-f]{8})/.exec(text)?.[1];
    expect(logged).toContainEqual(expect.objectContaining({ event: "update_failed", reportId }));
    expect(text).toMatch(/^Something broke on my side\. Nothing is lost\./);
    expect(text).not.toContain("secret");
    owner.say("/cancel");
    expect((await owner.waitForMessage()).text).toBe("There is nothing to cancel.");
  });

  test("if the store can’t even be asked, the sender hears of it, but a stranger doesn’t", async () => {
    harness = await startTestBot();
    const { owner, newBot, telegram } = harness;
    const turns = { acquire: () => Promise.reject(new Error("disk full")) };
    const { bot } = newBot({ turns });
    await bot.handleUpdate(updateOf(owner.say("/help").updateId, "/help"));
    telegram.user({ id: STRANGER, firstName: "Stranger" }).say("/help");
    await bot.handleUpdate(updateOf(900_000_000, "/help", STRANGER));
    expect(telegram.calls("sendMessage").map(({ params }) => params.chat_id)).toEqual([String(ACCOUNT)]);
    expect(owner.lastMessage?.text).toMatch(/^Something broke on my side/);
  });
});

test("stopping waits for the update that is being handled", async () => {
  harness = await startTestBot();
  const { owner, app } = harness;
  let begun = () => {};
  const hasBegun = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const bot = harness.startBot({
    overview: async (account) => {
      begun();
      await new Promise((resolve) => setTimeout(resolve, 150));
      return {
        account,
        links: {},
        lastReadings: {},
        attention: [],
        unreadable: [],
        facts: factsOf(undefined, account.settings),
        timezone: "UTC",
        isTimezoneKnown: false,
        lastRun: undefined,
      };
    },
  });
  const { updateId } = owner.say("/status");
  await hasBegun;
  await bot.stop();
  expect(owner.lastMessage?.text).toContain("Withings: not linked");
  expect((await app.store.turns.acquire(`chat#${ACCOUNT}`, 120))?.isHandled(updateId)).toBe(true);
});

function updateOf(updateId: number, text: string, from = ACCOUNT): Update {
  const command = text.startsWith("/") ? [{ type: "bot_command" as const, offset: 0, length: text.length }] : [];
  return {
    update_id: updateId,
    message: {
      message_id: updateId,
      date: 1_795_000_000,
      chat: { id: from, type: "private", first_name: "Somebody" },
      from: { id: from, is_bot: false, first_name: "Somebody" },
      text,
      entities: command,
    },
  };
}
