import { afterEach, describe, expect, test } from "vitest";
import { ACCOUNT, OWNER } from "../support/test-app.ts";
import { botTexts, giveEmail, heard, inChat, isLogin, newTap, newUpdate } from "./chat.ts";
import { startTestBot, type TestBot } from "./test-bot.ts";

let house: TestBot;
afterEach(() => house.close());

const failing = (method: string, status: number, description: string, times = 1) =>
  house.sandbox.faults.add({
    ...{ server: "telegram", match: { path: new RegExp(`/${method}$`) }, times },
    effect: { type: "status", status, body: { ok: false, error_code: status, description } },
  });

/** The sign-in has asked for the password. */
async function beforePassword() {
  house = await startTestBot({ linked: false });
  house.sandbox.garmin.accounts.get(OWNER.email).mfa = "email";
  const bot = house.startBot();
  await giveEmail(house);
  return bot;
}

describe("what people do", () => {
  test("editing a message has no effect, and isn’t a second answer", async () => {
    house = await startTestBot({ linked: false });
    house.startBot();
    const { messageId } = house.owner.say("hello");
    await heard(house, "I didn’t understand");
    house.owner.edit(messageId, "/status");
    house.owner.say("/cancel");
    await heard(house, "nothing to cancel");
    await house.quiet();
    expect(botTexts(house)).toHaveLength(2);
    // In case Telegram sends one anyway.
    await house
      .newBot()
      .bot.handleUpdate(
        newUpdate({ edited_message: { ...inChat, message_id: messageId, edit_date: 2, text: "/status" } }),
      );
    expect(botTexts(house)).toHaveLength(2);
  });

  test("a button of a very old message is answered with the present state", async () => {
    house = await startTestBot();
    house.telegram.user({ id: ACCOUNT, firstName: "Owner", started: true });
    await house.newBot().bot.handleUpdate(newTap(house, "something:of:an:old:version"));
    expect(botTexts(house)).toEqual([expect.stringContaining("Both sides are linked.")]);
  });

  test("a double tap on “Send” sends once, and both answers are true", async () => {
    house = await startTestBot();
    house.person.stepOnScale({ at: new Date(house.clock.now().getTime() - 600_000), weightKg: 79, attrib: 1 });
    await house.sync();
    house.startBot();
    house.owner.say("/status");
    const { id } = await heard(house, "79.00 kg: held");
    house.owner.tap("Send 79.00 kg, today 12:50", id);
    house.owner.tap("Send 79.00 kg, today 12:50", id);
    await house.quiet();
    await expect.poll(() => house.weights()).toHaveLength(1);
    await house.quiet();
    expect(house.owner.unansweredTaps).toBe(0);
    const toasts = house.owner.toasts.map(({ text }) => text);
    expect(toasts[0]).toBe("79.00 kg, today 12:50: I’ll send it unless Garmin already has it.");
    expect(toasts).toHaveLength(2);
    expect(botTexts(house).at(-1)).toBe("79.00 kg, today 12:50: it’s in Garmin.");
    expect(house.weights()).toHaveLength(1);
  });

  test("“Not mine” keeps a reading out for good, and says only that it isn’t sent", async () => {
    house = await startTestBot();
    house.person.stepOnScale({ at: new Date(house.clock.now().getTime() - 600_000), weightKg: 41, attrib: 1 });
    await house.sync();
    house.startBot();
    house.owner.say("/status");
    await heard(house, "41.00 kg: held");
    house.owner.tap("Not mine: 41.00 kg, today 12:50");
    await heard(house, "41.00 kg, today 12:50: I won’t send it.");
    house.clock.advance(60);
    await house.sync();
    expect(house.weights()).toEqual([]);
    expect(house.owner.toasts.map(({ text }) => text)).toEqual(["41.00 kg, today 12:50: I won’t send it."]);
  });

  test.each([
    ["a password", () => OWNER.password, "Garmin sent a code"],
    ["an address with a ticket", () => house.sandbox.garmin.mintTicket(OWNER.email), "Signed in to Garmin"],
  ])("%s below a picture is treated as a secret", async (_what, caption, answer) => {
    const running = await beforePassword();
    house.owner.say("/help");
    const { id } = house.owner.messages.findLast(({ from: by }) => by === "person") ?? expect.fail("nothing was said");
    await heard(house, "What I can do");
    await giveEmail(house);
    // Otherwise the new process may wait for its turn, which moves the clock past the ticket’s minute.
    await running.stop();
    const photo = [{ file_id: "1", file_unique_id: "1", width: 1, height: 1 }];
    await house
      .newBot()
      .bot.handleUpdate(newUpdate({ message: { ...inChat, message_id: id, photo, caption: caption() } }));
    expect(botTexts(house).join("\n")).toContain(`I’ve deleted your message. ${answer}`);
    expect(house.owner.messages.some((it) => it.id === id)).toBe(false);
  });

  test("a text that isn’t an e-mail address is refused, however long it is", async () => {
    await beforePassword();
    house.owner.tap("Another e-mail");
    await heard(house, "Which e-mail");
    for (const typed of [`${"a".repeat(4080)}@example.org`, "nobody", "two @words.org"]) {
      house.owner.say(typed);
      expect((await house.owner.waitForMessage()).text).toContain("That isn’t an e-mail address.");
    }
  });

  test("pictures and stickers aren’t understood, and don’t end a dialog", async () => {
    await beforePassword();
    const bot = house.newBot();
    const sticker = { file_id: "1", file_unique_id: "1", type: "regular", width: 1, height: 1, is_animated: false };
    await bot.bot.handleUpdate(newUpdate({ message: { ...inChat, message_id: 9000, sticker: sticker as never } }));
    expect(botTexts(house).at(-1)).toContain("I didn’t understand");
    house.owner.say(OWNER.password);
    await heard(house, "Garmin sent a code");
  });
});

describe("what Telegram does", () => {
  test("a limit in the middle of a sign-in is waited out once, and not again in later steps", async () => {
    await beforePassword();
    house.sandbox.faults.add({
      ...{ server: "telegram", match: { path: /\/sendMessage$/ }, times: 1 },
      effect: {
        ...{ type: "status", status: 429 },
        body: { ok: false, error_code: 429, description: "Too Many Requests", parameters: { retry_after: 7 } },
      },
    });
    const before = house.clock.now().getTime();
    house.owner.say(OWNER.password);
    await heard(house, "Garmin sent a code");
    const waited = house.clock.now().getTime() - before;
    expect(waited).toBeGreaterThanOrEqual(7000);
    const then = house.clock.now().getTime();
    house.owner.say("000000");
    await heard(house, "isn’t right");
    expect(house.clock.now().getTime() - then).toBeLessThan(7000);
  });

  test("a question that couldn’t be shown undoes nothing, so a code isn’t taken for a password", async () => {
    await beforePassword();
    failing("sendMessage", 502, "Bad Gateway", 3);
    house.owner.say(OWNER.password);
    await expect.poll(() => house.sandbox.garmin.inbox).toHaveLength(1);
    house.owner.say(house.sandbox.garmin.inbox[0]?.code ?? "");
    await heard(house, "Signed in to Garmin as Owner.");
    expect(house.sandbox.garmin.requests.filter(isLogin)).toHaveLength(1);
  });

  test.each<[string, number, number]>([
    ["is refused", 403, 1],
    ["meets a limit", 400, 1],
    ["meets a broken server", 502, 3],
  ])("a question for the password that %s doesn’t take text as its answer", async (_what, status, times) => {
    await beforePassword();
    house.owner.tap("Another e-mail");
    await heard(house, "Which e-mail");
    failing("sendMessage", status, "Bad Gateway", times);
    house.owner.say(OWNER.email);
    await house.quiet();
    house.owner.say("hello");
    await heard(house, "the password for owner@example.org");
    await house.quiet();
    expect(house.sandbox.garmin.requests.filter(isLogin)).toEqual([]);
    house.owner.say(OWNER.password);
    await heard(house, "Garmin sent a code");
  });

  test("if the question for the code wasn’t shown, digits answer it, and any other text makes it ask again", async () => {
    await beforePassword();
    failing("sendMessage", 502, "Bad Gateway", 3);
    house.owner.say(OWNER.password);
    await expect.poll(() => house.sandbox.garmin.inbox).toHaveLength(1);
    await house.quiet();
    // Probably the password again, because nothing seemed to happen.
    house.owner.say("hunter2-and-more");
    await heard(house, "I’m waiting for the code Garmin sent you.");
    expect(house.sandbox.garmin.requests.filter(({ path }) => path.endsWith("verifyCode"))).toEqual([]);
    house.owner.say(house.sandbox.garmin.inbox[0]?.code ?? "");
    await heard(house, "Signed in to Garmin as Owner.");
  });

  test("a message that is too old to be edited is answered in a new one", async () => {
    house = await startTestBot();
    house.startBot();
    house.owner.say("/disconnect");
    await heard(house, "What should I remove?");
    failing("editMessageText", 400, "Bad Request: message can't be edited");
    house.owner.tap("The Garmin link");
    await heard(house, "Remove the Garmin link?");
    expect(botTexts(house)).toEqual(["What should I remove?", expect.stringMatching(/^Remove the Garmin link\?/)]);
  });

  test("a secret that can’t be deleted is used, and the answer says that it is still there", async () => {
    await beforePassword();
    failing("deleteMessage", 400, "Bad Request: message can't be deleted", Number.POSITIVE_INFINITY);
    house.owner.say(OWNER.password);
    await heard(house, "I couldn’t delete your message. Please delete it yourself. Garmin sent a code");
  });

  test("blocking the bot stops its messages but not the syncs, until the person is back", async () => {
    house = await startTestBot();
    house.startBot();
    house.owner.block();
    await house.quiet();
    await expect.poll(async () => (await house.app.store.accounts.find(ACCOUNT))?.blockedAt).toBeDefined();
    house.person.stepOnScale({ weightKg: 80.25 });
    await house.sync();
    expect(house.weights()).toHaveLength(1);
    house.owner.unblock();
    await expect.poll(async () => (await house.app.store.accounts.find(ACCOUNT))?.blockedAt).toBeUndefined();
    expect(botTexts(house)).toEqual([]);
  });
});

test("blocking the bot after everything was removed makes no new account", async () => {
  house = await startTestBot();
  house.startBot();
  await house.app.disconnect(await house.app.store.accounts.save(ACCOUNT, {}), "everything");
  house.owner.block();
  await house.quiet();
  expect(await house.app.store.accounts.list()).toEqual([]);
});

describe("a lost sealing key", () => {
  const loseKey = () => {
    house.env.SEALING_KEY = Buffer.alloc(32, 1).toString("base64");
    house.serveEachAnew();
  };

  test("after the sealing key is lost, an open dialog is lost, but the chat still answers", async () => {
    const bot = await beforePassword();
    await bot.stop();
    loseKey();
    house.owner.say("/connect");
    await house.owner.waitForMessage();
    house.owner.tap("Link Garmin");
    await house.owner.waitForMessage();
    house.owner.tap("Here in the chat");
    expect((await house.owner.waitForMessage()).text).toBe("Which e-mail address do you use at Garmin?");
    expect(botTexts(house).join("\n")).not.toContain("broke on my side");
  });

  test("after the sealing key is lost, both links show as lost, and can be renewed or removed", async () => {
    house = await startTestBot();
    loseKey();
    house.owner.say("/connect");
    const { text, buttons } = await house.owner.waitForMessage();
    expect(text).toMatch(/^Withings: signed out\nGarmin: signed out \(was Owner\)/);
    expect(buttons.flat().map((it) => it.text)).toEqual(["Link Withings again", "Sign in to Garmin"]);
    house.owner.say(house.sandbox.garmin.mintTicket(OWNER.email));
    await heard(house, "Signed in to Garmin as Owner.");

    house.owner.say("/disconnect");
    await heard(house, "What should I remove?");
    house.owner.tap("Everything");
    await heard(house, "This can’t be undone");
    house.owner.tap("Yes, remove");
    await heard(house, "I’ve removed everything of yours.");
    expect(await house.app.store.withingsUsers.accountOf(String(house.person.userid))).toBeUndefined();
  });
});
