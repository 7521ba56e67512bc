import { afterEach, describe, expect, test } from "vitest";
import { wordsFor } from "../../../src/bot/words/words.ts";
import type { FaultName } from "../../../src/sandbox/named-faults.ts";
import { ACCOUNT, NOON, OWNER } from "../../support/test-app.ts";
import { chooseSignInHere, giveEmail, isLogin, labels, mailedCode, startBeforeGarmin, typePassword } from "../chat.ts";
import type { TestBot } from "../test-bot.ts";

let harness: TestBot;
afterEach(() => harness.close());

const link = async () => (await harness.app.store.links.read(ACCOUNT, "garmin"))?.value;

describe("signing in to Garmin in the chat, with another process for every update,", () => {
  test("a sign-in works without a code, and the waiting reading arrives", async () => {
    harness = await startBeforeGarmin();
    await giveEmail(harness);
    const { text } = await typePassword(harness);
    expect(text).toBe("I’ve deleted your message. Signed in to Garmin as Owner.");
    await harness.owner.waitForMessage((message) => message.text.startsWith("80.3 kg is in Garmin."));
    expect(harness.weights()).toHaveLength(1);
    expect((await link())?.state).toBe("linked");
    expect(harness.owner.messages.filter(({ from }) => from === "person").map((it) => it.text)).toEqual(["/connect"]);
  });

  test("a sign-in works with a code that is wrong at first and typed minutes later", async () => {
    harness = await startBeforeGarmin({ mfa: "email" });
    await giveEmail(harness);
    const asked = await typePassword(harness);
    expect(asked.text).toMatch(/^Garmin sent a code to o\S+\./);
    expect(labels(asked)).toEqual(["New code", "Cancel"]);
    harness.clock.advance(5 * 60);
    harness.owner.say("000000");
    await harness.owner.waitForMessage(({ text }) => text.includes("That code isn’t right."));
    expect(await link()).toBeUndefined();
    // Some mails write it like this.
    harness.owner.say(`${mailedCode(harness).slice(0, 3)} ${mailedCode(harness).slice(3)}`);
    await harness.owner.waitForMessage(({ text }) => text.includes("Signed in to Garmin as Owner."));
    await harness.owner.waitForMessage(({ text }) => text.startsWith("80.3 kg is in Garmin."));
    expect(harness.sandbox.garmin.inbox).toHaveLength(1);
  });

  test("a new code can be requested, and then only that one counts", async () => {
    harness = await startBeforeGarmin({ mfa: "email" });
    await giveEmail(harness);
    await typePassword(harness);
    const first = mailedCode(harness);
    harness.owner.tap("New code");
    await harness.owner.waitForMessage(({ text }) =>
      text.startsWith("Garmin sends a new code only every half minute."),
    );
    harness.clock.advance(31);
    harness.owner.tap("New code");
    await harness.owner.waitForMessage(({ text }) => text.startsWith("Garmin sent a new code to"));
    expect(mailedCode(harness)).not.toBe(first);
    harness.owner.say(first);
    await harness.owner.waitForMessage(({ text }) => text.includes("isn’t right"));
    harness.owner.say(mailedCode(harness));
    await harness.owner.waitForMessage(({ text }) => text.includes("Signed in"));
    expect(harness.owner.unansweredTaps).toBe(0);
  });

  test("a sign-in starts again by itself if the code comes too late, and remembers the e-mail", async () => {
    harness = await startBeforeGarmin({ mfa: "email" });
    await giveEmail(harness);
    await typePassword(harness);
    harness.clock.advance(11 * 60);
    harness.owner.say(mailedCode(harness));
    const { text } = await harness.owner.waitForMessage();
    expect(text).toBe(
      "That took too long, so Garmin has closed the sign-in. Let’s start again. And the password for owner@example.org? I’ll use it once and won’t keep it.",
    );
    await typePassword(harness);
    harness.owner.say(mailedCode(harness));
    await harness.owner.waitForMessage((message) => message.text.includes("Signed in"));
  });

  test("a text that can’t be a code isn’t sent to Garmin", async () => {
    harness = await startBeforeGarmin({ mfa: "email" });
    await giveEmail(harness);
    await typePassword(harness);
    harness.requests();
    for (const typed of ["it has not come yet", "hello", "?", "1".repeat(4096)]) {
      expect((await typePassword(harness, typed)).text).toBe(
        "I found no code in that. Send me the digits that Garmin sent you.",
      );
    }
    expect(harness.requests()).toEqual([]);
    expect(
      (await typePassword(harness, `my code is ${mailedCode(harness).slice(0, 3)} ${mailedCode(harness).slice(3)}.`))
        .text,
    ).toContain("Signed in");
  });

  test("a wrong password can be corrected, and the e-mail is offered the next time", async () => {
    harness = await startBeforeGarmin();
    await giveEmail(harness);
    const { text } = await typePassword(harness, "not-the-password");
    expect(text).toMatch(
      /^Garmin doesn’t know this e-mail and password\..* Send me the password again, or choose another e-mail address\.$/,
    );
    harness.owner.tap("Cancel");
    await harness.owner.waitForMessage((message) => message.text === "Cancelled. Nothing has changed.");
    harness.owner.say("/connect");
    await harness.owner.waitForMessage();
    harness.owner.tap("Link Garmin");
    await harness.owner.waitForMessage();
    harness.owner.tap("Here in the chat");
    expect(labels(await harness.owner.waitForMessage())).toEqual([OWNER.email, "Cancel"]);
    harness.owner.tap(OWNER.email);
    await harness.owner.waitForMessage((message) => message.text.includes("password"));
    await typePassword(harness);
    expect((await link())?.state).toBe("linked");
  });

  test.each<[FaultName, RegExp]>([
    ["garmin_captcha", /robot/],
    ["garmin_account_locked", /locked this account/],
    ["garmin_sso_429", /I won’t try again until today 15:00\. You can still sign in on Garmin’s own page\./],
    ["garmin_sso_429_in_200", /won’t try again until today 15:00/],
    ["garmin_sso_cloudflare_403", /network I run in/],
  ])("%s has its own sentence, which leads to Garmin’s page", async (fault, sentence) => {
    harness = await startBeforeGarmin();
    await giveEmail(harness);
    harness.sandbox.faults.turnOn(fault);
    const message = await typePassword(harness);
    expect(message.text).toMatch(sentence);
    expect(message.buttons.flat().map(({ url }) => url)).toEqual([expect.stringContaining("/sso/signin?")]);
    // The dialog is over, so text is an ordinary message again.
    harness.owner.say("blue cheese");
    await harness.owner.waitForMessage(({ text }) => text.startsWith("I’m not sure what you mean"));
    harness.sandbox.faults.clear();
    harness.owner.say(harness.sandbox.garmin.mintTicket(OWNER.email));
    await harness.owner.waitForMessage(({ text }) => text.includes("Signed in to Garmin as Owner."));
  });

  test("a sign-in still waits for the code after an outage at Garmin", async () => {
    harness = await startBeforeGarmin({ mfa: "email" });
    await giveEmail(harness);
    await typePassword(harness);
    harness.sandbox.faults.turnOn("garmin_diauth_down");
    harness.owner.say(mailedCode(harness));
    await harness.owner.waitForMessage(({ text }) =>
      text.includes("Garmin can’t be reached right now or isn’t answering properly."),
    );
    harness.sandbox.faults.clear();
    harness.owner.tap("Cancel");
    await harness.owner.waitForMessage(({ text }) => text.startsWith("Cancelled."));
  });

  test("a sign-in is ended by a command, but not by a password that starts with a slash", async () => {
    harness = await startBeforeGarmin();
    harness.sandbox.garmin.accounts.get(OWNER.email).password = "/secret/door";
    await giveEmail(harness);
    harness.owner.say("/status");
    await harness.owner.waitForMessage(({ text }) => text.startsWith("Withings: linked"));
    expect(harness.owner.messages.some(({ text }) => text.startsWith("I’ve stopped the sign-in."))).toBe(true);
    await giveEmail(harness);
    expect((await typePassword(harness, "/secret/door")).text).toContain("Signed in");
  });

  test("a sign-in goes on while buttons of other messages are used", async () => {
    harness = await startBeforeGarmin();
    await giveEmail(harness);
    harness.owner.tap("Link Garmin");
    await harness.owner.waitForMessage(({ text }) => text.startsWith("Two ways"));
    expect((await typePassword(harness)).text).toContain("Signed in");
  });

  test("a password is tried once, even if its update comes twice", async () => {
    harness = await startBeforeGarmin({ mfa: "email" });
    await giveEmail(harness);
    const { updateId } = harness.owner.say(OWNER.password);
    await harness.owner.waitForMessage(({ text }) => text.includes("Garmin sent a code"));
    harness.owner.redeliver(updateId);
    harness.owner.say(mailedCode(harness));
    await harness.owner.waitForMessage(({ text }) => text.includes("Signed in"));
    const tries = harness.sandbox.garmin.requests.filter(isLogin);
    expect(tries).toHaveLength(1);
  });
});

describe("before a sign-in in the chat asks for anything", () => {
  const onProbe = (status: number) =>
    harness.sandbox.faults.add({
      match: { method: "GET", path: "/mobile/api/login" },
      effect: { type: "status", status },
    });

  test.each([
    [403, "Garmin refuses sign-ins from the network I run in."],
    [429, "Garmin is limiting sign-ins from the network I run in."],
  ])(
    "a network that Garmin answers with %s is reported, and only Garmin’s page is offered",
    async (status, sentence) => {
      harness = await startBeforeGarmin();
      onProbe(status);
      const refused = await chooseSignInHere(harness);
      expect(refused.text.startsWith(sentence)).toBe(true);
      expect(labels(refused)).toEqual(["On Garmin’s page"]);
      harness.owner.say("blue cheese");
      await harness.owner.waitForMessage(({ text }) => text.startsWith("I’m not sure what you mean"));
    },
  );

  test("Garmin’s limit is reported by new and old buttons, and only Garmin’s page is offered", async () => {
    harness = await startBeforeGarmin();
    await giveEmail(harness);
    harness.sandbox.faults.turnOn("garmin_sso_429", { times: 1 });
    await typePassword(harness);
    harness.owner.say("/connect");
    await harness.owner.waitForMessage();
    harness.owner.tap("Link Garmin");
    const atTheDoor = await harness.owner.waitForMessage();
    expect(atTheDoor.text).toMatch(
      /I won’t try again until today 15:00\. You can still sign in on Garmin’s own page\./,
    );
    expect(labels(atTheDoor)).toEqual(["On Garmin’s page"]);
    await harness.newBot().bot.api.sendMessage(ACCOUNT, "from before", {
      reply_markup: { inline_keyboard: [[{ text: "Here in the chat", callback_data: "garmin:here" }]] },
    });
    harness.owner.tap("Here in the chat");
    const atAnOlderOne = await harness.owner.waitForMessage();
    expect(atAnOlderOne.text).toMatch(/I won’t try again until today 15:00\./);
    expect(labels(atAnOlderOne)).toEqual(["On Garmin’s page"]);
    expect(harness.sandbox.garmin.requests.filter(isLogin)).toHaveLength(1);
  });

  test("a limit that Garmin set since the sign-in started is reported instead of asking for the password", async () => {
    harness = await startBeforeGarmin();
    harness.owner.say("/connect");
    await harness.owner.waitForMessage();
    harness.owner.tap("Link Garmin");
    await harness.owner.waitForMessage(({ text }) => text.startsWith("Two ways"));
    harness.owner.tap("Here in the chat");
    await harness.owner.waitForMessage(({ text }) => text.startsWith("Which e-mail address do you use at Garmin?"));
    harness.sandbox.faults.turnOn("garmin_sso_429", { times: 1 });
    await harness.app.garminSignIn.withPassword(ACCOUNT, OWNER.email, OWNER.password);
    harness.owner.say(OWNER.email);
    const refused = await harness.owner.waitForMessage();
    expect(refused.text).toMatch(/I won’t try again until today 15:00\./);
    expect(labels(refused)).toEqual(["On Garmin’s page"]);
  });

  test("an unreachable Garmin is reported, and no dialog stays open", async () => {
    harness = await startBeforeGarmin();
    harness.sandbox.faults.add({
      match: { method: "GET", path: "/mobile/api/login" },
      effect: { type: "drop_before" },
    });
    expect((await chooseSignInHere(harness)).text).toMatch(/^Garmin can’t be reached right now/);
    harness.owner.say("blue cheese");
    await harness.owner.waitForMessage(({ text }) => text.startsWith("I’m not sure what you mean"));
  });

  test.each<["en" | "de", boolean]>([
    ["en", true],
    ["de", true],
    ["en", false],
  ])("the text in %s warns that signing in here may fail if the program runs at Amazon (%s)", (language, isInCloud) => {
    const words = wordsFor({ language, units: "kg", timezone: "UTC", now: NOON });
    expect(/Amazon’s network|Amazons Netz/.test(words.garminSignInChoice(isInCloud, true))).toBe(isInCloud);
  });
});
