import { afterEach, expect, test } from "vitest";
import { type NewsInWords, newsText } from "../../../src/bot/views/news.ts";
import { statusText } from "../../../src/bot/views/status.ts";
import { wordsFor } from "../../../src/bot/words/words.ts";
import type { Measure } from "../../../src/sandbox/withings/groups.ts";
import type { Health } from "../../../src/sync/model/health.ts";
import { isAboutGone } from "../../../src/sync/status/gone.ts";
import { afterRun, afterTelling, pendingNotices } from "../../../src/sync/status/notices.ts";
import { ACCOUNT, OWNER, startTestApp, type TestApp } from "../../support/test-app.ts";

let harness: TestApp;
afterEach(() => harness.close());

const DAY = 24 * 3600;
const minutesAgo = (minutes: number) => new Date(harness.clock.now().getTime() - minutes * 60_000);
const cursor = async () => (await harness.ledger().progress())?.value.cursorAt;
const logged = (event: string) => harness.logged.filter((line) => line.includes(`"${event}"`));

test("an unreadable record is reported once, stops nothing, is checked once a day, and arrives once it can be read", async () => {
  harness = await startTestApp();
  const { person, sync, clock } = harness;
  await sync();
  person.stepOnScale({ at: minutesAgo(30), weightKg: 80.25 });
  const measure = { type: 1, unit: -3, value: "eighty" } as unknown as Measure;
  person.addGroup({ date: Math.floor(minutesAgo(20).getTime() / 1000), measures: [measure], deviceid: "scale" });
  person.takeBloodPressure({ at: minutesAgo(10), systolic: 121, diastolic: 79 });
  const before = await cursor();
  expect(await sync()).toMatchObject({ status: "success", synced: 2 });
  expect(await cursor()).not.toEqual(before);

  const asked: number[] = [];
  for (let hours = 0; hours < 72; hours += 6) {
    clock.advance(6 * 3600);
    if (hours % 24 === 0) await harness.link();
    if (hours % 24 === 0) person.stepOnScale({ weightKg: 80 + hours / 100 });
    harness.sandbox.withings.requests.length = 0;
    expect(await sync()).toMatchObject({ status: "success" });
    for (const { body } of harness.sandbox.withings.requests) {
      const since = new URLSearchParams(body).get("lastupdate");
      if (since) asked.push(Number(since));
    }
  }
  expect(logged("withings_record_not_read")).toHaveLength(1);
  // Each time no further back than the look at it needs.
  const farthest = Math.min(...asked);
  const looks = asked.filter((it) => it === farthest).length;
  expect([looks >= 2, looks <= 4]).toEqual([true, true]);

  measure.value = 80_500;
  clock.advance(DAY);
  await harness.link();
  expect(await sync()).toMatchObject({ status: "success", synced: 1 });
  expect(harness.weights().map((it) => it.weightKg)).toContain(80.5);
  expect(new Set(harness.weights().map((it) => it.takenAt.getTime())).size).toBe(harness.weights().length);
  expect((await harness.ledger().progress())?.value.unreadable).toBeUndefined();
});

test("an unreadable record that Garmin has from elsewhere is not sent as a second one when it can be read", async () => {
  harness = await startTestApp();
  const { person, sync, clock } = harness;
  const measure = { type: 1, unit: -3, value: "eighty" } as unknown as Measure;
  const takenAt = minutesAgo(20);
  harness.sandbox.garmin.addManualWeight(OWNER.email, { at: takenAt, weightKg: 80.5 });
  person.addGroup({ date: Math.floor(takenAt.getTime() / 1000), measures: [measure], deviceid: "scale" });
  person.stepOnScale({ at: minutesAgo(10), weightKg: 80 });
  expect(await sync()).toMatchObject({ status: "success", synced: 1 });
  for (let hours = 0; hours < 72; hours += 12) {
    clock.advance(DAY / 2);
    await harness.link();
    person.stepOnScale({ weightKg: 80 });
    expect(await sync()).toMatchObject({ status: "success", synced: 1 });
  }
  measure.value = 80_500;
  clock.advance(DAY);
  await harness.link();
  expect(await sync()).toMatchObject({ status: "success", synced: 0 });
  expect(harness.weights()).toHaveLength(8);
});

test("its owner hears its time, once, in both languages, and sees it in /status", async () => {
  harness = await startTestApp();
  const takenAt = minutesAgo(20);
  const broken = { type: 1, unit: -3, value: null } as unknown as Measure;
  harness.person.addGroup({ date: Math.floor(takenAt.getTime() / 1000), measures: [broken], deviceid: "scale" });
  const account = (await harness.app.store.accounts.find(ACCOUNT)) ?? expect.fail("the account is missing");
  let health: Health = { attentionTold: [] };
  const told: string[] = [];
  const words = (["en", "de"] as const).map((language) =>
    wordsFor({ language, units: "kg", timezone: "Europe/Berlin", now: harness.clock.now() }),
  );
  for (let runs = 0; runs < 3; runs++) {
    const report = await harness.sync();
    const now = harness.clock.now();
    const overview = await harness.app.overviews.of(account);
    health = afterRun(health, report, { now, attention: overview.attention, links: overview.links });
    for (const news of pendingNotices(health, { ...overview, now, patienceHours: 6 })) {
      told.push(...words.map((it) => (isAboutGone(news) ? news.type : newsText(news as NewsInWords, it))));
      health = structuredClone(afterTelling(health, news, now));
    }
    if (runs === 2) told.push(...words.slice(0, 1).map((it) => statusText(overview, {}, it)));
    harness.clock.advance(1800);
  }
  expect(told).toEqual([
    expect.stringMatching(/^Withings has a measurement from .*12:40.* that I can’t read\. Your other readings arrive/),
    expect.stringMatching(/^Bei Withings gibt es eine Messung von .*12:40.*, die ich nicht lesen kann\./),
    expect.stringContaining("that I can’t read."),
  ]);
});

test("a page that promises more without saying how to get it delivers what it holds, and the cursor waits", async () => {
  harness = await startTestApp();
  const { person, sync, clock } = harness;
  await sync();
  const before = await cursor();
  person.stepOnScale({ at: minutesAgo(30), weightKg: 80.25 });
  let isBroken = true;
  const app = await harness.newApp({
    wrapSend: (send) => async (request) => {
      const answer = await send(request);
      if (!isBroken) return answer;
      return { ...answer, text: answer.text.replace('"measuregrps":', '"more":1,"measuregrps":') };
    },
  });
  clock.advance(60);
  expect(await sync({}, app)).toMatchObject({ status: "error", synced: 1, cause: expect.stringContaining("no way") });
  expect(await cursor()).toEqual(before);
  isBroken = false;
  clock.advance(60);
  expect(await sync({}, app)).toMatchObject({ status: "success" });
  expect(harness.weights()).toHaveLength(1);
  expect(await cursor()).not.toEqual(before);
});

test("an unknown value of Withings is reported once, and stops nothing", async () => {
  harness = await startTestApp();
  const { person, sync, clock } = harness;
  const app = await harness.newApp({
    wrapSend: (send) => async (request) => {
      const answer = await send(request);
      // As if Withings sent more than it was asked for.
      const text = answer.text.replaceAll('"measures":[', '"measures":[{"value":1,"type":999,"unit":0},');
      return { ...answer, text };
    },
  });
  person.stepOnScale({ weightKg: 80.25 });
  person.stepOnScale({ weightKg: 80.5, attrib: 10009, at: minutesAgo(30) });
  expect(await sync({}, app)).toMatchObject({ status: "success", synced: 1, held: 1 });
  const values = () => logged("withings_value_unknown").map((line) => JSON.parse(line).value);
  expect(values()).toEqual(["attrib 10009", "measure type 999"]);
  clock.advance(60);
  person.stepOnScale({ weightKg: 80.75 });
  expect(await sync({}, app)).toMatchObject({ status: "success", synced: 1 });
  expect(values()).toHaveLength(2);
});
