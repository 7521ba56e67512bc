import { afterEach, describe, expect, test } from "vitest";
import { ACCOUNT } from "../../support/test-app.ts";
import { labels } from "../chat.ts";
import { startTestBot, type TestBot } from "../test-bot.ts";

let harness: TestBot;
let bot: ReturnType<TestBot["startBot"]>;
afterEach(() => harness.close());

const account = async () => (await harness.app.store.accounts.find(ACCOUNT)) ?? expect.fail("the account is gone");
const screen = () => harness.owner.lastMessage ?? expect.fail("the chat is empty");

async function open() {
  harness = await startTestBot();
  bot = harness.startBot();
  harness.owner.say("/settings");
  await harness.owner.waitForMessage();
}

/** The message after the bot has handled the tap. */
const tap = (button: string) => harness.tap(button);

describe("the time zone", () => {
  /** A new program handles every update. */
  async function afterRestart(act: () => unknown) {
    await bot.stop();
    bot = harness.startBot();
    act();
    await harness.quiet();
    return screen();
  }

  async function typing() {
    await open();
    await afterRestart(() => harness.owner.tap("Time zone"));
    return afterRestart(() => harness.owner.tap("Type it"));
  }

  test("the time zone is offered with neighbouring zones, and can be left to Withings again", async () => {
    await open();
    await harness.app.store.accounts.save(ACCOUNT, { timezone: "Europe/Berlin" });
    const shown = await tap("Time zone");
    expect(shown.text).toContain("Time zone: Europe/Berlin (13:00 now), set by you");
    expect(labels(shown)).toContain("✓ Berlin 13:00");
    expect(labels(shown)).toContain("London 12:00");
    await tap("London 12:00");
    expect((await account()).timezone).toBe("Europe/London");
    expect((await tap("Use Withings’ time zone")).text).toContain("until you choose one or Withings tells me yours");
    expect((await account()).timezone).toBeUndefined();
  });

  test("Withings is named as the source of the zone only if it reported one, and while it is linked", async () => {
    await open();
    await harness.sync();
    expect((await tap("Time zone")).text).toContain("Time zone: Europe/Berlin (13:00 now), from Withings\n");
    await harness.app.store.accounts.save(ACCOUNT, { reportedTimezone: "Europe/Berlin" });
    await harness.app.store.links.remove(ACCOUNT, "withings");
    await tap("Back");
    expect((await tap("Time zone")).text).toContain(
      "Time zone: Europe/Berlin (13:00 now), from Withings, when it was linked\n",
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
  ])("“%s” is the zone %s", async (typed, timezone) => {
    expect((await typing()).text).toMatch(/^Which time zone\?/);
    const shown = await afterRestart(() => harness.owner.say(typed));
    expect(shown.text).toContain(`Time zone: ${timezone} (`);
    expect((await account()).timezone).toBe(timezone);
    const after = await afterRestart(() => harness.owner.say("tokyo"));
    expect(after.text).toBe("I’m not sure what you mean. One of these, perhaps?");
  });

  test("a text that several names start with is asked about, and a tap ends the dialog", async () => {
    await typing();
    const shown = await afterRestart(() => harness.owner.say("port"));
    expect(shown.text).toBe("Which of these?");
    expect(labels(shown)).toContain("Pacific/Port Moresby");
    await afterRestart(() => harness.owner.tap("Pacific/Port Moresby"));
    expect((await account()).timezone).toBe("Pacific/Port_Moresby");
    expect((await afterRestart(() => harness.owner.say("tokyo"))).text).toMatch(/^I’m not sure what you mean\./);
    expect((await account()).timezone).toBe("Pacific/Port_Moresby");
  });

  const offered = ({ buttons }: { buttons: Array<Array<{ text: string; data?: string }>> }) =>
    buttons
      .flat()
      .flatMap(({ data = "" }) => (data.startsWith("zone:") && data !== "zone:" ? [data.slice("zone:".length)] : []));

  test("six of many matches are shown", async () => {
    await typing();
    const shown = await afterRestart(() => harness.owner.say("sa"));
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
  ])("“%s” matches several zones, and those with most people come first", async (typed, count, first) => {
    await typing();
    const shown = await afterRestart(() => harness.owner.say(typed));
    expect(shown.text).toBe(
      count > 6
        ? `${count} time zones match. Is it one of these? If not, send me the biggest city near you.`
        : "Which of these?",
    );
    expect(offered(shown).slice(0, first.length)).toEqual(first);
    expect((await account()).timezone).toBeUndefined();
    harness.owner.tap(`${first[0]?.replaceAll("_", " ")}`);
    await harness.quiet();
    expect((await account()).timezone).toBe(first[0]);
  });

  test("a place in an unknown region is asked about, because another place may have that name", async () => {
    await typing();
    const shown = await afterRestart(() => harness.owner.say("Paris, Texas"));
    expect(shown.text).toMatch(/^Is it this one\?/);
    expect(offered(shown)).toEqual(["Europe/Paris"]);
    expect((await account()).timezone).toBeUndefined();
  });

  test.each(["Atlantis", "EST", "x", "+02:00", ",", "Korea (the other)"])(
    "“%s” isn’t found, and the zone can be typed again",
    async (typed) => {
      await typing();
      expect((await afterRestart(() => harness.owner.say(typed))).text).toMatch(
        /^I don’t know that place\..*Berlin, New York or France\.$/,
      );
      await afterRestart(() => harness.owner.say("tokyo"));
      expect((await account()).timezone).toBe("Asia/Tokyo");
    },
  );

  test("a command or Cancel ends the dialog, and the zone stays as it was", async () => {
    await typing();
    harness.owner.say("/help");
    await harness.quiet();
    expect(harness.owner.messages.map(({ text }) => text)).toContain("I’ve left your time zone as it was.");
    expect((await afterRestart(() => harness.owner.say("tokyo"))).text).toMatch(/^I’m not sure what you mean\./);

    await afterRestart(() => harness.owner.say("/settings"));
    await afterRestart(() => harness.owner.tap("Time zone"));
    await afterRestart(() => harness.owner.tap("Type it"));
    await afterRestart(() => harness.owner.tap("Cancel"));
    expect((await afterRestart(() => harness.owner.say("tokyo"))).text).toMatch(/^I’m not sure what you mean\./);
    expect((await account()).timezone).toBeUndefined();
  });

  test("the time zone is asked for in German too", async () => {
    harness = await startTestBot();
    await harness.app.store.accounts.save(ACCOUNT, { language: "de" });
    bot = harness.startBot();
    await afterRestart(() => harness.owner.say("/settings"));
    await afterRestart(() => harness.owner.tap("Zeitzone"));
    expect((await afterRestart(() => harness.owner.tap("Eintippen"))).text).toMatch(/^Welche Zeitzone\?/);
    expect((await afterRestart(() => harness.owner.say("Atlantis"))).text).toMatch(/^Diesen Ort kenne ich nicht\./);
    expect((await afterRestart(() => harness.owner.say("Wien"))).text).toMatch(
      /^Zeitzone: Europe\/Vienna \(jetzt 13:00\), von dir gewählt\n/,
    );
  });
});
