import { Bot, type Context, GrammyError, InputFile } from "grammy/web";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FaultBoard } from "../../src/sandbox/faults.ts";
import { createManualClock, type ManualClock } from "../../src/sandbox/manual-clock.ts";
import { serve } from "../../src/sandbox/serve.ts";
import { floodWait } from "../../src/sandbox/telegram/faults.ts";
import { startTelegram, type Telegram } from "../../src/sandbox/telegram.ts";
import { refusal, WEBHOOK_SECRET, webhookOf } from "../../src/sandbox/telegram-bot.ts";

/** As much of a PNG as is checked. */
function png(width: number, height: number): Uint8Array {
  const bytes = new Uint8Array(32);
  bytes.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52]);
  new DataView(bytes.buffer).setUint32(16, width);
  new DataView(bytes.buffer).setUint32(20, height);
  return bytes;
}

let clock: ManualClock;
let faults: FaultBoard;
let telegram: Telegram;
let bot: Bot;
const closing: (() => Promise<unknown> | undefined)[] = [];

beforeEach(async () => {
  clock = createManualClock(new Date("2026-11-02T07:30:00Z"));
  faults = new FaultBoard();
  telegram = await startTelegram({ clock, faults });
  bot = new Bot(telegram.token, { client: { apiRoot: telegram.apiRoot } });
  closing.push(() => telegram.close());
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const anna = () => telegram.user({ id: 41, firstName: "Anna", languageCode: "de", started: true });

async function startPolling() {
  const started = new Promise<void>((resolve) => {
    closing.push(() => bot.stop());
    bot.start({ onStart: () => resolve() });
  });
  await started;
}

async function startWebhook(answer?: (handle: () => Promise<Response>) => Promise<Response>) {
  const served = await webhookOf(bot, answer);
  closing.push(() => served.close());
  return served;
}

const outcomes = () => telegram.deliveries.map(({ outcome }) => outcome).filter((outcome) => outcome !== "under way");

async function call(path: string, init?: RequestInit) {
  const response = await fetch(`${telegram.apiRoot}/bot${telegram.token}/${path}`, init);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

describe("a grammY bot by long polling", () => {
  test("gets a command, answers with buttons, and replaces the text the person sees by an edit", async () => {
    bot.command("start", (ctx) =>
      ctx.reply(`Hello ${ctx.from?.first_name}`, {
        reply_markup: { inline_keyboard: [[{ text: "Link", callback_data: "link" }]] },
      }),
    );
    bot.callbackQuery("link", async (ctx) => {
      await ctx.answerCallbackQuery("One moment");
      await ctx.editMessageText("Linked");
    });
    await startPolling();
    const chat = anna();
    chat.say("/start");
    const hello = await chat.waitForMessage();
    expect(hello).toMatchObject({ text: "Hello Anna", edited: false, buttons: [[{ text: "Link", data: "link" }]] });

    chat.tap("Link");
    const linked = await chat.waitForMessage(({ text }) => text === "Linked");
    expect(linked).toMatchObject({ id: hello.id, edited: true, history: ["Hello Anna"], buttons: [] });
    expect(chat.toasts).toEqual([{ text: "One moment", alert: false }]);
    expect(chat.messages.map(({ from }) => from)).toEqual(["person", "bot"]);
  });

  test("an update comes again until a later offset confirms it", async () => {
    const sent = anna().say("hello");
    const first = await bot.api.getUpdates({ timeout: 0 });
    expect(first.map((update) => update.update_id)).toEqual([sent.updateId]);
    expect(await bot.api.getUpdates({ timeout: 0 })).toEqual(first);
    expect(await bot.api.getUpdates({ timeout: 0, offset: sent.updateId + 1 })).toEqual([]);
    expect(await bot.api.getUpdates({ timeout: 0 })).toEqual([]);
  });

  test("a poll waits for news and returns at once when there is some", async () => {
    const waiting = bot.api.getUpdates({ timeout: 20 });
    setTimeout(() => anna().say("here I am"), 50);
    const [update] = await waiting;
    expect(update?.message?.text).toBe("here I am");
  });

  test("a second poll ends the first with 409", async () => {
    const first = refusal(bot.api.getUpdates({ timeout: 20 }));
    await expect.poll(() => telegram.calls("getUpdates")).toHaveLength(1);
    await bot.api.getUpdates({ timeout: 0 });
    expect(await first).toMatch(/^409 Conflict: terminated by other getUpdates request/);
  });

  test("polling is refused while a webhook is set", async () => {
    await bot.api.setWebhook("https://example.org/hook");
    expect(await refusal(bot.api.getUpdates())).toMatch(/^409 Conflict: can't use getUpdates method while webhook is/);
    await bot.api.deleteWebhook();
    expect(await bot.api.getUpdates({ timeout: 0 })).toEqual([]);
  });

  test("the kinds of updates that were asked for once stay in force", async () => {
    await bot.api.getUpdates({ timeout: 0, allowed_updates: ["callback_query"] });
    await bot.api.getUpdates({ timeout: 0 });
    anna().say("not asked for");
    expect(await bot.api.getUpdates({ timeout: 0 })).toEqual([]);
  });

  test("a redelivered update arrives although it was confirmed", async () => {
    const heard: string[] = [];
    bot.on("message:text", (ctx) => {
      heard.push(ctx.message.text);
    });
    await startPolling();
    const chat = anna();
    const sent = chat.say("once");
    await expect.poll(() => heard).toEqual(["once"]);
    chat.say("then");
    await expect.poll(() => heard).toEqual(["once", "then"]);
    chat.redeliver(sent.updateId);
    await expect.poll(() => heard).toEqual(["once", "then", "once"]);
  });

  test("a redelivered update comes once, despite a higher offset", async () => {
    const chat = anna();
    const { updateId } = chat.say("once");
    const offset = updateId + 1;
    expect(await bot.api.getUpdates({ timeout: 0, offset })).toEqual([]);
    chat.redeliver(updateId);
    expect(await bot.api.getUpdates({ timeout: 0, offset })).toMatchObject([{ update_id: updateId }]);
    expect(await bot.api.getUpdates({ timeout: 0, offset })).toEqual([]);
  });

  test("the bot learns that a person blocked it, and can't write to them until they unblock it", async () => {
    const seen: string[] = [];
    bot.on("my_chat_member", (ctx) => {
      seen.push(ctx.myChatMember.new_chat_member.status);
    });
    await startPolling();
    const chat = anna();
    chat.block();
    await expect.poll(() => seen).toEqual(["kicked"]);
    expect(await refusal(bot.api.sendMessage(41, "hello"))).toBe("403 Forbidden: bot was blocked by the user");
    chat.unblock();
    await bot.api.sendMessage(41, "welcome back");
    await expect.poll(() => seen).toEqual(["kicked", "member"]);
  });
});

describe("a grammY bot by webhook", () => {
  test("an update reaches the bot with the secret", async () => {
    bot.on("message:text", (ctx) => ctx.reply(`You said ${ctx.message.text}`));
    const served = await startWebhook();
    const chat = anna();
    chat.say("hi");
    await chat.waitForMessage(({ text }) => text === "You said hi");
    expect(served.requests[0]?.headers["x-telegram-bot-api-secret-token"]).toBe(WEBHOOK_SECRET);
    await expect.poll(() => telegram.pendingUpdates()).toBe(0);
  });

  test("a chat's messages come one after the other, and a tap can come in between", async () => {
    const order: string[] = [];
    let letGo = () => {};
    const gate = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    bot.on("message:text", async (ctx) => {
      order.push(ctx.message.text);
      if (ctx.message.text === "first") await gate;
    });
    bot.on("callback_query", (ctx) => {
      order.push(`tap ${ctx.callbackQuery.data}`);
    });
    await startWebhook();
    const chat = anna();
    await bot.api.sendMessage(41, "choose", {
      reply_markup: { inline_keyboard: [[{ text: "A", callback_data: "a" }]] },
    });
    chat.say("first");
    chat.say("second");
    chat.tap("A");
    await expect.poll(() => order).toEqual(["first", "tap a"]);
    letGo();
    await expect.poll(() => order).toEqual(["first", "tap a", "second"]);
  });

  test("with one connection nothing overlaps", async () => {
    let running = 0;
    let most = 0;
    bot.use(async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 30));
      running -= 1;
    });
    const served = await startWebhook();
    await bot.api.setWebhook(served.url, { secret_token: WEBHOOK_SECRET, max_connections: 1 });
    anna().say("one");
    telegram.user({ id: 42, firstName: "Ben" }).say("two");
    await expect.poll(() => telegram.pendingUpdates()).toBe(0);
    expect(most).toBe(1);
  });

  test("a refused update comes again at once, then after 2 and 4 seconds, and its queue waits", async () => {
    let refusals = 4;
    bot.on("message:text", (ctx) => ctx.reply(ctx.message.text));
    await startWebhook(async (handle) => {
      refusals -= 1;
      return refusals >= 0 ? new Response(null, { status: 503 }) : handle();
    });
    const chat = anna();
    chat.say("stubborn");
    chat.say("patient");
    await expect.poll(outcomes).toEqual([503, 503]);
    expect((await bot.api.getWebhookInfo()).last_error_message).toMatch(/^Wrong response from the webhook: 503/);
    clock.advance(2);
    await expect.poll(outcomes).toHaveLength(3);
    clock.advance(2);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(outcomes()).toHaveLength(3);
    clock.advance(2);
    await expect.poll(outcomes).toHaveLength(4);
    clock.advance(8);
    await chat.waitForMessage(({ text }) => text === "patient");
    expect(chat.messages.filter(({ from }) => from === "bot").map(({ text }) => text)).toEqual(["stubborn", "patient"]);
  });

  test("Retry-After is respected, and an update that would expire before then is dropped", async () => {
    await startWebhook(async () => new Response(null, { status: 503, headers: { "retry-after": "100" } }));
    const chat = anna();
    await bot.api.sendMessage(41, "choose", {
      reply_markup: { inline_keyboard: [[{ text: "A", callback_data: "a" }]] },
    });
    chat.tap("A");
    await expect.poll(outcomes).toEqual([503]);
    clock.advance(99);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(outcomes()).toEqual([503]);
    clock.advance(1);
    await expect.poll(outcomes).toEqual([503, 503]);
    await expect.poll(() => telegram.pendingUpdates()).toBe(0);
  });

  test("a webhook that hangs is tried again", async () => {
    await telegram.close();
    telegram = await startTelegram({ clock, faults, webhookTimeoutSeconds: 0.1 });
    bot = new Bot(telegram.token, { client: { apiRoot: telegram.apiRoot } });
    const hook = await serve(() => "hang");
    closing.push(() => hook.close());
    await bot.api.setWebhook(hook.url);
    anna().say("anybody?");
    await expect.poll(() => hook.requests.length).toBe(2);
    expect(telegram.deliveries[0]?.outcome).toBe("Read timeout expired");
  });

  test("a method call in the answer to a webhook is carried out", async () => {
    const hook = await serve(() => Response.json({ method: "sendChatAction", chat_id: 41, action: "typing" }));
    closing.push(() => hook.close());
    await bot.api.setWebhook(hook.url);
    const chat = anna();
    chat.say("hi");
    await chat.waitUntil(({ action }) => action === "typing");
    clock.advance(5);
    expect(chat.action).toBeUndefined();
  });

  test("a webhook is HTTPS or on this machine, and its secret has plain characters only", async () => {
    expect(await refusal(bot.api.setWebhook("http://example.org/"))).toMatch(/^400 Bad Request: bad webhook: An HTTPS/);
    expect(await refusal(bot.api.setWebhook("https://example.org/", { secret_token: "a b" }))).toMatch(/unallowed/);
  });
});

describe("what a bot may write", () => {
  const keyboard = (data: string) => ({ inline_keyboard: [[{ text: "Go", callback_data: data }]] });
  const write = (text: string, other: Parameters<Bot<Context>["api"]["sendMessage"]>[2] = {}) => {
    anna();
    return bot.api.sendMessage(41, text, other);
  };

  test("a text has 1 to 4096 characters", async () => {
    expect(await refusal(write("  \n"))).toBe("400 Bad Request: message text is empty");
    expect(await refusal(write("x".repeat(4097)))).toBe("400 Bad Request: message is too long");
    expect((await write("x".repeat(4096))).text).toHaveLength(4096);
  });

  test("callback data has up to 64 bytes", async () => {
    expect((await write("fits", { reply_markup: keyboard("x".repeat(64)) })).reply_markup).toBeDefined();
    expect(await refusal(write("too long", { reply_markup: keyboard("ü".repeat(33)) }))).toBe(
      "400 Bad Request: BUTTON_DATA_INVALID",
    );
  });

  test("a button does exactly one thing", async () => {
    const nothing = { inline_keyboard: [[{ text: "Go" } as never]] };
    expect(await refusal(write("hm", { reply_markup: nothing }))).toMatch(/Text buttons are unallowed/);
    const script = { inline_keyboard: [[{ text: "Go", url: "javascript:alert(1)" }]] };
    expect(await refusal(write("hm", { reply_markup: script }))).toMatch(/Wrong HTTP URL/);
  });

  test("HTML becomes text and entities", async () => {
    const sent = await write('<b>78,4&nbsp;kg</b> &lt; <a href="https://example.org/?a=1&amp;b=2">goal</a>', {
      parse_mode: "HTML",
    });
    expect(sent.text).toBe("78,4&nbsp;kg < goal");
    expect(sent.entities).toEqual([
      { type: "bold", offset: 0, length: 12 },
      { type: "text_link", url: "https://example.org/?a=1&b=2", offset: 15, length: 4 },
    ]);
  });

  test.each([
    ["<b>open", `Can't find end tag corresponding to start tag "b"`],
    ["über <br> two", 'Unsupported start tag "br" at byte offset 6'],
    ["<b><i>x</b></i>", 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"'],
    ["5 < 7", 'Unsupported start tag "" at byte offset 2'],
    ["x</b>", "Unexpected end tag at byte offset 1"],
  ])("the HTML %s is refused", async (html, complaint) => {
    expect(await refusal(write(html, { parse_mode: "HTML" }))).toBe(
      `400 Bad Request: can't parse entities: ${complaint}`,
    );
  });

  test("an entity must end inside its text", async () => {
    expect(await refusal(write("short", { entities: [{ type: "bold", offset: 3, length: 9 }] }))).toMatch(
      /^400 Bad Request: can't parse entities/,
    );
  });

  test("the bot can't find a stranger, or write to a person who hasn't written first", async () => {
    expect(await refusal(bot.api.sendMessage(999, "hello"))).toBe("400 Bad Request: chat not found");
    telegram.user({ id: 43, firstName: "Carla" });
    expect(await refusal(bot.api.sendMessage(43, "hello"))).toBe(
      "403 Forbidden: bot can't initiate conversation with a user",
    );
  });

  test("a forced reply shows its placeholder until the person answers, and the answer names the question", async () => {
    const asked = await write("Your code?", {
      reply_markup: { force_reply: true, input_field_placeholder: "six digits" },
    });
    const chat = anna();
    expect(chat.placeholder).toBe("six digits");
    chat.say("123456");
    expect(chat.placeholder).toBeUndefined();
    const [update] = await bot.api.getUpdates({ timeout: 0 });
    expect(update?.message?.reply_to_message?.message_id).toBe(asked.message_id);
  });
});

describe("edits, deletions and taps", () => {
  test("an edit must change something, in one of the bot's own messages", async () => {
    const chat = anna();
    const sent = await bot.api.sendMessage(41, "Syncing");
    expect(await refusal(bot.api.editMessageText(41, sent.message_id, "Syncing"))).toMatch(
      /^400 Bad Request: message is not modified: specified new message content and reply markup/,
    );
    expect(await refusal(bot.api.editMessageText(41, 9, "Done"))).toBe("400 Bad Request: message to edit not found");
    const theirs = chat.say("mine");
    expect(await refusal(bot.api.editMessageText(41, theirs.messageId, "Done"))).toMatch(/message can't be edited/);
    await bot.api.editMessageText(41, sent.message_id, "Done");
    expect(chat.messages[0]).toMatchObject({ text: "Done", edited: true, history: ["Syncing"] });
  });

  test("changed buttons alone don't mark a message as edited", async () => {
    const reply_markup = { inline_keyboard: [[{ text: "Go", callback_data: "go" }]] };
    const sent = await bot.api.sendMessage(anna().id, "Ready", { reply_markup });
    expect(await refusal(bot.api.editMessageReplyMarkup(41, sent.message_id, { reply_markup }))).toMatch(
      /not modified/,
    );
    await bot.api.editMessageReplyMarkup(41, sent.message_id);
    expect(anna().messages[0]).toMatchObject({ buttons: [], edited: false });
  });

  test("in a private chat the bot can delete the person's messages for 48 hours", async () => {
    const chat = anna();
    const secret = chat.say("a password");
    const old = chat.say("an old word");
    await bot.api.deleteMessage(41, secret.messageId);
    expect(chat.messages.map(({ text }) => text)).toEqual(["an old word"]);
    expect(await refusal(bot.api.deleteMessage(41, secret.messageId))).toMatch(/message to delete not found/);
    clock.advance(48 * 3600);
    expect(await refusal(bot.api.deleteMessage(41, old.messageId))).toBe("400 Bad Request: message can't be deleted");
  });

  test("in a group the bot can delete only its own messages", async () => {
    const theirs = anna().sayInGroup(-7, "/login in public");
    const own = await bot.api.sendMessage(-7, "Not here");
    expect(await refusal(bot.api.deleteMessage(-7, theirs.messageId))).toMatch(/message can't be deleted/);
    await bot.api.deleteMessages(-7, [own.message_id, 12345]);
    expect(telegram.messagesInGroup(-7).map(({ text }) => text)).toEqual(["/login in public"]);
  });

  test("a tap can be answered once, until it expires", async () => {
    const reply_markup = { inline_keyboard: [[{ text: "Go", callback_data: "go" }]] };
    await bot.api.sendMessage(anna().id, "Ready", { reply_markup });
    const chat = anna();
    chat.tap("go");
    chat.tap("Go");
    expect(chat.unansweredTaps).toBe(2);
    expect(chat.lastMessage?.buttons[0]?.[0]?.spinning).toBe(true);
    const [first, second] = await bot.api.getUpdates({ timeout: 0 });
    const answer = (id: string | undefined) => bot.api.answerCallbackQuery(id ?? "", { text: "Going" });
    await answer(first?.callback_query?.id);
    expect(await refusal(answer(first?.callback_query?.id))).toMatch(/^400 Bad Request: query is too old and/);
    clock.advance(151);
    expect(await refusal(answer(second?.callback_query?.id))).toMatch(/query is too old/);
    expect(chat.toasts).toHaveLength(1);
  });

  test("a button that no message has can't be tapped", async () => {
    await bot.api.sendMessage(anna().id, "Nothing to tap");
    expect(() => anna().tap("Go")).toThrow(/there is no button "Go"; the chat shows:\n {2}bot: Nothing to tap/);
  });
});

describe("files, commands and the way in", () => {
  test("an uploaded photo is shown, can be downloaded, and can be sent again by its id", async () => {
    const sent = await bot.api.sendPhoto(anna().id, new InputFile(png(1280, 800), "weight.png"), {
      caption: "30 days",
    });
    const [photo] = sent.photo;
    expect(anna().messages[0]).toMatchObject({ text: "30 days", photo: { width: 1280, height: 800 } });
    const { file_path } = await bot.api.getFile(photo?.file_id ?? "");
    const download = await fetch(`${telegram.apiRoot}/file/bot${telegram.token}/${file_path}`);
    expect(new Uint8Array(await download.arrayBuffer())).toEqual(png(1280, 800));
    const again = await bot.api.sendPhoto(41, photo?.file_id ?? "");
    expect(again.photo[0]?.file_id).toBe(photo?.file_id);
  });

  test("a file that isn't a photo is refused as a photo and accepted as a document", async () => {
    const csv = () => new InputFile(new TextEncoder().encode("a;b"), "readings.csv");
    expect(await refusal(bot.api.sendPhoto(anna().id, csv()))).toBe("400 Bad Request: IMAGE_PROCESS_FAILED");
    const ribbon = new InputFile(png(2100, 100), "ribbon.png");
    expect(await refusal(bot.api.sendPhoto(41, ribbon))).toBe("400 Bad Request: PHOTO_INVALID_DIMENSIONS");
    await bot.api.sendDocument(41, csv());
    expect(anna().lastMessage?.document?.fileName).toBe("readings.csv");
  });

  test("an edit replaces the picture of a message", async () => {
    const sent = await bot.api.sendPhoto(anna().id, new InputFile(png(800, 500), "a.png"), { caption: "7 days" });
    const media = { type: "photo" as const, media: new InputFile(png(900, 500), "b.png"), caption: "30 days" };
    await bot.api.editMessageMedia(41, sent.message_id, media);
    expect(anna().messages[0]).toMatchObject({ text: "30 days", photo: { width: 900 }, edited: true });
    expect(await refusal(bot.api.editMessageText(41, sent.message_id, "words"))).toMatch(/there is no text/);
  });

  test("a person sees the commands of the narrowest scope, in their language if possible", async () => {
    const chat = anna();
    const list = (description: string) => [{ command: "sync", description }];
    await bot.api.setMyCommands(list("for all"));
    expect(chat.commands).toEqual(list("for all"));
    await bot.api.setMyCommands(list("privat"), { scope: { type: "all_private_chats" }, language_code: "de" });
    expect(chat.commands).toEqual(list("privat"));
    await bot.api.setMyCommands(list("for Anna"), { scope: { type: "chat", chat_id: 41 } });
    expect(chat.commands).toEqual(list("for Anna"));
    await bot.api.deleteMyCommands({ scope: { type: "chat", chat_id: 41 } });
    expect(chat.commands).toEqual(list("privat"));
    expect(await bot.api.getMyCommands()).toEqual(list("for all"));
    expect(await refusal(bot.api.setMyCommands([{ command: "Sync", description: "x" }]))).toMatch(
      /BOT_COMMAND_INVALID/,
    );
  });

  test("arguments come as query, JSON, form or multipart, and method names in any case", async () => {
    anna();
    const form = new FormData();
    form.set("chat_id", "41");
    form.set("text", "multipart");
    form.set("reply_markup", JSON.stringify({ inline_keyboard: [[{ text: "Go", callback_data: "go" }]] }));
    await call("sendmessage?chat_id=41&text=query");
    await call("SendMessage", { method: "POST", body: new URLSearchParams({ chat_id: "41", text: "form" }) });
    await call("sendMessage", { method: "POST", body: form });
    await call("sendMessage", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ chat_id: 41, text: "json" }),
    });
    expect(anna().messages.map(({ text }) => text)).toEqual(["query", "form", "multipart", "json"]);
    expect(anna().messages[2]?.buttons[0]?.[0]?.data).toBe("go");
  });

  test("a wrong token and an unknown method are told apart", async () => {
    const wrong = await fetch(`${telegram.apiRoot}/bot1:nobody/getMe`);
    expect([wrong.status, await wrong.json()]).toEqual([
      401,
      { ok: false, error_code: 401, description: "Unauthorized" },
    ]);
    expect(await call("getWeather")).toEqual({
      status: 404,
      body: { ok: false, error_code: 404, description: "Not Found: method not found" },
    });
  });

  test("a bot that writes too much is told how long to wait", async () => {
    faults.add(floodWait({ method: "sendMessage", retryAfterSeconds: 7, times: 1 }));
    const error = await bot.api.sendMessage(anna().id, "hello").catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(GrammyError);
    expect(error).toMatchObject({ error_code: 429, parameters: { retry_after: 7 } });
    await bot.api.sendMessage(41, "hello");
    expect(telegram.calls("sendMessage")).toHaveLength(1);
  });
});
