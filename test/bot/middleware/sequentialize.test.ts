import { afterEach, describe, expect, test } from "vitest";
import { OWNER } from "../../support/test-app.ts";
import { botTexts, giveEmail, isLogin, newMessage, newTap } from "../chat.ts";
import { startTestBot, type TestBot } from "../test-bot.ts";

let house: TestBot;
afterEach(() => house.close());

async function beforePassword() {
  house = await startTestBot({ linked: false });
  house.sandbox.garmin.accounts.get(OWNER.email).mfa = "email";
  const bot = house.startBot();
  await giveEmail(house);
  return bot;
}

describe("updates at the same moment", () => {
  test("a message and a tap in one chat are handled in turn, whichever process gets them", async () => {
    const bot = await beforePassword();
    await bot.stop();
    // Garmin is slow, so the tap would overtake the password.
    house.sandbox.faults.add({
      ...{ server: "garmin_sso", match: { method: "POST" } },
      effect: { type: "delay", seconds: 0.3 },
    });
    const clock = { now: house.clock.now, sleep: () => new Promise<void>((resolve) => setTimeout(resolve, 10)) };
    const [one, other] = [house.newBot({ clock }), house.newBot({ clock })];
    const password = one.bot.handleUpdate(newMessage(OWNER.password));
    await expect.poll(() => house.sandbox.garmin.requests.filter(isLogin)).toHaveLength(1);
    const cancel = other.bot.handleUpdate(newTap(house, "garmin:cancel"));
    await Promise.all([password, cancel]);
    const [asked, stopped] = botTexts(house).slice(-2);
    expect(asked).toContain("Garmin sent a code");
    expect(stopped).toBe("Cancelled. Nothing has changed.");
  });

  test("two processes that get one update handle it once, however long it takes", async () => {
    const bot = await beforePassword();
    await bot.stop();
    house.sandbox.faults.add({
      ...{ server: "garmin_sso", match: { method: "POST" } },
      effect: { type: "delay", seconds: 0.3 },
    });
    const logins = () => house.sandbox.garmin.requests.filter(isLogin);
    // The wait is longer than a claim lasts, and shorter than the lease of the chat.
    let isLong = false;
    const clock = {
      now: house.clock.now,
      sleep: async () => {
        if (!isLong && logins().length > 0) {
          isLong = true;
          house.clock.advance(90);
        }
        await new Promise<void>((resolve) => setTimeout(resolve, 10));
      },
    };
    const update = newMessage(OWNER.password);
    await Promise.all(
      [house.newBot({ clock }), house.newBot({ clock })].map(({ bot: it }) => it.handleUpdate(structuredClone(update))),
    );
    expect(isLong).toBe(true);
    expect(logins()).toHaveLength(1);
  });
});
