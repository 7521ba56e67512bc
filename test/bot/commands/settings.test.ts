import { afterEach, describe, expect, test } from "vitest";
import { choosableKinds, sentKinds } from "../../../src/bot/views/settings.ts";
import { wordsIn } from "../../../src/bot/words/words.ts";
import { DEFAULT_SETTINGS } from "../../../src/sync/model/account.ts";
import { ACCOUNT } from "../../support/test-app.ts";
import { startTestBot, type TestBot } from "../test-bot.ts";

let house: TestBot;
afterEach(() => house.close());

const labels = (message: { buttons: Array<Array<{ text: string }>> }) => message.buttons.flat().map(({ text }) => text);
const account = async () => (await house.app.store.accounts.find(ACCOUNT)) ?? expect.fail("the account is gone");
const screen = () => house.owner.lastMessage ?? expect.fail("nothing stands in the chat");
const botMessages = () => house.owner.messages.filter(({ from }) => from === "bot");

/** The message after the bot has handled the tap. */
async function tap(button: string) {
  house.owner.tap(button);
  await house.quiet();
  return screen();
}

let bot: ReturnType<TestBot["startBot"]>;
async function open(options: Parameters<typeof startTestBot>[0] = {}) {
  house = await startTestBot(options);
  bot = house.startBot();
  house.owner.say("/settings");
  await house.owner.waitForMessage();
}

describe("/settings", () => {
  test("shows every setting in one message that is redrawn in place", async () => {
    await open();
    expect(screen().text).toBe(
      [
        "Units: kilograms",
        "Time zone: UTC (12:00 now), until you choose one or Withings tells me yours",
        "Summary: every day, at 9:00",
        "Silence: I tell you when nothing comes from your scale or cuff",
        "Short outages: I mention them only after 6 hours",
        "Sent to Garmin: weight, body composition, muscle, blood pressure",
        "Language: English",
      ].join("\n"),
    );
    expect(labels(screen())).toEqual([
      "Units",
      "Time zone",
      "Summary",
      "Silence",
      "Short outages",
      "What is sent",
      "Language",
    ]);
    for (const topic of labels(screen())) {
      expect(labels(await tap(topic)).at(-1)).toBe("Back");
      await tap("Back");
    }
    expect(botMessages()).toHaveLength(1);
    expect(house.owner.unansweredTaps).toBe(0);
  });

  test.each([
    ["Units", "Stone (st)", { units: "st" }, "Units: stone\n"],
    ["Summary", "0", { summaryHour: 0 }, "Summary: every day, at 0:00"],
    ["Summary", "23", { summaryHour: 23 }, "Summary: every day, at 23:00"],
    [
      "Summary",
      "When something happened",
      { summaryMode: "when_new" },
      "Summary: only when something happened, at 9:00",
    ],
    ["Summary", "Off", { summaryMode: "off" }, "Summary: off"],
    ["Short outages", "1 hour", { patienceHours: 1 }, "Short outages: I mention them only after 1 hour"],
  ])("%s: a tap on %s changes only that setting", async (topic, button, changed, line) => {
    await open();
    await tap(topic);
    const shown = await tap(button);
    expect((await account()).settings).toEqual({ ...DEFAULT_SETTINGS, ...changed });
    expect(shown.text).toContain(line);
    expect(labels(shown)).toContain(`✓ ${button}`);
  });

  test("switches each kind of reading on or off, and says which kind needs another", async () => {
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

  test("ticks the same kinds as its text names, whichever are on", () => {
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

  test("turns notices about a silent scale and a silent cuff off and on separately", async () => {
    await open();
    expect(labels(await tap("Silence"))).toEqual(["✓ Scale", "✓ Cuff", "Back"]);
    expect(screen().text).toContain("after three days without one; if once a week, after two weeks");
    const shown = await tap("✓ Scale");
    expect(shown.text).toContain("Silence: I tell you when nothing comes from your cuff\n");
    expect((await tap("✓ Cuff")).text).toContain("Silence: I don’t tell you when nothing comes\n");
    expect((await account()).settings).toEqual({
      ...DEFAULT_SETTINGS,
      tellsSilence: { weigh_in: false, blood_pressure: false },
    });
    expect((await tap("Scale")).text).toContain("Silence: I tell you when nothing comes from your scale\n");
    expect((await account()).settings.tellsSilence).toEqual({ weigh_in: true, blood_pressure: false });
  });

  test.each([
    ["weigh_in", { weigh_in: false, blood_pressure: true }],
    ["all", { weigh_in: false, blood_pressure: false }],
  ])(
    "turns such notices off by the button below one (%s), and shows where to turn them on",
    async (kind, tellsSilence) => {
      await open();
      await bot.bot.api.editMessageReplyMarkup(ACCOUNT, screen().id, {
        reply_markup: { inline_keyboard: [[{ text: "Don’t", callback_data: `set:silence:${kind}:off` }]] },
      });
      expect(labels(await tap("Don’t"))).toContain("Scale");
      expect((await account()).settings).toEqual({ ...DEFAULT_SETTINGS, tellsSilence });
    },
  );

  test("does once what a button says, even if it is tapped or delivered twice", async () => {
    await open();
    await tap("What is sent");
    const { id } = screen();
    house.owner.tap("✓ Weight", id);
    const { updateId } = house.owner.tap("✓ Weight", id);
    await house.quiet();
    house.owner.redeliver(updateId);
    await house.quiet();
    expect((await account()).settings.sends.weight).toBe(false);
    expect(house.owner.unansweredTaps).toBe(0);
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
  ])("changes nothing by an outdated button (%s), and shows the present settings", async (data) => {
    await open();
    const before = await account();
    await bot.bot.api.editMessageReplyMarkup(ACCOUNT, screen().id, {
      reply_markup: { inline_keyboard: [[{ text: "Old", callback_data: data }]] },
    });
    const shown = await tap("Old");
    expect(await account()).toEqual(before);
    expect(shown.text).toMatch(/^Units: kilograms\n/);
    expect(house.owner.toasts.at(-1)?.text).toBe("That button is out of date. Here’s the latest.");
  });

  test("has only buttons whose data fit into Telegram’s 64 bytes", async () => {
    await open();
    await house.app.store.accounts.save(ACCOUNT, { timezone: "America/Argentina/ComodRivadavia" });
    for (const topic of ["units", "zone", "summary", "silence", "patience", "sends", "language"]) {
      await tap(topic === "units" ? "Units" : `set:${topic}`);
      for (const { data } of screen().buttons.flat()) expect(Buffer.byteLength(data ?? "")).toBeLessThanOrEqual(64);
      await tap("Back");
    }
  });

  test("keeps a setting if the change can’t be saved, and the tap’s answer says so", async () => {
    house = await startTestBot();
    const { RetryLaterError } = await import("../../../src/lib/errors.ts");
    const accounts = { ...house.app.store.accounts, save: () => Promise.reject(new RetryLaterError("busy")) };
    bot = house.startBot({ accounts });
    house.owner.say("/settings");
    await house.owner.waitForMessage();
    await tap("Units");
    const shown = await tap("Pounds (lb)");
    expect(house.owner.toasts.at(-1)?.text).toBe("That didn’t work just now. Try again in a few minutes.");
    expect(labels(shown)).toContain("✓ Kilograms (kg)");
  });
});

describe("the language", () => {
  test("applies at once to the message, and to the menu of the chat whatever the phone’s language", async () => {
    await open();
    await bot.registerCommands();
    expect(house.owner.commands[0]?.description).toBe(wordsIn("en").commands.sync);
    await tap("Language");
    const shown = await tap("Deutsch");
    expect(shown.text).toMatch(/^Sprache: Deutsch\n/);
    expect(labels(shown)).toEqual(["English", "✓ Deutsch", "Zurück"]);
    const german = wordsIn("de");
    const menu = { ...german.commands, ...german.ownerCommands };
    expect(house.owner.commands).toEqual(
      Object.entries(menu).map(([command, description]) => ({ command, description })),
    );
    await bot.registerCommands();
    expect(house.owner.commands[0]?.description).toBe(german.commands.sync);
    await tap("Zurück");
    expect(screen().text).toContain("Zeitzone: UTC (jetzt 12:00), bis du eine wählst oder Withings mir deine sagt\n");
    await tap("Sprache");
    await tap("English");
    expect(house.owner.commands[0]?.description).toBe(wordsIn("en").commands.sync);
  });
});

test("a person with a German phone who chose English gets an English menu without the owner’s commands", async () => {
  await open();
  await bot.registerCommands();
  await house.app.store.people.accept(await house.app.store.people.invite(), { telegramUserId: 4712, name: "Anna" });
  const anna = house.telegram.user({ id: 4712, firstName: "Anna", languageCode: "de" });
  anna.say("/settings");
  expect((await anna.waitForMessage()).text).toMatch(/^Einheiten: Kilogramm\n/);
  expect(anna.commands[0]?.description).toBe(wordsIn("de").commands.sync);
  anna.tap("Sprache");
  await house.quiet();
  anna.tap("English");
  await house.quiet();
  expect(anna.commands.map(({ description }) => description)).toEqual(Object.values(wordsIn("en").commands));
});

test("a choice replaces the menu that was set for the phone’s language", async () => {
  house = await startTestBot();
  house.owner.person.languageCode = "de";
  bot = house.startBot();
  house.owner.say("/settings");
  await house.owner.waitForMessage();
  await bot.registerCommands();
  expect(house.owner.commands[0]?.description).toBe(wordsIn("de").commands.sync);
  await tap("Language");
  await tap("✓ English");
  expect(house.owner.commands[0]?.description).toBe(wordsIn("en").commands.sync);
});

describe("the time zone", () => {
  /** A new program handles every update. */
  async function anew(act: () => unknown) {
    await bot.stop();
    bot = house.startBot();
    act();
    await house.quiet();
    return screen();
  }

  async function typing() {
    await open();
    await anew(() => house.owner.tap("Time zone"));
    return anew(() => house.owner.tap("Type it"));
  }

  test("is offered with neighbouring zones, and can be left to Withings again", async () => {
    await open();
    await house.app.store.accounts.save(ACCOUNT, { timezone: "Europe/Berlin" });
    const shown = await tap("Time zone");
    expect(shown.text).toContain("Time zone: Europe/Berlin (13:00 now), as you chose");
    expect(labels(shown)).toContain("✓ Berlin 13:00");
    expect(labels(shown)).toContain("London 12:00");
    await tap("London 12:00");
    expect((await account()).timezone).toBe("Europe/London");
    expect((await tap("Use Withings’ time zone")).text).toContain("until you choose one or Withings tells me yours");
    expect((await account()).timezone).toBeUndefined();
  });

  test("names Withings as its source only if Withings reported it, and while it is linked", async () => {
    await open();
    await house.sync();
    expect((await tap("Time zone")).text).toContain("Time zone: Europe/Berlin (13:00 now), as Withings says\n");
    await house.app.store.accounts.save(ACCOUNT, { reportedTimezone: "Europe/Berlin" });
    await house.app.store.links.remove(ACCOUNT, "withings");
    await tap("Back");
    expect((await tap("Time zone")).text).toContain(
      "Time zone: Europe/Berlin (13:00 now), as Withings said while it was linked\n",
    );
  });

  test.each([
    ["berlin", "Europe/Berlin"],
    ["Europe/Berlin", "Europe/Berlin"],
    ["  new york ", "America/New_York"],
    ["Zürich", "Europe/Zurich"],
    ["utc", "UTC"],
    ["kolkata", "Asia/Kolkata"],
    ["asia/kolkata", "Asia/Kolkata"],
    ["Amsterd", "Europe/Amsterdam"],
    ["Paris, France", "Europe/Paris"],
    ["München", "Europe/Berlin"],
    ["Wien", "Europe/Vienna"],
  ])("typed as “%s” becomes %s", async (typed, timezone) => {
    expect((await typing()).text).toMatch(/^Which time zone\?/);
    const shown = await anew(() => house.owner.say(typed));
    expect(shown.text).toContain(`Time zone: ${timezone} (`);
    expect((await account()).timezone).toBe(timezone);
    const after = await anew(() => house.owner.say("tokyo"));
    expect(after.text).toBe("I didn’t understand that. /help shows what I can do.");
  });

  test("is asked about if several names start like the text, and a tap ends the dialog", async () => {
    await typing();
    const shown = await anew(() => house.owner.say("port"));
    expect(shown.text).toBe("Which of these?");
    expect(labels(shown)).toContain("Pacific/Port Moresby");
    await anew(() => house.owner.tap("Pacific/Port Moresby"));
    expect((await account()).timezone).toBe("Pacific/Port_Moresby");
    expect((await anew(() => house.owner.say("tokyo"))).text).toMatch(/^I didn’t understand that\./);
    expect((await account()).timezone).toBe("Pacific/Port_Moresby");
  });

  const offered = ({ buttons }: { buttons: Array<Array<{ text: string; data?: string }>> }) =>
    buttons
      .flat()
      .flatMap(({ data = "" }) => (data.startsWith("zone:") && data !== "zone:" ? [data.slice("zone:".length)] : []));

  test("is asked about with six of many matches", async () => {
    await typing();
    const shown = await anew(() => house.owner.say("sa"));
    expect(shown.text).toMatch(/^\d+ time zones match\. Is it one of these\?/);
    expect(offered(shown)).toHaveLength(6);
  });

  test.each([
    ["USA", 8, ["Pacific/Honolulu", "America/Anchorage", "America/Los_Angeles", "America/Denver", "America/Chicago"]],
    ["America", 18, ["America/Anchorage", "America/Los_Angeles", "America/Denver", "America/Chicago"]],
    ["Europa", 6, ["Europe/London", "Europe/Berlin", "Europe/Athens", "Europe/Istanbul"]],
    ["Spanien", 2, ["Europe/Madrid", "Atlantic/Canary"]],
    ["Portugal", 2, ["Europe/Lisbon", "Atlantic/Azores"]],
    ["Springfield, USA", 8, ["Pacific/Honolulu", "America/Anchorage"]],
  ])("typed as “%s” has several answers, and the zones with most people come first", async (typed, count, first) => {
    await typing();
    const shown = await anew(() => house.owner.say(typed));
    expect(shown.text).toBe(
      count > 6
        ? `${count} time zones match. Is it one of these? If not, send me the biggest city near you.`
        : "Which of these?",
    );
    expect(offered(shown).slice(0, first.length)).toEqual(first);
    expect((await account()).timezone).toBeUndefined();
    house.owner.tap(`${first[0]?.replaceAll("_", " ")}`);
    await house.quiet();
    expect((await account()).timezone).toBe(first[0]);
  });

  test("is asked about if the region is unknown, because another place may have that name", async () => {
    await typing();
    const shown = await anew(() => house.owner.say("Paris, Texas"));
    expect(shown.text).toMatch(/^Is it this one\?/);
    expect(offered(shown)).toEqual(["Europe/Paris"]);
    expect((await account()).timezone).toBeUndefined();
  });

  test.each(["Atlantis", "EST", "x", "+02:00", ",", "Korea (the other)"])(
    "typed as “%s” isn’t found, and can be typed again",
    async (typed) => {
      await typing();
      expect((await anew(() => house.owner.say(typed))).text).toMatch(
        /^I don’t know that place\..*Berlin, New York or France\.$/,
      );
      await anew(() => house.owner.say("tokyo"));
      expect((await account()).timezone).toBe("Asia/Tokyo");
    },
  );

  test("stays as it was if a command or Cancel ends the dialog", async () => {
    await typing();
    house.owner.say("/help");
    await house.quiet();
    expect(botMessages().map(({ text }) => text)).toContain("I’ve left your time zone as it was.");
    expect((await anew(() => house.owner.say("tokyo"))).text).toMatch(/^I didn’t understand that\./);

    await anew(() => house.owner.say("/settings"));
    await anew(() => house.owner.tap("Time zone"));
    await anew(() => house.owner.tap("Type it"));
    await anew(() => house.owner.tap("Cancel"));
    expect((await anew(() => house.owner.say("tokyo"))).text).toMatch(/^I didn’t understand that\./);
    expect((await account()).timezone).toBeUndefined();
  });

  test("is asked for in German too", async () => {
    house = await startTestBot();
    await house.app.store.accounts.save(ACCOUNT, { language: "de" });
    bot = house.startBot();
    await anew(() => house.owner.say("/settings"));
    await anew(() => house.owner.tap("Zeitzone"));
    expect((await anew(() => house.owner.tap("Eintippen"))).text).toMatch(/^Welche Zeitzone\?/);
    expect((await anew(() => house.owner.say("Atlantis"))).text).toMatch(/^Diesen Ort kenne ich nicht\./);
    expect((await anew(() => house.owner.say("Wien"))).text).toMatch(
      /^Zeitzone: Europe\/Vienna \(jetzt 13:00\), von dir gewählt\n/,
    );
  });
});
