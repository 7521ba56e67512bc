import { expect } from "vitest";
import { test } from "./fixtures.ts";

test("the page loads without an error in the console", async ({ desktop }) => {
  await desktop.shot("first look, desktop");
  expect(await desktop.page.title()).toBe("Weighbridge demo");
  expect(desktop.problems).toEqual([]);
});

test("the chat answers to the Start button and to /help", async ({ desktop }) => {
  await desktop.page.getByRole("button", { name: "Start", exact: true }).click();
  await desktop.waitForMessage("Withings");
  await desktop.say("/help");
  await desktop.waitForMessage("/sync");
  await desktop.shot("help, desktop");
});

test("whoever steps on the scale reads at once where the weight is", async ({ desktop }) => {
  await desktop.stepOnScale({ weightKg: 64.35 });
  await desktop.shot("on the scale, desktop");
  expect(await desktop.overflow()).toEqual({});
});
