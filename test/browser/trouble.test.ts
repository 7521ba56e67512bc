import { expect } from "vitest";
import { test } from "./fixtures.ts";
import { allowAtWithings, EMAIL, PASSWORD } from "./vendor-pages.ts";

test("the bot says once that Garmin signed it out, and what waited follows the new sign-in", async ({
  demo,
  desktop,
}) => {
  await desktop.linkBoth();
  await desktop.setTrouble("garmin_signed_out", true);
  await desktop.stepOnScale({ weightKg: 64.35 });
  await demo.pass(10);
  await desktop.waitForMessage("Garmin has signed me out.");
  await desktop.shot("signed out 1 the bot offers two ways, desktop");
  await desktop.stepOnScale({ weightKg: 64.55 });
  await desktop.tapButton("Here in the chat");
  await desktop.waitForMessage("Which e-mail address");
  await desktop.say(EMAIL);
  await desktop.waitForMessage(`the password for ${EMAIL}`);
  await desktop.say(PASSWORD);
  await desktop.waitForMessage("Garmin sent a code");
  await desktop.say(await desktop.mailedCode());
  await desktop.waitForMessage("Garmin lets me in again. 2 readings");
  await desktop.waitForWeight("64.55");
  await desktop.shot("signed out 2 back, desktop");
  expect(await desktop.page.locator("#messages .words", { hasText: "Garmin has signed me out." }).count()).toBe(1);
});

test("a lost subscription loses no reading", async ({ desktop }) => {
  await desktop.linkBoth();
  await desktop.play("Lose the subscription");
  await desktop.stepOnScale({ weightKg: 64.35 });
  expect(await desktop.page.locator("#result").innerText()).toContain("Withings doesn’t tell the bot");
  await desktop.shot("subscription lost 1 the bot isn’t told, desktop");
  await desktop.say("/sync");
  await desktop.waitForMessage("64.4 kg is in Garmin.");
  await desktop.waitForWeight("64.35");
  await desktop.shot("subscription lost 2 brought all the same, desktop");
});

test("after it was removed at Withings, the bot says what that means and how to link again", async ({ desktop }) => {
  await desktop.linkBoth();
  await desktop.play("Remove the app at Withings");
  await desktop.waitForMessage("You’ve removed me at Withings");
  await desktop.shot("removed at Withings, desktop");
  await desktop.tapButton("Link Withings again");
  await desktop.waitForMessage("Withings will ask on its own page");
  await allowAtWithings(desktop, "Open Withings");
  await desktop.waitForMessage("Withings is linked: the profile");
});

test("readings reach Garmin silently while the bot is blocked", async ({ demo, desktop }) => {
  await desktop.linkBoth();
  await desktop.setTrouble("bot_blocked", true);
  const restart = desktop.page.getByRole("button", { name: "Restart the bot" });
  await restart.waitFor();
  const before = await desktop.page.locator("#messages article").count();
  await desktop.stepOnScale({ weightKg: 64.35 });
  await demo.pass(10);
  await desktop.waitForWeight("64.35");
  await desktop.shot("blocked, and a weigh-in arrives all the same, desktop");
  expect(await desktop.page.locator("#messages article").count()).toBe(before);
  expect(demo.sandbox.telegram.calls("sendMessage").length).toBeGreaterThan(0);
  await desktop.markSeen();
  await restart.click();
  await desktop.waitForMessage("Withings and Garmin are linked");
  await desktop.shot("unblocked, the bot is back, desktop");
});
