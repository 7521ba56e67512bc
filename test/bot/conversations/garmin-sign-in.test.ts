import { afterEach, describe, expect, test } from "vitest";
import { wordsFor } from "../../../src/bot/words/words.ts";
import type { FaultName } from "../../../src/sandbox/named-faults.ts";
import { ACCOUNT, NOON, OWNER } from "../../support/household.ts";
import { type BotHouse, startBotHouse } from "../bot-house.ts";

let house: BotHouse;
afterEach(() => house.close());

const labels = (message: { buttons: Array<Array<{ text: string }>> }) => message.buttons.flat().map(({ text }) => text);
const link = async () => (await house.app.store.links.read(ACCOUNT, "garmin"))?.value;
const code = () => house.sandbox.garmin.inbox.at(-1)?.code ?? "";
const ago = (minutes: number) => new Date(house.clock.now().getTime() - minutes * 60_000);

/** With a password: the same address without one is the probe. */
const isLogin = ({ method, path }: { method: string; path: string }) =>
  method === "POST" && path === "/mobile/api/login";

/** Withings is linked and Garmin is not; every update meets a bot and a program of its own on the same store. */
async function beforeSignIn(options: { mfa?: "email" } = {}) {
  house = await startBotHouse({ linked: false });
  await house.linkWithings();
  await house.app.store.accounts.save(ACCOUNT, { reportedTimezone: "Europe/Berlin" });
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
    expect(text).toBe("I’ve deleted your message. Signed in to Garmin as Owner.");
    await house.owner.waitForMessage((message) => message.text === "1 reading arrived in Garmin.");
    expect(house.weights()).toHaveLength(1);
    expect((await link())?.state).toBe("linked");
    expect(house.owner.messages.filter(({ from }) => from === "person").map((it) => it.text)).toEqual(["/connect"]);
  });

  test("with a code, which is typed minutes later, wrong at first", async () => {
    await beforeSignIn({ mfa: "email" });
    await typeEmail();
    const asked = await typePassword();
    expect(asked.text).toMatch(/^I’ve deleted your message\. Garmin sent a code to o\S+\./);
    expect(labels(asked)).toEqual(["New code", "Cancel"]);
    house.clock.advance(5 * 60);
    house.owner.say("000000");
    await house.owner.waitForMessage(({ text }) => text.includes("That code isn’t right."));
    expect(await link()).toBeUndefined();
    // As it stands in some mails.
    house.owner.say(`${code().slice(0, 3)} ${code().slice(3)}`);
    await house.owner.waitForMessage(({ text }) => text.includes("Signed in to Garmin as Owner."));
    await house.owner.waitForMessage(({ text }) => text === "1 reading arrived in Garmin.");
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
    await house.owner.waitForMessage(({ text }) => text.includes("isn’t right"));
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
      "That took too long, so Garmin has closed the sign-in. Let’s start again. I’ve deleted your message. And the password for owner@example.org? I’ll use it once and won’t keep it.",
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
      expect((await typePassword(typed)).text).toMatch(/^I’ve deleted your message\. That code isn’t right\./);
    }
    expect(house.requests()).toEqual([]);
    expect((await typePassword(` ${code().slice(0, 3)} ${code().slice(3)}`)).text).toContain("Signed in");
  });

  test("a wrong password may be corrected, and the e-mail is offered the next time", async () => {
    await beforeSignIn();
    await typeEmail();
    const { text } = await typePassword("not-the-password");
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
    await typePassword();
    expect((await link())?.state).toBe("linked");
  });

  test.each<[FaultName, RegExp]>([
    ["garmin_captcha", /robot/],
    ["garmin_account_locked", /locked this account/],
    ["garmin_sso_429", /I won’t try again until today 15:00\. You can still sign in on Garmin’s own page\./],
    ["garmin_sso_429_in_200", /won’t try again until today 15:00/],
    ["garmin_sso_cloudflare_403", /network I run in/],
  ])("%s has its own sentence and leads to Garmin's page", async (fault, sentence) => {
    await beforeSignIn();
    await typeEmail();
    house.sandbox.faults.turnOn(fault);
    const message = await typePassword();
    expect(message.text).toMatch(sentence);
    expect(message.buttons.flat().map(({ url }) => url)).toEqual([expect.stringContaining("/sso/signin?")]);
    // The dialog is over: what is typed now is an ordinary message again, and stays.
    house.owner.say("hello");
    await house.owner.waitForMessage(({ text }) => text.startsWith("I didn’t understand"));
    house.sandbox.faults.clear();
    house.owner.say(house.sandbox.garmin.mintTicket(OWNER.email));
    await house.owner.waitForMessage(({ text }) => text.includes("Signed in to Garmin as Owner."));
  });

  test("a code is not lost to an outage of Garmin's", async () => {
    await beforeSignIn({ mfa: "email" });
    await typeEmail();
    await typePassword();
    house.sandbox.faults.turnOn("garmin_diauth_down");
    house.owner.say(code());
    await house.owner.waitForMessage(({ text }) =>
      text.includes("Garmin can’t be reached right now or isn’t answering properly."),
    );
    house.sandbox.faults.clear();
    house.owner.tap("Cancel");
    await house.owner.waitForMessage(({ text }) => text.startsWith("Cancelled."));
  });

  test("a command ends it politely and is carried out; a password that begins with a slash is none", async () => {
    await beforeSignIn();
    house.sandbox.garmin.accounts.get(OWNER.email).password = "/secret/door";
    await typeEmail();
    house.owner.say("/status");
    await house.owner.waitForMessage(({ text }) => text.startsWith("Withings: linked"));
    expect(house.owner.messages.some(({ text }) => text.startsWith("I’ve stopped the sign-in."))).toBe(true);
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
    const tries = house.sandbox.garmin.requests.filter(isLogin);
    expect(tries).toHaveLength(1);
  });
});

async function typeEmailAgain() {
  house.owner.say("/connect");
  await house.owner.waitForMessage(({ text }) => text.startsWith("Withings: "));
  house.owner.tap("Link Garmin");
  await house.owner.waitForMessage(({ text }) => text.startsWith("Two ways"));
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
    await house.owner.waitForMessage(({ text }) => text === "I’ve deleted your message. Signed in to Garmin as Owner.");
    await house.owner.waitForMessage(({ text }) => text === "1 reading arrived in Garmin.");
    expect(house.owner.messages.filter(({ from }) => from === "person")).toEqual([]);
  });

  test("also in the middle of signing in here", async () => {
    await beforeSignIn({ mfa: "email" });
    await typeEmail();
    house.owner.say(house.sandbox.garmin.mintTicket(OWNER.email));
    await house.owner.waitForMessage(({ text }) => text.includes("Signed in to Garmin as Owner."));
    house.owner.say("hello");
    await house.owner.waitForMessage(({ text }) => text.startsWith("I didn’t understand"));
  });

  test("an address of Garmin's without a sign-in is said so, with both ways again", async () => {
    await beforeSignIn();
    for (const address of [house.app.garminSignIn.pageUrl(), "https://connect.garmin.com/modern/"]) {
      house.owner.say(address);
      const answer = await house.owner.waitForMessage();
      expect(answer.text).toContain("That contains no sign-in.");
      expect(labels(answer)).toEqual(["On Garmin’s page", "Here in the chat"]);
    }
    house.owner.say("https://notgarmin.com/?garmin.com");
    await house.owner.waitForMessage(({ text }) => text.startsWith("I didn’t understand"));
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
    await house.owner.waitForMessage(({ text }) => text.includes("each one works once, for about a minute"));
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
    await house.owner.waitForMessage(({ text }) => text === "1 reading arrived in Garmin.");
  });

  describe("a different Garmin profile from the linked one", () => {
    const OTHER = { email: "other@example.org", password: "p", displayName: "other", fullName: "Other" };
    const vendorUserId = async () => (await link())?.vendorUserId;

    async function askedAboutOther() {
      await beforeSignIn();
      house.owner.say(house.sandbox.garmin.mintTicket(OWNER.email));
      await house.owner.waitForMessage(({ text }) => text === "1 reading arrived in Garmin.");
      house.sandbox.garmin.addAccount({ ...OTHER, timezone: "UTC" });
      house.owner.say(house.sandbox.garmin.mintTicket(OTHER.email));
      return house.owner.waitForMessage();
    }

    test("replaces nothing without a yes to a question that names both", async () => {
      const { text, buttons } = await askedAboutOther();
      expect(text).toBe(
        "I’ve deleted your message. You’re linked to Owner (profile 100000000) at Garmin. This sign-in is for Other (profile 100000001). Nothing has changed yet. Do you want me to send your readings to Other from now on? You have 10 minutes to answer.",
      );
      expect(labels({ buttons })).toEqual(["Yes, switch", "No, keep the link"]);
      await house.quiet();
      expect(await vendorUserId()).toBe("100000000");
      expect(house.sandbox.garmin.weights(OTHER.email)).toEqual([]);
      house.owner.tap("Yes, switch");
      await house.owner.waitForMessage((message) => message.text === "Signed in to Garmin as Other.");
      expect(await vendorUserId()).toBe("100000001");
    });

    test("is forgotten after a no, and the page offered then asks for e-mail and password", async () => {
      await askedAboutOther();
      house.owner.tap("No, keep the link");
      await house.owner.waitUntil(({ messages }) =>
        messages.some(({ text }) => text.startsWith("Nothing has changed,")),
      );
      const kept = house.owner.messages.find(({ text }) => text.startsWith("Nothing has changed,"));
      expect(new URL(kept?.buttons.flat()[0]?.url ?? "").searchParams.get("reauth")).toBe("true");
      house.owner.say("/connect");
      await house.owner.waitForMessage(({ text }) => text.startsWith("Withings: linked"));
      expect(await vendorUserId()).toBe("100000000");
    });

    test("is forgotten after ten minutes, and a late yes says so", async () => {
      await askedAboutOther();
      house.clock.advance(10 * 60);
      house.owner.tap("Yes, switch");
      await house.owner.waitForMessage(({ text }) => text.startsWith("That sign-in expired after ten minutes"));
      expect(await vendorUserId()).toBe("100000000");
    });
  });

  test.each<[string, () => void]>([
    ["on a tap", () => house.owner.tap("Look again")],
    ["with /connect", () => house.owner.say("/connect")],
  ])("whose account it is, is looked at again %s when Garmin did not say at once", async (_how, look) => {
    await beforeSignIn();
    const odd = { match: { path: /socialProfile/ }, effect: { type: "body", body: [] } } as const;
    house.sandbox.faults.add({ ...odd, times: 3 });
    house.owner.say(house.sandbox.garmin.mintTicket(OWNER.email));
    const asked = await house.owner.waitForMessage(({ text }) => text.includes("isn’t saying whose account"));
    expect(labels(asked)).toEqual(["Look again"]);
    look();
    await house.owner.waitForMessage(({ text }) => text === "Signed in to Garmin as Owner.");
    await house.owner.waitForMessage(({ text }) => text === "1 reading arrived in Garmin.");
  });
});

describe("before anybody is asked for anything,", () => {
  async function tapHere() {
    house.owner.say("/connect");
    await house.owner.waitForMessage();
    house.owner.tap("Link Garmin");
    await house.owner.waitForMessage(({ text }) => text.startsWith("Two ways"));
    house.owner.tap("Here in the chat");
    return house.owner.waitForMessage();
  }
  const onProbe = (status: number) =>
    house.sandbox.faults.add({
      match: { method: "GET", path: "/mobile/api/login" },
      effect: { type: "status", status },
    });

  test.each([
    [403, "Garmin refuses sign-ins from the network I run in."],
    [429, "Garmin is limiting sign-ins from the network I run in."],
  ])("a network that is answered with %s is reported, and only Garmin's page is offered", async (status, sentence) => {
    await beforeSignIn();
    onProbe(status);
    const refused = await tapHere();
    expect(refused.text.startsWith(sentence)).toBe(true);
    expect(labels(refused)).toEqual(["On Garmin’s page"]);
    // No question is open.
    house.owner.say("hello");
    await house.owner.waitForMessage(({ text }) => text.startsWith("I didn’t understand"));
  });

  test("a rest is reported before anything is asked, below every older button too, with Garmin’s page only", async () => {
    await beforeSignIn();
    await typeEmail();
    house.sandbox.faults.turnOn("garmin_sso_429", { times: 1 });
    await typePassword();
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

  test("a rest that began after the sign-in is reported instead of asking for the password", async () => {
    await beforeSignIn();
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

  test("a Garmin that does not answer is reported, and no dialog stays open", async () => {
    await beforeSignIn();
    house.sandbox.faults.add({ match: { method: "GET", path: "/mobile/api/login" }, effect: { type: "drop_before" } });
    expect((await tapHere()).text).toMatch(/^That didn’t work just now\./);
    house.owner.say("hello");
    await house.owner.waitForMessage(({ text }) => text.startsWith("I didn’t understand"));
  });

  test.each<["en" | "de", boolean]>([
    ["en", true],
    ["de", true],
    ["en", false],
  ])("in %s the chat way is called doubtful where Amazon's network is (%s)", (language, isInCloud) => {
    const words = wordsFor({ language, units: "kg", timezone: "UTC", now: NOON });
    expect(/Amazon’s network|Amazons Netz/.test(words.garminSignInChoice(isInCloud))).toBe(isInCloud);
  });
});

describe("what is left to try", () => {
  const refuse = (clientId: string) =>
    house.sandbox.faults.add({
      match: { method: "POST", path: "/mobile/api/login", form: { clientId } },
      effect: { type: "body", body: { error: { "status-code": "427" } } },
      times: 9,
    });
  const clientIds = () => house.sandbox.garmin.requests.filter(isLogin).map(({ query }) => query.get("clientId"));

  test("after a refusal is Garmin's other app, by a tap and never by itself", async () => {
    await beforeSignIn({ mfa: "email" });
    refuse("GCM_IOS_DARK");
    await typeEmail();
    const refused = await typePassword();
    expect(refused.text).toContain("(error 427)");
    expect(labels(refused)).toEqual(["On Garmin’s page", "Try as Garmin’s Android app"]);
    expect(clientIds()).toEqual(["GCM_IOS_DARK"]);
    house.owner.tap("Try as Garmin’s Android app");
    await house.owner.waitForMessage(({ text }) => text === "Which e-mail address do you use at Garmin?");
    house.owner.tap(OWNER.email);
    await house.owner.waitForMessage(({ text }) => text.includes("password for"));
    await typePassword();
    house.owner.say(code());
    await house.owner.waitForMessage(({ text }) => text.includes("Signed in to Garmin as Owner."));
    expect(clientIds()).toEqual(["GCM_IOS_DARK", "GCM_ANDROID_DARK"]);
  });

  test("after both apps is Garmin's page alone", async () => {
    await beforeSignIn();
    refuse("GCM_IOS_DARK");
    await typeEmail();
    await typePassword();
    refuse("GCM_ANDROID_DARK");
    house.owner.tap("Try as Garmin’s Android app");
    await house.owner.waitForMessage();
    house.owner.tap(OWNER.email);
    await house.owner.waitForMessage(({ text }) => text.includes("password for"));
    expect(labels(await typePassword())).toEqual(["On Garmin’s page"]);
  });

  test("after access that Garmin takes back is the other way in", async () => {
    await beforeSignIn();
    house.sandbox.faults.turnOn("garmin_token_not_active");
    house.owner.say(house.sandbox.garmin.mintTicket(OWNER.email));
    const refused = await house.owner.waitForMessage(({ text }) => text.includes("another way often works"));
    expect(refused.text).toContain("sign in here in the chat.");
    expect(labels(refused)).toEqual(["On Garmin’s page", "Here in the chat"]);
  });

  test("after three wrong codes is to begin again, and a fourth goes nowhere", async () => {
    await beforeSignIn({ mfa: "email" });
    await typeEmail();
    await typePassword();
    const wrong = code() === "000000" ? "111111" : "000000";
    for (const sentence of ["That code isn’t right.", "That code isn’t right.", "That was the third wrong code"]) {
      expect((await typePassword(wrong)).text).toContain(sentence);
    }
    expect(house.sandbox.garmin.requests.filter(({ path }) => path.endsWith("verifyCode"))).toHaveLength(3);
    house.owner.say(code());
    await house.owner.waitForMessage(({ text }) => text.startsWith("I didn’t understand"));
  });

  test("with a Chinese account is nothing yet, and the bot says so", async () => {
    await beforeSignIn();
    house.owner.say(`https://sso.garmin.cn/sso/embed?ticket=${house.sandbox.garmin.mintTicket(OWNER.email)}`);
    const refused = await house.owner.waitForMessage();
    expect(refused.text).toContain("I don’t support them yet");
    expect(labels(refused)).toEqual([]);
  });

  test("after somebody else's sign-in is a page that asks for e-mail and password", async () => {
    await beforeSignIn();
    await house.app.store.accounts.save(ACCOUNT + 1, {});
    await house.app.garminSignIn.withPasted(ACCOUNT + 1, house.sandbox.garmin.mintTicket(OWNER.email));
    house.owner.say(house.sandbox.garmin.mintTicket(OWNER.email));
    const { buttons } = await house.owner.waitForMessage(({ text }) => text.includes("belongs to somebody else here"));
    expect(new URL(buttons.flat()[0]?.url ?? "").searchParams.get("reauth")).toBe("true");
  });

  test("a client id that Garmin no longer knows is reported, with who needs to change it", async () => {
    await beforeSignIn();
    const refusal = { type: "status", status: 401, body: { error: "invalid_client" } } as const;
    house.sandbox.faults.add({ match: { path: /oauth\/token/ }, effect: refusal });
    house.owner.say(house.sandbox.garmin.mintTicket(OWNER.email));
    await house.owner.waitForMessage(({ text }) =>
      text.includes("The person who runs me needs to put a current one into my settings"),
    );
  });
});

describe("a command, however it is spelt,", () => {
  test.each(["/Cancel", "/CANCEL", "/cancel.", "/Cancel!", "/cancel@Weighbridge_Bot", "Cancel", "abbrechen"])(
    "%s ends a sign-in that waits for a password, and never goes to Garmin",
    async (typed) => {
      await beforeSignIn();
      await typeEmail();
      house.owner.say(typed);
      await house.owner.waitForMessage(({ text }) => text === "Cancelled. Nothing has changed.");
      expect(house.sandbox.garmin.requests.filter(isLogin)).toEqual([]);
      expect(house.owner.messages.some(({ from, text }) => from === "person" && text === typed)).toBe(true);
    },
  );

  test.each([
    ["/Status", "Withings: linked"],
    ["/STATUS please", "Withings: linked"],
    ["/Status@weighbridge_bot", "Withings: linked"],
    ["Status!", "Withings: linked"],
    ["/HELP", "/sync"],
    ["Hilfe", "/sync"],
    ["hilfe!", "/sync"],
    ["/hilfe", "/sync"],
    ["/Einstellungen", "Units: "],
    ["Start", "Hello."],
    ["/constructor", "I didn’t understand"],
    ["/status@another_bot", "I didn’t understand"],
    ["/statusses", "I didn’t understand"],
  ])("%s is answered", async (typed, answer) => {
    await beforeSignIn();
    house.owner.say(typed);
    await house.owner.waitForMessage(({ text }) => text.startsWith(answer));
  });
});
