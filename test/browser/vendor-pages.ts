import type { Page } from "playwright-core";
import type { PageDriver } from "./page-driver.ts";

/** The demo's person, at Garmin. */
export const EMAIL = "owner@example.org";
export const PASSWORD = "owner-password";

/** Takes a picture, or does nothing where another test has taken it. */
export type Shot = (name: string, page?: Page) => Promise<void>;
export const noShot: Shot = async () => {};

/** Opens Withings' page with this button of the chat, and allows it there. */
export async function allowAtWithings(bot: PageDriver, button: string, shot = noShot): Promise<Page> {
  const consent = await bot.openButton(button);
  await shot("the page of Withings", consent);
  await bot.markSeen();
  await consent.getByRole("button", { name: "Allow for Robin" }).click();
  return consent;
}

/** On Garmin's own page, up to the address that belongs into the chat. */
export async function signInAtGarmin(bot: PageDriver, garmin: Page, shot = noShot): Promise<string> {
  await shot("the page of Garmin", garmin);
  await garmin.locator('[name="username"]').fill(EMAIL);
  await garmin.locator('[name="password"]').fill(PASSWORD);
  await garmin.getByRole("button", { name: "Sign In" }).click();
  await garmin.locator('[name="mfa-code"]').waitFor();
  await garmin.locator('[name="mfa-code"]').fill(await bot.mailedCode());
  await shot("Garmin asks for the mailed code", garmin);
  await garmin.getByRole("button", { name: "Next" }).click();
  await garmin.waitForURL(/\/sso\/embed\?ticket=ST-/);
  await shot("where the sign-in ends", garmin);
  return garmin.url();
}

/** Copies the address of the page it's on, with its button. */
export async function copyAddress(bot: PageDriver, page: Page): Promise<string> {
  await page.getByRole("button", { name: "Copy the address" }).click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  return bot.clipboard();
}
