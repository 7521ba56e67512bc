import { afterEach, describe, expect, test } from "vitest";
import { OWNER } from "../../support/test-app.ts";
import { botTexts, isLogin, newMessage, newTap, startBeforePassword } from "../chat.ts";
import type { TestBot } from "../test-bot.ts";

let harness: TestBot;
afterEach(() => harness.close());

async function beforePassword() {
  const started = await startBeforePassword();
  harness = started.harness;
  return started.bot;
}

describe("updates at the same moment", () => {
  test("a message and a tap in one chat are handled in turn, whichever process gets them", async () => {
    const bot = await beforePassword();
    await bot.stop();
    // Garmin is slow, so the tap would overtake the password.
    harness.sandbox.faults.add({
      ...{ server: "garmin_sso", match: { method: "POST" } },
      effect: { type: "delay", seconds: 0.3 },
    });
    const clock = { now: harness.clock.now, sleep: () => new Promise<void>((resolve) => setTimeout(resolve, 10)) };
    const [one, other] = [harness.newBot({ clock }), harness.newBot({ clock })];
    const password = one.bot.handleUpdate(newMessage(OWNER.password));
    await expect.poll(() => harness.sandbox.garmin.requests.filter(isLogin)).toHaveLength(1);
    const cancel = other.bot.handleUpdate(newTap(harness, "garmin:cancel"));
    await Promise.all([password, cancel]);
    const [asked, stopped] = botTexts(harness).slice(-2);
    expect(asked).toContain("Garmin sent a code");
    expect(stopped).toBe("Cancelled. Nothing has changed.");
  });

  test("two processes that get one update handle it once, however long it takes", async () => {
    const bot = await beforePassword();
    await bot.stop();
    harness.sandbox.faults.add({
      ...{ server: "garmin_sso", match: { method: "POST" } },
      effect: { type: "delay", seconds: 0.3 },
    });
    const logins = () => harness.sandbox.garmin.requests.filter(isLogin);
    // The wait is longer than a claim lasts, and shorter than the lease of the chat.
    let isLong = false;
    const clock = {
      now: harness.clock.now,
      sleep: async () => {
        if (!isLong && logins().length > 0) {
          isLong = true;
          harness.clock.advance(90);
        }
        await new Promise<void>((resolve) => setTimeout(resolve, 10));
      },
    };
    const update = newMessage(OWNER.password);
    await Promise.all(
      [harness.newBot({ clock }), harness.newBot({ clock })].map(({ bot: it }) =>
        it.handleUpdate(structuredClone(update)),
      ),
    );
    expect(isLong).toBe(true);
    expect(logins()).toHaveLength(1);
  });
});
