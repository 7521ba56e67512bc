import { afterEach, describe, expect, test } from "vitest";
import { ACCOUNT, OWNER } from "../../support/test-app.ts";
import { giveEmail, isLogin, labels, mailedCode, startBeforeGarmin, typePassword } from "../chat.ts";
import type { TestBot } from "../test-bot.ts";

let harness: TestBot;
afterEach(() => harness.close());

describe("a refused sign-in", () => {
  const refuse = (clientId: string) =>
    harness.sandbox.faults.add({
      match: { method: "POST", path: "/mobile/api/login", form: { clientId } },
      effect: { type: "body", body: { error: { "status-code": "427" } } },
      times: 9,
    });
  const clientIds = () => harness.sandbox.garmin.requests.filter(isLogin).map(({ query }) => query.get("clientId"));

  test("after a refusal, a button tries Garmin’s other app, which never happens by itself", async () => {
    harness = await startBeforeGarmin({ mfa: "email" });
    refuse("GCM_IOS_DARK");
    await giveEmail(harness);
    const refused = await typePassword(harness);
    expect(refused.text).toContain("(error 427)");
    expect(labels(refused)).toEqual(["On Garmin’s page", "Try as Garmin’s Android app"]);
    expect(clientIds()).toEqual(["GCM_IOS_DARK"]);
    harness.owner.tap("Try as Garmin’s Android app");
    await harness.owner.waitForMessage(({ text }) => text.startsWith("Which e-mail address do you use at Garmin?"));
    harness.owner.tap(OWNER.email);
    await harness.owner.waitForMessage(({ text }) => text.includes("password for"));
    await typePassword(harness);
    harness.owner.say(mailedCode(harness));
    await harness.owner.waitForMessage(({ text }) => text.includes("Signed in to Garmin as Owner."));
    expect(clientIds()).toEqual(["GCM_IOS_DARK", "GCM_ANDROID_DARK"]);
  });

  test("after both apps were refused, only Garmin’s page is offered", async () => {
    harness = await startBeforeGarmin();
    refuse("GCM_IOS_DARK");
    await giveEmail(harness);
    await typePassword(harness);
    refuse("GCM_ANDROID_DARK");
    harness.owner.tap("Try as Garmin’s Android app");
    await harness.owner.waitForMessage();
    harness.owner.tap(OWNER.email);
    await harness.owner.waitForMessage(({ text }) => text.includes("password for"));
    expect(labels(await typePassword(harness))).toEqual(["On Garmin’s page"]);
  });

  test("if Garmin takes the access back, the other way to sign in is offered", async () => {
    harness = await startBeforeGarmin();
    harness.sandbox.faults.turnOn("garmin_token_not_active");
    harness.owner.say(harness.sandbox.garmin.mintTicket(OWNER.email));
    const refused = await harness.owner.waitForMessage(({ text }) => text.includes("another way often works"));
    expect(refused.text).toContain("sign in here in the chat.");
    expect(labels(refused)).toEqual(["On Garmin’s page", "Here in the chat"]);
  });

  test("after three wrong codes, the sign-in has to start again, and a fourth code isn’t sent", async () => {
    harness = await startBeforeGarmin({ mfa: "email" });
    await giveEmail(harness);
    await typePassword(harness);
    const wrong = mailedCode(harness) === "000000" ? "111111" : "000000";
    for (const sentence of ["That code isn’t right.", "That code isn’t right.", "That was the third wrong code"]) {
      expect((await typePassword(harness, wrong)).text).toContain(sentence);
    }
    expect(harness.sandbox.garmin.requests.filter(({ path }) => path.endsWith("verifyCode"))).toHaveLength(3);
    harness.owner.say(mailedCode(harness));
    await harness.owner.waitForMessage(({ text }) => text.startsWith("I’m not sure what you mean"));
  });

  test("a Chinese account can’t be used, and the bot says so", async () => {
    harness = await startBeforeGarmin();
    harness.owner.say(`https://sso.garmin.cn/sso/embed?ticket=${harness.sandbox.garmin.mintTicket(OWNER.email)}`);
    const refused = await harness.owner.waitForMessage();
    expect(refused.text).toContain("I don’t support them yet");
    expect(labels(refused)).toEqual([]);
  });

  test("after another person’s sign-in, the offered page asks for e-mail and password", async () => {
    harness = await startBeforeGarmin();
    await harness.app.store.accounts.save(ACCOUNT + 1, {});
    await harness.app.garminSignIn.withPasted(ACCOUNT + 1, harness.sandbox.garmin.mintTicket(OWNER.email));
    harness.owner.say(harness.sandbox.garmin.mintTicket(OWNER.email));
    const { buttons } = await harness.owner.waitForMessage(({ text }) =>
      text.includes("belongs to somebody else here"),
    );
    expect(new URL(buttons.flat()[0]?.url ?? "").searchParams.get("reauth")).toBe("true");
  });

  test("if Garmin no longer knows the client id, the answer says who has to change it", async () => {
    harness = await startBeforeGarmin();
    const refusal = { type: "status", status: 401, body: { error: "invalid_client" } } as const;
    harness.sandbox.faults.add({ match: { path: /oauth\/token/ }, effect: refusal });
    harness.owner.say(harness.sandbox.garmin.mintTicket(OWNER.email));
    await harness.owner.waitForMessage(({ text }) =>
      text.includes("The person who runs me needs to put a current one into my settings"),
    );
  });
});
