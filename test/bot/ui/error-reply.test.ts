import { GrammyError } from "grammy/web";
import { afterEach, describe, expect, test } from "vitest";
import { isTelegramAway } from "../../../src/bot/telegram/errors.ts";
import { ActionNeededError, RetryLaterError, UsageError } from "../../../src/lib/errors.ts";
import { ACCOUNT, OWNER } from "../../support/test-app.ts";
import { heard } from "../chat.ts";
import { startTestBot, type TestBot } from "../test-bot.ts";

let harness: TestBot;
afterEach(() => harness.close());

test("a Garmin account that another account has linked isn’t linked a second time", async () => {
  harness = await startTestBot({ allowedIds: [ACCOUNT, 4712] });
  const mate = harness.telegram.user({ id: 4712, firstName: "Mate" });
  harness.startBot();
  const wrong = harness.sandbox.garmin.mintTicket(OWNER.email);
  mate.say(wrong);
  await mate.waitForMessage(({ text }) => text.includes("Owner at Garmin already belongs to somebody else here"));
  expect(await harness.app.store.links.read(4712, "garmin")).toBeUndefined();
  expect((await harness.app.store.links.read(ACCOUNT, "garmin"))?.value.state).toBe("linked");

  // Once its owner removes it, it can be linked.
  harness.owner.say("/disconnect");
  await heard(harness, "What should I remove?");
  harness.owner.tap("The Garmin link");
  await heard(harness, "Remove the Garmin link?");
  harness.owner.tap("Yes, remove");
  await heard(harness, "I’ve removed");
  mate.say(harness.sandbox.garmin.mintTicket(OWNER.email));
  await mate.waitForMessage(({ text }) => text.includes("Signed in to Garmin as Owner"));
});

test("a sign-in that Garmin answers in an unknown shape is blamed on Garmin, not on us", async () => {
  harness = await startTestBot({ linked: false });
  harness.startBot();
  harness.sandbox.faults.add({
    ...{ server: "garmin_diauth", match: { method: "POST" } },
    effect: { type: "body", body: { tokens: "are called something else now" } },
  });
  harness.owner.say(harness.sandbox.garmin.mintTicket(OWNER.email));
  expect((await heard(harness, "Garmin is answering")).text).toContain(
    "Garmin is answering in a way I don’t understand right now. Nothing is lost. Try again later.",
  );
  expect(harness.logged).toContainEqual(expect.objectContaining({ level: "error", event: "update_failed" }));
});

describe("an update that fails", () => {
  test.each([
    [new ActionNeededError("link_garmin"), /^Garmin isn’t linked yet\.$/, ["Link Garmin"]],
    [new RetryLaterError("Another process is holding the database"), /^That didn’t work just now\./, []],
    [new UsageError("The table is damaged. Restore it from a backup."), /Restore it from a backup\.$/, []],
  ])("the answer names the cause: %s", async (error, words, buttons) => {
    harness = await startTestBot({ linked: false });
    harness.startBot({ overview: () => Promise.reject(error) });
    harness.owner.say("/status");
    const message = await harness.owner.waitForMessage();
    expect(message.text).toMatch(words);
    expect(message.buttons.flat().map(({ text }) => text)).toEqual(buttons);
    // Only what the operator has to fix raises an alarm.
    const isAlarming = harness.logged.some(({ event }) => event === "update_failed");
    expect(isAlarming).toBe(error instanceof UsageError);
  });
});

test("an outage of Telegram isn’t called our fault", async () => {
  const answered = (error_code: number) =>
    new GrammyError("failed", { ok: false, error_code, description: "" }, "sendMessage", {});
  expect([400, 401, 403, 409, 429, 502].filter((code) => isTelegramAway(answered(code)))).toEqual([401, 429, 502]);

  harness = await startTestBot();
  harness.startBot();
  harness.sandbox.faults.add({
    ...{ server: "telegram", match: { path: /\/sendMessage$/ } },
    effect: { type: "status", status: 401, body: { ok: false, error_code: 401, description: "Unauthorized" } },
  });
  harness.owner.say("/status");
  await expect.poll(() => harness.logged).toContainEqual(expect.objectContaining(unserved));
  expect(harness.logged.filter(({ level }) => level === "error")).toEqual([]);
});

const unserved = { level: "warn", event: "update_not_served" };
const unanswered = { level: "info", event: "stranger_not_answered" };
test.each([
  ["who has blocked the bot meanwhile", 403, "Forbidden: bot was blocked by the user", unserved],
  [
    "in a group that doesn’t let the bot write",
    400,
    "Bad Request: not enough rights to send text messages to the chat",
    unanswered,
  ],
  ["in a group that has removed the bot", 403, "Forbidden: bot was kicked from the group chat", unanswered],
])("an answer that Telegram refuses to a person %s raises no alarm", async (who, status, description, logged) => {
  harness = await startTestBot();
  harness.startBot();
  harness.sandbox.faults.add({
    ...{ server: "telegram", match: { path: /\/sendMessage$/ } },
    effect: { type: "status", status, body: { ok: false, error_code: status, description } },
  });
  if (who.includes("group")) harness.owner.sayInGroup(-5000, "/status");
  else harness.owner.say("/status");
  await harness.quiet();
  harness.owner.say("/help");
  await harness.owner.waitForMessage();
  expect(harness.logged).toContainEqual(expect.objectContaining(logged));
  expect(harness.logged.filter(({ level }) => level === "error")).toEqual([]);
});

test("/connect offers to link a linked side again, because it may be the wrong person", async () => {
  harness = await startTestBot();
  harness.startBot();
  harness.owner.say("/connect");
  const { text, buttons } = await heard(harness, "Withings and Garmin are linked.");
  expect(text).not.toContain("Press a button");
  expect(buttons.flat().map((button) => button.text)).toEqual(["Link Withings again", "Sign in to Garmin"]);
});
