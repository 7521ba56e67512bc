import { afterEach, describe, expect, test } from "vitest";
import type { AccountChanges } from "../../../src/sync/model/account.ts";
import { ACCOUNT, type TestApp } from "../../support/test-app.ts";
import { startSummaries } from "./summaries.ts";

const DAY_MS = 24 * 3600 * 1000;

let harness: TestApp;
afterEach(() => harness.close());

async function startChat(...given: Parameters<typeof startSummaries>) {
  const chat = await startSummaries(...given);
  harness = chat.harness;
  return chat;
}

const SCALE_IS_SILENT = {
  en: [
    "No weigh-in for 3 days; you usually weigh in every day. If you have been on the scale since, open the Withings app:",
    "• Your weigh-in isn’t there: check the scale’s battery and its Wi-Fi. Without Wi-Fi it sends only while the app is open nearby.",
    "• It’s there: /doctor looks for what’s wrong on my side.",
  ].join("\n"),
  de: [
    "Seit 3 Tagen kam keine Gewichtsmessung an; sonst wiegst du dich jeden Tag. Wenn du seitdem auf der Waage warst, öffne die Withings-App:",
    "• Deine Messung fehlt dort: Prüfe die Batterie der Waage und ihr WLAN. Ohne WLAN sendet sie nur, wenn die App in ihrer Nähe offen ist.",
    "• Sie ist da: /doctor sucht, was bei mir nicht stimmt.",
  ].join("\n"),
};

describe.each(["each", "daily", "weekly", "needed"] as const)("with cards set to %s", (cards) => {
  test.each(["en", "de"] as const)(
    "a silent scale that is used daily is mentioned after three days, once (%s)",
    async (language) => {
      const now = new Date("2026-11-21T06:00:00Z");
      const { at, told, owner } = await startChat({ language, settings: { cards } }, { now });
      for (const day of [17, 18, 19, 20]) {
        const measuredAt = { at: new Date(`2026-11-${day}T06:00:00Z`), createdAt: harness.clock.now() };
        harness.person.stepOnScale({ ...measuredAt, weightKg: 80.25 });
      }
      await harness.sync();
      await at("2026-11-22T08:00:00Z");
      await at("2026-11-23T08:00:00Z");
      expect(told()).not.toContain(SCALE_IS_SILENT[language]);
      await at("2026-11-24T08:00:00Z");
      const silence = owner.messages.find(({ text }) => text === SCALE_IS_SILENT[language]);
      expect(silence?.silent).toBe(false);
      const off = language === "en" ? "Don’t tell me about this" : "Dazu nichts mehr sagen";
      expect(silence?.buttons.flat()).toMatchObject([{ text: off, data: "set:silence:weigh_in:off" }]);
      for (let day = 25; day <= 30; day++) await at(`2026-11-${day}T08:00:00Z`);
      const isSilence = /^(No weigh-in for|Seit \d+ Tagen kam keine Gewichtsmessung)/;
      expect(told().filter((text) => isSilence.test(text))).toEqual([SCALE_IS_SILENT[language]]);
    },
  );
});

test.each([
  ["en", "No weigh-in since Withings was linked 3 days ago; you usually weigh in every day. If you have been on"],
  [
    "de",
    "Withings ist seit 3 Tagen verbunden, und seitdem kam keine Gewichtsmessung an; sonst wiegst du dich jeden Tag.",
  ],
] as const)(
  "after months without a link, a silent scale is mentioned only after its whole time (%s)",
  async (language, told) => {
    const chat = await startChat({ language, settings: { cards: "needed" } });
    for (const day of [17, 18, 19, 20]) {
      harness.person.stepOnScale({
        at: new Date(`2026-11-${day}T06:00:00Z`),
        createdAt: harness.clock.now(),
        weightKg: 80,
      });
    }
    await harness.sync();
    await harness.app.disconnect(await harness.app.store.accounts.save(ACCOUNT, {}), "withings");
    harness.clock.advance((Date.parse("2027-03-01T08:00:00Z") - harness.clock.now().getTime()) / 1000);
    await harness.link();
    for (const day of ["01", "02", "03", "04", "05"]) {
      await chat.at(`2027-03-${day}T08:30:00Z`);
      expect(await harness.sync()).toMatchObject({ status: "success" });
      await chat.at(`2027-03-${day}T09:00:00Z`);
      if (day === "03") expect(chat.told()).toEqual([]);
    }
    expect(chat.told()).toEqual([expect.stringContaining(told)]);
  },
);

test("a silent cuff that was used weekly is mentioned after two weeks, unless its owner turned that off", async () => {
  const days = (from: number, count: number) =>
    Array.from({ length: count }, (_, index) => new Date(Date.parse("2026-11-22T06:00:00Z") + (from + index) * DAY_MS));
  const live = async (changes: AccountChanges) => {
    const { at, told } = await startChat(changes);
    const pressureAt = (at: Date) =>
      harness.person.takeBloodPressure({ at, createdAt: harness.clock.now(), systolic: 121, diastolic: 79 });
    for (const week of [-21, -14, -7]) days(week, 1).forEach(pressureAt);
    for (const [index, day] of days(0, 16).entries()) {
      harness.person.stepOnScale({ at: day, weightKg: 80.25 });
      harness.clock.advance((day.getTime() - harness.clock.now().getTime()) / 1000 + 60);
      if (index === 0) pressureAt(day);
      await harness.sync();
      await at(new Date(day.getTime() + 2 * 3_600_000).toISOString());
    }
    return told().filter((text) => text.startsWith("No blood pressure"));
  };
  expect(await live({})).toEqual([
    "No blood pressure reading for 14 days; you usually measure once a week. If you have measured since, open the Withings app:\n• Your reading isn’t there: check the cuff’s battery, and its Wi-Fi or the phone’s Bluetooth. Many cuffs send only while the app is open nearby.\n• It’s there: /doctor looks for what’s wrong on my side.",
  ]);
  await harness.close();
  expect(await live({ settings: { tellsSilence: { weigh_in: true, blood_pressure: false } } })).toEqual([]);
});

test.each([
  ["en", "Withings was linked 3 days ago, and no reading for Garmin has come from it yet. If you have measured since"],
  [
    "de",
    "Withings ist seit 3 Tagen verbunden, und bisher kam von dort keine Messung für Garmin. Wenn du seitdem gemessen hast",
  ],
] as const)("an account that never had a reading hears it once, after three days (%s)", async (language, beginning) => {
  const { at, told, owner } = await startChat({ language }, { isScaleUsed: false });
  for (let day = 22; day <= 30; day++) {
    await harness.sync();
    await at(`2026-11-${day}T08:00:00Z`);
  }
  expect(told()).toEqual([expect.stringContaining(beginning)]);
  expect(owner.lastMessage?.buttons.flat()).toMatchObject([{ data: "set:silence:all:off" }]);
});

test("a silence is mentioned as soon as it has lasted long enough, but not at night", async () => {
  const { at, told } = await startChat({ settings: { cards: "needed" } }, { isScaleUsed: false });
  // Linked at 13:00.
  await at("2026-11-24T08:00:00Z");
  await at("2026-11-24T11:30:00Z");
  expect(told()).toEqual([]);
  await at("2026-11-24T12:30:00Z");
  expect(told()).toEqual([expect.stringMatching(/^Withings was linked 3 days ago/)]);
  await harness.close();

  const evening = await startChat({ settings: { cards: "needed" } });
  for (const day of [17, 18, 19, 20, 21]) {
    harness.person.stepOnScale({
      at: new Date(`2026-11-${day}T22:30:00Z`),
      createdAt: harness.clock.now(),
      weightKg: 80,
    });
  }
  await harness.sync();
  await evening.at("2026-11-24T22:00:00Z");
  await harness.sync();
  await evening.at("2026-11-24T23:00:00Z");
  await evening.at("2026-11-25T07:59:00Z");
  expect(evening.told()).toEqual([]);
  await evening.at("2026-11-25T08:00:00Z");
  expect(evening.told()).toEqual([expect.stringMatching(/^No weigh-in for 3 days; you usually weigh in every day\./)]);
});

test("a silence that Telegram didn’t accept is mentioned later that day, once", async () => {
  const { at, told } = await startChat({ settings: { cards: "needed" } }, { isScaleUsed: false });
  harness.clock.advance((4 * DAY_MS) / 1000);
  await harness.link();
  harness.sandbox.faults.add({
    ...{ name: "away", server: "telegram", match: { path: /\/sendMessage$/ }, times: Number.POSITIVE_INFINITY },
    effect: { type: "status", status: 502, body: { ok: false, error_code: 502, description: "Bad Gateway" } },
  });
  await harness.app.store.schedule.ended(ACCOUNT, {
    last: () => ({
      finishedAt: harness.clock.now(),
      outcome: { status: "success", synced: 0, skipped: 0, held: 0, failed: 0 },
    }),
  });
  await at("2026-11-28T13:00:00Z");
  expect(told()).toEqual([]);
  harness.sandbox.faults.remove("away");
  await at("2026-11-28T13:30:00Z");
  await at("2026-11-28T14:00:00Z");
  await at("2026-11-29T08:00:00Z");
  expect(told()).toHaveLength(1);
});
