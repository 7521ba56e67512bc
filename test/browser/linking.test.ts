import { expect } from "vitest";
import { test } from "./fixtures.ts";
import type { PageDriver } from "./page-driver.ts";
import { allowAtWithings, copyAddress, EMAIL, noShot, PASSWORD, type Shot, signInAtGarmin } from "./vendor-pages.ts";

async function linkWithings(bot: PageDriver, shot: Shot) {
  await bot.start();
  await shot("1 Start says what is missing");
  const consent = await allowAtWithings(bot, "Link Withings", (name, page) => shot(`2 ${name}`, page));
  await consent.getByRole("heading", { name: "Linked" }).waitFor();
  await shot("3 the page after Allow", consent);
  expect(await consent.getByRole("link", { name: "Back to Telegram" }).getAttribute("href")).toBe(
    "https://t.me/weighbridge_bot",
  );
  await bot.waitForMessage("Withings is linked: the profile whose last weigh-in was");
  await bot.waitForMessage("Garmin: not linked");
  await shot("4 the chat knows that Withings is linked");
}

async function linkBothOnTheirPages(bot: PageDriver, shot: Shot) {
  await linkWithings(bot, shot);
  await bot.tapButton("Link Garmin");
  await bot.waitForMessage("Three ways to sign in");
  await shot("5 three ways to sign in at Garmin");
  const garmin = await bot.openButton("On Garmin’s page");
  const endsAt = await signInAtGarmin(bot, garmin, (name, page) => shot(`6 ${name}`, page));
  const address = await copyAddress(bot, garmin);
  expect(address).toBe(endsAt);
  await bot.say(address);
  await bot.waitForMessage("Signed in to Garmin as");
  await bot.waitForMessage("are in Garmin.");
  await bot.page.locator("#messages article", { hasText: "ticket=ST-" }).waitFor({ state: "detached" });
  await shot("7 signed in, and the first sync");
  await bot.show("panel");
  await bot.page.getByRole("button", { name: "Linked" }).waitFor();
  await bot.page.locator("#weights td.main").first().waitFor();
  await shot("8 what Garmin shows");
  expect(await bot.overflow()).toEqual({});
}

test("both can be linked on the vendors' own pages, and the readings follow", async ({ desktop }) => {
  await linkBothOnTheirPages(desktop, (name, page) => desktop.shot(`link ${name}, desktop`, page));
});

test("on a phone, both can be linked on the vendors' own pages, and the readings follow", async ({ phone }) => {
  await linkBothOnTheirPages(phone, (name, page) => phone.shot(`link ${name}, phone`, page));
});

test("Garmin can be linked in the chat, and neither the password nor the code stays in it", async ({ phone }) => {
  await linkWithings(phone, noShot);
  const own = phone.page.locator("#messages .own");
  await phone.tapButton("Link Garmin");
  await phone.waitForMessage("Three ways to sign in");
  await phone.tapButton("Here in the chat");
  await phone.waitForMessage("Which e-mail address");
  await phone.say(EMAIL);
  await phone.waitForMessage(`the password for ${EMAIL}`);
  await own.filter({ hasText: EMAIL }).waitFor({ state: "detached" });
  await phone.shot("chat sign-in 1 the bot asks for the password, phone");
  await phone.say(PASSWORD);
  await phone.waitForMessage("Garmin sent a code");
  await own.filter({ hasText: PASSWORD }).waitFor({ state: "detached" });
  await phone.shot("chat sign-in 2 the password is gone, phone");
  const code = await phone.mailedCode();
  await phone.shot("chat sign-in 3 the code is in the mail, phone");
  await phone.say(code === "123456" ? "654321" : "123456");
  await phone.waitForMessage("That code isn’t right");
  await expect.poll(() => own.count()).toBe(1);
  await phone.shot("chat sign-in 4 a wrong code, phone");
  await phone.say(code);
  await phone.waitForMessage("Signed in to Garmin as");
  await phone.waitForMessage("are in Garmin.");
  // Everything that was typed is gone, except the first command.
  await expect.poll(() => own.locator(".words").allInnerTexts()).toEqual(["/start"]);
  await phone.shot("chat sign-in 5 signed in, and the first sync, phone");
});
