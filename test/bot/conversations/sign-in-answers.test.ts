import { afterEach, describe, expect, test } from "vitest";
import { ACCOUNT, OWNER } from "../../support/test-app.ts";
import { giveEmail, isLogin, labels, mailedCode, startBeforeGarmin, typePassword } from "../chat.ts";
import type { TestBot } from "../test-bot.ts";

let house: TestBot;
afterEach(() => house.close());

describe("a refused sign-in", () => {
  const refuse = (clientId: string) =>
    house.sandbox.faults.add({
      match: { method: "POST", path: "/mobile/api/login", form: { clientId } },
      effect: { type: "body", body: { error: { "status-code": "427" } } },
      times: 9,
    });
  const clientIds = () => house.sandbox.garmin.requests.filter(isLogin).map(({ query }) => query.get("clientId"));

  test("after a refusal, a button tries Garmin’s other app, which never happens by itself", async () => {
    house = await startBeforeGarmin({ mfa: "email" });
    refuse("GCM_IOS_DARK");
    await giveEmail(house);
    const refused = await typePassword(house);
    expect(refused.text).toContain("(error 427)");
    expect(labels(refused)).toEqual(["On Garmin’s page", "Try as Garmin’s Android app"]);
    expect(clientIds()).toEqual(["GCM_IOS_DARK"]);
    house.owner.tap("Try as Garmin’s Android app");
    await house.owner.waitForMessage(({ text }) => text === "Which e-mail address do you use at Garmin?");
    house.owner.tap(OWNER.email);
    await house.owner.waitForMessage(({ text }) => text.includes("password for"));
    await typePassword(house);
    house.owner.say(mailedCode(house));
    await house.owner.waitForMessage(({ text }) => text.includes("Signed in to Garmin as Owner."));
    expect(clientIds()).toEqual(["GCM_IOS_DARK", "GCM_ANDROID_DARK"]);
  });

  test("after both apps were refused, only Garmin’s page is offered", async () => {
    house = await startBeforeGarmin();
    refuse("GCM_IOS_DARK");
    await giveEmail(house);
    await typePassword(house);
    refuse("GCM_ANDROID_DARK");
    house.owner.tap("Try as Garmin’s Android app");
    await house.owner.waitForMessage();
    house.owner.tap(OWNER.email);
    await house.owner.waitForMessage(({ text }) => text.includes("password for"));
    expect(labels(await typePassword(house))).toEqual(["On Garmin’s page"]);
  });

  test("if Garmin takes the access back, the other way to sign in is offered", async () => {
    house = await startBeforeGarmin();
    house.sandbox.faults.turnOn("garmin_token_not_active");
    house.owner.say(house.sandbox.garmin.mintTicket(OWNER.email));
    const refused = await house.owner.waitForMessage(({ text }) => text.includes("another way often works"));
    expect(refused.text).toContain("sign in here in the chat.");
    expect(labels(refused)).toEqual(["On Garmin’s page", "Here in the chat"]);
  });

  test("after three wrong codes, the sign-in has to start again, and a fourth code isn’t sent", async () => {
    house = await startBeforeGarmin({ mfa: "email" });
    await giveEmail(house);
    await typePassword(house);
    const wrong = mailedCode(house) === "000000" ? "111111" : "000000";
    for (const sentence of ["That code isn’t right.", "That code isn’t right.", "That was the third wrong code"]) {
      expect((await typePassword(house, wrong)).text).toContain(sentence);
    }
    expect(house.sandbox.garmin.requests.filter(({ path }) => path.endsWith("verifyCode"))).toHaveLength(3);
    house.owner.say(mailedCode(house));
    await house.owner.waitForMessage(({ text }) => text.startsWith("I didn’t understand"));
  });

  test("a Chinese account can’t be used, and the bot says so", async () => {
    house = await startBeforeGarmin();
    house.owner.say(`https://sso.garmin.cn/sso/embed?ticket=${house.sandbox.garmin.mintTicket(OWNER.email)}`);
    const refused = await house.owner.waitForMessage();
    expect(refused.text).toContain("I don’t support them yet");
    expect(labels(refused)).toEqual([]);
  });

  test("after another person’s sign-in, the offered page asks for e-mail and password", async () => {
    house = await startBeforeGarmin();
    await house.app.store.accounts.save(ACCOUNT + 1, {});
    await house.app.garminSignIn.withPasted(ACCOUNT + 1, house.sandbox.garmin.mintTicket(OWNER.email));
    house.owner.say(house.sandbox.garmin.mintTicket(OWNER.email));
    const { buttons } = await house.owner.waitForMessage(({ text }) => text.includes("belongs to somebody else here"));
    expect(new URL(buttons.flat()[0]?.url ?? "").searchParams.get("reauth")).toBe("true");
  });

  test("if Garmin no longer knows the client id, the answer says who has to change it", async () => {
    house = await startBeforeGarmin();
    const refusal = { type: "status", status: 401, body: { error: "invalid_client" } } as const;
    house.sandbox.faults.add({ match: { path: /oauth\/token/ }, effect: refusal });
    house.owner.say(house.sandbox.garmin.mintTicket(OWNER.email));
    await house.owner.waitForMessage(({ text }) =>
      text.includes("The person who runs me needs to put a current one into my settings"),
    );
  });
});
