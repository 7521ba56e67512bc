import { expect } from "vitest";
import { DEMO_USER } from "../sandbox/demo.ts";
import { test } from "./fixtures.ts";

test("the page loads without an error in the console", async ({ desktop }) => {
  await desktop.shot("first look, desktop");
  expect(await desktop.page.title()).toBe("Weighbridge demo");
  expect(await desktop.overflow()).toEqual({});
  expect(desktop.problems).toEqual([]);
});

test("the chat answers to the Start button and to /help", async ({ desktop }) => {
  await desktop.page.getByRole("button", { name: "Start", exact: true }).click();
  await desktop.waitForMessage("Withings");
  await desktop.say("/help");
  await desktop.waitForMessage("/sync");
  await desktop.shot("help, desktop");
});

test("a switch breaks a vendor, and the bot says so in the chat", async ({ desktop }) => {
  await desktop.linkBoth();
  await desktop.setFault("withings_503_refresh_token_dead", true);
  await desktop.say("/sync");
  await desktop.waitForMessage("Withings no longer lets me read");
  await desktop.setFault("withings_503_refresh_token_dead", false);
  await desktop.shot("Withings says no, desktop");
});

test("whoever blocks the bot cannot write to it until they restart it", async ({ desktop }) => {
  await desktop.say("/start");
  await desktop.waitForMessage("Withings");
  await desktop.page.getByRole("button", { name: "Block the bot" }).click();
  const restart = desktop.page.getByRole("button", { name: "Restart the bot" });
  await restart.waitFor();
  await desktop.shot("blocked, desktop");
  expect(await desktop.page.locator("#text").isVisible()).toBe(false);
  await desktop.markSeen();
  await restart.click();
  await desktop.waitForMessage("Withings");
  expect(await desktop.page.locator("#text").isVisible()).toBe(true);
});

test("what the bot deletes vanishes from the chat", async ({ api, demo, desktop }) => {
  await desktop.say("/help");
  await desktop.waitForMessage("/sync");
  const chat = demo.sandbox.telegram.user({ id: DEMO_USER, firstName: "You" });
  const own = desktop.page.locator("#messages .own");
  expect(await own.count()).toBe(1);
  for (const { id, from } of chat.messages) if (from === "person") await api.deleteMessage(DEMO_USER, id);
  await own.waitFor({ state: "detached" });
});
