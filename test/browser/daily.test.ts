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

test("what was deleted at Withings is asked about after two looks a day apart, and leaves Garmin", async ({
  demo,
  phone,
}) => {
  const inGarmin = () => demo.sandbox.garmin.weights("owner@example.org").map(({ weightKg }) => weightKg);
  await phone.linkBoth();
  await phone.stepOnScale({ weightKg: 64.35 });
  await phone.waitForWeight("64.35");
  await phone.play("Delete your last weigh-in");
  await phone.say("/sync");
  await phone.waitForMessage("Nothing new.");
  await phone.show("panel");
  const later = phone.page.locator('form[data-action="passTime"] button', { hasText: "Three days later" }).first();
  await phone.resultOf(() => later.click());
  const question = await phone.waitForMessage("is gone at Withings.");
  expect(await question.locator("b, strong").innerText()).toMatch(/^64\.4 kg, .+ is gone at Withings\.$/);
  await phone.shot("deleted 1 the question, phone");
  await phone.tapButton("Remove from Garmin");
  await phone.waitForMessage("no longer in Garmin.");
  await phone.shot("deleted 2 removed, phone");
  expect(inGarmin()).not.toContain(64.35);
  await demo.pass(10);
  await phone.tapButton("Restore");
  await phone.waitForMessage(/64\.4 kg.* is in Garmin\./);
  expect(inGarmin().filter((it) => it === 64.35)).toHaveLength(1);
  expect(await phone.overflow()).toEqual({});
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
