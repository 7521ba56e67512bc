import { afterEach, describe, expect, test } from "vitest";
import { giveEmail, isLogin, startBeforeGarmin } from "../chat.ts";
import type { TestBot } from "../test-bot.ts";

let harness: TestBot;
afterEach(() => harness.close());

describe("a command in another spelling", () => {
  test.each(["/Cancel", "/CANCEL", "/cancel.", "/Cancel!", "/cancel@Weighbridge_Bot", "Cancel", "abbrechen"])(
    "the command %s ends a sign-in that waits for a password, and isn’t sent to Garmin",
    async (typed) => {
      harness = await startBeforeGarmin();
      await giveEmail(harness);
      harness.owner.say(typed);
      await harness.owner.waitForMessage(({ text }) => text === "Cancelled. Nothing has changed.");
      expect(harness.sandbox.garmin.requests.filter(isLogin)).toEqual([]);
      expect(harness.owner.messages.some(({ from, text }) => from === "person" && text === typed)).toBe(true);
    },
  );

  test.each([
    ["/Status", "Withings: linked"],
    ["/STATUS please", "Withings: linked"],
    ["/Status@weighbridge_bot", "Withings: linked"],
    ["Status!", "Withings: linked"],
    ["/HELP", "I copy the readings"],
    ["Hilfe", "I copy the readings"],
    ["hilfe!", "I copy the readings"],
    ["/hilfe", "I copy the readings"],
    ["/Einstellungen", "Units: "],
    ["Start", "Hello."],
    ["/constructor", "I’m not sure what you mean"],
    ["/status@another_bot", "I’m not sure what you mean"],
    ["/statusses", "I’m not sure what you mean"],
  ])("the text %s gets the right answer", async (typed, answer) => {
    harness = await startBeforeGarmin();
    harness.owner.say(typed);
    await harness.owner.waitForMessage(({ text }) => text.startsWith(answer));
  });
});
