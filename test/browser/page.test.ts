import { expect } from "vitest";
import { DEMO_USER } from "../../src/sandbox/demo.ts";
import { DEMO_NAME } from "../../src/sandbox/people.ts";
import { test } from "./fixtures.ts";
import { EMAIL, PASSWORD } from "./vendor-pages.ts";

test("the page loads without an error in the console", async ({ desktop }) => {
  await desktop.shot("first look, desktop");
  expect(await desktop.page.title()).toBe("Weighbridge demo");
  expect(await desktop.overflow()).toEqual({});
  expect(desktop.problems).toEqual([]);
});

test("the bot answers the Start button and /help", async ({ desktop }) => {
  await desktop.page.getByRole("button", { name: "Start", exact: true }).click();
  await desktop.waitForMessage("Withings");
  await desktop.say("/help");
  await desktop.waitForMessage("/sync");
  await desktop.shot("help, desktop");
});

test("a switch breaks a vendor, and the bot says so in the chat", async ({ desktop }) => {
  await desktop.linkBoth();
  await desktop.setTrouble("withings_503_refresh_token_dead", true);
  await desktop.say("/sync");
  await desktop.waitForMessage("Withings no longer lets me read");
  await desktop.setTrouble("withings_503_refresh_token_dead", false);
  await desktop.shot("Withings says no, desktop");
});

test("a person who blocked the bot can't write to it until they restart it", async ({ desktop }) => {
  await desktop.say("/start");
  await desktop.waitForMessage("Withings");
  await desktop.setTrouble("bot_blocked", true);
  const restart = desktop.page.getByRole("button", { name: "Restart the bot" });
  await restart.waitFor();
  await desktop.shot("blocked, desktop");
  expect(await desktop.page.locator("#text").isVisible()).toBe(false);
  await desktop.markSeen();
  await restart.click();
  await desktop.waitForMessage("Withings");
  expect(await desktop.page.locator("#text").isVisible()).toBe(true);
});

test("a message that the bot deletes disappears from the chat", async ({ api, demo, desktop }) => {
  await desktop.say("/help");
  await desktop.waitForMessage("/sync");
  const chat = demo.sandbox.telegram.user({ id: DEMO_USER, firstName: DEMO_NAME });
  const own = desktop.page.locator("#messages .own");
  expect(await own.count()).toBe(1);
  for (const { id, from } of chat.messages) if (from === "person") await api.deleteMessage(DEMO_USER, id);
  await own.waitFor({ state: "detached" });
});

test("at no width is anything cut off, overlapping or outside the window", async ({ desktop, phone, narrow }) => {
  for (const [name, driver] of Object.entries({ desktop, phone, narrow })) {
    await driver.unfoldAll();
    for (const view of ["chat", "panel", "mail"] as const) {
      await driver.show(view);
      expect(await driver.overflow(), `${name}, ${view}`).toEqual({});
      expect(await driver.crowded(), `${name}, ${view}`).toEqual([]);
    }
    await driver.show("panel");
    await driver.shot(`panel 1 its top, ${name}`);
    await driver.page.locator(".story").first().scrollIntoViewIfNeeded();
    await driver.shot(`panel 2 the stories, ${name}`);
    await driver.page.locator("#settings").scrollIntoViewIfNeeded();
    await driver.shot(`panel 3 its end, ${name}`);
  }
});

test("a button's result stays, and no button moves under the pointer", async ({ demo, desktop, narrow }) => {
  const drivers = [desktop, narrow];
  const places = async () => {
    for (const driver of drivers) await driver.show("panel");
    return Promise.all(drivers.map((driver) => driver.places()));
  };
  const before = await places();
  // Meanwhile everything arrives: the first readings, a mail, a guest, a weigh-in, a blood pressure.
  await desktop.linkBoth();
  await demo.program.app().garminSignIn.withPassword(DEMO_USER, EMAIL, PASSWORD);
  for (const action of ["guest", "bloodPressure", "weighIn"] as const) await desktop.press(action);
  await demo.pass(10);
  for (const driver of drivers) {
    await expect.poll(() => driver.page.locator("#weights tbody tr").count()).toBe(15);
    await expect.poll(() => driver.page.locator("#blood-pressures tbody tr").count()).toBe(3);
    await driver.page.locator("#mails article").waitFor({ state: "attached" });
  }
  expect(await places()).toEqual(before);
  for (const driver of drivers) {
    await driver.press("editLast");
    const words = await driver.page.locator("#result").innerText();
    expect(words).toMatch(/^Your last weigh-in now says/);
    // Opening a story moves what is below it; closing it moves everything back.
    await driver.setTrouble("withings_down", true);
    await driver.setTrouble("withings_down", false);
    await driver.page.locator("details[open] summary").click();
    expect(await driver.page.locator("#result").innerText()).toBe("Withings is down (HTTP 502): off.");
  }
  expect(await places()).toEqual(before);
});

test("a tap on a button that another tab has just used is answered with one clear sentence", async ({
  desktop,
  openAt,
  demo,
}) => {
  await desktop.linkBoth();
  await desktop.press("guest");
  await demo.pass(10);
  await desktop.waitForMessage("Was that you?");
  const other = await openAt({ width: 1280, height: 800 }, false);
  // The other tab still has the old button.
  const old = await other.button("Yes").elementHandle();
  await desktop.tapButton("No");
  await other.button("Yes").waitFor({ state: "detached" });
  await old?.dispatchEvent("click");
  const toast = other.page.locator("#toasts .error");
  await toast.waitFor();
  expect(await toast.innerText()).toBe("That button is gone: the bot has changed its message.");
  await other.shot("a race of two tabs, desktop");
});

test("a weigh-in is shown with the minute in which it was taken", async ({ demo, desktop }) => {
  await desktop.linkBoth();
  const minutes = () => desktop.page.locator("#now").innerText();
  const before = await minutes();
  await desktop.stepOnScale({ weightKg: 64.35 });
  const after = await minutes();
  await demo.pass(10);
  await desktop.waitForWeight("64.35");
  const row = desktop.page.locator("#weights tr", { has: desktop.page.getByText("64.35", { exact: true }) });
  const shown = (await row.locator("time").innerText()).replace(/\s/g, " ");
  expect([before, after].map((text) => text.replace(/\s/g, " "))).toContain(shown);
});
