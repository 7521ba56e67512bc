import { afterEach, describe, expect, test } from "vitest";
import { wordsFor } from "../../../src/bot/words/words.ts";
import type { FaultName } from "../../../src/sandbox/named-faults.ts";
import { ACCOUNT, NOON, OWNER } from "../../support/test-app.ts";
import { startTestBot, type TestBot } from "../test-bot.ts";

let house: TestBot;
afterEach(() => house.close());

const labels = (message: { buttons: Array<Array<{ text: string }>> }) => message.buttons.flat().map(({ text }) => text);
const link = async () => (await house.app.store.links.read(ACCOUNT, "garmin"))?.value;
const code = () => house.sandbox.garmin.inbox.at(-1)?.code ?? "";
const ago = (minutes: number) => new Date(house.clock.now().getTime() - minutes * 60_000);

/** A GET of the same path is only the probe. */
const isLogin = ({ method, path }: { method: string; path: string }) =>
  method === "POST" && path === "/mobile/api/login";

/** Withings is linked and Garmin isn’t. A new program on the same store handles every update. */
async function beforeSignIn(options: { mfa?: "email" } = {}) {
  house = await startTestBot({ linked: false });
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

describe("signing in to Garmin in the chat, with another process for every update,", () => {
  test("works without a code, and the waiting reading arrives", async () => {
    await beforeSignIn();
    await typeEmail();
    const { text } = await typePassword();
    expect(text).toBe("I’ve deleted your message. Signed in to Garmin as Owner.");
    await house.owner.waitForMessage((message) => message.text === "1 reading arrived in Garmin.");
    expect(house.weights()).toHaveLength(1);
    expect((await link())?.state).toBe("linked");
    expect(house.owner.messages.filter(({ from }) => from === "person").map((it) => it.text)).toEqual(["/connect"]);
  });

  test("works with a code that is wrong at first and typed minutes later", async () => {
    await beforeSignIn({ mfa: "email" });
    await typeEmail();
    const asked = await typePassword();
    expect(asked.text).toMatch(/^I’ve deleted your message\. Garmin sent a code to o\S+\./);
    expect(labels(asked)).toEqual(["New code", "Cancel"]);
    house.clock.advance(5 * 60);
    house.owner.say("000000");
    await house.owner.waitForMessage(({ text }) => text.includes("That code isn’t right."));
    expect(await link()).toBeUndefined();
    // Some mails write it like this.
    house.owner.say(`${code().slice(0, 3)} ${code().slice(3)}`);
    await house.owner.waitForMessage(({ text }) => text.includes("Signed in to Garmin as Owner."));
    await house.owner.waitForMessage(({ text }) => text === "1 reading arrived in Garmin.");
    expect(house.sandbox.garmin.inbox).toHaveLength(1);
  });

  test("can get a new code, and then only that one counts", async () => {
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

  test("starts again by itself if the code comes too late, and remembers the e-mail", async () => {
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

  test("sends Garmin nothing that can’t be a code", async () => {
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

  test("lets a wrong password be corrected, and offers the e-mail the next time", async () => {
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
  ])("has a sentence for %s that leads to Garmin’s page", async (fault, sentence) => {
    await beforeSignIn();
    await typeEmail();
    house.sandbox.faults.turnOn(fault);
    const message = await typePassword();
    expect(message.text).toMatch(sentence);
    expect(message.buttons.flat().map(({ url }) => url)).toEqual([expect.stringContaining("/sso/signin?")]);
    // The dialog is over, so text is an ordinary message again.
    house.owner.say("hello");
    await house.owner.waitForMessage(({ text }) => text.startsWith("I didn’t understand"));
    house.sandbox.faults.clear();
    house.owner.say(house.sandbox.garmin.mintTicket(OWNER.email));
    await house.owner.waitForMessage(({ text }) => text.includes("Signed in to Garmin as Owner."));
  });

  test("still waits for the code after an outage at Garmin", async () => {
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

  test("is ended by a command, but not by a password that starts with a slash", async () => {
    await beforeSignIn();
    house.sandbox.garmin.accounts.get(OWNER.email).password = "/secret/door";
    await typeEmail();
    house.owner.say("/status");
    await house.owner.waitForMessage(({ text }) => text.startsWith("Withings: linked"));
    expect(house.owner.messages.some(({ text }) => text.startsWith("I’ve stopped the sign-in."))).toBe(true);
    await typeEmailAgain();
    expect((await typePassword("/secret/door")).text).toContain("Signed in");
  });

  test("goes on while buttons of other messages are used", async () => {
    await beforeSignIn();
    await typeEmail();
    house.owner.tap("Link Garmin");
    await house.owner.waitForMessage(({ text }) => text.startsWith("Two ways"));
    expect((await typePassword()).text).toContain("Signed in");
  });

  test("tries a password once, even if its update comes twice", async () => {
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

describe("signing in on Garmin’s page", () => {
  test.each<[string, (ticket: string) => string]>([
    ["the whole address", (ticket) => `https://sso.garmin.com/sso/embed?ticket=${ticket}`],
    ["the bare ticket", (ticket) => ticket],
    ["the text of the page", (ticket) => `{serviceUrl:'https://sso.garmin.com/sso/embed', serviceTicket:'${ticket}'}`],
  ])("needs only %s, at any time, and the bot deletes it", async (_what, wrap) => {
    await beforeSignIn({ mfa: "email" });
    house.owner.say(wrap(house.sandbox.garmin.mintTicket(OWNER.email)));
    await house.owner.waitForMessage(({ text }) => text === "I’ve deleted your message. Signed in to Garmin as Owner.");
    await house.owner.waitForMessage(({ text }) => text === "1 reading arrived in Garmin.");
    expect(house.owner.messages.filter(({ from }) => from === "person")).toEqual([]);
  });

  test("works even while a sign-in in the chat is open", async () => {
    await beforeSignIn({ mfa: "email" });
    await typeEmail();
    house.owner.say(house.sandbox.garmin.mintTicket(OWNER.email));
    await house.owner.waitForMessage(({ text }) => text.includes("Signed in to Garmin as Owner."));
    house.owner.say("hello");
    await house.owner.waitForMessage(({ text }) => text.startsWith("I didn’t understand"));
  });

  test("offers both ways again for an address of Garmin without a sign-in", async () => {
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

  test("offers both ways again for a sign-in that is used or too old", async () => {
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

describe("after signing in to Garmin,", () => {
  test("a missing consent is asked for, and a tap checks it again", async () => {
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

    test("replaces the link only after a yes to a question that names both", async () => {
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

    test("is forgotten after a no, and the offered page asks for e-mail and password", async () => {
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
  ])("the account is looked up again %s if Garmin didn’t say at once whose it is", async (_how, look) => {
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

describe("before a sign-in in the chat asks for anything,", () => {
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
  ])(
    "a network that Garmin answers with %s is reported, and only Garmin’s page is offered",
    async (status, sentence) => {
      await beforeSignIn();
      onProbe(status);
      const refused = await tapHere();
      expect(refused.text.startsWith(sentence)).toBe(true);
      expect(labels(refused)).toEqual(["On Garmin’s page"]);
      house.owner.say("hello");
      await house.owner.waitForMessage(({ text }) => text.startsWith("I didn’t understand"));
    },
  );

  test("Garmin’s limit is reported by new and old buttons, and only Garmin’s page is offered", async () => {
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

  test("a limit that Garmin set since the sign-in started is reported instead of asking for the password", async () => {
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

  test("an unreachable Garmin is reported, and no dialog stays open", async () => {
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
  ])("the text in %s warns that signing in here may fail if the program runs at Amazon (%s)", (language, isInCloud) => {
    const words = wordsFor({ language, units: "kg", timezone: "UTC", now: NOON });
    expect(/Amazon’s network|Amazons Netz/.test(words.garminSignInChoice(isInCloud))).toBe(isInCloud);
  });
});

describe("the way that is left to try", () => {
  const refuse = (clientId: string) =>
    house.sandbox.faults.add({
      match: { method: "POST", path: "/mobile/api/login", form: { clientId } },
      effect: { type: "body", body: { error: { "status-code": "427" } } },
      times: 9,
    });
  const clientIds = () => house.sandbox.garmin.requests.filter(isLogin).map(({ query }) => query.get("clientId"));

  test("after a refusal is to sign in as Garmin’s other app, by a tap and never by itself", async () => {
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

  test("after both apps were refused is Garmin’s page alone", async () => {
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

  test("after Garmin takes back the access is the other way to sign in", async () => {
    await beforeSignIn();
    house.sandbox.faults.turnOn("garmin_token_not_active");
    house.owner.say(house.sandbox.garmin.mintTicket(OWNER.email));
    const refused = await house.owner.waitForMessage(({ text }) => text.includes("another way often works"));
    expect(refused.text).toContain("sign in here in the chat.");
    expect(labels(refused)).toEqual(["On Garmin’s page", "Here in the chat"]);
  });

  test("after three wrong codes is to start again, and a fourth isn’t sent", async () => {
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

  test("doesn’t exist for a Chinese account, and the bot says so", async () => {
    await beforeSignIn();
    house.owner.say(`https://sso.garmin.cn/sso/embed?ticket=${house.sandbox.garmin.mintTicket(OWNER.email)}`);
    const refused = await house.owner.waitForMessage();
    expect(refused.text).toContain("I don’t support them yet");
    expect(labels(refused)).toEqual([]);
  });

  test("after another person’s sign-in is a page that asks for e-mail and password", async () => {
    await beforeSignIn();
    await house.app.store.accounts.save(ACCOUNT + 1, {});
    await house.app.garminSignIn.withPasted(ACCOUNT + 1, house.sandbox.garmin.mintTicket(OWNER.email));
    house.owner.say(house.sandbox.garmin.mintTicket(OWNER.email));
    const { buttons } = await house.owner.waitForMessage(({ text }) => text.includes("belongs to somebody else here"));
    expect(new URL(buttons.flat()[0]?.url ?? "").searchParams.get("reauth")).toBe("true");
  });

  test("after Garmin forgot the client id is for the person who runs the program to change it", async () => {
    await beforeSignIn();
    const refusal = { type: "status", status: 401, body: { error: "invalid_client" } } as const;
    house.sandbox.faults.add({ match: { path: /oauth\/token/ }, effect: refusal });
    house.owner.say(house.sandbox.garmin.mintTicket(OWNER.email));
    await house.owner.waitForMessage(({ text }) =>
      text.includes("The person who runs me needs to put a current one into my settings"),
    );
  });
});

describe("however it is spelt,", () => {
  test.each(["/Cancel", "/CANCEL", "/cancel.", "/Cancel!", "/cancel@Weighbridge_Bot", "Cancel", "abbrechen"])(
    "the command %s ends a sign-in that waits for a password, and isn’t sent to Garmin",
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
  ])("the command %s is answered", async (typed, answer) => {
    await beforeSignIn();
    house.owner.say(typed);
    await house.owner.waitForMessage(({ text }) => text.startsWith(answer));
  });
});
