import { afterEach, expect, test } from "vitest";
import { ABOUT } from "../../../src/bot/words/about.ts";
import { wordsIn } from "../../../src/bot/words/words.ts";
import { LANGUAGES } from "../../../src/sync/model/account.ts";
import { ACCOUNT } from "../../support/test-app.ts";
import { startTestBot, type TestBot } from "../test-bot.ts";

let harness: TestBot;
afterEach(() => harness.close());

let bot: ReturnType<TestBot["startBot"]>;
async function open() {
  seen = 0;
  harness = await startTestBot({ linked: false });
  bot = harness.startBot();
}

let seen = 0;
/** What was asked of Telegram about the bot itself since the last call. */
function asked(): string[] {
  const methods = harness.telegram.outbox.slice(seen).map(({ method }) => method);
  seen += methods.length;
  return methods.filter((method) => /^[gs]etMy(Desc|Short|Comm)/.test(method));
}

test("before anybody writes, Telegram shows what the bot does, in the language of the phone", async () => {
  await open();
  const french = harness.telegram.user({ id: 4713, firstName: "Anne", languageCode: "fr" });
  const german = harness.telegram.user({ id: 4714, firstName: "Anna", languageCode: "de" });
  await bot.keepProfile();
  expect(harness.owner.description).toBe(ABOUT.en.description);
  expect(french.description).toBe(ABOUT.en.description);
  expect(german.description).toBe(ABOUT.de.description);
  const { short_description } = await bot.bot.api.getMyShortDescription({ language_code: "de" });
  expect(short_description).toBe(ABOUT.de.shortDescription);
});

test("what Telegram has already isn’t set again, by whichever process, and what has changed is", async () => {
  await open();
  harness.owner.say("/cancel");
  await harness.quiet();
  await bot.keepProfile();
  expect(asked()).toContain("setMyCommands");
  await harness.newBot().keepProfile();
  expect(asked()).toEqual(["getMyDescription"]);

  await harness.app.store.accounts.save(ACCOUNT, { language: "de" });
  await bot.keepProfile();
  expect(asked()).toContain("setMyCommands");
  expect(harness.owner.commands[0]?.description).toBe(wordsIn("de").commands.sync);
  await bot.keepProfile();
  expect(asked()).toEqual(["getMyDescription"]);
});

test("the owner’s own menu follows once they have opened the chat", async () => {
  const LATER = 4999;
  harness = await startTestBot({ linked: false, allowedIds: [LATER] });
  bot = harness.startBot();
  await bot.keepProfile();
  const owner = harness.telegram.user({ id: LATER, firstName: "Olga" });
  expect(owner.commands.map(({ command }) => command)).not.toContain("invite");
  await bot.keepProfile();
  expect(owner.commands.map(({ command }) => command)).toContain("invite");
});

test("if Telegram fails in between, the next start sets the rest", async () => {
  await open();
  harness.sandbox.faults.add({
    ...{ server: "telegram", match: { path: /\/setMyShortDescription$/ }, times: 1 },
    effect: { type: "status", status: 400, body: { ok: false, error_code: 400, description: "Bad Request: no" } },
  });
  await expect(bot.keepProfile()).rejects.toThrow("no");
  expect(harness.owner.commands).toEqual([]);
  await bot.keepProfile();
  expect(harness.owner.commands).not.toEqual([]);
});

test.each(LANGUAGES)("the texts fit into what Telegram allows: %s", (language) => {
  expect(ABOUT[language].description.length).toBeLessThanOrEqual(512);
  expect(ABOUT[language].shortDescription.length).toBeLessThanOrEqual(120);
});
