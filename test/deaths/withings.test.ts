import { expect, test } from "vitest";
import type { FaultEffect, FaultMatch } from "../../src/sandbox/fault.ts";
import { USERID } from "../support/test-app.ts";
import { type Stage, startStage } from "./stage.ts";

const PAGE = "<!doctype html><title>Withings</title><h1>We will be back soon</h1>";
const HOURS = 60;
const DAYS = 24 * HOURS;
const MEASURES: FaultMatch = { path: "/measure" };

const answering = ({ sandbox }: Stage, match: FaultMatch, effect: FaultEffect) =>
  sandbox.faults.add({ name: "death", server: "withings", match, effect, times: Number.POSITIVE_INFINITY });
const over =
  ({ sandbox }: Stage) =>
  () =>
    sandbox.faults.remove("death");

test.each<[string, (stage: Stage) => unknown]>([
  ["Withings takes back its permission", ({ sandbox }) => sandbox.withings.revoke(USERID)],
  [
    "Withings' refresh token is dead",
    ({ sandbox }) => {
      sandbox.withings.killRefreshToken(USERID);
      sandbox.withings.expireAccessToken(USERID);
    },
  ],
])("%s", async (death, begin) => {
  const stage = await startStage(death);
  await stage.isWell();
  stage.begin();
  begin(stage);
  stage.weighIn();
  await stage.hears("owner", /^Withings no longer lets me read your scale/, 30);
  await stage.heals("after you link it", stage.harness.linkWithings, 5);
  await stage.hearsEnd(/^Withings lets me read your scale again\. 80\.4 kg \(13:29\) is now in Garmin\.$/, 10);
});

test("Withings refuses the client secret", async ({ task }) => {
  const stage = await startStage(task.name);
  await stage.isWell();
  stage.begin();
  stage.sandbox.faults.turnOn("withings_503_client_secret");
  stage.sandbox.withings.expireAccessToken(USERID);
  stage.weighIn();
  await stage.hears("owner", /^Withings doesn’t accept /, 30);
  await stage.heals("after it is corrected", () => stage.sandbox.faults.clear(), 60);
  await stage.hearsEnd(
    /^Withings is accepting my client id and secret again\. 80\.4 kg \(13:29\) is now in Garmin\.$/,
    10,
  );
});

test("Withings' permission no longer covers weights", async ({ task }) => {
  const stage = await startStage(task.name);
  await stage.isWell();
  stage.begin();
  const body = { status: 403, body: {}, error: "Insufficient_scope: The request requires higher privileges" };
  answering(stage, MEASURES, { type: "body", body });
  stage.weighIn();
  await stage.hears("owner", /^Withings no longer lets me read your scale/, 60);
  await stage.heals(
    "after you link it",
    () => {
      over(stage)();
      return stage.harness.linkWithings();
    },
    60,
  );
  await stage.hearsEnd(/^Withings lets me read your scale again\. 80\.4 kg \(13:29\) is now in Garmin\.$/, 10);
});

test.each<[string, FaultEffect, RegExp, RegExp]>([
  [
    "Withings is down (502)",
    { type: "status", status: 502, body: "<html><title>502 Bad Gateway</title></html>" },
    /^Withings hasn’t answered (properly )?since/,
    /^Withings is answering again\./,
  ],
  [
    "Withings cannot be reached",
    { type: "drop_before" },
    /^Withings hasn’t answered (properly )?since/,
    /^Withings is answering again\./,
  ],
  [
    "Withings sends a web page",
    { type: "body", body: PAGE },
    /^Withings hasn’t answered properly since/,
    /^Withings is answering again\./,
  ],
  [
    "Withings limits requests (601)",
    { type: "body", body: { status: 601, body: {}, error: "Too many" } },
    /^Withings .*limit/,
    /^Withings no longer limits my requests\./,
  ],
  [
    "Withings answers with an unknown code",
    { type: "body", body: { status: 98_765, body: {}, error: "Something new" } },
    /^Withings has been refusing my requests since/,
    /^Withings is accepting my requests again\./,
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

test("Withings renames the list", async ({ task }) => {
  const stage = await startStage(task.name);
  await stage.isWell();
  stage.begin();
  const body = { status: 0, body: { updatetime: 1, timezone: "Europe/Berlin", groups: [] } };
  answering(stage, MEASURES, { type: "body", body });
  stage.weighIn();
  await stage.hears("owner", /^Withings has been answering in a way I don’t understand since /, 30);
  await stage.heals("by itself", over(stage), 60);
  await stage.hearsEnd(/^I understand Withings’ answers again\. 80\.4 kg \(13:29\) is now in Garmin\.$/, 10);
});

test("Withings renames a field of a measurement", async ({ task }) => {
  const stage = await startStage(task.name);
  await stage.isWell();
  stage.begin();
  const grpid = stage.weighIn();
  const group = stage.person.group(grpid);
  const kept = { ...group };
  Object.assign(group, { date: undefined, takenAt: kept.date });
  await stage.hears("owner", /can’t read/, 30);
  await stage.heals(
    "by itself",
    () => {
      Object.assign(group, kept);
      stage.person.touch(grpid);
    },
    25 * HOURS,
  );
});

test("Withings isn’t sure whose weigh-in it is", async ({ task }) => {
  const stage = await startStage(task.name);
  await stage.isWell();
  stage.begin();
  const grpid = stage.person.stepOnScale({ weightKg: 80.4, attrib: 1 });
  await stage.hears("owner", /^80\.4 kg, .*Was that you\?/, 30);
  await stage.heals("after you assign it", () => stage.person.edit(grpid, { attrib: 0 }), 60);
});

test.each<[string, object]>([
  ["The scale goes silent", {}],
  ["The scale goes silent, and no summary is wanted", { cards: "needed" }],
])("%s", async (death, settings) => {
  const stage = await startStage(death, { settings });
  await stage.isWell();
  for (let day = 0; day < 8; day++) {
    stage.weighIn(80 + day / 10);
    await stage.step(24 * HOURS);
  }
  stage.begin();
  await stage.hears("owner", /No weigh-in|Nothing was measured|scale/, 9 * DAYS);
  await stage.heals("when you weigh in", () => stage.weighIn(81), 60);
});

test("The cuff goes silent, and the scale goes on", async ({ task }) => {
  const stage = await startStage(task.name, { settings: { cards: "needed" } });
  await stage.isWell();
  const day = async (hasCuff: boolean, kg: number) => {
    stage.weighIn(kg);
    if (hasCuff) stage.person.takeBloodPressure({ systolic: 121, diastolic: 79 });
    await stage.step(24 * HOURS);
  };
  for (let n = 0; n < 8; n++) await day(true, 80 + n / 10);
  stage.begin();
  for (let n = 0; n < 9 && stage.heard("owner").length === 0; n++) await day(false, 80.5 + n / 10);
  await stage.hears("owner", /blood pressure/i, 9 * DAYS);
});

test("Withings never has anything", async ({ task }) => {
  const stage = await startStage(task.name, { settings: { cards: "needed" } });
  stage.begin();
  await stage.start();
  await stage.hears("owner", /^Withings was linked \d days ago, and no reading/, 4 * DAYS);
});

test("Withings names a time zone that doesn’t exist", async ({ task }) => {
  const stage = await startStage(task.name);
  await stage.isWell();
  stage.begin();
  stage.person.timezone = "Europe/Nowhere";
  stage.weighIn();
  stage.person.takeBloodPressure({ systolic: 121, diastolic: 79 });
  stage.isHarmless("(the last known zone is used)");
  await stage.heals("arrives anyway", () => undefined, 30);
  await stage.until(() => stage.harness.pressures().length === 1, 30);
  const [pressure] = stage.harness.pressures();
  expect(pressure?.wallClockMs).toBe((pressure?.takenAt.getTime() ?? 0) + 3600_000);
});
