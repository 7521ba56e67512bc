import { afterEach, beforeEach, expect, test } from "vitest";
import { DEMO_USER, startDemo } from "../../src/sandbox/demo.ts";
import type { PanelState } from "../../src/sandbox/panel-state.ts";
import { DEMO_NAME } from "../../src/sandbox/people.ts";
import { type Trouble, whatToLookAt } from "../../src/sandbox/stories.ts";
import type { PersonChat } from "../../src/sandbox/telegram/chat.ts";

let demo: Awaited<ReturnType<typeof startDemo>>;
let chat: PersonChat;

beforeEach(async () => {
  demo = await startDemo({ paced: false });
  chat = demo.sandbox.telegram.user({ id: DEMO_USER, firstName: DEMO_NAME });
});
afterEach(() => demo.close());

async function act(action: string, input: object = {}): Promise<string> {
  const response = await fetch(`${demo.url}/panel/action/${action}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(input),
  });
  const { message } = (await response.json()) as { message: string };
  expect(response.status, message).toBe(200);
  return message;
}
const trouble = (name: Trouble, on: boolean) => act("trouble", { name, on });

async function observed() {
  const { observed } = (await (await fetch(`${demo.url}/panel/state`)).json()) as PanelState;
  if (!observed) throw new Error("nothing was observed");
  return observed;
}
const alarms = async () => (await observed()).mails.filter(({ to }) => to === "ALARM_URL").map(({ text }) => text);

async function link() {
  await act("link");
  await chat.waitForMessage(({ text }) => text.includes("in Garmin."));
}

const silent = (Object.keys(whatToLookAt) as Trouble[]).filter((name) => !/^bot_(taken|polled)$/.test(name));

test.each(silent)("%s: the page says that the alarm will be in Mail, and an hour later it is", async (name) => {
  await link();
  const known = chat.messages.length;
  expect(await trouble(name, true)).toMatch(/ on\. .*Mail/);
  await act("passTime", { until: "hour" });
  await expect.poll(alarms).toHaveLength(1);
  expect(chat.messages.length).toBe(known);
});

const BY_ADDRESS = /^Another program, at http:\/\/127\.0\.0\.1:\d+, took over this bot’s messages/;
const UNKNOWN =
  /^Another program (took over|(is also|has also been) reading) this bot’s messages.*Telegram doesn’t say which/;

test.each([
  ["bot_taken", true, BY_ADDRESS],
  ["bot_taken", false, BY_ADDRESS],
  ["bot_polled", true, UNKNOWN],
  ["bot_polled", false, UNKNOWN],
] as const)(
  "%s (address: %s): within a minute the bot says so, with what is known about the other program",
  async (name, on, words) => {
    if (!on) await act("address", { on });
    await link();
    await trouble(name, true);
    await chat.waitForMessage(({ text }) => words.test(text), 60_000);
    expect(await alarms()).toEqual([expect.stringMatching(words)]);
    await act("putRight");
    chat.say("/cancel");
    await chat.waitForMessage(({ text }) => text.includes("nothing to cancel"));
  },
  90_000,
);

test("a question that Telegram refused arrives once Telegram accepts messages again", async () => {
  await link();
  expect(await trouble("telegram_messages_refused", true)).toMatch(/Somebody weighing \d+ kg stepped on/);
  await act("putRight");
  await act("passTime", { until: "hour" });
  await chat.waitForMessage(({ text }) => text.includes("Was that you?"));
});

test("as long as nothing is linked, the page says that the bot has nothing to report", async () => {
  expect(await trouble("telegram_messages_refused", true)).toMatch(/Link both first/);
});
