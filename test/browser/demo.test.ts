import { expect } from "vitest";
import { test } from "./fixtures.ts";
import { allowAtWithings, copyAddress } from "./vendor-pages.ts";

test("a story can be played to its end with only the chat and the page", async ({ demo, desktop }) => {
  await desktop.linkBoth();
  await desktop.setTrouble("withings_down", true);
  await desktop.shot("story 1 a vendor is down, desktop");
  await desktop.stepOnScale({ weightKg: 64.35 });
  await demo.pass(10);
  await desktop.press("passTime");
  await desktop.waitForMessage(/\S/);
  await desktop.shot("story 2 the bot says so, desktop");
  await desktop.press("putRight");
  expect(await desktop.page.locator("#faults-on").innerText()).toBe("Nothing is broken.");
  await desktop.waitForWeight("64.35");
  await desktop.shot("story 3 all is right, desktop");
});

test("one press brings the next morning, on the page and in the chat, with a card of what came", async ({ phone }) => {
  await phone.linkBoth();
  await phone.stepOnScale({ weightKg: 64.35 });
  await phone.waitForWeight("64.35");
  await phone.show("panel");
  const before = await phone.page.locator("#now").innerText();
  const words = await phone.resultOf(() => phone.page.getByRole("button", { name: "Next morning" }).click());
  expect(words).toMatch(/^A night later: it is \w+day/);
  await expect.poll(() => phone.page.locator("#now").innerText()).toMatch(/09:01$/);
  expect(await phone.page.locator("#now").innerText()).not.toBe(before);
  await phone.shot("next morning, phone");
  await phone.show("chat");
  await phone.waitForMessage(/64\.4 kg ✓ in Garmin · .* last week/);
  await phone.shot("next morning in the chat, phone");
});

test("without a public address, Withings is linked by pasting an address", async ({ phone }) => {
  await phone.show("panel");
  const hasAddress = phone.page.getByRole("switch", { name: /public address/ });
  expect(await phone.resultOf(() => hasAddress.setChecked(false))).toMatch(/30 seconds to paste/);
  await phone.shot("no public address 1 the switch, phone");
  await phone.start();
  await phone.tapButton("Link Withings");
  await phone.waitForMessage("copy its whole address");
  await phone.shot("no public address 2 what to do, phone");
  const consent = await allowAtWithings(phone, "Open Withings");
  const address = await copyAddress(phone, consent);
  await phone.shot("no public address 3 the page it ends on, phone", consent);
  await phone.say(address);
  await phone.waitForMessage("Withings is linked");
  await phone.shot("no public address 4 linked, phone");
});

test("starting over empties the chat, the links and Garmin, in every tab", async ({ desktop, openAt }) => {
  await desktop.linkBoth();
  await desktop.setTrouble("garmin_api_500", true);
  const other = await openAt({ width: 320, height: 640 }, true);
  await desktop.show("panel");
  await desktop.page.getByRole("button", { name: "Start over" }).click();
  for (const driver of [desktop, other]) {
    await driver.show("chat");
    await driver.page.getByRole("button", { name: "Start", exact: true }).waitFor();
    await driver.show("panel");
    await driver.page.getByRole("button", { name: "Or link both at once" }).waitFor();
    expect(await driver.page.getByText("No weigh-ins yet.").count()).toBe(1);
    expect(await driver.page.locator("#result").innerText()).toBe("Everything is back at the beginning.");
    expect(await driver.page.locator("#faults-on").innerText()).toBe("Nothing is broken.");
  }
  await desktop.shot("started over, desktop");
  await other.shot("started over, narrow");
  await desktop.linkBoth();
});

test("a program that has ended says why, nothing on the page moves, and its heartbeat is missed", async ({
  narrow,
}) => {
  await narrow.setTrouble("program_stopped", true);
  await narrow.setTrouble("telegram_token_revoked", true);
  const before = await narrow.places();
  await narrow.page.locator('[data-trouble="program_stopped"] input').setChecked(false);
  await narrow.page.locator("#problem", { hasText: "The program has ended: " }).waitFor();
  expect(await narrow.places()).toEqual(before);
  await narrow.press("passTime");
  await narrow.shot("a program that has ended, narrow");
  await narrow.show("mail");
  await narrow.page.getByText("No heartbeat for 15 minutes").waitFor();
  expect(await narrow.overflow()).toEqual({});
  expect(await narrow.crowded()).toEqual([]);
  await narrow.shot("its heartbeat is missed, narrow");
});
