import { expect, test } from "vitest";
import { OWNER } from "../support/test-app.ts";
import { type Stage, startStage } from "./stage.ts";

const HOURS = 60;

/** Answers every call of the bot. A waiting poll ends with what the owner writes. */
function telegramAnswers({ sandbox, chat }: Stage, status: number, description: string) {
  sandbox.faults.add({
    ...{ name: "death", server: "telegram", match: {}, times: Number.POSITIVE_INFINITY },
    effect: { type: "status", status, body: { ok: false, error_code: status, description } },
  });
  chat.say("/help");
}

async function healthOf({ harness }: Stage): Promise<string> {
  return ((await (await fetch(`${harness.url}/health`)).json()) as { telegram: string }).telegram;
}

const SILENT = /^Telegram hasn’t let me read or write messages since/;
const TOKEN = /^Telegram hasn’t accepted my bot’s token since \d\d:\d\d.*\n\nCopy the token again from @BotFather/;

test.each([
  ["The bot's token is revoked (401)", 401, "Unauthorized", "token_unknown", TOKEN],
  ["Telegram knows no such bot (404)", 404, "Not Found", "token_unknown", TOKEN],
  ["Telegram answers nonsense (400)", 400, "Bad Request: something new", "refusing", SILENT],
  ["Telegram is down (502)", 502, "Bad Gateway", "unreachable", SILENT],
] as const)("%s", async (death, status, description, state, words) => {
  const stage = await startStage(death);
  await stage.isWell();
  stage.begin();
  telegramAnswers(stage, status, description);
  stage.weighIn();
  await expect.poll(() => healthOf(stage)).toBe(state);
  await stage.hears("log", /telegram_token_unknown|updates_refused|telegram_unreachable/, 1);
  await stage.hears("ALARM_URL", words, 30);
  await stage.heals("syncs meanwhile", () => undefined, 30);
  stage.begin();
  stage.sandbox.faults.remove("death");
  stage.chat.say("/help");
  await expect.poll(() => healthOf(stage)).toBe("ok");
  await stage.step(1);
  await expect
    .poll(() => stage.heard("ALARM_URL"))
    .toContainEqual(expect.stringMatching(/^My messages are getting through again/));
  stage.row.told = "ALARM_URL: My messages are getting through again.";
});

test("The owner has blocked the bot", async ({ task }) => {
  const stage = await startStage(task.name);
  await stage.isWell();
  stage.begin();
  stage.chat.block();
  stage.sandbox.garmin.revoke(OWNER.email);
  stage.sandbox.garmin.expireAccessToken(OWNER.email);
  stage.weighIn();
  await expect.poll(() => stage.logged()).toContainEqual(expect.objectContaining({ event: "owner_does_not_listen" }));
  await stage.hears("ALARM_URL", /^You’ve blocked the bot/, 30);
  await stage.step(60);
  expect(stage.heard("owner")).toEqual([]);
  stage.chat.unblock();
  await stage.until(() => stage.heard("owner").length > 0, 60);
  expect(stage.heard("owner")).toEqual([expect.stringMatching(/^Garmin has signed me out/)]);
  await stage.heals("after you sign in", () => stage.harness.signInAs(OWNER.email), 5);
  await stage.hearsEnd(/^Garmin lets me in again\. 80\.4 kg \(13:29\) is now in Garmin\.$/, 10);
});

test("Telegram refuses one message (403)", async ({ task }) => {
  const stage = await startStage(task.name);
  await stage.isWell();
  stage.begin();
  stage.sandbox.faults.add({
    ...{ server: "telegram", match: { path: /\/sendMessage$/ }, times: 1 },
    effect: { type: "status", status: 403, body: { ok: false, error_code: 403, description: "Forbidden: something" } },
  });
  stage.sandbox.garmin.revoke(OWNER.email);
  stage.sandbox.garmin.expireAccessToken(OWNER.email);
  stage.weighIn();
  await stage.hears("owner", /^Garmin has signed me out/, 25 * HOURS);
  await stage.heals("after you sign in", () => stage.harness.signInAs(OWNER.email), 5);
  await stage.hearsEnd(/^Garmin lets me in again\. 80\.4 kg \(13:29\) is now in Garmin\.$/, 10);
});

test("Telegram refuses every message to the owner", async ({ task }) => {
  const stage = await startStage(task.name);
  await stage.isWell();
  stage.begin();
  stage.sandbox.faults.add({
    ...{ name: "death", server: "telegram", match: { path: /\/sendMessage$/ }, times: Number.POSITIVE_INFINITY },
    effect: { type: "status", status: 403, body: { ok: false, error_code: 403, description: "Forbidden: something" } },
  });
  stage.sandbox.garmin.revoke(OWNER.email);
  stage.sandbox.garmin.expireAccessToken(OWNER.email);
  stage.weighIn();
  await stage.hears("ALARM_URL", /^Telegram works, but hasn’t accepted my messages to you/, 60);
  expect(stage.heard("owner")).toEqual([]);
  stage.sandbox.faults.remove("death");
  await stage.until(() => stage.heard("owner").length > 0, 60);
  await stage.step(2);
  expect(stage.heard("ALARM_URL").at(-1)).toBe(
    "My messages are getting through again, including the ones that waited.",
  );
  await stage.heals("after you sign in", () => stage.harness.signInAs(OWNER.email), 5);
  await stage.hearsEnd(/^Garmin lets me in again\. 80\.4 kg \(13:29\) is now in Garmin\.$/, 10);
});

test("Another program reads the bot's messages", async ({ task }) => {
  const stage = await startStage(task.name);
  await stage.isWell();
  stage.begin();
  const description =
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";
  stage.sandbox.faults.add({
    ...{ name: "death", server: "telegram", match: { path: /\/getUpdates$/ }, times: Number.POSITIVE_INFINITY },
    effect: { type: "status", status: 409, body: { ok: false, error_code: 409, description } },
  });
  stage.chat.say("/help");
  stage.weighIn();
  // Both pause in real time between polls, so the tests' clock must not run ahead.
  await expect
    .poll(
      async () => {
        await stage.step(1);
        return stage.logged().some(({ event }) => event === "updates_taken");
      },
      { interval: 500 },
    )
    .toBe(true);
  await stage.hears("owner", /^Another program (is also|has also been) reading/, 60);
  await stage.heals("syncs meanwhile", () => undefined, 30);
  stage.sandbox.faults.remove("death");
  stage.chat.say("/help");
  const isOver = () => stage.heard("owner").some((text) => text.startsWith("No other program"));
  await expect
    .poll(
      async () => {
        await stage.step(1);
        return isOver();
      },
      { interval: 500 },
    )
    .toBe(true);
  await stage.hearsEnd(/^No other program is reading/, 120);
});
