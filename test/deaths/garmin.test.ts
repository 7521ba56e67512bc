import { expect, test } from "vitest";
import type { FaultEffect, FaultMatch } from "../../src/sandbox/fault.ts";
import { OWNER } from "../support/test-app.ts";
import { type Stage, startStage } from "./stage.ts";

const PAGE = "<!doctype html><title>Sorry</title><h1>We will be back soon</h1>";
const HOURS = 60;
const DAYS = 24 * HOURS;
const SILENT = /^Garmin hasn’t answered (properly )?since/;
const UPLOADS: FaultMatch = { method: "POST", path: /^\/upload-service\// };
const LISTS: FaultMatch = { method: "GET", path: /^\/weight-service\/weight\/range/ };

/** Until the fault called "death" is removed. */
const answering = ({ sandbox }: Stage, match: FaultMatch, effect: FaultEffect) =>
  sandbox.faults.add({ name: "death", server: "garmin_connectapi", match, effect, times: Number.POSITIVE_INFINITY });
const over =
  ({ sandbox }: Stage) =>
  () =>
    sandbox.faults.remove("death");

function signedOut({ sandbox }: Stage) {
  sandbox.garmin.revoke(OWNER.email);
  sandbox.garmin.expireAccessToken(OWNER.email);
}

test("Garmin signs you out everywhere", async ({ task }) => {
  const stage = await startStage(task.name);
  await stage.isWell();
  stage.begin();
  signedOut(stage);
  stage.weighIn();
  await stage.hears("owner", /^Garmin has signed me out/, 30);
  await stage.heals("after you sign in", () => stage.harness.signInAs(OWNER.email), 5);
  await stage.hearsEnd(/^Garmin lets me in again\. 80\.4 kg \(13:29\) is now in Garmin\.$/, 10);
});

test("Garmin signs you out and wants a code", async ({ task }) => {
  const stage = await startStage(task.name);
  await stage.isWell();
  stage.sandbox.garmin.accounts.get(OWNER.email).mfa = "email";
  stage.begin();
  signedOut(stage);
  stage.weighIn();
  await stage.hears("owner", /^Garmin has signed me out/, 30);
  const { chat } = stage;
  const saw = (text: string) => chat.waitForMessage((message) => message.text.includes(text));
  await stage.heals(
    "after you type the code",
    async () => {
      chat.tap("Here in the chat");
      await saw("Which e-mail address");
      chat.say(OWNER.email);
      await saw("the password for");
      chat.say(OWNER.password);
      await saw("Garmin sent a code");
      chat.say(stage.sandbox.garmin.inbox.at(-1)?.code ?? "");
      await saw("Signed in to Garmin");
    },
    5,
  );
  await stage.hearsEnd(/^Garmin lets me in again\. 80\.4 kg \(13:29\) is now in Garmin\.$/, 10);
});

test("Garmin refuses good tokens (401)", async ({ task }) => {
  const stage = await startStage(task.name);
  await stage.isWell();
  stage.begin();
  stage.sandbox.faults.turnOn("garmin_token_not_active");
  stage.weighIn();
  await stage.hears("owner", /^Garmin has signed me out/, 60);
  await stage.heals("by itself", () => stage.sandbox.faults.turnOff("garmin_token_not_active"), 25 * HOURS);
  await stage.hearsEnd(/^Garmin lets me in again\. 80\.4 kg \(21 Nov 13:29\) is now in Garmin\.$/, 10);
});

test.each<[string, FaultEffect, RegExp, RegExp]>([
  ["Garmin is broken (HTTP 500)", { type: "status", status: 500, body: {} }, SILENT, /^Garmin is answering again\./],
  ["Garmin cannot be reached", { type: "drop_before" }, SILENT, /^Garmin is answering again\./],
  ["Garmin sends a web page (200)", { type: "body", body: PAGE }, SILENT, /^Garmin is answering again\./],
  [
    "Garmin limits requests (429)",
    { type: "status", status: 429, body: {} },
    /^Garmin .*limit/,
    /^Garmin no longer limits my requests\./,
  ],
  [
    "Cloudflare blocks the way to Garmin (403)",
    { type: "status", status: 403, headers: { "cf-mitigated": "challenge" }, body: PAGE },
    /^Garmin .*refus/,
    /^Garmin is accepting my requests again\./,
  ],
])("%s", async (death, effect, words, end) => {
  const stage = await startStage(death);
  await stage.isWell();
  stage.begin();
  answering(stage, {}, effect);
  stage.weighIn();
  await stage.hears("owner", words, 7 * HOURS);
  await stage.heals("by itself", over(stage), 60);
  await stage.hearsEnd(end, 10);
});

test("Garmin wants your consent to uploads (412)", async ({ task }) => {
  const stage = await startStage(task.name);
  await stage.isWell();
  stage.begin();
  stage.sandbox.faults.turnOn("garmin_upload_412");
  stage.weighIn();
  await stage.hears("owner", /^Garmin needs your consent/, 30);
  await stage.heals("after you consent", () => stage.sandbox.faults.turnOff("garmin_upload_412"), 60);
  await stage.hearsEnd(/^Garmin is accepting uploads again\. 80\.4 kg \(13:29\) is now in Garmin\.$/, 10);
});

test.each<[string, (stage: Stage) => unknown]>([
  ["Garmin's upload is gone (404)", (stage) => answering(stage, UPLOADS, { type: "status", status: 404, body: {} })],
  ["Garmin refuses a file (400)", (stage) => answering(stage, UPLOADS, { type: "status", status: 400, body: {} })],
  ["Garmin takes a file and lists it as failed", ({ sandbox }) => sandbox.faults.turnOn("garmin_upload_failed_in_202")],
])("%s", async (death, begin) => {
  const stage = await startStage(death);
  await stage.isWell();
  stage.begin();
  begin(stage);
  stage.weighIn();
  await stage.hears("owner", /./, 7 * HOURS);
  await stage.heals("by itself", () => stage.sandbox.faults.clear(), 25 * HOURS);
});

test("Garmin takes readings and never shows them", async ({ task }) => {
  const stage = await startStage(task.name);
  await stage.isWell();
  stage.begin();
  const effect = { type: "setting", value: 4 * 24 * 3600 } as const;
  stage.sandbox.faults.add({ name: "garmin_slow_to_show", match: {}, effect, times: Number.POSITIVE_INFINITY });
  stage.weighIn();
  await stage.hears("owner", /^Garmin accepted 1 reading|^Garmin .*show/, 7 * HOURS);
  await stage.heals("by itself", () => stage.sandbox.faults.clear(), 60);
  await stage.hearsEnd(/^Garmin now shows what it accepted\. 80\.4 kg \(13:29\) is now in Garmin\.$/, 60);
});

test("Garmin renames a field of its list", async ({ task }) => {
  const stage = await startStage(task.name);
  await stage.isWell();
  stage.begin();
  answering(stage, LISTS, { type: "body", body: { dailyWeights: [] } });
  stage.weighIn();
  await stage.hears("owner", /^Garmin has been answering in a way I don’t understand since /, 30);
  await stage.heals("by itself", over(stage), 60);
  await stage.hearsEnd(/^I understand Garmin’s answers again\. 80\.4 kg \(13:29\) is now in Garmin\.$/, 60);
});

test.each([
  ["Garmin rounds weights", "garmin_rounds_weight", /^Weight: 80\.43 kg sent, 80\.4/],
  ["Garmin shifts times by an hour", "garmin_shifts_time", /^Time: .* sent/],
] as const)("%s", async (death, fault, words) => {
  const stage = await startStage(death);
  await stage.isWell();
  stage.begin();
  stage.sandbox.faults.turnOn(fault);
  stage.weighIn(80.43);
  const message = await stage.hears("owner", words, 26 * HOURS);
  expect(message?.buttons.flat().map(({ text }) => text)).toContain("Keep sending weigh-ins");
  await stage.heals("after you say so", () => stage.chat.tap("Keep sending weigh-ins"), 60);
});

test("Garmin drops the body composition", async ({ task }) => {
  const stage = await startStage(task.name);
  await stage.isWell();
  stage.begin();
  stage.sandbox.faults.turnOn("garmin_drops_composition");
  stage.person.stepOnScale({ weightKg: 80.4, fatRatioPercent: 21 } as never);
  await stage.hears("owner", /^BMI: 27\.2 sent, nothing shown\.\nBody fat: 21\.0% sent, nothing shown/, 30);
});

test("Garmin renews the sign-in, and the answer is lost", async ({ task }) => {
  const stage = await startStage(task.name);
  await stage.isWell();
  stage.begin();
  stage.sandbox.faults.turnOn("garmin_refresh_lost_answer", { times: 1 });
  stage.sandbox.garmin.expireAccessToken(OWNER.email);
  stage.weighIn();
  await stage.hears("owner", /^Garmin has signed me out/, 60);
  await stage.heals("after you sign in", () => stage.harness.signInAs(OWNER.email), 5);
  await stage.hearsEnd(/^Garmin lets me in again\. 80\.4 kg \(13:29\) is now in Garmin\.$/, 10);
});

test("Garmin can’t renew the sign-in for weeks", async ({ task }) => {
  const stage = await startStage(task.name, { settings: { patienceHours: 10_000, cards: "needed" } });
  await stage.isWell();
  stage.begin();
  stage.sandbox.faults.turnOn("garmin_diauth_down");
  await stage.hears("owner", /^My access to Garmin ends in 14 days/, 31 * DAYS);
  stage.weighIn();
  await stage.heals("by itself", () => stage.sandbox.faults.turnOff("garmin_diauth_down"), 60);
});
