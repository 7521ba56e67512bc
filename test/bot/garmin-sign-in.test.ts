import { afterEach, describe, expect, test } from "vitest";
import type { FaultName } from "../sandbox/named-faults.ts";
import { ACCOUNT, OWNER } from "../support/household.ts";
import { type BotHouse, startBotHouse } from "./bot-house.ts";

let house: BotHouse;
afterEach(() => house.close());

const labels = (message: { buttons: Array<Array<{ text: string }>> }) => message.buttons.flat().map(({ text }) => text);
const link = async () => (await house.app.links.read(ACCOUNT, "garmin"))?.value;
const code = () => house.sandbox.garmin.inbox.at(-1)?.code ?? "";
const ago = (minutes: number) => new Date(house.clock.now().getTime() - minutes * 60_000);

/** Withings is linked and Garmin is not; every update meets a bot and a program of its own on the same store. */
async function beforeSignIn(options: { mfa?: "email" } = {}) {
  house = await startBotHouse({ linked: false });
  await house.linkWithings();
  await house.app.accounts.save(ACCOUNT, { reportedTimezone: "Europe/Berlin" });
  house.sandbox.garmin.accounts.get(OWNER.email).mfa = options.mfa;
  house.person.stepOnScale({ at: ago(90), weightKg: 80.25 });
  house.serveEachAnew();
}

async function typeEmail() {
  house.owner.say("/connect");
  await house.owner.waitForMessage();
  house.owner.tap("Link Garmin");
  await house.owner.waitForMessage(({ text }) => text.startsWith("Two ways"));
  house.owner.tap("Here in the chat");
  await house.owner.waitForMessage(({ text }) => text === "Which e-mail address do you use at Garmin?");
  house.owner.say(OWNER.email);
  await house.owner.waitForMessage(({ text }) => text.includes("password for owner@example.org"));
}

async function typePassword(password = OWNER.password) {
  house.owner.say(password);
  return house.owner.waitForMessage();
}

describe("in the chat, with another process for every update", () => {
  test("without a code: signed in, and what waited is in Garmin", async () => {
    await beforeSignIn();
    await typeEmail();
    const { text } = await typePassword();
    expect(text).toBe("I deleted your message. Signed in at Garmin as Owner.");
    await house.owner.waitForMessage((message) => message.text === "1 reading now seen in Garmin.");
    expect(house.weights()).toHaveLength(1);
    expect((await link())?.state).toBe("linked");
    expect(house.owner.messages.filter(({ from }) => from === "person").map((it) => it.text)).toEqual(["/connect"]);
  });

  test("with a code, which is typed minutes later, wrong at first", async () => {
    await beforeSignIn({ mfa: "email" });
    await typeEmail();
    const asked = await typePassword();
    expect(asked.text).toMatch(/^I deleted your message\. Garmin sent a code to o\S+\./);
    expect(labels(asked)).toEqual(["New code", "Cancel"]);
    house.clock.advance(5 * 60);
    house.owner.say("000000");
    await house.owner.waitForMessage(({ text }) => text.includes("That code is not right."));
    expect(await link()).toBeUndefined();
    // As it stands in some mails.
    house.owner.say(`${code().slice(0, 3)} ${code().slice(3)}`);
    await house.owner.waitForMessage(({ text }) => text.includes("Signed in at Garmin as Owner."));
    await house.owner.waitForMessage(({ text }) => text === "1 reading now seen in Garmin.");
    expect(house.sandbox.garmin.inbox).toHaveLength(1);
  });

  test("a new code is sent when it is asked for, and only the new one counts", async () => {
    await beforeSignIn({ mfa: "email" });
    await typeEmail();
    await typePassword();
    const first = code();
    house.owner.tap("New code");
    await house.owner.waitForMessage(({ text }) => text.startsWith("Garmin sends a new code only every half minute."));
    house.clock.advance(31);
    house.owner.tap("New code");
    await house.owner.waitForMessage(({ text }) => text.startsWith("Garmin sent a new code to"));
    expect(code()).not.toBe(first);
    house.owner.say(first);
    await house.owner.waitForMessage(({ text }) => text.includes("not right"));
    house.owner.say(code());
    await house.owner.waitForMessage(({ text }) => text.includes("Signed in"));
    expect(house.owner.unansweredTaps).toBe(0);
  });

  test("a code that comes too late begins anew by itself, with the e-mail remembered", async () => {
    await beforeSignIn({ mfa: "email" });
    await typeEmail();
    await typePassword();
    house.clock.advance(11 * 60);
    house.owner.say(code());
    const { text } = await house.owner.waitForMessage();
    expect(text).toBe(
      "That took too long, and Garmin has closed that sign-in. We begin again. I deleted your message. And the password for owner@example.org? I use it once and do not keep it.",
    );
    await typePassword();
    house.owner.say(code());
    await house.owner.waitForMessage((message) => message.text.includes("Signed in"));
  });

  test("what is surely no code costs none of Garmin's patience", async () => {
    await beforeSignIn({ mfa: "email" });
    await typeEmail();
    await typePassword();
    house.requests();
    for (const typed of ["it has not come yet", "?", "1".repeat(4096)]) {
      expect((await typePassword(typed)).text).toMatch(/^I deleted your message\. That code is not right\./);
    }
    expect(house.requests()).toEqual([]);
    expect((await typePassword(` ${code().slice(0, 3)} ${code().slice(3)}`)).text).toContain("Signed in");
  });

  test("a wrong password may be corrected, and the e-mail is offered the next time", async () => {
    await beforeSignIn();
    await typeEmail();
    const { text } = await typePassword("not-the-password");
    expect(text).toMatch(/^I deleted your message\. Garmin does not know this e-mail and password\./);
    house.owner.tap("Cancel");
    await house.owner.waitForMessage((message) => message.text === "Stopped. Nothing was changed.");
    house.owner.say("/connect");
    await house.owner.waitForMessage();
    house.owner.tap("Link Garmin");
    await house.owner.waitForMessage();
    house.owner.tap("Here in the chat");
    expect(labels(await house.owner.waitForMessage())).toEqual([OWNER.email, "Cancel"]);
    house.owner.tap(OWNER.email);
    await house.owner.waitForMessage((message) => message.text.includes("password"));
    await typePassword();
    expect((await link())?.state).toBe("linked");
  });

  test.each<[FaultName, RegExp]>([
    ["garmin_captcha", /robot/],
    ["garmin_account_locked", /locked this account/],
    ["garmin_sso_429", /rests until today 15:00\. Garmin’s own page still works\./],
    ["garmin_sso_429_in_200", /rests until today 15:00/],
    ["garmin_sso_cloudflare_403", /network that I run in/],
  ])("%s has its own sentence and leads to Garmin's page", async (fault, sentence) => {
    await beforeSignIn();
    await typeEmail();
    house.sandbox.faults.turnOn(fault);
    const message = await typePassword();
    expect(message.text).toMatch(sentence);
    expect(message.buttons.flat().map(({ url }) => url)).toEqual([expect.stringContaining("/sso/signin?")]);
    // The dialog is over: what is typed now is an ordinary message again, and stays.
    house.owner.say("hello");
    await house.owner.waitForMessage(({ text }) => text.startsWith("I did not understand"));
    house.sandbox.faults.clear();
    house.owner.say(house.sandbox.garmin.mintTicket(OWNER.email));
    await house.owner.waitForMessage(({ text }) => text.includes("Signed in at Garmin as Owner."));
  });

  test("a code is not lost to an outage of Garmin's", async () => {
    await beforeSignIn({ mfa: "email" });
    await typeEmail();
    await typePassword();
    house.sandbox.faults.turnOn("garmin_diauth_down");
    house.owner.say(code());
    await house.owner.waitForMessage(({ text }) => text.startsWith("That could not be done just now."));
    house.sandbox.faults.clear();
    house.owner.tap("Cancel");
    await house.owner.waitForMessage(({ text }) => text.startsWith("Stopped."));
  });

  test("a command ends it politely and is carried out; a password that begins with a slash is none", async () => {
    await beforeSignIn();
    house.sandbox.garmin.accounts.get(OWNER.email).password = "/secret/door";
    await typeEmail();
    house.owner.say("/status");
    await house.owner.waitForMessage(({ text }) => text.startsWith("Withings: linked"));
    expect(house.owner.messages.some(({ text }) => text.startsWith("I have stopped the sign-in."))).toBe(true);
    await typeEmailAgain();
    expect((await typePassword("/secret/door")).text).toContain("Signed in");
  });

  test("buttons of other messages do their work meanwhile, and the sign-in goes on", async () => {
    await beforeSignIn();
    await typeEmail();
    house.owner.tap("Link Garmin");
    await house.owner.waitForMessage(({ text }) => text.startsWith("Two ways"));
    expect((await typePassword()).text).toContain("Signed in");
  });

  test("the same update twice is no second try", async () => {
    await beforeSignIn({ mfa: "email" });
    await typeEmail();
    const { updateId } = house.owner.say(OWNER.password);
    await house.owner.waitForMessage(({ text }) => text.includes("Garmin sent a code"));
    house.owner.redeliver(updateId);
    house.owner.say(code());
    await house.owner.waitForMessage(({ text }) => text.includes("Signed in"));
    const tries = house.sandbox.garmin.requests.filter(({ path }) => path === "/mobile/api/login");
    expect(tries).toHaveLength(1);
  });
});

async function typeEmailAgain() {
  house.owner.tap("Here in the chat");
  await house.owner.waitForMessage(({ text }) => text === "Which e-mail address do you use at Garmin?");
  house.owner.tap(OWNER.email);
  await house.owner.waitForMessage(({ text }) => text.includes("password for"));
}

describe("on Garmin's page", () => {
  test.each<[string, (ticket: string) => string]>([
    ["the whole address", (ticket) => `https://sso.garmin.com/sso/embed?ticket=${ticket}`],
    ["the bare ticket", (ticket) => ticket],
    ["the text of the page", (ticket) => `{serviceUrl:'https://sso.garmin.com/sso/embed', serviceTicket:'${ticket}'}`],
  ])("%s is enough, at any time, and leaves the chat", async (_what, wrap) => {
    await beforeSignIn({ mfa: "email" });
    house.owner.say(wrap(house.sandbox.garmin.mintTicket(OWNER.email)));
    await house.owner.waitForMessage(({ text }) => text === "I deleted your message. Signed in at Garmin as Owner.");
    await house.owner.waitForMessage(({ text }) => text === "1 reading now seen in Garmin.");
    expect(house.owner.messages.filter(({ from }) => from === "person")).toEqual([]);
  });

  test("also in the middle of signing in here", async () => {
    await beforeSignIn({ mfa: "email" });
    await typeEmail();
    house.owner.say(house.sandbox.garmin.mintTicket(OWNER.email));
    await house.owner.waitForMessage(({ text }) => text.includes("Signed in at Garmin as Owner."));
    house.owner.say("hello");
    await house.owner.waitForMessage(({ text }) => text.startsWith("I did not understand"));
  });

  test("an address of Garmin's without a sign-in is said so, with both ways again", async () => {
    await beforeSignIn();
    for (const address of [house.app.signInPageUrl(), "https://connect.garmin.com/modern/"]) {
      house.owner.say(address);
      const answer = await house.owner.waitForMessage();
      expect(answer.text).toContain("There is no sign-in in that.");
      expect(labels(answer)).toEqual(["On Garmin’s page", "Here in the chat"]);
    }
    house.owner.say("https://notgarmin.com/?garmin.com");
    await house.owner.waitForMessage(({ text }) => text.startsWith("I did not understand"));
  });

  test("what is used up or too old gets its sentence and both ways again", async () => {
    await beforeSignIn();
    const ticket = house.sandbox.garmin.mintTicket(OWNER.email);
    house.owner.say(`https://connect.garmin.com/app?ticket=${ticket}`);
    const spent = await house.owner.waitForMessage();
    expect(spent.text).toContain("which has already used the sign-in");
    expect(labels(spent)).toEqual(["On Garmin’s page", "Here in the chat"]);
    house.clock.advance(120);
    house.owner.say(ticket);
    await house.owner.waitForMessage(({ text }) => text.includes("each works once, for about a minute"));
    expect(await link()).toBeUndefined();
  });
});

describe("afterwards", () => {
  test("a missing consent is asked for, and checked again on a tap", async () => {
    await beforeSignIn();
    house.sandbox.garmin.setConsent(OWNER.email, false);
    house.owner.say(house.sandbox.garmin.mintTicket(OWNER.email));
    const asked = await house.owner.waitForMessage(({ text }) => text.includes("Device Upload"));
    expect(labels(asked)).toEqual(["Open Garmin’s settings", "Check again"]);
    house.owner.tap("Check again");
    await house.owner.waitForMessage(({ text }) => text.startsWith("Garmin still says no."));
    house.sandbox.garmin.setConsent(OWNER.email, true);
    house.owner.tap("Check again");
    await house.owner.waitForMessage(({ text }) => text === "1 reading now seen in Garmin.");
  });

  test("another Garmin account than before is named", async () => {
    await beforeSignIn();
    house.owner.say(house.sandbox.garmin.mintTicket(OWNER.email));
    await house.owner.waitForMessage(({ text }) => text.includes("Signed in"));
    const other = { email: "other@example.org", password: "p", displayName: "other", fullName: "Other" };
    house.sandbox.garmin.addAccount({ ...other, timezone: "UTC" });
    house.owner.say(house.sandbox.garmin.mintTicket(other.email));
    await house.owner.waitForMessage(({ text }) =>
      text.includes("Signed in at Garmin as Other. Before, it was Owner. If that is not what you want, sign in again."),
    );
  });
});
