import { afterEach, describe, expect, test } from "vitest";
import { textInQrCode } from "../../support/qr-code.ts";
import { ACCOUNT } from "../../support/test-app.ts";
import { labels } from "../chat.ts";
import { STRANGER, startTestBot, type TestBot } from "../test-bot.ts";

let harness: TestBot;
afterEach(() => harness.close());

const GUEST = 4712;
const HOUR = 3600;
const tokenIn = (text: string) => /\?start=([\w-]+)/.exec(text)?.[1] ?? expect.fail(`no link in: ${text}`);

let bot: ReturnType<TestBot["startBot"]>;
async function open(instead: Parameters<TestBot["startBot"]>[0] = {}) {
  harness = await startTestBot({ linked: false });
  bot = harness.startBot(instead);
}

type Person = TestBot["owner"];
async function said(person: Person, text: string) {
  person.say(text);
  await harness.quiet();
  return person.lastMessage ?? expect.fail("no answer");
}
async function tapped(person: Person, button: string) {
  person.tap(button);
  await harness.quiet();
  return person.lastMessage ?? expect.fail("no answer");
}

/** A person who used the owner’s invitation. */
async function guest(languageCode = "en", name = "Anna"): Promise<Person> {
  const { text } = await said(harness.owner, "/invite");
  const person = harness.telegram.user({ id: GUEST, firstName: name, languageCode });
  await said(person, `/start ${tokenIn(text)}`);
  return person;
}

describe("/invite", () => {
  test("/invite makes a link that lets one person in, who gets the usual greeting, and tells the owner once", async () => {
    await open();
    const { text, buttons, photo, ...invitation } = await said(harness.owner, "/invite");
    // A preview would make Telegram open a link that works once.
    expect(invitation).not.toHaveProperty("previewUrl");
    expect(text).toMatch(
      /^Owner has invited you to @\w+_bot\. .*Your data stays separate: .* none of your readings\..*\nhttps:\/\/t\.me\/\w+_bot\?start=[\w-]{20,64}$/s,
    );
    const token = tokenIn(text);
    const link = `https://t.me/${harness.telegram.bot.username}?start=${token}`;
    const share = new URL(buttons.flat()[0]?.url ?? "");
    expect(`${share.origin}${share.pathname}`).toBe("https://t.me/share/url");
    expect(share.searchParams.get("url")).toBe(link);
    expect(share.searchParams.get("text")).toMatch(/^Owner has invited you: /);
    const { bytes } = harness.telegram.file(photo?.fileId ?? "") ?? expect.fail("no picture");
    expect(textInQrCode(bytes)).toBe(link);
    const anna = harness.telegram.user({ id: GUEST, firstName: "Anna" });
    const greeting = await said(anna, `/start ${token}`);
    expect(greeting.text).toMatch(/^Hello\. I copy the readings from your Withings scale and cuff/);
    expect(anna.messages.find(({ from }) => from === "bot")?.text).toBe(
      "Owner has invited you. Your data stays separate from everybody else’s here: Owner sees your name but none of your readings. /privacy says what I keep.",
    );
    await said(anna, "/start");
    const told = harness.owner.messages.filter(({ text: it }) => it.startsWith("Anna"));
    expect(told.map((it) => it.text)).toEqual(["Anna has joined. /people shows who uses me."]);
    expect(await harness.app.store.accounts.find(GUEST)).toMatchObject({ telegramUserId: GUEST, language: "en" });

    const second = harness.telegram.user({ id: STRANGER, firstName: "Stranger" });
    expect((await said(second, `/start ${token}`)).text).toMatch(/^This invitation has been used/);
    expect(JSON.stringify([harness.logged, anna.messages.filter(({ from }) => from === "bot")])).not.toContain(token);
  });

  test("an invitation expires after a day", async () => {
    await open();
    const token = tokenIn((await said(harness.owner, "/invite")).text);
    harness.clock.advance(24 * HOUR + 1);
    const late = harness.telegram.user({ id: GUEST, firstName: "Anna" });
    // A stranger who was refused before gets this answer too.
    expect((await said(late, "/start")).text).toMatch(/^Sorry, this bot is only for/);
    expect((await said(late, `/start ${token}`)).text).toMatch(/^This invitation has been used or is older/);
    expect(await harness.app.store.accounts.find(GUEST)).toBeUndefined();
  });

  test("an expired invitation is answered once an hour, however often it is tried", async () => {
    await open();
    const stranger = harness.telegram.user({ id: STRANGER, firstName: "Stranger" });
    const answers = () => stranger.messages.filter(({ from }) => from === "bot").length;
    for (let times = 0; times < 3; times++) stranger.say(`/start ${"A".repeat(24)}`);
    await harness.quiet();
    await expect.poll(answers).toBe(1);
    harness.clock.advance(3600);
    stranger.say(`/start ${"B".repeat(24)}`);
    await expect.poll(answers).toBe(2);
  });

  test.each(["/invite", "/people"])("only the owner can use %s", async (command) => {
    await open();
    const anna = await guest();
    expect((await said(anna, command)).text).toMatch(/^I’m not sure what you mean\./);
  });
});

describe("/people", () => {
  test("/people lists everybody who may use the bot, and can remove invited people", async () => {
    await open();
    await guest();
    const list = await said(harness.owner, "/people");
    expect(list.text).toBe(
      [
        "These people can use me:",
        "Owner (you): allowed in my settings, here since 21 Nov",
        "Anna: invited, here since 21 Nov",
      ].join("\n"),
    );
    expect(labels(list)).toEqual(["Remove Anna"]);
  });

  test("/people shows names, and numbers for people who haven’t written yet or share a name", async () => {
    harness = await startTestBot({ linked: false, allowedIds: [ACCOUNT, 4713, 4714] });
    bot = harness.startBot();
    await harness.app.store.accounts.save(4713, { name: "Anna" });
    await guest();
    const list = await said(harness.owner, "/people");
    expect(list.text.split("\n").slice(1)).toEqual([
      "Owner (you): allowed in my settings, here since 21 Nov",
      "Anna (4713): allowed in my settings, here since 21 Nov",
      "the person with Telegram id 4714: allowed in my settings, hasn’t joined yet",
      `Anna (${GUEST}): invited, here since 21 Nov`,
    ]);
    expect(labels(list)).toEqual([`Remove Anna (${GUEST})`]);
  });

  test("/people removes a person with account and links after one question, and tells them in their language", async () => {
    await open();
    const anna = await guest("de");
    await said(harness.owner, "/people");
    const question = await tapped(harness.owner, "Remove Anna");
    expect(question.text).toBe("Remove Anna? That deletes their links, list and settings here.");
    expect((await tapped(harness.owner, "Keep")).text).toMatch(/^These people can use me:/);
    expect(await harness.app.store.people.isInvited(GUEST)).toBe(true);

    await tapped(harness.owner, "Remove Anna");
    const after = await tapped(harness.owner, "Yes, remove");
    expect(after.text).not.toContain("Anna");
    expect(harness.owner.toasts.at(-1)?.text).toBe("I’ve removed Anna.");
    expect(await harness.app.store.people.isInvited(GUEST)).toBe(false);
    expect(await harness.app.store.accounts.find(GUEST)).toBeUndefined();
    expect(anna.lastMessage?.text).toMatch(/^Wer mich betreibt, hat dich aus diesem Bot entfernt\./);
    expect((await said(anna, "/status")).text).toMatch(/^Tut mir leid, dieser Bot ist nur für den Haushalt/);
    expect(await harness.app.store.accounts.find(GUEST)).toBeUndefined();

    // Old buttons in their chat do nothing, and don’t spin.
    anna.tap("Withings verbinden");
    await harness.quiet();
    expect(anna.unansweredTaps).toBe(0);
    expect(anna.lastMessage?.text).toMatch(/^Tut mir leid, dieser Bot ist nur für den Haushalt/);
    expect(await harness.app.store.accounts.find(GUEST)).toBeUndefined();
  });

  test("/people removes even people who have blocked the bot", async () => {
    await open();
    (await guest()).block();
    await said(harness.owner, "/people");
    await tapped(harness.owner, "Remove Anna");
    await tapped(harness.owner, "Yes, remove");
    expect(await harness.app.store.people.list()).toEqual([]);
  });

  test("/people removes nothing during a run on the account", async () => {
    await open();
    await guest();
    await said(harness.owner, "/people");
    await tapped(harness.owner, "Remove Anna");
    const lease = await harness.app.store.leases.acquire(`account#${GUEST}`, 60);
    await tapped(harness.owner, "Yes, remove");
    expect(harness.owner.toasts.at(-1)?.text).toBe("That didn’t work just now. Try again in a few minutes.");
    expect(await harness.app.store.people.isInvited(GUEST)).toBe(true);
    expect(await harness.app.store.accounts.find(GUEST)).toBeDefined();
    await lease?.release();
  });

  test("a person stays on the list if the removal breaks off half-way, so that it can be finished", async () => {
    await open();
    await bot.stop();
    const people = { ...harness.app.store.people, remove: () => Promise.reject(new Error("power cut")) };
    bot = harness.startBot({ people });
    await guest();
    await said(harness.owner, "/people");
    await tapped(harness.owner, "Remove Anna");
    await tapped(harness.owner, "Yes, remove");
    expect(await harness.app.store.accounts.find(GUEST)).toBeUndefined();
    await bot.stop();
    bot = harness.startBot();
    expect(labels(await said(harness.owner, "/people"))).toEqual(["Remove Anna"]);
    await tapped(harness.owner, "Remove Anna");
    await tapped(harness.owner, "Yes, remove");
    expect(await harness.app.store.people.list()).toEqual([]);
  });

  test("an outdated button, or one that another person taps, removes nobody", async () => {
    await open();
    const anna = await guest();
    await bot.bot.api.sendMessage(GUEST, "found", {
      reply_markup: { inline_keyboard: [[{ text: "Try", callback_data: `people:remove:${GUEST}:yes` }]] },
    });
    await tapped(anna, "Try");
    expect(await harness.app.store.people.isInvited(GUEST)).toBe(true);

    const list = await said(harness.owner, "/people");
    await harness.app.store.people.remove(GUEST);
    await tapped(harness.owner, "Remove Anna");
    expect(harness.owner.messages.find(({ id }) => id === list.id)?.text).not.toContain("Anna");
    expect(harness.owner.unansweredTaps).toBe(0);
  });

  test("/people speaks German to an owner who does", async () => {
    await open();
    await harness.app.store.accounts.save(ACCOUNT, { language: "de" });
    await guest();
    const list = await said(harness.owner, "/people");
    expect(list.text).toContain("Anna: eingeladen, hier seit 21. Nov");
    expect(labels(list)).toEqual(["Anna entfernen"]);
  });
});
