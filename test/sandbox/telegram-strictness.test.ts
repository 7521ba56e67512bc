import { Bot } from "grammy/web";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readInitData } from "../../src/page/init-data.ts";
import { FaultBoard } from "../../src/sandbox/faults.ts";
import { createManualClock, type ManualClock } from "../../src/sandbox/manual-clock.ts";
import type { PersonChat } from "../../src/sandbox/telegram/chat.ts";
import { startTelegram, type Telegram } from "../../src/sandbox/telegram.ts";
import { refusal, webhookOf } from "../../src/sandbox/telegram-bot.ts";

let clock: ManualClock;
let telegram: Telegram;
let bot: Bot;
let anna: PersonChat;

beforeEach(async () => {
  clock = createManualClock(new Date("2026-11-02T07:30:00Z"));
  telegram = await startTelegram({ clock, faults: new FaultBoard() });
  bot = new Bot(telegram.token, { client: { apiRoot: telegram.apiRoot } });
  anna = telegram.user({ id: 41, firstName: "Anna", started: true });
});

afterEach(() => telegram.close());

const rows = (count: number, perRow: number, text = "x") =>
  Array.from({ length: Math.ceil(count / perRow) }, (_, row) =>
    Array.from({ length: Math.min(perRow, count - row * perRow) }, () => ({ text, callback_data: "x" })),
  );
const ask = (inline_keyboard: object[][]) =>
  bot.api.sendMessage(41, "Which one?", { reply_markup: { inline_keyboard: inline_keyboard as never } });

describe("buttons", () => {
  test("a message has up to 100 buttons, 8 in a row, and 10 kB in all", async () => {
    const tooLong = "400 Bad Request: reply markup is too long";
    await ask(rows(100, 8));
    expect(anna.lastMessage?.buttons.flat()).toHaveLength(100);
    expect(await refusal(ask(rows(101, 8)))).toBe(tooLong);
    expect(await refusal(ask(rows(9, 9)))).toBe(tooLong);
    expect(await refusal(ask(rows(90, 8, "a long text".repeat(9))))).toBe(tooLong);
  });

  test("a button that copies has a text of 1 to 256 characters, and the bot doesn't learn of a tap", async () => {
    const copying = (text: string) => ask([[{ text: "Copy", copy_text: { text } }]]);
    await copying("https://example.org/".padEnd(256, "x"));
    expect(anna.lastMessage?.buttons[0]?.[0]).toMatchObject({ copyText: expect.stringMatching(/^https.{251}$/) });
    expect(() => anna.tap("Copy")).toThrow(/tells the bot nothing/);
    for (const text of ["", "x".repeat(257)]) {
      expect(await refusal(copying(text))).toBe("400 Bad Request: BUTTON_COPY_TEXT_INVALID");
    }
  });

  test("a Mini App has an https address, and opens with what Telegram signs about the person", async () => {
    const opening = (url: unknown) => ask([[{ text: "Open", web_app: { url } }]]);
    for (const url of ["http://example.org/app", "example.org", "", 7, undefined]) {
      expect(await refusal(opening(url))).toMatch(/^400 Bad Request: .*Only HTTPS links are allowed$/);
    }
    await opening("https://example.org/app?lang=en");
    expect(anna.lastMessage?.buttons[0]?.[0]).toMatchObject({ webApp: "https://example.org/app?lang=en" });
    expect(() => anna.tap("Open")).toThrow(/tells the bot nothing/);
    const address = new URL(anna.openWebApp("Open"));
    expect(`${address.origin}${address.pathname}${address.search}`).toBe("https://example.org/app?lang=en");
    const fields = new URLSearchParams(new URLSearchParams(address.hash.slice(1)).get("tgWebAppData") ?? "");
    expect([...fields.keys()]).toEqual(["query_id", "user", "auth_date", "signature", "hash"]);
    expect(JSON.parse(fields.get("user") ?? "")).toMatchObject({ id: 41, first_name: "Anna" });
    expect(fields.get("auth_date")).toBe(String(clock.now().getTime() / 1000));
    expect(readInitData(fields.toString(), telegram.token, clock.now())).toMatchObject({
      type: "ok",
      telegramUserId: 41,
    });
    await ask([[{ text: "Open", callback_data: "open" }]]);
    expect(() => anna.openWebApp("Open")).toThrow(/opens no Mini App/);
  });
});

describe("what is sent with a message", () => {
  test("a question with a forced reply cannot be edited, only deleted", async () => {
    const asked = await bot.api.sendMessage(41, "Your password?", { reply_markup: { force_reply: true } });
    expect(await refusal(bot.api.editMessageText(41, asked.message_id, "Thanks"))).toMatch(/message can't be edited/);
    await bot.api.deleteMessage(41, asked.message_id);
    expect(anna.messages).toEqual([]);
    expect(anna.placeholder).toBeUndefined();
  });

  test("Telegram fetches the first address in a text, unless the preview is disabled", async () => {
    const text = "Sign in: https://example.org/?code=1 or https://example.org/2";
    await bot.api.sendMessage(41, text);
    expect(anna.lastMessage?.previewUrl).toBe("https://example.org/?code=1");
    const quiet = await bot.api.sendMessage(41, text, { link_preview_options: { is_disabled: true } });
    expect(anna.lastMessage).not.toHaveProperty("previewUrl");
    expect(quiet.link_preview_options).toEqual({ is_disabled: true });
    await bot.api.editMessageText(41, quiet.message_id, `${text}.`);
    expect(anna.lastMessage?.previewUrl).toBe("https://example.org/?code=1");
    const odd = bot.api.sendMessage(41, text, { link_preview_options: { is_disabled: "yes" } as never });
    expect(await refusal(odd)).toMatch(/^400 Bad Request: can't parse link preview options/);
  });
});

describe("what a person does", () => {
  test("a link to the bot sends its payload with Start", async () => {
    anna.openLink("https://t.me/weighbridge_bot?start=invite_7-Q");
    anna.openLink("https://t.me/Weighbridge_Bot");
    const updates = await bot.api.getUpdates({ timeout: 0 });
    expect(updates.map(({ message }) => message?.text)).toEqual(["/start invite_7-Q", "/start"]);
  });

  test("a link to another bot, or with a payload Telegram wouldn't pass on, is refused", () => {
    expect(() => anna.openLink("https://t.me/another_bot?start=x")).toThrow(/does not lead to weighbridge_bot/);
    expect(() => anna.openLink("https://example.org/weighbridge_bot?start=x")).toThrow(/does not lead/);
    for (const payload of ["", "a b", "x".repeat(65)]) {
      expect(() => anna.openLink(`https://t.me/weighbridge_bot?start=${payload}`), payload).toThrow(
        /passes no payload/,
      );
    }
  });

  test("a person who has blocked the bot can neither write nor tap", async () => {
    await ask(rows(1, 1));
    anna.block();
    expect(() => anna.say("hello")).toThrow("The bot is blocked here. Unblock it first.");
    expect(() => anna.tap("x")).toThrow("The bot is blocked here. Unblock it first.");
  });
});

test("a message and a tap that the webhook confirmed can come once more, side by side", async () => {
  const heard: string[] = [];
  let letGo = () => {};
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  bot.on(["message:text", "callback_query"], async (ctx) => {
    heard.push(ctx.message?.text ?? `tap ${ctx.callbackQuery?.data}`);
    if (heard.length === 3) await gate;
  });
  const served = await webhookOf(bot);
  await ask(rows(1, 1));
  const word = anna.say("hello");
  const tapped = anna.tap("x");
  await expect.poll(() => heard.toSorted()).toEqual(["hello", "tap x"]);
  await expect.poll(() => telegram.pendingUpdates()).toBe(0);

  anna.redeliver(word.updateId);
  anna.redeliver(tapped.updateId);
  // The first is still being handled, and the other didn't wait for it.
  await expect.poll(() => heard.slice(2).toSorted()).toEqual(["hello", "tap x"]);
  await expect.poll(() => telegram.pendingUpdates()).toBe(1);
  letGo();
  await expect.poll(() => telegram.pendingUpdates()).toBe(0);
  await served.close();
});
