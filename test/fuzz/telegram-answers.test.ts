import fc from "fast-check";
import type { Update } from "grammy/types";
import { afterEach, expect, test } from "vitest";
import { startTestBot, type TestBot } from "../bot/test-bot.ts";
import { ACCOUNT, USERID } from "../support/test-app.ts";
import { cases } from "./cases.ts";
import { mutatedText, textMutation } from "./mutate.ts";

let harness: TestBot;
afterEach(() => harness.close());

/** What Telegram answers to each, as far as the program reads it. */
const ANSWERS: Record<string, unknown> = {
  sendMessage: { message_id: 77, date: 1_795_000_000, chat: { id: ACCOUNT, type: "private" }, text: "?" },
  editMessageText: { message_id: 77, date: 1_795_000_000, chat: { id: ACCOUNT, type: "private" }, text: "?" },
  deleteMessage: true,
};

test("a command that Telegram answers oddly still ends and brings the readings once, and the next command is answered", async () => {
  harness = await startTestBot();
  const { owner, clock, sandbox, telegram } = harness;
  telegram.user({ id: ACCOUNT, firstName: "Owner", started: true });
  const bot = harness.newBot();
  let nextId = 710_000;
  const say = (text: string) => {
    nextId += 1;
    const message = {
      ...{
        message_id: nextId,
        date: 1_795_000_000,
        chat: { id: ACCOUNT, type: "private" as const, first_name: "Owner" },
      },
      ...{ from: { id: ACCOUNT, is_bot: false, first_name: "Owner" }, text },
    };
    return bot.handleUpdate({ update_id: nextId, message } as Update).catch(() => undefined);
  };
  const method = fc.constantFrom(...Object.keys(ANSWERS));
  let n = 0;
  await fc.assert(
    fc.asyncProperty(method, fc.constantFrom("/status", "/sync", "/help"), textMutation, async (name, command, how) => {
      n += 1;
      clock.advance(3600);
      const weightKg = 80 + (n % 100) / 100;
      sandbox.withings.person(USERID).stepOnScale({ at: new Date(clock.now().getTime() - 600_000), weightKg });
      const answer = mutatedText(JSON.stringify({ ok: true, result: ANSWERS[name] }), how);
      sandbox.faults.add({
        ...{ name: "odd", server: "telegram", match: { path: new RegExp(`/${name}$`) } },
        effect: { type: "body", body: answer, contentType: "application/json" },
      });
      await say(command);
      sandbox.faults.remove("odd");
      // The first reading after a new link goes alone.
      for (let runs = 0; runs < 2; runs++) {
        clock.advance(180);
        await harness.sync();
      }
      const before = owner.messages.length;
      clock.advance(60);
      await say("/help");
      expect(owner.messages.length, "the owner is answered").toBeGreaterThan(before);
      expect(harness.weights().filter((it) => it.weightKg === weightKg)).toHaveLength(Math.ceil(n / 100));
    }),
    { ...cases(20), endOnFailure: true },
  );
});
