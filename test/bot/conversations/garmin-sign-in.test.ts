import { afterEach, describe, expect, test } from "vitest";
import { wordsFor } from "../../../src/bot/words/words.ts";
import type { FaultName } from "../../../src/sandbox/named-faults.ts";
import { ACCOUNT, NOON, OWNER } from "../../support/test-app.ts";
import { chooseSignInHere, giveEmail, isLogin, labels, mailedCode, startBeforeGarmin, typePassword } from "../chat.ts";
import type { TestBot } from "../test-bot.ts";

let house: TestBot;
afterEach(() => house.close());

const link = async () => (await house.app.store.links.read(ACCOUNT, "garmin"))?.value;

describe("signing in to Garmin in the chat, with another process for every update,", () => {
  test("a sign-in works without a code, and the waiting reading arrives", async () => {
    house = await startBeforeGarmin();
    await giveEmail(house);
    const { text } = await typePassword(house);
    expect(text).toBe("I’ve deleted your message. Signed in to Garmin as Owner.");
    await house.owner.waitForMessage((message) => message.text === "1 reading arrived in Garmin.");
    expect(house.weights()).toHaveLength(1);
    expect((await link())?.state).toBe("linked");
    expect(house.owner.messages.filter(({ from }) => from === "person").map((it) => it.text)).toEqual(["/connect"]);
  });

  test("a sign-in works with a code that is wrong at first and typed minutes later", async () => {
    house = await startBeforeGarmin({ mfa: "email" });
    await giveEmail(house);
    const asked = await typePassword(house);
    expect(asked.text).toMatch(/^I’ve deleted your message\. Garmin sent a code to o\S+\./);
    expect(labels(asked)).toEqual(["New code", "Cancel"]);
    house.clock.advance(5 * 60);
    house.owner.say("000000");
    await house.owner.waitForMessage(({ text }) => text.includes("That code isn’t right."));
    expect(await link()).toBeUndefined();
    // Some mails write it like this.
    house.owner.say(`${mailedCode(house).slice(0, 3)} ${mailedCode(house).slice(3)}`);
    await house.owner.waitForMessage(({ text }) => text.includes("Signed in to Garmin as Owner."));
    await house.owner.waitForMessage(({ text }) => text === "1 reading arrived in Garmin.");
    expect(house.sandbox.garmin.inbox).toHaveLength(1);
  });

  test("a new code can be requested, and then only that one counts", async () => {
    house = await startBeforeGarmin({ mfa: "email" });
    await giveEmail(house);
    await typePassword(house);
    const first = mailedCode(house);
    house.owner.tap("New code");
    await house.owner.waitForMessage(({ text }) => text.startsWith("Garmin sends a new code only every half minute."));
    house.clock.advance(31);
    house.owner.tap("New code");
    await house.owner.waitForMessage(({ text }) => text.startsWith("Garmin sent a new code to"));
    expect(mailedCode(house)).not.toBe(first);
    house.owner.say(first);
    await house.owner.waitForMessage(({ text }) => text.includes("isn’t right"));
    house.owner.say(mailedCode(house));
    await house.owner.waitForMessage(({ text }) => text.includes("Signed in"));
    expect(house.owner.unansweredTaps).toBe(0);
  });

  test("a sign-in starts again by itself if the code comes too late, and remembers the e-mail", async () => {
    house = await startBeforeGarmin({ mfa: "email" });
    await giveEmail(house);
    await typePassword(house);
    house.clock.advance(11 * 60);
    house.owner.say(mailedCode(house));
    const { text } = await house.owner.waitForMessage();
    expect(text).toBe(
      "That took too long, so Garmin has closed the sign-in. Let’s start again. I’ve deleted your message. And the password for owner@example.org? I’ll use it once and won’t keep it.",
    );
    await typePassword(house);
    house.owner.say(mailedCode(house));
    await house.owner.waitForMessage((message) => message.text.includes("Signed in"));
  });

  test("a text that can’t be a code isn’t sent to Garmin", async () => {
    house = await startBeforeGarmin({ mfa: "email" });
    await giveEmail(house);
    await typePassword(house);
    house.requests();
    for (const typed of ["it has not come yet", "?", "1".repeat(4096)]) {
      expect((await typePassword(house, typed)).text).toMatch(/^I’ve deleted your message\. That code isn’t right\./);
    }
    expect(house.requests()).toEqual([]);
    expect(
      (await typePassword(house, ` ${mailedCode(house).slice(0, 3)} ${mailedCode(house).slice(3)}`)).text,
    ).toContain("Signed in");
  });

  test("a wrong password can be corrected, and the e-mail is offered the next time", async () => {
    house = await startBeforeGarmin();
    await giveEmail(house);
    const { text } = await typePassword(house, "not-the-password");
    expect(text).toMatch(/^I’ve deleted your message\. Garmin doesn’t know this e-mail and password\./);
    house.owner.tap("Cancel");
    await house.owner.waitForMessage((message) => message.text === "Cancelled. Nothing has changed.");
    house.owner.say("/connect");
    await house.owner.waitForMessage();
    house.owner.tap("Link Garmin");
    await house.owner.waitForMessage();
    house.owner.tap("Here in the chat");
    expect(labels(await house.owner.waitForMessage())).toEqual([OWNER.email, "Cancel"]);
    house.owner.tap(OWNER.email);
    await house.owner.waitForMessage((message) => message.text.includes("password"));
    await typePassword(house);
    expect((await link())?.state).toBe("linked");
  });

  test.each<[FaultName, RegExp]>([
    ["garmin_captcha", /robot/],
    ["garmin_account_locked", /locked this account/],
    ["garmin_sso_429", /I won’t try again until today 15:00\. You can still sign in on Garmin’s own page\./],
    ["garmin_sso_429_in_200", /won’t try again until today 15:00/],
    ["garmin_sso_cloudflare_403", /network I run in/],
  ])("%s has its own sentence, which leads to Garmin’s page", async (fault, sentence) => {
    house = await startBeforeGarmin();
    await giveEmail(house);
    house.sandbox.faults.turnOn(fault);
    const message = await typePassword(house);
    expect(message.text).toMatch(sentence);
    expect(message.buttons.flat().map(({ url }) => url)).toEqual([expect.stringContaining("/sso/signin?")]);
    // The dialog is over, so text is an ordinary message again.
    house.owner.say("hello");
    await house.owner.waitForMessage(({ text }) => text.startsWith("I didn’t understand"));
    house.sandbox.faults.clear();
    house.owner.say(house.sandbox.garmin.mintTicket(OWNER.email));
    await house.owner.waitForMessage(({ text }) => text.includes("Signed in to Garmin as Owner."));
  });

  test("a sign-in still waits for the code after an outage at Garmin", async () => {
    house = await startBeforeGarmin({ mfa: "email" });
    await giveEmail(house);
    await typePassword(house);
    house.sandbox.faults.turnOn("garmin_diauth_down");
    house.owner.say(mailedCode(house));
    await house.owner.waitForMessage(({ text }) =>
      text.includes("Garmin can’t be reached right now or isn’t answering properly."),
    );
    house.sandbox.faults.clear();
    house.owner.tap("Cancel");
    await house.owner.waitForMessage(({ text }) => text.startsWith("Cancelled."));
  });

  test("a sign-in is ended by a command, but not by a password that starts with a slash", async () => {
    house = await startBeforeGarmin();
    house.sandbox.garmin.accounts.get(OWNER.email).password = "/secret/door";
    await giveEmail(house);
    house.owner.say("/status");
    await house.owner.waitForMessage(({ text }) => text.startsWith("Withings: linked"));
    expect(house.owner.messages.some(({ text }) => text.startsWith("I’ve stopped the sign-in."))).toBe(true);
    await giveEmail(house);
    expect((await typePassword(house, "/secret/door")).text).toContain("Signed in");
  });

  test("a sign-in goes on while buttons of other messages are used", async () => {
    house = await startBeforeGarmin();
    await giveEmail(house);
    house.owner.tap("Link Garmin");
    await house.owner.waitForMessage(({ text }) => text.startsWith("Two ways"));
    expect((await typePassword(house)).text).toContain("Signed in");
  });

  test("a password is tried once, even if its update comes twice", async () => {
    house = await startBeforeGarmin({ mfa: "email" });
    await giveEmail(house);
    const { updateId } = house.owner.say(OWNER.password);
    await house.owner.waitForMessage(({ text }) => text.includes("Garmin sent a code"));
    house.owner.redeliver(updateId);
    house.owner.say(mailedCode(house));
    await house.owner.waitForMessage(({ text }) => text.includes("Signed in"));
    const tries = house.sandbox.garmin.requests.filter(isLogin);
    expect(tries).toHaveLength(1);
  });
});

describe("before a sign-in in the chat asks for anything", () => {
  const onProbe = (status: number) =>
    house.sandbox.faults.add({
      match: { method: "GET", path: "/mobile/api/login" },
      effect: { type: "status", status },
    });

  test.each([
    [403, "Garmin refuses sign-ins from the network I run in."],
    [429, "Garmin is limiting sign-ins from the network I run in."],
  ])(
    "a network that Garmin answers with %s is reported, and only Garmin’s page is offered",
    async (status, sentence) => {
      house = await startBeforeGarmin();
      onProbe(status);
      const refused = await chooseSignInHere(house);
      expect(refused.text.startsWith(sentence)).toBe(true);
      expect(labels(refused)).toEqual(["On Garmin’s page"]);
      house.owner.say("hello");
      await house.owner.waitForMessage(({ text }) => text.startsWith("I didn’t understand"));
    },
  );

  test("Garmin’s limit is reported by new and old buttons, and only Garmin’s page is offered", async () => {
    house = await startBeforeGarmin();
    await giveEmail(house);
    house.sandbox.faults.turnOn("garmin_sso_429", { times: 1 });
    await typePassword(house);
    house.owner.say("/connect");
    await house.owner.waitForMessage();
    house.owner.tap("Link Garmin");
    const atTheDoor = await house.owner.waitForMessage();
    expect(atTheDoor.text).toMatch(
      /I won’t try again until today 15:00\. You can still sign in on Garmin’s own page\./,
    );
    expect(labels(atTheDoor)).toEqual(["On Garmin’s page"]);
    await house.newBot().bot.api.sendMessage(ACCOUNT, "from before", {
      reply_markup: { inline_keyboard: [[{ text: "Here in the chat", callback_data: "garmin:here" }]] },
    });
    house.owner.tap("Here in the chat");
    const atAnOlderOne = await house.owner.waitForMessage();
    expect(atAnOlderOne.text).toMatch(/I won’t try again until today 15:00\./);
    expect(labels(atAnOlderOne)).toEqual(["On Garmin’s page"]);
    expect(house.sandbox.garmin.requests.filter(isLogin)).toHaveLength(1);
  });

  test("a limit that Garmin set since the sign-in started is reported instead of asking for the password", async () => {
    house = await startBeforeGarmin();
    house.owner.say("/connect");
    await house.owner.waitForMessage();
    house.owner.tap("Link Garmin");
    await house.owner.waitForMessage(({ text }) => text.startsWith("Two ways"));
    house.owner.tap("Here in the chat");
    await house.owner.waitForMessage(({ text }) => text === "Which e-mail address do you use at Garmin?");
    house.sandbox.faults.turnOn("garmin_sso_429", { times: 1 });
    await house.app.garminSignIn.withPassword(ACCOUNT, OWNER.email, OWNER.password);
    house.owner.say(OWNER.email);
    const refused = await house.owner.waitForMessage();
    expect(refused.text).toMatch(/I won’t try again until today 15:00\./);
    expect(labels(refused)).toEqual(["On Garmin’s page"]);
  });

  test("an unreachable Garmin is reported, and no dialog stays open", async () => {
    house = await startBeforeGarmin();
    house.sandbox.faults.add({ match: { method: "GET", path: "/mobile/api/login" }, effect: { type: "drop_before" } });
    expect((await chooseSignInHere(house)).text).toMatch(/^That didn’t work just now\./);
    house.owner.say("hello");
    await house.owner.waitForMessage(({ text }) => text.startsWith("I didn’t understand"));
  });

  test.each<["en" | "de", boolean]>([
    ["en", true],
    ["de", true],
    ["en", false],
  ])("the text in %s warns that signing in here may fail if the program runs at Amazon (%s)", (language, isInCloud) => {
    const words = wordsFor({ language, units: "kg", timezone: "UTC", now: NOON });
    expect(/Amazon’s network|Amazons Netz/.test(words.garminSignInChoice(isInCloud))).toBe(isInCloud);
  });
});
