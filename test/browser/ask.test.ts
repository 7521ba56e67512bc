import { expect } from "vitest";
import { test } from "./fixtures.ts";

test("before Start, the chat shows what the bot does", async ({ desktop, phone }) => {
  for (const driver of [desktop, phone]) {
    await driver.show("chat");
    await driver.page.locator(".empty-chat", { hasText: "I copy what your Withings scale" }).waitFor();
    expect(await driver.overflow()).toEqual({});
  }
  await desktop.shot("ask 0 before Start, desktop");
  await phone.shot("ask 0 before Start, phone");
});

test("“Why is my weight missing?” names one cause, and its button sees to it", async ({ demo, phone }) => {
  await phone.linkBoth();
  await phone.say("WHY is my weight missing???");
  await phone.waitForMessage("that’s the newest at Withings, and it’s in Garmin.");
  await phone.shot("ask 1 everything has arrived, phone");

  await phone.press("guest");
  await demo.pass(10);
  await phone.say("why is my weight missing");
  await phone.waitForMessage("because I’m waiting for you to say whether it’s yours");
  await phone.shot("ask 2 one is held, phone");
  await phone.tapButton("Decide");
  await phone.waitForMessage("Last sync:");
  expect(await phone.overflow()).toEqual({});
});

test("what the bot doesn’t understand gets buttons that work", async ({ phone }) => {
  await phone.linkBoth();
  await phone.say("blue cheese");
  await phone.waitForMessage("I’m not sure what you mean.");
  await phone.shot("ask 3 buttons, phone");
  await phone.tapButton("Sync now");
  await phone.waitForMessage("Nothing new.");
  await phone.tapButton("Help");
  await phone.waitForMessage("You can also ask in plain words");
  await phone.shot("ask 4 help, phone");
  await phone.tapButton("Status");
  await phone.waitForMessage("Last sync:");
});

test("an invitation is a card with a QR code", async ({ phone }) => {
  await phone.say("/invite");
  const card = await phone.waitForMessage("Your data stays separate");
  const picture = card.locator("img");
  await picture.waitFor();
  await expect
    .poll(() => picture.evaluate((it) => (it as unknown as { naturalWidth: number }).naturalWidth))
    .toBeGreaterThan(200);
  expect(await phone.button("Share").getAttribute("href")).toMatch(
    /^https:\/\/t\.me\/share\/url\?url=https%3A%2F%2Ft\.me%2F/,
  );
  await phone.shot("ask 5 invitation, phone");
  expect(await phone.overflow()).toEqual({});
});
