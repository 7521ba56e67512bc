import { afterEach, describe, expect, test } from "vitest";
import { ACCOUNT, OWNER } from "../../support/test-app.ts";
import { giveEmail, labels, startBeforeGarmin } from "../chat.ts";
import type { TestBot } from "../test-bot.ts";

let harness: TestBot;
afterEach(() => harness.close());

const link = async () => (await harness.app.store.links.read(ACCOUNT, "garmin"))?.value;

describe("signing in on Garmin’s page", () => {
  test.each<[string, (ticket: string) => string]>([
    ["the whole address", (ticket) => `https://sso.garmin.com/sso/embed?ticket=${ticket}`],
    ["the bare ticket", (ticket) => ticket],
    ["the text of the page", (ticket) => `{serviceUrl:'https://sso.garmin.com/sso/embed', serviceTicket:'${ticket}'}`],
  ])("%s is enough to sign in, at any time, and the bot deletes it", async (_what, wrap) => {
    harness = await startBeforeGarmin({ mfa: "email" });
    harness.owner.say(wrap(harness.sandbox.garmin.mintTicket(OWNER.email)));
    await harness.owner.waitForMessage(
      ({ text }) => text === "I’ve deleted your message. Signed in to Garmin as Owner.",
    );
    await harness.owner.waitForMessage(({ text }) => text.startsWith("80.3 kg is in Garmin."));
    expect(harness.owner.messages.filter(({ from }) => from === "person")).toEqual([]);
  });

  test("a ticket works even while a sign-in in the chat is open", async () => {
    harness = await startBeforeGarmin({ mfa: "email" });
    await giveEmail(harness);
    harness.owner.say(harness.sandbox.garmin.mintTicket(OWNER.email));
    await harness.owner.waitForMessage(({ text }) => text.includes("Signed in to Garmin as Owner."));
    harness.owner.say("blue cheese");
    await harness.owner.waitForMessage(({ text }) => text.startsWith("I’m not sure what you mean"));
  });

  test("an address of Garmin without a sign-in is answered with both ways to sign in", async () => {
    harness = await startBeforeGarmin();
    for (const address of [harness.app.garminSignIn.pageUrl(), "https://connect.garmin.com/modern/"]) {
      harness.owner.say(address);
      const answer = await harness.owner.waitForMessage();
      expect(answer.text).toContain("There’s no sign-in in that address.");
      expect(labels(answer)).toEqual(["On Garmin’s page", "Here in the chat"]);
    }
    harness.owner.say("https://notgarmin.com/?garmin.com");
    await harness.owner.waitForMessage(({ text }) => text.startsWith("I’m not sure what you mean"));
  });

  test("a sign-in that is used or too old is answered with both ways to sign in", async () => {
    harness = await startBeforeGarmin();
    const ticket = harness.sandbox.garmin.mintTicket(OWNER.email);
    harness.owner.say(`https://connect.garmin.com/app?ticket=${ticket}`);
    const spent = await harness.owner.waitForMessage();
    expect(spent.text).toContain("which has already used the sign-in");
    expect(labels(spent)).toEqual(["On Garmin’s page", "Here in the chat"]);
    harness.clock.advance(120);
    harness.owner.say(ticket);
    await harness.owner.waitForMessage(({ text }) => text.includes("each one works once, for about a minute"));
    expect(await link()).toBeUndefined();
  });
});

describe("after signing in to Garmin", () => {
  test("a missing consent is asked for, and a tap checks it again", async () => {
    harness = await startBeforeGarmin();
    harness.sandbox.garmin.setConsent(OWNER.email, false);
    harness.owner.say(harness.sandbox.garmin.mintTicket(OWNER.email));
    const asked = await harness.owner.waitForMessage(({ text }) => text.includes("Device Upload"));
    expect(labels(asked)).toEqual(["Open Garmin’s settings", "Check again"]);
    harness.owner.tap("Check again");
    await harness.owner.waitForMessage(({ text }) => text.startsWith("Garmin still refuses."));
    harness.sandbox.garmin.setConsent(OWNER.email, true);
    harness.owner.tap("Check again");
    await harness.owner.waitForMessage(({ text }) => text.startsWith("80.3 kg is in Garmin."));
  });

  describe("a different Garmin profile from the linked one", () => {
    const OTHER = { email: "other@example.org", password: "p", displayName: "other", fullName: "Other" };
    const vendorUserId = async () => (await link())?.vendorUserId;

    async function askedAboutOther() {
      harness = await startBeforeGarmin();
      harness.owner.say(harness.sandbox.garmin.mintTicket(OWNER.email));
      await harness.owner.waitForMessage(({ text }) => text.startsWith("80.3 kg is in Garmin."));
      harness.sandbox.garmin.addAccount({ ...OTHER, timezone: "UTC" });
      harness.owner.say(harness.sandbox.garmin.mintTicket(OTHER.email));
      return harness.owner.waitForMessage();
    }

    test("another profile replaces the link only after a yes to a question that names both", async () => {
      const { text, buttons } = await askedAboutOther();
      expect(text).toBe(
        "I’ve deleted your message. You’re linked to Owner (profile 100000000) at Garmin. This sign-in is for Other (profile 100000001). Nothing has changed yet. Do you want me to send your readings to Other from now on? You have 10 minutes to answer.",
      );
      expect(labels({ buttons })).toEqual(["Yes, switch", "No, keep the link"]);
      await harness.quiet();
      expect(await vendorUserId()).toBe("100000000");
      expect(harness.sandbox.garmin.weights(OTHER.email)).toEqual([]);
      harness.owner.tap("Yes, switch");
      await harness.owner.waitForMessage((message) => message.text === "Signed in to Garmin as Other.");
      expect(await vendorUserId()).toBe("100000001");
    });

    test("another profile is forgotten after a no, and the offered page asks for e-mail and password", async () => {
      await askedAboutOther();
      harness.owner.tap("No, keep the link");
      await harness.owner.waitUntil(({ messages }) =>
        messages.some(({ text }) => text.startsWith("Nothing has changed,")),
      );
      const kept = harness.owner.messages.find(({ text }) => text.startsWith("Nothing has changed,"));
      expect(new URL(kept?.buttons.flat()[0]?.url ?? "").searchParams.get("reauth")).toBe("true");
      harness.owner.say("/connect");
      await harness.owner.waitForMessage(({ text }) => text.startsWith("Withings: linked"));
      expect(await vendorUserId()).toBe("100000000");
    });

    test("another profile is forgotten after ten minutes, and the answer to a late yes says so", async () => {
      await askedAboutOther();
      harness.clock.advance(10 * 60);
      harness.owner.tap("Yes, switch");
      await harness.owner.waitForMessage(({ text }) => text.startsWith("That sign-in expired after ten minutes"));
      expect(await vendorUserId()).toBe("100000000");
    });
  });

  test.each<[string, () => void]>([
    ["on a tap", () => harness.owner.tap("Look again")],
    ["with /connect", () => harness.owner.say("/connect")],
  ])("the account is looked up again %s if Garmin didn’t say at once whose it is", async (_how, look) => {
    harness = await startBeforeGarmin();
    const odd = { match: { path: /socialProfile/ }, effect: { type: "body", body: [] } } as const;
    harness.sandbox.faults.add({ ...odd, times: 3 });
    harness.owner.say(harness.sandbox.garmin.mintTicket(OWNER.email));
    const asked = await harness.owner.waitForMessage(({ text }) => text.includes("isn’t saying whose account"));
    expect(labels(asked)).toEqual(["Look again"]);
    look();
    await harness.owner.waitForMessage(({ text }) => text === "Signed in to Garmin as Owner.");
    await harness.owner.waitForMessage(({ text }) => text.startsWith("80.3 kg is in Garmin."));
  });
});
