import { expect } from "vitest";
import { test } from "./fixtures.ts";

test("a weigh-in reaches Garmin by itself, and the chat stays quiet", async ({ demo, desktop }) => {
  await desktop.linkBoth();
  await desktop.stepOnScale({ weightKg: 64.35 });
  await desktop.shot("weigh-in 1 on the scale, desktop");
  await desktop.waitForWeight("64.35");
  await desktop.shot("weigh-in 2 in Garmin by itself, desktop");
  expect(await desktop.page.locator("#messages .own .words").allInnerTexts()).toEqual(["/start"]);
  expect(demo.sandbox.withings.notifications.sent.map(({ status }) => status)).toContain(200);
});

test("held readings and their buttons fit onto a phone", async ({ demo, phone }) => {
  await phone.linkBoth();
  await phone.press("guest");
  await phone.stepOnScale({ weightKg: 92.4 });
  await demo.pass(10);
  await phone.waitForMessage("92.4 kg");
  await phone.say("/status");
  await phone.waitForMessage("Last sync:");
  await phone.shot("status with what waits, phone");
  expect(await phone.overflow()).toEqual({});
});

test("everything is removed after one question, and linking can start again", async ({ desktop }) => {
  await desktop.linkBoth();
  await desktop.say("/disconnect");
  await desktop.waitForMessage("What should I remove?");
  await desktop.shot("disconnect 1 what, desktop");
  await desktop.tapButton("Everything");
  await desktop.waitForMessage("This can’t be undone.");
  await desktop.shot("disconnect 2 the question, desktop");
  await desktop.tapButton("Yes, remove");
  await desktop.waitForMessage("I’ve removed everything of yours.");
  await desktop.page.getByRole("button", { name: "Or link both at once" }).waitFor();
  await desktop.shot("disconnect 3 gone, desktop");
  await desktop.say("/start");
  await desktop.waitForMessage("Withings: not linked");
});
