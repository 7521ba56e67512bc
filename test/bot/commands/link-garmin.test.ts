import { afterEach, describe, expect, test } from "vitest";
import { ACCOUNT, OWNER } from "../../support/test-app.ts";
import { giveEmail, labels, startBeforeGarmin } from "../chat.ts";
import type { TestBot } from "../test-bot.ts";

let house: TestBot;
afterEach(() => house.close());

const link = async () => (await house.app.store.links.read(ACCOUNT, "garmin"))?.value;

describe("signing in on Garmin’s page", () => {
  test.each<[string, (ticket: string) => string]>([
    ["the whole address", (ticket) => `https://sso.garmin.com/sso/embed?ticket=${ticket}`],
    ["the bare ticket", (ticket) => ticket],
    ["the text of the page", (ticket) => `{serviceUrl:'https://sso.garmin.com/sso/embed', serviceTicket:'${ticket}'}`],
  ])("%s is enough to sign in, at any time, and the bot deletes it", async (_what, wrap) => {
    house = await startBeforeGarmin({ mfa: "email" });
    house.owner.say(wrap(house.sandbox.garmin.mintTicket(OWNER.email)));
    await house.owner.waitForMessage(({ text }) => text === "I’ve deleted your message. Signed in to Garmin as Owner.");
    await house.owner.waitForMessage(({ text }) => text === "1 reading arrived in Garmin.");
    expect(house.owner.messages.filter(({ from }) => from === "person")).toEqual([]);
  });

  test("a ticket works even while a sign-in in the chat is open", async () => {
    house = await startBeforeGarmin({ mfa: "email" });
    await giveEmail(house);
    house.owner.say(house.sandbox.garmin.mintTicket(OWNER.email));
    await house.owner.waitForMessage(({ text }) => text.includes("Signed in to Garmin as Owner."));
    house.owner.say("hello");
    await house.owner.waitForMessage(({ text }) => text.startsWith("I didn’t understand"));
  });

  test("an address of Garmin without a sign-in is answered with both ways to sign in", async () => {
    house = await startBeforeGarmin();
    for (const address of [house.app.garminSignIn.pageUrl(), "https://connect.garmin.com/modern/"]) {
      house.owner.say(address);
      const answer = await house.owner.waitForMessage();
      expect(answer.text).toContain("That contains no sign-in.");
      expect(labels(answer)).toEqual(["On Garmin’s page", "Here in the chat"]);
    }
    house.owner.say("https://notgarmin.com/?garmin.com");
    await house.owner.waitForMessage(({ text }) => text.startsWith("I didn’t understand"));
  });

  test("a sign-in that is used or too old is answered with both ways to sign in", async () => {
    house = await startBeforeGarmin();
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

describe("after signing in to Garmin", () => {
  test("a missing consent is asked for, and a tap checks it again", async () => {
    house = await startBeforeGarmin();
    house.sandbox.garmin.setConsent(OWNER.email, false);
    house.owner.say(house.sandbox.garmin.mintTicket(OWNER.email));
    const asked = await house.owner.waitForMessage(({ text }) => text.includes("Device Upload"));
    expect(labels(asked)).toEqual(["Open Garmin’s settings", "Check again"]);
    house.owner.tap("Check again");
    await house.owner.waitForMessage(({ text }) => text.startsWith("Garmin still refuses."));
    house.sandbox.garmin.setConsent(OWNER.email, true);
    house.owner.tap("Check again");
    await house.owner.waitForMessage(({ text }) => text === "1 reading arrived in Garmin.");
  });

  describe("a different Garmin profile from the linked one", () => {
    const OTHER = { email: "other@example.org", password: "p", displayName: "other", fullName: "Other" };
    const vendorUserId = async () => (await link())?.vendorUserId;

    async function askedAboutOther() {
      house = await startBeforeGarmin();
      house.owner.say(house.sandbox.garmin.mintTicket(OWNER.email));
      await house.owner.waitForMessage(({ text }) => text === "1 reading arrived in Garmin.");
      house.sandbox.garmin.addAccount({ ...OTHER, timezone: "UTC" });
      house.owner.say(house.sandbox.garmin.mintTicket(OTHER.email));
      return house.owner.waitForMessage();
    }

    test("another profile replaces the link only after a yes to a question that names both", async () => {
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

    test("another profile is forgotten after a no, and the offered page asks for e-mail and password", async () => {
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

    test("another profile is forgotten after ten minutes, and the answer to a late yes says so", async () => {
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
    house = await startBeforeGarmin();
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
