import { afterEach, describe, expect, test } from "vitest";
import { choosableKinds, sentKinds } from "../../../src/bot/views/settings.ts";
import { wordsIn } from "../../../src/bot/words/words.ts";
import { DEFAULT_SETTINGS } from "../../../src/sync/model/account.ts";
import { ACCOUNT } from "../../support/test-app.ts";
import { labels } from "../chat.ts";
import { startTestBot, type TestBot } from "../test-bot.ts";

let harness: TestBot;
afterEach(() => harness.close());

const account = async () => (await harness.app.store.accounts.find(ACCOUNT)) ?? expect.fail("the account is gone");
const screen = () => harness.owner.lastMessage ?? expect.fail("the chat is empty");
const botMessages = () => harness.owner.messages.filter(({ from }) => from === "bot");

/** The message after the bot has handled the tap. */
const tap = (button: string) => harness.tap(button);

let bot: ReturnType<TestBot["startBot"]>;
async function open(options: Parameters<typeof startTestBot>[0] = {}) {
  harness = await startTestBot(options);
  bot = harness.startBot();
  harness.owner.say("/settings");
  await harness.owner.waitForMessage();
}

describe("/settings", () => {
  test("/settings shows every setting in one message that is redrawn in place", async () => {
    await open();
    expect(screen().text).toBe(
      [
        "Units: kilograms",
        "Time zone: UTC (12:00 now), until you choose one or Withings tells me yours",
        "Cards: on days with something new, at 9:00",
        "No readings: I tell you when your scale or cuff goes quiet",
        "Short outages: I only mention them after 6 hours",
        "Sent to Garmin: weight, body composition, muscle, blood pressure",
        "Deleted at Withings: I ask whether to remove it from Garmin",
        "Height: I don’t know it",
        "Pictures: light",
        "Language: English",
      ].join("\n"),
    );
    expect(labels(screen())).toEqual([
      "Units",
      "Time zone",
      "Cards",
      "No readings",
      "Short outages",
      "What is sent",
      "Deleted at Withings",
      "Height",
      "Pictures",
      "Language",
    ]);
    for (const topic of labels(screen())) {
      expect(labels(await tap(topic)).at(-1)).toBe("Back");
      await tap("Back");
    }
    expect(botMessages()).toHaveLength(1);
    expect(harness.owner.unansweredTaps).toBe(0);
  });

  test.each([
    ["Units", "Stone (st)", { units: "st" }, "Units: stone\n"],
    ["Cards", "7:00", { summaryHour: 7 }, "Cards: on days with something new, at 7:00"],
    ["Cards", "21:00", { summaryHour: 21 }, "Cards: on days with something new, at 21:00"],
    ["Cards", "Every reading", { cards: "each" }, "Cards: with every reading, one message a day"],
    ["Cards", "Weekly", { cards: "weekly" }, "Cards: once a week, on Mondays at 9:00"],
    [
      "Cards",
      "Only when something needs me",
      { cards: "needed" },
      "Cards: none; I only write when something needs you",
    ],
    ["Short outages", "1 hour", { patienceHours: 1 }, "Short outages: I only mention them after 1 hour"],
  ])("%s: a tap on %s changes only that setting", async (topic, button, changed, line) => {
    await open();
    await tap(topic);
    const shown = await tap(button);
    expect((await account()).settings).toEqual({ ...DEFAULT_SETTINGS, ...changed });
    expect(shown.text).toContain(line);
    expect(labels(shown)).toContain(`✓ ${button}`);
  });

  test("each kind of reading can be switched on or off, and the screen says which kind needs another", async () => {
    await open();
    const before = await tap("What is sent");
    expect(labels(before)).toEqual(["✓ Weight", "✓ Body composition", "✓ Muscle", "✓ Blood pressure", "Back"]);
    expect(before.text).toContain("What is measured while a kind is off stays at Withings.");
    expect((await tap("✓ Muscle")).text).toContain("Sent to Garmin: weight, body composition, blood pressure\n");
    const withoutWeight = await tap("✓ Weight");
    expect(withoutWeight.text).toContain("Sent to Garmin: blood pressure\n");
    expect(labels(withoutWeight)).toEqual(["Weight", "✓ Blood pressure", "Back"]);
    const nothing = await tap("✓ Blood pressure");
    expect(nothing.text).toContain("Sent to Garmin: nothing\n");
    expect(labels(nothing)).toEqual(["Weight", "Blood pressure", "Back"]);
    expect((await account()).settings.sends).toEqual({
      weight: false,
      composition: true,
      muscle: false,
      bloodPressure: false,
    });
    expect(labels(await tap("Weight"))).toEqual([
      ...["✓ Weight", "✓ Body composition", "Muscle", "Blood pressure", "Back"],
    ]);
    expect((await account()).settings.sends).toMatchObject({ weight: true, composition: true, muscle: false });
    expect(labels(await tap("✓ Body composition"))).toEqual(["✓ Weight", "Body composition", "Blood pressure", "Back"]);
  });

  test("the ticks and the text name the same kinds, whichever are on", () => {
    const kinds = ["weight", "composition", "muscle", "bloodPressure"] as const;
    for (let bits = 0; bits < 16; bits++) {
      const sends = Object.fromEntries(kinds.map((kind, index) => [kind, (bits & (1 << index)) !== 0])) as Record<
        (typeof kinds)[number],
        boolean
      >;
      const ticked = choosableKinds(sends).filter((kind) => sends[kind]);
      expect(ticked).toEqual(sentKinds(sends));
      expect(ticked.includes("muscle")).toBe(sends.weight && sends.composition && sends.muscle);
      expect(ticked.includes("composition")).toBe(sends.weight && sends.composition);
    }
  });

  test("notices about a silent scale and a silent cuff can be turned off and on separately", async () => {
    await open();
    expect(labels(await tap("No readings"))).toEqual(["✓ Scale", "✓ Cuff", "Back"]);
    expect(screen().text).toContain("after three days without one; if once a week, after two weeks");
    const shown = await tap("✓ Scale");
    expect(shown.text).toContain("No readings: I tell you when your cuff goes quiet\n");
    expect((await tap("✓ Cuff")).text).toContain("No readings: I don’t tell you when they stop\n");
    expect((await account()).settings).toEqual({
      ...DEFAULT_SETTINGS,
      tellsSilence: { weigh_in: false, blood_pressure: false },
    });
    expect((await tap("Scale")).text).toContain("No readings: I tell you when your scale goes quiet\n");
    expect((await account()).settings.tellsSilence).toEqual({ weigh_in: true, blood_pressure: false });
  });

  test.each([
    ["weigh_in", { weigh_in: false, blood_pressure: true }],
    ["all", { weigh_in: false, blood_pressure: false }],
  ])(
    "the button below a notice of silence turns it off, and shows where to turn it on (%s)",
    async (kind, tellsSilence) => {
      await open();
      await bot.bot.api.editMessageReplyMarkup(ACCOUNT, screen().id, {
        reply_markup: { inline_keyboard: [[{ text: "Don’t", callback_data: `set:silence:${kind}:off` }]] },
      });
      expect(labels(await tap("Don’t"))).toContain("Scale");
      expect((await account()).settings).toEqual({ ...DEFAULT_SETTINGS, tellsSilence });
    },
  );

  test("a button does once what it says, even if it is tapped or delivered twice", async () => {
    await open();
    await tap("What is sent");
    const { id } = screen();
    harness.owner.tap("✓ Weight", id);
    const { updateId } = harness.owner.tap("✓ Weight", id);
    await harness.quiet();
    harness.owner.redeliver(updateId);
    await harness.quiet();
    expect((await account()).settings.sends.weight).toBe(false);
    expect(harness.owner.unansweredTaps).toBe(0);
    expect(botMessages()).toHaveLength(1);
  });

  test.each([
    "set:summaryHour:24",
    "set:units:kg:lb",
    "set:zone:Europe/Atlantis",
    "set:sends:height:on",
    "set:silence:height:off",
    "set:silence:all:maybe",
    "set:gone",
    "set:language:xx",
  ])("an outdated button (%s) changes nothing, and shows the present settings", async (data) => {
    await open();
    const before = await account();
    await bot.bot.api.editMessageReplyMarkup(ACCOUNT, screen().id, {
      reply_markup: { inline_keyboard: [[{ text: "Old", callback_data: data }]] },
    });
    const shown = await tap("Old");
    expect(await account()).toEqual(before);
    expect(shown.text).toMatch(/^Units: kilograms\n/);
    expect(harness.owner.toasts.at(-1)?.text).toBe("That button is out of date. Here’s the latest.");
  });

  test("the data of every button fits into Telegram’s 64 bytes", async () => {
    await open();
    await harness.app.store.accounts.save(ACCOUNT, { timezone: "America/Argentina/ComodRivadavia" });
    for (const topic of ["units", "zone", "summary", "silence", "patience", "sends", "language"]) {
      await tap(topic === "units" ? "Units" : `set:${topic}`);
      for (const { data } of screen().buttons.flat()) expect(Buffer.byteLength(data ?? "")).toBeLessThanOrEqual(64);
      await tap("Back");
    }
  });

  test("a setting stays if the change can’t be saved, and the tap’s answer says so", async () => {
    harness = await startTestBot();
    const { RetryLaterError } = await import("../../../src/lib/errors.ts");
    const accounts = { ...harness.app.store.accounts, save: () => Promise.reject(new RetryLaterError("busy")) };
    bot = harness.startBot({ accounts });
    harness.owner.say("/settings");
    await harness.owner.waitForMessage();
    await tap("Units");
    const shown = await tap("Pounds (lb)");
    expect(harness.owner.toasts.at(-1)?.text).toBe("That didn’t work just now. Try again in a few minutes.");
    expect(labels(shown)).toContain("✓ Kilograms (kg)");
  });
});

describe("the language", () => {
  test("the language applies at once to the message, and to the menu of the chat whatever the phone’s language", async () => {
    await open();
    await bot.keepProfile();
    expect(harness.owner.commands[0]?.description).toBe(wordsIn("en").commands.sync);
    await tap("Language");
    const shown = await tap("Deutsch");
    expect(shown.text).toMatch(/^Sprache: Deutsch\n/);
    expect(labels(shown)).toEqual(["English", "✓ Deutsch", "Zurück"]);
    const german = wordsIn("de");
    const menu = { ...german.commands, ...german.ownerCommands };
    expect(harness.owner.commands).toEqual(
      Object.entries(menu).map(([command, description]) => ({ command, description })),
    );
    await bot.keepProfile();
    expect(harness.owner.commands[0]?.description).toBe(german.commands.sync);
    await tap("Zurück");
    expect(screen().text).toContain("Zeitzone: UTC (jetzt 12:00), bis du eine wählst oder Withings mir deine sagt\n");
    await tap("Sprache");
    await tap("English");
    expect(harness.owner.commands[0]?.description).toBe(wordsIn("en").commands.sync);
  });
});

test("a person with a German phone who chose English gets an English menu without the owner’s commands", async () => {
  await open();
  await bot.keepProfile();
  await harness.app.store.people.accept(await harness.app.store.people.invite(), {
    telegramUserId: 4712,
    name: "Anna",
  });
  const anna = harness.telegram.user({ id: 4712, firstName: "Anna", languageCode: "de" });
  anna.say("/settings");
  expect((await anna.waitForMessage()).text).toMatch(/^Einheiten: Kilogramm\n/);
  expect(anna.commands[0]?.description).toBe(wordsIn("de").commands.sync);
  anna.tap("Sprache");
  await harness.quiet();
  anna.tap("English");
  await harness.quiet();
  expect(anna.commands.map(({ description }) => description)).toEqual(Object.values(wordsIn("en").commands));
});

test("a choice replaces the menu that was set for the phone’s language", async () => {
  harness = await startTestBot();
  harness.owner.person.languageCode = "de";
  bot = harness.startBot();
  harness.owner.say("/settings");
  await harness.owner.waitForMessage();
  await bot.keepProfile();
  expect(harness.owner.commands[0]?.description).toBe(wordsIn("de").commands.sync);
  await tap("Language");
  await tap("✓ English");
  expect(harness.owner.commands[0]?.description).toBe(wordsIn("en").commands.sync);
});
