import fc from "fast-check";
import type { Update } from "grammy/types";
import { afterEach, expect, test } from "vitest";
import { STRANGER, startTestBot, type TestBot } from "../bot/test-bot.ts";
import { ACCOUNT } from "../support/test-app.ts";
import { cases, textLike } from "./cases.ts";
import { type Mutation, mutated, mutation } from "./mutate.ts";

let harness: TestBot;
afterEach(() => harness.close());

const PASSWORD = "A-Password-Nobody-Has-41e7";

const chatOf = (id: number) => ({ id, type: "private" as const, first_name: "Somebody" });
const fromOf = (id: number) => ({ id, is_bot: false, first_name: "Somebody", language_code: "en" });
const messageOf = (id: number, text: string) => ({
  ...{ message_id: 500, date: 1_795_000_000, chat: chatOf(id), from: fromOf(id), text },
  ...(text.startsWith("/") && {
    entities: [{ type: "bot_command", offset: 0, length: text.split(" ", 1)[0]?.length ?? 0 }],
  }),
});
const shapes = {
  message: (id: number, text: string) => ({ message: messageOf(id, text) }),
  edited: (id: number, text: string) => ({ edited_message: messageOf(id, text) }),
  tap: (id: number, text: string) => ({
    callback_query: {
      id: "1",
      from: fromOf(id),
      chat_instance: "1",
      data: text.slice(0, 64),
      message: messageOf(id, "?"),
    },
  }),
  member: (id: number) => ({
    my_chat_member: {
      ...{ chat: chatOf(id), from: fromOf(id), date: 1_795_000_000 },
      old_chat_member: { status: "member", user: fromOf(1) },
      new_chat_member: { status: "member", user: fromOf(1) },
    },
  }),
  contact: (id: number, text: string) => ({
    message: { ...messageOf(id, ""), text: undefined, contact: { phone_number: text, first_name: "x" } },
  }),
};

const said = textLike([
  ..."/start /status /sync /doctor /settings /connect /disconnect /people /invite /help /timezone /cancel /language".split(
    " ",
  ),
  ...[
    "/sync since yesterday",
    "yes",
    "no",
    "sync",
    "menu",
    "doctor",
    "lang:de",
    "word:",
    "units:",
    "#weigh_in:mine",
    ":",
    " ",
    "\n",
    PASSWORD,
  ],
]);

test("an odd update still ends and gives strangers nothing, and the next one is answered", async () => {
  harness = await startTestBot();
  const bot = harness.newBot();
  const { telegram, owner, clock, logged } = harness;
  for (const id of [ACCOUNT, STRANGER]) telegram.user({ id, firstName: "Somebody", started: true });
  let nextId = 700_000;
  /** The way updates are delivered: an error of ours is logged, and the update counts as handled. */
  const bring = (update: object) => {
    nextId += 1;
    return bot.handleUpdate({ ...update, update_id: nextId } as Update).catch(() => undefined);
  };
  const updates = fc.record({
    shape: fc.constantFrom(...Object.values(shapes)),
    from: fc.constantFrom(ACCOUNT, ACCOUNT, STRANGER),
    text: said,
    changes: fc.array(mutation, { maxLength: 2 }),
  });
  const isToStranger = (it: { params: Readonly<Record<string, string>> }) => it.params.chat_id === String(STRANGER);

  await fc.assert(
    fc.asyncProperty(updates, async ({ shape, from, text, changes }) => {
      clock.advance(60);
      const update = changes.reduce((it: unknown, change: Mutation) => mutated(it, change), shape(from, text));
      await bring(typeof update === "object" && update !== null ? update : {});
      const before = owner.messages.length;
      clock.advance(60);
      await bring(shapes.message(ACCOUNT, "/help"));
      expect(owner.messages.length, "the owner is answered").toBeGreaterThan(before);
    }),
    { ...cases(60), endOnFailure: true },
  );
  // They learn at most that this bot belongs to somebody else.
  for (const { params } of telegram.calls("sendMessage").filter(isToStranger)) {
    expect(params.text).not.toMatch(/Garmin|Withings|kg|mmHg/);
  }
  expect(JSON.stringify(logged)).not.toContain(PASSWORD);
  expect(JSON.stringify(telegram.calls("sendMessage"))).not.toContain(PASSWORD);
});
