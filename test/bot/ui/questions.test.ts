import { afterEach, describe, expect, test } from "vitest";
import { RetryLaterError } from "../../../src/lib/errors.ts";
import { ACCOUNT, OWNER } from "../../support/test-app.ts";
import { heard } from "../chat.ts";
import { startTestBot, type TestBot } from "../test-bot.ts";

let harness: TestBot;
let bot: ReturnType<TestBot["startBot"]>;
afterEach(() => harness.close());

const GUEST = 4712;
const botMessages = () => harness.owner.messages.filter(({ from }) => from === "bot");
const buttons = () => botMessages().flatMap((message) => message.buttons.flat().map(({ text }) => text));
const toast = () => harness.owner.toasts.at(-1)?.text;
const code = () => harness.sandbox.garmin.inbox.at(-1)?.code ?? "";
const account = async () => (await harness.app.store.accounts.find(ACCOUNT)) ?? expect.fail("the account is gone");

async function open(options: Parameters<typeof startTestBot>[0] = {}, instead = {}) {
  harness = await startTestBot(options);
  bot = harness.startBot(instead);
}

async function say(text: string) {
  harness.owner.say(text);
  await harness.quiet();
  return harness.owner.lastMessage ?? expect.fail("no answer");
}

const tap = (button: string, messageId?: number) => harness.tap(button, messageId);

/** A phone may still show buttons that were removed. */
async function showAgain(messageId: number, data: string) {
  await bot.bot.api.editMessageReplyMarkup(ACCOUNT, messageId, {
    reply_markup: { inline_keyboard: [[{ text: "Old", callback_data: data }]] },
  });
}

async function signIn() {
  await say("/connect");
  await tap("Link Garmin");
  await heard(harness, "Two ways");
  await tap("Here in the chat");
  await heard(harness, "Which e-mail");
  await say(OWNER.email);
  await heard(harness, "the password for");
  await say(OWNER.password);
}

describe("the buttons of a question", () => {
  test("the buttons of a question are removed when it is answered", async () => {
    await open({ linked: false });
    harness.sandbox.garmin.accounts.get(OWNER.email).mfa = "email";
    await say("/start");
    expect(buttons()).toEqual(["Link Withings", "Link Garmin"]);
    await tap("Link Withings");
    await heard(harness, "Withings will ask on its own page");
    const page = botMessages().at(-1)?.buttons.flat()[0]?.url ?? expect.fail("no page");
    await say(harness.sandbox.withings.allow(harness.person.userid, page));
    await heard(harness, "Garmin: not linked");
    expect(buttons()).toEqual(["Link Garmin"]);

    await tap("Link Garmin");
    await tap("Here in the chat");
    expect(buttons()).toEqual(["Link Garmin", "Cancel"]);
    await say(OWNER.email);
    expect(buttons()).toEqual(["Link Garmin", "Another e-mail", "Cancel"]);
    await say(OWNER.password);
    expect(buttons()).toEqual(["Link Garmin", "New code", "Cancel"]);
    await say("no code");
    expect(buttons()).toEqual(["Link Garmin", "New code", "Cancel"]);
    await say(code());
    await heard(harness, "Signed in to Garmin");
    expect(buttons()).toEqual([]);
  });

  test("buttons that link a side are removed from other messages too, once it is linked", async () => {
    await open();
    harness.person.stepOnScale({ at: new Date(harness.clock.now().getTime() - 3_600_000), weightKg: 80.25 });
    harness.sandbox.garmin.revoke(OWNER.email);
    await harness.sync();
    await say("/status");
    expect(buttons()).toEqual(["On Garmin’s page", "Here in the chat"]);
    await say("/sync");
    // Only the newer message has them now.
    expect(buttons()).toEqual(["On Garmin’s page", "Here in the chat"]);
    await say(harness.sandbox.garmin.mintTicket(OWNER.email));
    await heard(harness, "Signed in to Garmin");
    await harness.quiet();
    // The sync that followed has brought a reading.
    expect(buttons()).toEqual(["Undo", "Weight in Garmin"]);
  });

  test("the buttons of a question are removed when another replaces it, or a command ends its dialog", async () => {
    await open();
    for (let times = 0; times < 3; times++) await say("/disconnect");
    expect(buttons().filter((it) => it === "Everything")).toHaveLength(1);
    await tap("Keep it all");
    expect(buttons()).toEqual([]);

    for (let times = 0; times < 3; times++) await say("/connect");
    expect(buttons()).toEqual(["Link Withings again", "Sign in to Garmin"]);
    for (let times = 0; times < 3; times++) await tap("Sign in to Garmin");
    expect(buttons().filter((it) => it === "Here in the chat")).toHaveLength(1);
    await tap("Here in the chat");
    expect(buttons()).toContain("Cancel");
    await say("/help");
    const ofHelp = ["Status", "Sync now", "Why is my weight missing?"];
    expect(buttons()).toEqual(["Link Withings again", "Sign in to Garmin", ...ofHelp]);

    await say("/settings");
    await tap("Time zone");
    await tap("Type it");
    await say("Atlantis");
    await say("Spain");
    expect(buttons().filter((it) => it === "Cancel")).toHaveLength(1);
    await tap("Europe/Madrid");
    expect((await account()).timezone).toBe("Europe/Madrid");
    expect(buttons()).not.toContain("Cancel");
  });
});

describe("a late tap says what it was about, and changes nothing", () => {
  test("an old “New code” does nothing while the e-mail is asked for", async () => {
    await open();
    harness.sandbox.garmin.accounts.get(OWNER.email).mfa = "email";
    await harness.app.store.links.remove(ACCOUNT, "garmin");
    await signIn();
    const { id } = await heard(harness, "Garmin sent a code");
    await say("/cancel");
    await say("/connect");
    await tap("Link Garmin");
    await tap("Here in the chat");
    const before = botMessages().length;
    await showAgain(id, "garmin:new-code");
    harness.clock.advance(60);
    await tap("Old", id);
    expect(toast()).toBe("That step of the Garmin sign-in is over, so your tap did nothing. /connect starts again.");
    expect(harness.sandbox.garmin.inbox).toHaveLength(1);
    expect(botMessages()).toHaveLength(before);
    expect(botMessages().find((message) => message.id === id)?.buttons).toEqual([]);
    // The open question still takes its answer.
    await say(OWNER.email);
    await heard(harness, "the password for");
  });

  test.each([
    ["a yes to a question that was asked again", "disconnect:everything:yes", "/disconnect asks again."],
    ["a choice after “Keep it all”", "disconnect:garmin", "/disconnect asks again."],
  ])("%s does nothing", async (_what, data, words) => {
    await open();
    await say("/disconnect");
    const first = botMessages().at(-1)?.id ?? 0;
    await (data.endsWith(":yes") ? say("/disconnect") : tap("Keep it all"));
    await showAgain(first, data);
    await tap("Old", first);
    expect(toast()).toBe(`That question is closed, so your tap did nothing. ${words}`);
    expect(await harness.app.store.links.read(ACCOUNT, "withings")).toBeDefined();
  });

  test("a second tap on yes doesn’t claim that nothing was removed", async () => {
    await open();
    await say("/disconnect");
    await tap("The Garmin link");
    const { id } = await heard(harness, "Remove the Garmin link?");
    harness.owner.tap("Yes, remove", id);
    await tap("Yes, remove", id);
    expect(await harness.app.store.links.read(ACCOUNT, "garmin")).toBeUndefined();
    expect(botMessages().at(-1)?.text).toMatch(/^I’ve removed the Garmin link\./);
    expect(toast()).toBe("That question is closed, so your tap did nothing. /disconnect asks again.");
  });

  test("the last question of a sign-in that was forgotten after a day takes no answer", async () => {
    await open();
    await harness.app.store.links.remove(ACCOUNT, "garmin");
    await say("/connect");
    await tap("Link Garmin");
    await tap("Here in the chat");
    const { id } = await heard(harness, "Which e-mail");
    const before = botMessages().length;
    harness.clock.advance(25 * 3600);
    await tap("Cancel");
    expect(toast()).toBe("That step of the Garmin sign-in is over, so your tap did nothing. /connect starts again.");
    expect(botMessages()).toHaveLength(before);
    expect(botMessages().find((message) => message.id === id)?.buttons).toEqual([]);
  });

  test("a zone of a question that was answered does nothing", async () => {
    await open();
    await say("/settings");
    await tap("Time zone");
    await tap("Type it");
    const { id } = await say("Spain");
    await say("Wien");
    await showAgain(id, "zone:Europe/Madrid");
    await tap("Old", id);
    expect(toast()).toBe("That question about your time zone is closed, so your tap did nothing.");
    expect((await account()).timezone).toBe("Europe/Vienna");
  });

  test("a removal in a list that was shown again does nothing", async () => {
    await open();
    await harness.app.store.people.accept(await harness.app.store.people.invite(), {
      telegramUserId: GUEST,
      name: "Anna",
    });
    const { id } = await say("/people");
    await tap("Remove Anna");
    await say("/people");
    await showAgain(id, `people:remove:${GUEST}:yes`);
    await tap("Old", id);
    expect(toast()).toBe("That list is out of date, so your tap did nothing. /people shows a new one.");
    expect(await harness.app.store.people.isInvited(GUEST)).toBe(true);
  });

  test.each([
    [
      "garmin",
      "garmin:here",
      "You’ve signed in to Garmin since then, so your tap did nothing. /connect signs you in again.",
    ],
    [
      "garmin",
      "garmin",
      "You’ve signed in to Garmin since then, so your tap did nothing. /connect signs you in again.",
    ],
    ["withings", "withings", "You’ve linked Withings since then, so your tap did nothing. /connect links it again."],
  ] as const)("a button to link %s (%s) from before it was linked does nothing", async (_vendor, data, words) => {
    await open({ linked: false });
    await say("/help");
    const { message_id: id } = await bot.bot.api.sendMessage(ACCOUNT, "Something needs your attention.");
    await showAgain(id, data);
    harness.clock.advance(5);
    await harness.link();
    await tap("Old", id);
    expect(toast()).toBe(words);
    expect(botMessages()).toHaveLength(2);
  });
});

test("a button to link again works even if the link still seems good", async () => {
  await open();
  await say("/help");
  harness.clock.advance(5);
  const { message_id: id } = await bot.bot.api.sendMessage(ACCOUNT, "/doctor says that Garmin has signed me out.");
  await showAgain(id, "garmin:here");
  await tap("Old", id);
  await heard(harness, "Which e-mail");
});

test("a question that can’t be saved can still be answered", async () => {
  harness = await startTestBot();
  const saveQuestion = () => Promise.reject(new RetryLaterError("busy"));
  bot = harness.startBot({ accounts: { ...harness.app.store.accounts, saveQuestion } });
  await say("/disconnect");
  await tap("The Garmin link");
  await tap("Yes, remove");
  expect(await harness.app.store.links.read(ACCOUNT, "garmin")).toBeUndefined();
});

test("a question doesn’t bring back a removed account", async () => {
  await open();
  await say("/disconnect");
  await tap("Everything");
  await tap("Yes, remove");
  await harness.app.store.accounts.saveQuestion(ACCOUNT, "garmin", () => ({ messageId: 7, isOpen: true }));
  expect(await harness.app.store.accounts.find(ACCOUNT)).toBeUndefined();
});
