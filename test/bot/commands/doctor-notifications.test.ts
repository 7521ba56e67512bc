import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Served, serve } from "../../../src/sandbox/serve.ts";
import { ACCOUNT, USERID } from "../../support/test-app.ts";
import { startTestBot, type TestBot } from "../test-bot.ts";
import { ANNA, askDoctor, inviteAnna, newDoctor } from "./new-doctor.ts";

let harness: TestBot;
afterEach(() => harness.close());

describe("/doctor’s line about notifications from Withings", () => {
  let headStatus = 200;
  let here: Served;
  beforeEach(async () => {
    headStatus = 200;
    here = await serve((_request, { method }) => new Response(null, { status: method === "HEAD" ? headStatus : 200 }));
    harness = await startTestBot({ env: { PUBLIC_URL: here.url } });
    harness.startBot({ doctor: newDoctor(harness, { web: { publicUrl: here.url } }) });
  });
  afterEach(() => here.close());

  const AT_ONCE = /^Withings tells me about new readings at once \(checked \d\d:\d\d\)$/;
  const line = async (person = harness.owner) =>
    /^.*new readings: .*$/m.exec((await askDoctor(harness, person)).text)?.[0];
  async function status() {
    harness.owner.say("/status");
    const { text } = await harness.owner.waitForMessage(({ text }) => text.startsWith("Withings: "));
    return text.split("\n").find((it) => /new readings/.test(it));
  }

  test("a lost subscription is noticed by /doctor, remembered for /status, and set up again", async () => {
    expect(await line()).toBe(
      "later · new readings: Withings doesn’t tell me about them yet. Until it does, I check myself.",
    );
    expect(await status()).toBe("Withings doesn’t tell me about new readings yet; I check for them myself");

    await harness.app.subscriptions.keep(ACCOUNT);
    expect(await line()).toBe("ok · new readings: Withings tells me about them at once");
    const before = await status();
    expect(before).toMatch(AT_ONCE);

    harness.sandbox.withings.notifications.drop(USERID);
    // Withings wasn’t asked again, so it says when it was.
    harness.clock.advance(600);
    expect(await status()).toBe(before);
    expect(await line()).toBe(
      "later · new readings: Withings no longer tells me about them. I’ll set it up again soon; until then I check myself.",
    );
    harness.requests();
    expect(await status()).toBe(
      "Withings no longer tells me about new readings; I check for them myself, and will set it up again soon",
    );
    expect(harness.requests()).toEqual([]);

    harness.clock.advance(3600);
    expect(await harness.app.subscriptions.keep(ACCOUNT)).toEqual({ type: "restored", applis: [1, 4, 46] });
    expect(await line()).toBe("ok · new readings: Withings tells me about them at once");
    expect(await status()).toMatch(AT_ONCE);
  });

  test("both lines about Withings renew the access in turn, and agree", async () => {
    await harness.app.subscriptions.keep(ACCOUNT);
    harness.sandbox.withings.expireAccessToken(USERID);
    const { text: renewed } = await askDoctor(harness);
    expect(renewed).toContain("ok · Withings: answers");
    expect(renewed).toContain("ok · new readings: ");

    harness.sandbox.withings.expireAccessToken(USERID);
    harness.sandbox.faults.turnOn("withings_503_client_secret");
    const { text: refused } = await askDoctor(harness);
    expect(refused).toMatch(/^you · Withings: Withings doesn’t accept/m);
    expect(refused).toMatch(/^you · new readings: Withings doesn’t accept/m);
    expect(refused).not.toContain("on my side");
  });

  test("a lost subscription stays reported if Withings is too busy to set it up again", async () => {
    await harness.app.subscriptions.keep(ACCOUNT);
    harness.sandbox.withings.notifications.drop(USERID);
    expect(await line()).toMatch(/no longer tells me/);
    harness.clock.advance(3600);
    const busy = { type: "body" as const, body: { status: 601, body: {}, error: "Too Many Requests" } };
    harness.sandbox.faults.add({ server: "withings", match: { path: "/notify" }, effect: busy });
    expect(await harness.app.subscriptions.keep(ACCOUNT)).toEqual({ type: "later" });
    expect(await status()).toMatch(/^Withings no longer tells me/);
  });

  test("an address that Withings can’t reach is reported to the owner, and to others without details", async () => {
    headStatus = 404;
    await harness.app.subscriptions.keep(ACCOUNT);
    expect(await line()).toMatch(
      /^fix · new readings: Withings doesn’t tell me about them, because it couldn’t reach me /,
    );
    const anna = await inviteAnna(harness);
    const link = (await harness.app.store.links.read(ACCOUNT, "withings"))?.value ?? expect.fail("there is no link");
    await harness.app.store.links.replace(ANNA, "withings", link);
    const seen = (await harness.app.store.subscriptionMemory.read(ACCOUNT)) ?? expect.fail("nothing was seen");
    await harness.app.store.subscriptionMemory.save(ANNA, seen);
    expect(await line(anna)).toMatch(/^broken · new readings: Only the person who runs me can fix this\./);
  });

  test("nothing is claimed about notifications without a usable link, or for an address that is no longer ours", async () => {
    await harness.app.subscriptions.keep(ACCOUNT);
    const seen = (await harness.app.store.subscriptionMemory.read(ACCOUNT)) ?? expect.fail("nothing was seen");
    await harness.app.store.subscriptionMemory.save(ACCOUNT, { ...seen, callbackId: "of another address" });
    expect(await status()).toBe("Withings doesn’t tell me about new readings yet; I check for them myself");
    await harness.app.store.subscriptionMemory.save(ACCOUNT, seen);
    expect(await status()).toMatch(AT_ONCE);
    harness.sandbox.withings.revoke(USERID);
    await harness.sync();
    expect(await status()).toBeUndefined();
  });
});
