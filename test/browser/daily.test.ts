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

test("a guest's weigh-in waits for the owner's decision, and either answer is respected", async ({ demo, desktop }) => {
  const inGarmin = () => demo.sandbox.garmin.weights("owner@example.org");
  const heldGuest = async () => {
    await desktop.press("guest");
    await demo.pass(10);
    const held = await desktop.waitForMessage("the scale wasn’t sure it was you");
    return Number((await held.innerText()).match(/([\d.]+) kg/)?.[1]);
  };
  await desktop.linkBoth();
  await heldGuest();
  const before = inGarmin().map(({ takenAt }) => takenAt.getTime());
  await desktop.shot("guest 1 the bot asks whose it is, desktop");
  await desktop.say("/status");
  await desktop.waitForMessage("Last sync:");
  await desktop.shot("guest 2 status shows what waits, desktop");
  await desktop.tapButton(/^Not mine: .* kg/);
  await desktop.page.locator("#toasts", { hasText: "I won’t send it." }).waitFor();
  await desktop.shot("guest 3 not mine, desktop");

  const guestKg = await heldGuest();
  await desktop.tapButton(/^Send .* kg/);
  await desktop.waitForMessage("it’s in Garmin.");
  await desktop.shot("guest 4 sent after all, desktop");
  // By time, because two guests may weigh the same.
  const arrived = inGarmin().filter(({ takenAt }) => !before.includes(takenAt.getTime()));
  expect(arrived.map(({ weightKg }) => weightKg)).toEqual([guestKg]);
});

test("held readings and their buttons fit onto a phone", async ({ demo, phone }) => {
  await phone.linkBoth();
  await phone.press("guest");
  await phone.stepOnScale({ weightKg: 92.4 });
  await demo.pass(10);
  await phone.waitForMessage("it’s far from your recent weights");
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
