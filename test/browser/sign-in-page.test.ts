import type { Page } from "playwright-core";
import { expect } from "vitest";
import { DEMO_USER } from "../../src/sandbox/demo.ts";
import { DEMO_NAME } from "../../src/sandbox/people.ts";
import { initDataFor, webAppAddress } from "../../src/sandbox/telegram/web-app.ts";
import { test } from "./fixtures.ts";
import type { PageDriver } from "./page-driver.ts";
import { EMAIL, PASSWORD, signInAtGarmin } from "./vendor-pages.ts";

/** From the chat. What the page complains about counts like what the demo does. */
async function openPage(bot: PageDriver): Promise<Page> {
  await bot.say("/connect");
  await bot.waitForMessage("Garmin:");
  await bot.tapButton("Link Garmin");
  await bot.waitForMessage("Three ways to sign in");
  const page = await bot.openButton("On my sign-in page");
  bot.watch(page);
  await page.getByRole("heading", { name: "On Garmin’s page" }).waitFor();
  return page;
}

const answer = (page: Page) => page.locator("#answer");
/** What has the focus, as a reader of the page knows it. */
const focused = (page: Page): Promise<string> =>
  page.evaluate(`document.activeElement.name || document.activeElement.textContent.trim()`);
/** What is at the top, and has something on top of it. */
const covered = (page: Page): Promise<string[]> =>
  page.evaluate(`(() => {
    scrollTo(0, 0);
    const boxes = [...document.querySelectorAll("h1, #person, #answer:not(:empty)")].map((it) => [it, it.getBoundingClientRect()]);
    return boxes.filter(([it, { left, bottom }]) => document.elementFromPoint(left + 5, bottom - 3) !== it).map(([it]) => it.textContent);
  })()`);
const overflow = (page: Page): Promise<number> =>
  page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");

test("on a phone, Garmin is linked on the page with e-mail, password and code, and the chat goes on", async ({
  phone,
}) => {
  const page = await openPage(phone);
  const addresses: string[] = [];
  page.on("request", (request) => addresses.push(request.url()));
  await phone.shot("sign-in page 1 all ways, phone", page);
  expect(await page.locator("#person").innerText()).toBe("For Robin in Telegram");
  // What Telegram signed has left the address.
  expect(new URL(page.url()).hash).toBe("");
  await page.getByLabel("E-mail at Garmin").fill(EMAIL);
  await page.getByLabel("Password", { exact: true }).fill("wrong-password");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await answer(page).filter({ hasText: "doesn’t know this e-mail and password" }).waitFor();
  expect(await focused(page)).toBe("password");
  expect(await page.getByLabel("Password", { exact: true }).inputValue()).toBe("");
  await phone.shot("sign-in page 2 a wrong password, phone", page);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByLabel("Password", { exact: true }).press("Enter");
  await page.getByLabel("Code from Garmin").waitFor();
  expect(await focused(page)).toBe("code");
  await phone.shot("sign-in page 3 the code, phone", page);
  const code = await phone.mailedCode();
  await page.bringToFront();
  await page.getByLabel("Code from Garmin").fill(code);
  await page.getByRole("button", { name: "Confirm" }).click();
  await answer(page).filter({ hasText: "Signed in to Garmin as" }).waitFor();
  await phone.shot("sign-in page 4 signed in, phone", page);
  await phone.waitForMessage("Signed in to Garmin as");
  await phone.shot("sign-in page 5 the chat goes on, phone");
  // No address holds anything, and the browser keeps nothing.
  expect(addresses).toEqual(Array(3).fill(`${new URL(page.url()).origin}/sign-in`));
  expect(await page.evaluate("localStorage.length + sessionStorage.length + document.cookie.length")).toBe(0);
  // Nothing that was typed on the page is in the chat.
  expect(await phone.page.locator("#messages").innerText()).not.toMatch(new RegExp(`${PASSWORD}|${code}|${EMAIL}`));
  await page.bringToFront();
  await page.getByRole("button", { name: "Close" }).click();
  await expect.poll(() => page.isClosed()).toBe(true);
});

test("the address that Garmin's page ends on is pasted into the one field beside it", async ({ desktop }) => {
  const page = await openPage(desktop);
  const opened = page.waitForEvent("popup");
  await page.getByRole("link", { name: "Open Garmin’s page" }).click();
  const address = await signInAtGarmin(desktop, await opened);
  await page.bringToFront();
  const field = page.getByLabel("Address of Garmin’s last page");
  await field.fill("https://connect.garmin.com/");
  await page.getByRole("button", { name: "Use this address" }).click();
  await answer(page).filter({ hasText: "There’s no sign-in in that address" }).waitFor();
  expect(await focused(page)).toBe("address");
  // The field is far below the answer, which stays in view.
  expect((await answer(page).boundingBox())?.y).toBeGreaterThanOrEqual(0);
  await field.fill(address);
  await field.press("Enter");
  await answer(page).filter({ hasText: "Signed in to Garmin as" }).waitFor();
  await desktop.waitForMessage("Signed in to Garmin as");
});

test("the page works by keyboard alone, in the order in which it is read", async ({ desktop }) => {
  const page = await openPage(desktop);
  const order: string[] = [];
  for (let presses = 0; presses < 6; presses++) {
    await page.keyboard.press("Tab");
    order.push(await focused(page));
  }
  expect(order).toEqual(["email", "password", "Sign in", "Open Garmin’s page", "address", "Use this address"]);
  await page.getByLabel("E-mail at Garmin").focus();
  await page.keyboard.type(EMAIL);
  await page.keyboard.press("Tab");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByLabel("Code from Garmin").waitFor();
  await page.keyboard.type(await desktop.mailedCode());
  await page.bringToFront();
  await page.keyboard.press("Enter");
  await answer(page).filter({ hasText: "Signed in to Garmin as" }).waitFor();
  expect(await focused(page)).toBe("Close");
});

test("every field has a label and says what belongs in it, the answer is announced, and the picture is described", async ({
  desktop,
}) => {
  const page = await openPage(desktop);
  const attributes = (name: string) =>
    page.evaluate(
      `(({ autocomplete, labels, required }) => [autocomplete, labels.length, required])(document.querySelector('[name="${name}"]'))`,
    );
  expect(await attributes("email")).toEqual(["username", 1, true]);
  expect(await attributes("password")).toEqual(["current-password", 1, true]);
  expect(await attributes("code")).toEqual(["one-time-code", 1, true]);
  expect(await attributes("address")).toEqual(["off", 1, true]);
  expect(await answer(page).getAttribute("role")).toBe("status");
  expect(await answer(page).getAttribute("aria-live")).toBe("polite");
  await page.getByRole("img", { name: /ends in “ticket=ST-”/ }).waitFor();
  expect(await page.locator("html").getAttribute("lang")).toBe("en");
});

test("in both languages and both colours nothing is cut off at 320 pixels", async ({ demo, narrow }) => {
  const { telegram } = demo.sandbox;
  await narrow.say("/start");
  await narrow.waitForMessage("Hello.");
  const own = `${demo.program.app().garminSignIn.ownPageUrl}`;
  for (const language of ["en", "de"] as const) {
    await demo.program.app().store.accounts.save(DEMO_USER, { language });
    for (const colorScheme of ["light", "dark"] as const) {
      const signed = initDataFor({ id: DEMO_USER, firstName: DEMO_NAME }, telegram.token, demo.time.clock.now());
      const page = await narrow.openUrl("about:blank");
      narrow.watch(page);
      await page.emulateMedia({ colorScheme });
      await page.goto(webAppAddress(`${own}?lang=${language}`, signed));
      await page.locator('[name="password"]').waitFor();
      expect(await overflow(page)).toBe(0);
      expect(await covered(page)).toEqual([]);
      await page.evaluate("document.querySelector('main').scrollIntoView()");
      await narrow.shot(`sign-in page ${language} ${colorScheme}, narrow`, page, { isWhole: true });
    }
  }
});

test("it takes the colours of Telegram, and outside of Telegram it says where it belongs", async ({
  demo,
  desktop,
}) => {
  const own = `${demo.program.app().garminSignIn.ownPageUrl}`;
  const page = await desktop.openUrl(
    `${own}?lang=en#tgWebAppThemeParams=${encodeURIComponent('{"bg_color":"#17212b"}')}`,
  );
  desktop.watch(page);
  await answer(page).filter({ hasText: "Open this page with its button" }).waitFor();
  expect(await page.locator("html").getAttribute("data-theme")).toBe("dark");
  expect(await page.locator("[data-step]:visible").count()).toBe(0);
  // Reloaded, it has no longer what Telegram signed.
  const opened = await openPage(desktop);
  await opened.reload();
  await answer(opened).filter({ hasText: "Open this page with its button" }).waitFor();
});

test("while sign-ins rest, it says so and shows no field for a password", async ({ demo, phone }) => {
  demo.sandbox.faults.turnOn("garmin_sso_429", { times: 1 });
  await demo.program.app().store.accounts.save(DEMO_USER, {});
  await demo.program.app().garminSignIn.withPassword(DEMO_USER, EMAIL, PASSWORD);
  const own = `${demo.program.app().garminSignIn.ownPageUrl}?lang=en`;
  const signed = initDataFor(
    { id: DEMO_USER, firstName: DEMO_NAME },
    demo.sandbox.telegram.token,
    demo.time.clock.now(),
  );
  const page = await phone.openUrl(webAppAddress(own, signed));
  phone.watch(page);
  await answer(page).filter({ hasText: "Garmin is limiting sign-ins to this account" }).waitFor();
  expect(await page.locator('[name="password"]').isVisible()).toBe(false);
  expect(await page.getByLabel("Address of Garmin’s last page").isVisible()).toBe(true);
  await phone.shot("sign-in page, sign-ins rest, phone", page);
});

test("another Garmin profile is a question with two buttons, and no leaves everything as it is", async ({
  demo,
  phone,
}) => {
  await phone.linkBoth();
  demo.sandbox.garmin.addAccount({
    ...{ email: "other@example.org", password: "other-password", displayName: "other", fullName: "Other" },
    timezone: "UTC",
  });
  // The demo's clock is the program's, and a page that was opened in the second of the sign-in counts as older.
  await demo.pass(5);
  const own = `${demo.program.app().garminSignIn.ownPageUrl}?lang=en`;
  const { telegram } = demo.sandbox;
  const signed = initDataFor({ id: DEMO_USER, firstName: DEMO_NAME }, telegram.token, demo.time.programClock.now());
  const page = await phone.openUrl(webAppAddress(own, signed));
  phone.watch(page);
  await answer(page).filter({ hasText: "You’re signed in as Robin." }).waitFor();
  expect(await covered(page)).toEqual([]);
  await page.getByLabel("E-mail at Garmin").fill("other@example.org");
  await page.getByLabel("Password", { exact: true }).fill("other-password");
  await page.getByLabel("Password", { exact: true }).press("Enter");
  await page.getByRole("button", { name: "No, keep the link" }).waitFor();
  expect(await focused(page)).toBe("Yes, switch");
  await phone.shot("sign-in page, another profile, phone", page);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await answer(page).filter({ hasText: "Nothing has changed." }).waitFor();
  const link = await demo.program.app().store.links.facts(DEMO_USER, "garmin");
  expect(link?.displayName).toBe("Robin");
});
