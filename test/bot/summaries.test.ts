import { afterEach, expect, test } from "vitest";
import { createChat } from "../../src/chat.ts";
import { createLog } from "../../src/log.ts";
import type { AccountChanges } from "../../src/sync/account.ts";
import { leaseName } from "../../src/sync/lease-keeper.ts";
import { ACCOUNT, type Household, startHousehold } from "../support/household.ts";

let house: Household;
afterEach(() => house.close());

/** Somebody in Berlin, where nine in the morning is eight in UTC. It is one in the afternoon. */
async function moveIn(changes: AccountChanges = {}, { isScaleUsed = true } = {}) {
  house = await startHousehold();
  const { app, clock, sandbox, person } = house;
  const owner = sandbox.telegram.user({ id: ACCOUNT, firstName: "Owner", started: true });
  const config = { botToken: sandbox.telegram.token, apiRoot: sandbox.telegram.apiRoot, allowedIds: [ACCOUNT] };
  const deps = {
    answersByItself: false,
    doctor: async () => ({ findings: [], ended: Promise.resolve() }),
    report: async () => ({ name: "report.json", text: "{}" }),
    queue: app.jobs,
    version: "1",
  };
  const log = createLog({ level: "silent" });
  await app.accounts.save(ACCOUNT, changes);
  if (isScaleUsed) person.stepOnScale({ at: new Date("2026-11-21T06:00:00Z"), weightKg: 80.25, fatRatioPercent: 20 });
  clock.advance(60);
  await house.sync();

  /** The clock moves on, and a copy of the program of that time looks whether a summary is due. */
  async function at(instant: string) {
    clock.advance((new Date(instant).getTime() - clock.now().getTime()) / 1000);
    const { summarize, telegram } = createChat(config, app, { ...deps, clock, log });
    const account = await app.accounts.save(ACCOUNT, {});
    await summarize(account);
    await telegram.close();
  }
  return { at, owner, told: () => owner.messages.map(({ text }) => text) };
}

test("comes at nine, quietly and once, with what came in since the last one", async () => {
  const { at, told, owner } = await moveIn();
  await at("2026-11-22T07:59:00Z");
  expect(told()).toEqual([]);
  await at("2026-11-22T08:00:00Z");
  await at("2026-11-22T08:01:00Z");
  expect(told()).toEqual(["New in Garmin: 1 weigh-in.\nWeight 80.25 kg, 21 Nov 07:00.\nBody: fat 20.0 %."]);
  expect(owner.lastMessage?.silent).toBe(true);

  house.person.stepOnScale({ at: new Date("2026-11-22T06:00:00Z"), weightKg: 79.85 });
  house.person.takeBloodPressure({ at: new Date("2026-11-22T06:05:00Z"), systolic: 121, diastolic: 79, pulse: 61 });
  house.person.stepOnScale({ at: new Date("2026-11-22T06:10:00Z"), weightKg: 41, attrib: 1 });
  await house.sync();
  await at("2026-11-23T08:00:00Z");
  expect(told()[1]).toBe(
    [
      "New in Garmin: 1 weigh-in, 1 blood pressure.",
      "Weight 79.85 kg, 22 Nov 07:00. Mean of 7 days: 80.1 kg.",
      "Blood pressure 121/79 mmHg, pulse 61, 22 Nov 07:05.",
      "Waiting for you: 1 held. /status shows them.",
    ].join("\n"),
  );
});

test("speaks the owner's language and units, at the owner's hour", async () => {
  const settings = { units: "st", summaryHour: 21 } as const;
  const { at, told } = await moveIn({ language: "de", settings });
  await at("2026-11-21T19:59:00Z");
  expect(told()).toEqual([]);
  await at("2026-11-21T20:00:00Z");
  expect(told()).toEqual(["Neu in Garmin: 1 Wiegung.\nGewicht 12 st 8,9 lb, heute 07:00.\nKörper: Fett 20,0 %."]);
});

test("says nothing when there is nothing to say, but after a week of silence says that, once", async () => {
  const { at, told } = await moveIn({ settings: { summaryMode: "when_new" } });
  for (let day = 22; day <= 30; day++) await at(`2026-11-${day}T08:00:00Z`);
  expect(told()).toHaveLength(2);
  expect(told()[1]).toMatch(/Nothing was measured for 7 days\. If you did step on the scale/);
});

test("a silence is told once to who wants no summary, with nothing else", async () => {
  const { at, told, owner } = await moveIn({ settings: { summaryMode: "off" } });
  for (let day = 22; day <= 30; day++) await at(`2026-11-${day}T08:00:00Z`);
  expect(told()).toEqual([
    "Nothing was measured for 7 days. If you did step on the scale, look into the Withings app: it may not have sent it.",
  ]);
  expect(owner.lastMessage?.silent).toBe(true);
});

test.each([
  [
    "en",
    "No blood pressure has arrived for 7 days. If you did measure, look into the Withings app: the cuff may not have sent it.",
  ],
  [
    "de",
    "Seit 7 Tagen kam kein Blutdruck an. Hast du doch gemessen, sieh in die Withings-App: Vielleicht hat die Manschette es nicht gesendet.",
  ],
] as const)("a cuff that is silent while the scale goes on is told once (%s)", async (language, sentence) => {
  const { at, told } = await moveIn({ language });
  house.person.takeBloodPressure({ at: new Date("2026-11-21T06:05:00Z"), systolic: 121, diastolic: 79, pulse: 61 });
  for (let day = 22; day <= 30; day++) {
    house.person.stepOnScale({ at: new Date(`2026-11-${day}T06:00:00Z`), weightKg: 80.25 });
    await house.sync();
    await at(`2026-11-${day}T08:00:00Z`);
  }
  expect(told().filter((text) => text.includes(sentence))).toHaveLength(1);
  expect(told()).toHaveLength(9);
});

test.each([
  [
    "en",
    "Withings was linked 3 days ago, and no reading for Garmin has come from it yet. If you did measure, look into the Withings app: the reading may be missing there, or belong to somebody else. /connect links another profile.",
  ],
  [
    "de",
    "Withings ist seit 3 Tagen verbunden, und von dort kam noch keine Messung für Garmin. Hast du doch gemessen, sieh in die Withings-App: Vielleicht fehlt die Messung dort, oder sie gehört jemand anderem. /connect verbindet ein anderes Profil.",
  ],
] as const)("an account that never had a reading hears it once, after three days (%s)", async (language, sentence) => {
  const { at, told } = await moveIn({ language }, { isScaleUsed: false });
  for (let day = 22; day <= 30; day++) {
    await house.sync();
    await at(`2026-11-${day}T08:00:00Z`);
  }
  expect(told()).toEqual([sentence]);
});

test("waits while a run is at work, and while Telegram is away", async () => {
  const { at, told } = await moveIn();
  const account = await house.app.accounts.save(ACCOUNT, {});
  house.clock.advance((Date.parse("2026-11-22T07:59:00Z") - house.clock.now().getTime()) / 1000);
  const lease = await house.app.leases.acquire(leaseName(account), 120);
  await at("2026-11-22T08:00:00Z");
  await lease?.release();
  house.sandbox.faults.add({
    ...{ name: "away", server: "telegram", match: { path: /\/sendMessage$/ }, times: Number.POSITIVE_INFINITY },
    effect: { type: "status", status: 502, body: { ok: false, error_code: 502, description: "Bad Gateway" } },
  });
  await at("2026-11-22T08:05:00Z");
  expect(told()).toEqual([]);
  house.sandbox.faults.remove("away");
  await at("2026-11-22T08:10:00Z");
  expect(told()).toHaveLength(1);
});
