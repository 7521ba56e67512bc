import { readFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { Bot } from "grammy/web";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../src/lib/clock.ts";
import { FaultBoard } from "../../src/sandbox/faults.ts";
import { type Panel, startPanel } from "../../src/sandbox/panel.ts";
import type { Observe, Observed, PanelActions } from "../../src/sandbox/panel-contract.ts";
import type { PanelState } from "../../src/sandbox/panel-state.ts";
import type { PersonChat } from "../../src/sandbox/telegram/chat.ts";
import { startTelegram, type Telegram } from "../../src/sandbox/telegram.ts";

let telegram: Telegram;
let anna: PersonChat;
let panel: Panel;
let bot: Bot;
let observed: Observed;
let observe: Observe;
let acted: [name: string, input: unknown][];

const acting =
  (name: string) =>
  async (input: unknown): Promise<string> => {
    acted.push([name, input]);
    return `${name} is done.`;
  };

beforeEach(async () => {
  acted = [];
  observed = {
    ...{ linked: false, weights: [], bloodPressures: [], mails: [], scenes: [], stories: [] },
    ...{ aheadSeconds: 0, hasShortPatience: true, hasAddress: true },
  };
  observe = () => observed;
  telegram = await startTelegram({ clock: systemClock, faults: new FaultBoard() });
  anna = telegram.user({ id: 41, firstName: "Anna" });
  bot = new Bot(telegram.token, { client: { apiRoot: telegram.apiRoot } });
  const actions: PanelActions = {
    link: async () => {
      observed = { ...observed, linked: true };
      return "Linked.";
    },
    say: acting("say"),
    location: acting("location"),
    weighIn: acting("weighIn"),
    bloodPressure: acting("bloodPressure"),
    guest: async () => {
      throw new Error("Nobody else is at home.");
    },
    housemateJoins: acting("housemateJoins"),
    housemateSays: acting("housemateSays"),
    editLast: acting("editLast"),
    deleteLast: acting("deleteLast"),
    doubtLast: acting("doubtLast"),
    weighInDated: acting("weighInDated"),
    trouble: acting("trouble"),
    loseSubscription: acting("loseSubscription"),
    removeApp: acting("removeApp"),
    forgetHeight: acting("forgetHeight"),
    startOnEmptyFolder: acting("startOnEmptyFolder"),
    putOldDataBack: acting("putOldDataBack"),
    putRight: acting("putRight"),
    passTime: acting("passTime"),
    patience: acting("patience"),
    address: acting("address"),
    startOver: acting("startOver"),
  };
  panel = await startPanel({ telegram, chatUser: anna, actions, observe: () => observe() });
});

afterEach(async () => {
  await panel.close();
  await telegram.close();
});

async function post(path: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${panel.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, ...((await response.json()) as { message: string }) };
}

async function state(): Promise<PanelState> {
  return (await fetch(`${panel.url}/panel/state`)).json() as Promise<PanelState>;
}

async function listen() {
  const abort = new AbortController();
  const response = await fetch(`${panel.url}/panel/events`, { signal: abort.signal });
  const states: PanelState[] = [];
  const reading = (async () => {
    const decoder = new TextDecoder();
    let text = "";
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      const events = text.split("\n\n");
      text = events.pop() ?? "";
      for (const event of events) states.push(JSON.parse(event.replace(/^data: /, "")) as PanelState);
    }
  })().catch(() => {});
  return {
    states,
    close: async () => {
      abort.abort();
      await reading;
    },
  };
}

/** fetch sets its own Host; a browser at a rebound name would send that name. */
function statusWithHost(host: string): Promise<number> {
  const { hostname, port } = new URL(panel.url);
  return new Promise((resolve, reject) => {
    httpRequest({ hostname, port, path: "/panel/state", headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on("error", reject)
      .end();
  });
}

test("the page comes with everything it needs, and may load nothing from elsewhere", async () => {
  const response = await fetch(panel.url);
  expect(response.headers.get("content-security-policy")).toMatch(/default-src 'none'/);
  const html = await response.text();
  const named = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, name]) => name ?? "");
  expect(named).toContain("main.js");
  for (const name of named) expect((await fetch(`${panel.url}/${name}`)).status, name).toBe(200);
});

test("files outside the page's folder are not served", async () => {
  for (const path of ["/panel.ts", "/..%2fpanel.ts", "/page/main.js", "/panel/file/unknown"]) {
    expect((await fetch(`${panel.url}${path}`)).status, path).toBe(404);
  }
});

test("what the person says and taps reaches the bot, and its answer is pushed to the page", async () => {
  const page = await listen();
  expect((await post("/panel/say", { text: "hello" })).status).toBe(200);
  const sent = await bot.api.sendMessage(41, "What now?", {
    reply_markup: { inline_keyboard: [[{ text: "Sync", callback_data: "sync" }]] },
  });
  await expect.poll(() => page.states.at(-1)?.chat.messages.map(({ text }) => text)).toEqual(["hello", "What now?"]);
  expect((await post("/panel/tap", { button: "sync", messageId: sent.message_id })).status).toBe(200);
  const updates = await bot.api.getUpdates({ timeout: 0 });
  expect(updates.map(({ message, callback_query }) => message?.text ?? callback_query?.data)).toEqual([
    "hello",
    "sync",
  ]);
  await expect.poll(() => page.states.at(-1)?.chat.messages[1]?.buttons[0]?.[0]?.spinning).toBe(true);
  await page.close();
});

test("a deleted message is gone from the page", async () => {
  const page = await listen();
  const { messageId } = anna.say("my password");
  await expect.poll(() => page.states.at(-1)?.chat.messages).toHaveLength(1);
  await bot.api.deleteMessage(41, messageId);
  await expect.poll(() => page.states.at(-1)?.chat.messages).toEqual([]);
  await page.close();
});

test("a tap on a button that is gone is answered with one sentence, without the chat in it", async () => {
  anna.say("my secret");
  const sent = await bot.api.sendMessage(41, "Is this yours?", {
    reply_markup: { inline_keyboard: [[{ text: "Not mine", callback_data: "mine:1" }]] },
  });
  await bot.api.editMessageText(41, sent.message_id, "It stays out.");
  expect(await post("/panel/tap", { button: "mine:1", messageId: sent.message_id })).toEqual({
    status: 422,
    message: "That button is gone: the bot has changed its message.",
  });
});

test("the page shows one line of limited length about an error", async () => {
  observe = () => {
    throw new Error(`${"very long ".repeat(100)}\nthe chat shows: a secret`);
  };
  const { problem } = await state();
  expect(problem).not.toContain("secret");
  expect(problem?.length).toBeLessThan(300);
});

test("when another world is shown, every page starts over", async () => {
  const page = await listen();
  await expect.poll(() => page.states.at(-1)?.beginning).toBe(1);
  anna.say("hello");
  const other = await startTelegram({ clock: systemClock, faults: new FaultBoard() });
  const ben = other.user({ id: 42, firstName: "Ben" });
  panel.show({ telegram: other, chatUser: ben, actions: {} as PanelActions, observe: () => observed });
  await expect.poll(() => page.states.at(-1)).toMatchObject({ beginning: 2, chat: { messages: [] } });
  ben.say("good morning");
  await expect.poll(() => page.states.at(-1)?.chat.messages.map(({ text }) => text)).toEqual(["good morning"]);
  await page.close();
  await other.close();
});

test("an action gets its input and answers with a sentence", async () => {
  const input = { weightKg: 78.4, takenAt: "2026-11-02T07:30:00.000Z" };
  expect(await post("/panel/action/weighIn", input)).toEqual({ status: 200, message: "weighIn is done." });
  expect(await post("/panel/action/trouble", { name: "withings_601", on: true })).toMatchObject({ status: 200 });
  expect(acted).toEqual([
    ["weighIn", input],
    ["trouble", { name: "withings_601", on: true }],
  ]);
});

test("what an action changed is on the page before the next regular update", async () => {
  const page = await listen();
  await expect.poll(() => page.states.length).toBeGreaterThan(0);
  expect(page.states.at(-1)?.observed?.linked).toBe(false);
  await post("/panel/action/link", {});
  // The next update never ends.
  observe = () => new Promise(() => {});
  await expect.poll(() => page.states.at(-1)?.observed?.linked).toBe(true);
  await page.close();
});

test("what changes at the vendors appears on the page by itself", async () => {
  const page = await listen();
  await expect.poll(() => page.states.length).toBeGreaterThan(0);
  observed = { ...observed, weights: [{ takenAt: "2026-11-02T07:30:00Z", weightKg: 78.4 }] };
  await expect.poll(() => page.states.at(-1)?.observed?.weights.length, { timeout: 10_000 }).toBe(1);
  await page.close();
});

test("the person reads the message of an error that an action throws", async () => {
  expect(await post("/panel/action/guest", {})).toEqual({ status: 422, message: "Nobody else is at home." });
});

test("an unknown action and an impossible value are refused before anything happens", async () => {
  expect(await post("/panel/action/explode", {})).toMatchObject({ status: 404 });
  expect(await post("/panel/action/constructor", {})).toMatchObject({ status: 404 });
  const tooHeavy = await post("/panel/action/weighIn", { weightKg: 4000 });
  expect(tooHeavy.status).toBe(422);
  expect(tooHeavy.message).toMatch(/^weightKg: /);
  expect(acted).toEqual([]);
});

test("when the vendors can't be read, the page says so and the chat continues", async () => {
  await panel.close();
  const observe = () => {
    throw new Error("the sandbox is gone");
  };
  panel = await startPanel({ telegram, chatUser: anna, actions: {} as PanelActions, observe });
  anna.say("hello");
  const shown = await state();
  expect(shown.problem).toMatch(/the sandbox is gone/);
  expect(shown.chat.messages).toHaveLength(1);
});

test("a request under a foreign host name is refused", async () => {
  const { port } = new URL(panel.url);
  expect(await statusWithHost(`127.0.0.1:${port}`)).toBe(200);
  expect(await statusWithHost(`localhost:${port}`)).toBe(200);
  expect(await statusWithHost(`rebound.example:${port}`)).toBe(403);
  expect(await statusWithHost("127.0.0.1")).toBe(403);
});

test("the README promises the page only on this machine", async () => {
  const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8");
  const [, tryIt = ""] = /^## Try it$(.*?)^## /ms.exec(readme) ?? [];
  expect(tryIt).toMatch(/in a browser on this machine/);
  expect(tryIt).not.toMatch(/phone|tablet/i);
});

test("a form on another website can't speak for the person, because only JSON is accepted", async () => {
  expect(await post("/panel/say", { text: "hello" }, { "content-type": "text/plain" })).toMatchObject({ status: 415 });
  expect(anna.messages).toEqual([]);
});

test("a picture from the bot can be viewed", async () => {
  anna.say("hello");
  const form = new FormData();
  const png = new Uint8Array(32);
  png.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  new DataView(png.buffer).setUint32(16, 8);
  new DataView(png.buffer).setUint32(20, 5);
  form.set("chat_id", "41");
  form.set("photo", new File([png], "chart.png", { type: "image/png" }));
  await fetch(`${telegram.apiRoot}/bot${telegram.token}/sendPhoto`, { method: "POST", body: form });
  const { chat } = await state();
  const response = await fetch(`${panel.url}/panel/file/${chat.messages[1]?.photo?.fileId}`);
  expect(response.headers.get("content-type")).toBe("image/png");
  expect(new Uint8Array(await response.arrayBuffer())).toEqual(png);
});

test("the page opens a Mini App by a redirect to the signed address, and says if its button is gone", async () => {
  anna.say("/start");
  const button = { text: "Open", web_app: { url: "https://example.org/app" } };
  const { message_id } = await bot.api.sendMessage(41, "Here.", { reply_markup: { inline_keyboard: [[button]] } });
  const open = (name: string) =>
    fetch(`${panel.url}/panel/web-app?${new URLSearchParams({ message: String(message_id), button: name })}`, {
      redirect: "manual",
    });
  const answer = await open("Open");
  expect(answer.status).toBe(302);
  expect(answer.headers.get("location")).toMatch(/^https:\/\/example\.org\/app#tgWebAppData=query_id/);
  const gone = await open("Close");
  expect([gone.status, await gone.json()]).toEqual([
    422,
    { message: "That button is gone: the bot has changed its message." },
  ]);
});
