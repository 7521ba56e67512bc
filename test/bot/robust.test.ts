import { afterEach, describe, expect, test } from "vitest";
import { ACCOUNT, OWNER } from "../support/test-app.ts";
import { botTexts, giveEmail, heard, inChat, isLogin, newTap, newUpdate, startBeforePassword } from "./chat.ts";
import { startTestBot, type TestBot } from "./test-bot.ts";

let harness: TestBot;
afterEach(() => harness.close());

const failing = (method: string, status: number, description: string, times = 1) =>
  harness.sandbox.faults.add({
    ...{ server: "telegram", match: { path: new RegExp(`/${method}$`) }, times },
    effect: { type: "status", status, body: { ok: false, error_code: status, description } },
  });

async function beforePassword() {
  const started = await startBeforePassword();
  harness = started.harness;
  return started.bot;
}

describe("what people do", () => {
  test("editing a message has no effect, and isn’t a second answer", async () => {
    harness = await startTestBot({ linked: false });
    harness.startBot();
    const { messageId } = harness.owner.say("blue cheese");
    await heard(harness, "I’m not sure what you mean");
    harness.owner.edit(messageId, "/status");
    harness.owner.say("/cancel");
    await heard(harness, "nothing to cancel");
    await harness.quiet();
    expect(botTexts(harness)).toHaveLength(2);
    // In case Telegram sends one anyway.
    await harness
      .newBot()
      .bot.handleUpdate(
        newUpdate({ edited_message: { ...inChat, message_id: messageId, edit_date: 2, text: "/status" } }),
      );
    expect(botTexts(harness)).toHaveLength(2);
  });

  test("a button of a very old message is answered with the present state", async () => {
    harness = await startTestBot();
    harness.telegram.user({ id: ACCOUNT, firstName: "Owner", started: true });
    await harness.newBot().bot.handleUpdate(newTap(harness, "something:of:an:old:version"));
    expect(botTexts(harness)).toEqual([expect.stringContaining("Withings and Garmin are linked.")]);
  });

  test("a double tap on “Send” sends once, and both answers are true", async () => {
    harness = await startTestBot();
    harness.person.stepOnScale({ at: new Date(harness.clock.now().getTime() - 600_000), weightKg: 79, attrib: 1 });
    await harness.sync();
    harness.startBot();
    harness.owner.say("/status");
    const { id } = await heard(harness, "79.00 kg is held");
    harness.owner.tap("Send 79.00 kg, today 12:50", id);
    harness.owner.tap("Send 79.00 kg, today 12:50", id);
    await harness.quiet();
    await expect.poll(() => harness.weights()).toHaveLength(1);
    await harness.quiet();
    expect(harness.owner.unansweredTaps).toBe(0);
    const toasts = harness.owner.toasts.map(({ text }) => text);
    expect(toasts[0]).toBe("79.00 kg, today 12:50: I’ll send it unless Garmin already has it.");
    // The second finds the run at work, or its result.
    expect(toasts.slice(1)).toEqual([expect.stringMatching(/^(That didn’t work just now|79\.00 kg)/)]);
    expect(botTexts(harness).at(-1)).toBe("79.00 kg, today 12:50: it’s in Garmin.");
    expect(harness.weights()).toHaveLength(1);
  });

  test("“Not mine” keeps a reading out for good, and says only that it isn’t sent", async () => {
    harness = await startTestBot();
    harness.person.stepOnScale({ at: new Date(harness.clock.now().getTime() - 600_000), weightKg: 41, attrib: 1 });
    await harness.sync();
    harness.startBot();
    harness.owner.say("/status");
    await heard(harness, "41.00 kg is held");
    harness.owner.tap("Not mine: 41.00 kg, today 12:50");
    await heard(harness, "41.00 kg, today 12:50: I won’t send it.");
    harness.clock.advance(60);
    await harness.sync();
    expect(harness.weights()).toEqual([]);
    expect(harness.owner.toasts.map(({ text }) => text)).toEqual(["41.00 kg, today 12:50: I won’t send it."]);
  });

  test.each([
    ["a password", () => OWNER.password, "Garmin sent a code"],
    [
      "an address with a ticket",
      () => harness.sandbox.garmin.mintTicket(OWNER.email),
      "I’ve deleted your message. Signed in to Garmin",
    ],
  ])("%s below a picture is treated as a secret", async (_what, caption, answer) => {
    const running = await beforePassword();
    harness.owner.say("/help");
    const { id } =
      harness.owner.messages.findLast(({ from: by }) => by === "person") ?? expect.fail("nothing was said");
    await heard(harness, "What I can do");
    await giveEmail(harness);
    // Otherwise the new process may wait for its turn, which moves the clock past the ticket’s minute.
    await running.stop();
    const photo = [{ file_id: "1", file_unique_id: "1", width: 1, height: 1 }];
    await harness
      .newBot()
      .bot.handleUpdate(newUpdate({ message: { ...inChat, message_id: id, photo, caption: caption() } }));
    expect(botTexts(harness).join("\n")).toContain(answer);
    expect(harness.owner.messages.some((it) => it.id === id)).toBe(false);
  });

  test("a text that isn’t an e-mail address is refused, however long it is", async () => {
    await beforePassword();
    harness.owner.tap("Another e-mail");
    await heard(harness, "Which e-mail");
    for (const typed of [`${"a".repeat(4080)}@example.org`, "nobody", "two @words.org"]) {
      harness.owner.say(typed);
      expect((await harness.owner.waitForMessage()).text).toContain("That isn’t an e-mail address.");
    }
  });

  test("pictures and stickers aren’t understood, and don’t end a dialog", async () => {
    await beforePassword();
    const bot = harness.newBot();
    const sticker = { file_id: "1", file_unique_id: "1", type: "regular", width: 1, height: 1, is_animated: false };
    await bot.bot.handleUpdate(newUpdate({ message: { ...inChat, message_id: 9000, sticker: sticker as never } }));
    expect(botTexts(harness).at(-1)).toContain("I’m not sure what you mean");
    harness.owner.say(OWNER.password);
    await heard(harness, "Garmin sent a code");
  });
});

describe("what Telegram does", () => {
  test("a limit in the middle of a sign-in is waited out once, and not again in later steps", async () => {
    await beforePassword();
    harness.sandbox.faults.add({
      ...{ server: "telegram", match: { path: /\/sendMessage$/ }, times: 1 },
      effect: {
        ...{ type: "status", status: 429 },
        body: { ok: false, error_code: 429, description: "Too Many Requests", parameters: { retry_after: 7 } },
      },
    });
    const before = harness.clock.now().getTime();
    harness.owner.say(OWNER.password);
    await heard(harness, "Garmin sent a code");
    const waited = harness.clock.now().getTime() - before;
    expect(waited).toBeGreaterThanOrEqual(7000);
    const then = harness.clock.now().getTime();
    harness.owner.say("000000");
    await heard(harness, "isn’t right");
    expect(harness.clock.now().getTime() - then).toBeLessThan(7000);
  });

  test("a question that couldn’t be shown undoes nothing, so a code isn’t taken for a password", async () => {
    await beforePassword();
    failing("sendMessage", 502, "Bad Gateway", 3);
    harness.owner.say(OWNER.password);
    await expect.poll(() => harness.sandbox.garmin.inbox).toHaveLength(1);
    harness.owner.say(harness.sandbox.garmin.inbox[0]?.code ?? "");
    await heard(harness, "Signed in to Garmin as Owner.");
    expect(harness.sandbox.garmin.requests.filter(isLogin)).toHaveLength(1);
  });

  test.each<[string, number, number]>([
    ["is refused", 403, 1],
    ["meets a limit", 400, 1],
    ["meets a broken server", 502, 3],
  ])("a question for the password that %s doesn’t take text as its answer", async (_what, status, times) => {
    await beforePassword();
    harness.owner.tap("Another e-mail");
    await heard(harness, "Which e-mail");
    failing("sendMessage", status, "Bad Gateway", times);
    harness.owner.say(OWNER.email);
    await harness.quiet();
    harness.owner.say("blue cheese");
    await heard(harness, "the password for owner@example.org");
    await harness.quiet();
    expect(harness.sandbox.garmin.requests.filter(isLogin)).toEqual([]);
    harness.owner.say(OWNER.password);
    await heard(harness, "Garmin sent a code");
  });

  test("if the question for the code wasn’t shown, digits answer it, and any other text makes it ask again", async () => {
    await beforePassword();
    failing("sendMessage", 502, "Bad Gateway", 3);
    harness.owner.say(OWNER.password);
    await expect.poll(() => harness.sandbox.garmin.inbox).toHaveLength(1);
    await harness.quiet();
    // Probably the password again, because nothing seemed to happen.
    harness.owner.say("hunter2-and-more");
    await heard(harness, "I’m waiting for the code Garmin sent you.");
    expect(harness.sandbox.garmin.requests.filter(({ path }) => path.endsWith("verifyCode"))).toEqual([]);
    harness.owner.say(harness.sandbox.garmin.inbox[0]?.code ?? "");
    await heard(harness, "Signed in to Garmin as Owner.");
  });

  test("a message that is too old to be edited is answered in a new one", async () => {
    harness = await startTestBot();
    harness.startBot();
    harness.owner.say("/disconnect");
    await heard(harness, "What should I remove?");
    failing("editMessageText", 400, "Bad Request: message can't be edited");
    harness.owner.tap("The Garmin link");
    await heard(harness, "Remove the Garmin link?");
    expect(botTexts(harness)).toEqual(["What should I remove?", expect.stringMatching(/^Remove the Garmin link\?/)]);
  });

  test("a secret that can’t be deleted is used, and the answer says that it is still there", async () => {
    await beforePassword();
    failing("deleteMessage", 400, "Bad Request: message can't be deleted", Number.POSITIVE_INFINITY);
    harness.owner.say(OWNER.password);
    await heard(harness, "I couldn’t delete your message. Please delete it yourself. Garmin sent a code");
  });

  test("blocking the bot stops its messages but not the syncs, until the person is back", async () => {
    harness = await startTestBot();
    harness.startBot();
    harness.owner.block();
    await harness.quiet();
    await expect.poll(async () => (await harness.app.store.accounts.find(ACCOUNT))?.blockedAt).toBeDefined();
    harness.person.stepOnScale({ weightKg: 80.25 });
    await harness.sync();
    expect(harness.weights()).toHaveLength(1);
    harness.owner.unblock();
    await expect.poll(async () => (await harness.app.store.accounts.find(ACCOUNT))?.blockedAt).toBeUndefined();
    expect(botTexts(harness)).toEqual([]);
  });
});

test("blocking the bot after everything was removed makes no new account", async () => {
  harness = await startTestBot();
  harness.startBot();
  await harness.app.disconnect(await harness.app.store.accounts.save(ACCOUNT, {}), "everything");
  harness.owner.block();
  await harness.quiet();
  expect(await harness.app.store.accounts.list()).toEqual([]);
});

describe("a lost sealing key", () => {
  const loseKey = () => {
    harness.env.SEALING_KEY = Buffer.alloc(32, 1).toString("base64");
    harness.serveEachAnew();
  };

  test("after the sealing key is lost, an open dialog is lost, but the chat still answers", async () => {
    const bot = await beforePassword();
    await bot.stop();
    loseKey();
    harness.owner.say("/connect");
    await harness.owner.waitForMessage();
    harness.owner.tap("Link Garmin");
    await harness.owner.waitForMessage();
    harness.owner.tap("Here in the chat");
    expect((await harness.owner.waitForMessage()).text).toMatch(/^Which e-mail address do you use at Garmin\?/);
    expect(botTexts(harness).join("\n")).not.toContain("broke on my side");
  });

  test("after the sealing key is lost, both links show as lost, and can be renewed or removed", async () => {
    harness = await startTestBot();
    loseKey();
    harness.owner.say("/connect");
    const { text, buttons } = await harness.owner.waitForMessage();
    expect(text).toMatch(/^Withings: signed out\nGarmin: signed out \(was Owner\)/);
    expect(buttons.flat().map((it) => it.text)).toEqual(["Link Withings again", "Sign in to Garmin"]);
    harness.owner.say(harness.sandbox.garmin.mintTicket(OWNER.email));
    await heard(harness, "Signed in to Garmin as Owner.");

    harness.owner.say("/disconnect");
    await heard(harness, "What should I remove?");
    harness.owner.tap("Everything");
    await heard(harness, "This can’t be undone");
    harness.owner.tap("Yes, remove");
    await heard(harness, "I’ve removed everything of yours.");
    expect(await harness.app.store.withingsUsers.accountOf(String(harness.person.userid))).toBeUndefined();
  });
});
