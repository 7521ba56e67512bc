import { afterEach, describe, expect, test } from "vitest";
import { type NewsInWords, newsText } from "../../../src/bot/views/news.ts";
import { summaryText } from "../../../src/bot/views/summary.ts";
import { syncOutcomeText } from "../../../src/bot/views/sync-outcome.ts";
import { wordsFor } from "../../../src/bot/words/words.ts";
import { terminalWords } from "../../../src/cli/words.ts";
import { DEFAULT_SETTINGS } from "../../../src/sync/model/account.ts";
import type { Differing, Pause } from "../../../src/sync/model/ledger.ts";
import type { Notice } from "../../../src/sync/status/kind-notices.ts";
import { ACCOUNT } from "../../support/test-app.ts";
import { startTestBot, type TestBot } from "../test-bot.ts";
import { startNotifiedBot } from "../ui/notified-bot.ts";

let harness: TestBot;
afterEach(() => harness?.close());

const NOW = new Date("2026-11-21T12:00:00Z");
const minutesAgo = (minutes: number) => new Date(harness.clock.now().getTime() - minutes * 60_000);

test("/status says that the first reading came back different, and one tap sends the rest", async () => {
  harness = await startTestBot();
  for (const minute of [90, 60, 30]) harness.person.stepOnScale({ at: minutesAgo(minute), weightKg: 80.25 });
  harness.sandbox.faults.turnOn("garmin_rounds_weight");
  harness.startBot();
  harness.owner.say("/sync");
  const answer = await harness.owner.waitForMessage(({ text }) => text.includes("in Garmin."));
  expect(answer.text).toBe(
    "80.3 kg is in Garmin.\nGarmin now has your weight.\nFrom now on I’ll send a short card at 9:00 when something new has come in, and a digest on Mondays. /settings changes that.\nNot sent for now: weigh-ins. Nothing is lost; /status says why.",
  );
  harness.owner.say("/status");
  const status = await harness.owner.waitForMessage(({ text }) => text.includes("Last weigh-in"));
  expect(status.text).toContain("Last weigh-in: 80.30 kg");
  expect(status.text).toContain("Weight: 80.25 kg sent, 80.30 kg shown.");
  expect(status.text).toContain("2 readings are waiting; nothing is lost");
  harness.clock.advance(60);
  await harness.owner.tap("Keep sending weigh-ins");
  await expect.poll(() => harness.weights().length).toBe(3);
  await harness.quiet();
  expect(status.text).toContain("Last sync: today 13:00, done, but something isn’t being sent for now");
  expect(harness.owner.messages.some(({ text }) => text.includes("shown."))).toBe(false);
});

test("the button in the message switches the kind off, and it isn’t mentioned again", async () => {
  harness = await startTestBot();
  harness.person.takeBloodPressure({ at: minutesAgo(30), systolic: 121, diastolic: 79 });
  harness.sandbox.faults.turnOn("garmin_blood_pressure_closed");
  harness.startBot();
  harness.owner.say("/sync");
  const answer = await harness.owner.waitForMessage(({ text }) => text.includes("Not sent for now"));
  expect(answer.text).toBe("Nothing new.\nNot sent for now: blood pressure. Nothing is lost; /status says why.");
  harness.owner.say("/status");
  const status = await harness.owner.waitForMessage(({ text }) => text.includes("Last weigh-in"));
  expect(status.text).toContain("Garmin hasn’t accepted blood pressure for this account since 13:00 (HTTP 403).");
  await harness.owner.tap("Stop sending blood pressure");
  await harness.quiet();
  harness.owner.say("/status");
  const after = await harness.owner.waitForMessage(({ text }) => text.includes("Last sync"));
  expect(after.text).not.toContain("takes no blood pressure");
});

test("/status says how often Garmin is asked again about a kind: with every sync at first, then once a day", async () => {
  const HALF_HOUR = 1800;
  harness = await startTestBot({ at: new Date("2026-11-21T21:30:00Z") });
  harness.person.takeBloodPressure({ at: minutesAgo(30), systolic: 121, diastolic: 79 });
  harness.sandbox.faults.turnOn("garmin_blood_pressure_closed");
  harness.startBot();
  const begun = harness.clock.now().getTime();
  const askedAfterHours: number[] = [];
  async function syncsUntil(hours: number) {
    for (; harness.clock.now().getTime() < begun + hours * 3_600_000; harness.clock.advance(HALF_HOUR)) {
      harness.requests();
      await harness.sync();
      const isAsked = harness.requests().some((it) => it.includes("bloodpressure-service"));
      if (isAsked) askedAfterHours.push((harness.clock.now().getTime() - begun) / 3_600_000);
    }
  }
  async function status() {
    harness.owner.say("/status");
    return (await harness.owner.waitForMessage(({ text }) => text.includes("Last sync"))).text;
  }
  await syncsUntil(2);
  expect(await status()).toContain("I’ll ask again with every sync until 04:30, then once a day.");
  await syncsUntil(8);
  expect(await status()).toContain("everything else continues. I’ll ask again once a day.");
  await syncsUntil(60);
  expect(askedAfterHours).toEqual([...Array.from({ length: 12 }, (_, index) => index / 2), 29.5, 53.5]);
});

test.each([
  [
    { language: undefined },
    "Withings is answering again. 3 weigh-ins are waiting, because Garmin shows one differently from how I sent it. /status says more.",
  ],
  [
    { language: "de" },
    "Withings antwortet wieder. 3 Gewichtsmessungen warten, weil Garmin eine anders zeigt, als ich sie gesendet habe. /status sagt mehr.",
  ],
] as const)("the end of an outage says what waits, not that no reading was missed (%o)", async ({ language }, text) => {
  const notified = await startNotifiedBot(language && { language });
  harness = notified;
  const { faults } = harness.sandbox;
  for (const minute of [90, 60, 30]) harness.person.stepOnScale({ at: minutesAgo(minute), weightKg: 80.25 });
  faults.turnOn("garmin_rounds_weight");
  await notified.scheduledRun();
  faults.turnOn("withings_down");
  await notified.scheduledRun();
  harness.clock.advance(7 * 3600);
  harness.person.stepOnScale({ at: minutesAgo(5), weightKg: 80.25 });
  await notified.scheduledRun();
  faults.turnOff("withings_down");
  await notified.scheduledRun();
  await harness.owner.waitForMessage((message) => message.text === text);
});

describe("while Garmin does not show parts of a reading as they were sent", () => {
  async function dropped() {
    harness = await startTestBot({ profileHeightCm: null });
    harness.person.stepOnScale({ at: minutesAgo(5), weightKg: 80.25, fatRatioPercent: 21.4, muscleKg: 59.9 });
    harness.sandbox.faults.turnOn("garmin_drops_composition");
    await harness.sync();
    harness.startBot();
  }

  async function answer(command: string, isDone: (text: string) => boolean) {
    harness.owner.say(command);
    return (await harness.owner.waitForMessage(({ text }) => isDone(text))).text;
  }
  const sync = () => answer("/sync", (text) => /^(Nothing new|Nichts Neues)\. ./.test(text));
  const doctor = () => answer("/doctor", (text) => /^(✅|⚠️) /.test(text));

  test.each([
    [
      "en",
      "Nothing new. Garmin has every reading. ",
      "Garmin doesn’t show these values as I sent them: body fat, muscle (80.25 kg, today 12:55).",
      /^✅ Nothing needs you\.\n\nnote · last sync: today 13:00, done(, 1 reading)?\. (.*)\n/,
    ],
    [
      "de",
      "Nichts Neues. Garmin hat alle Messungen. ",
      "Garmin zeigt diese Werte nicht so, wie ich sie gesendet habe: Körperfett, Muskeln (80,25 kg, heute 12:55).",
      /^✅ Du musst nichts tun\.\n\nHinweis · Letzter Abgleich: heute 13:00, fertig(, 1 Messung)?\. (.*)\n/,
    ],
  ] as const)(
    "while parts differ, no answer says that Garmin has everything, or that all is good (%s)",
    async (language, head, fact, last) => {
      await dropped();
      await harness.app.store.accounts.save(ACCOUNT, { language });
      expect(await sync()).toBe(head + fact);
      expect(await answer("/status", (text) => text.startsWith("Withings"))).toContain(`\n\n${fact}`);
      expect((await doctor()).match(last)?.[2]).toBe(fact);
    },
  );

  test("the terminal names parts that differ, but not as a failure", async () => {
    await dropped();
    const account = (await harness.app.store.accounts.find(ACCOUNT)) ?? expect.fail();
    const seen = await harness.app.overviews.of(account);
    const report = await harness.sync();
    expect(syncOutcomeText(report, { after: seen }, terminalWords("Europe/Berlin", harness.clock.now()))).toMatch(
      /^Nothing new\. Garmin has every reading\. Garmin doesn’t show these values/,
    );
  });

  test("parts that are no longer sent, or that Garmin shows again, aren’t mentioned", async () => {
    await dropped();
    await harness.app.store.accounts.save(ACCOUNT, {
      settings: { sends: { ...DEFAULT_SETTINGS.sends, muscle: false } },
    });
    expect(await sync()).toMatch(/as I sent them: body fat \(/);
    await harness.app.store.accounts.save(ACCOUNT, {
      settings: { sends: { ...DEFAULT_SETTINGS.sends, composition: false } },
    });
    harness.clock.advance(60);
    expect(await sync()).toBe("Nothing new. Garmin has every reading.");

    await harness.app.store.accounts.save(ACCOUNT, { settings: { sends: DEFAULT_SETTINGS.sends } });
    harness.sandbox.faults.clear();
    harness.clock.advance(60);
    harness.person.stepOnScale({ at: minutesAgo(0), weightKg: 80.5, fatRatioPercent: 21.5, muscleKg: 60 });
    await harness.sync();
    expect(await sync()).toBe("Nothing new. Garmin has every reading.");
    expect(await doctor()).toMatch(/^✅ All good\.\n/);
  });
});

const pause: Pause = { reason: "closed", since: NOW, lookedAt: NOW, from: NOW, waiting: 1, httpStatus: 404 };
const weighIn = { kind: "weigh_in", takenAt: NOW, values: { kind: "weigh_in", weightKg: 80.25 } } as const;
const fat: Differing = { ...weighIn, field: "bodyFatPercent", sent: 21.4 };
const NOTICES: Notice[] = [
  { type: "closed", kind: "weigh_in", pause },
  { type: "closed", kind: "blood_pressure", pause: { ...pause, waiting: 3 } },
  { type: "served", kind: "blood_pressure" },
  {
    type: "differs",
    kind: "weigh_in",
    pause,
    differing: [{ ...weighIn, field: "weightKg", sent: 80.25, shown: 80.3 }],
  },
  { type: "fields", differing: [fat, { ...weighIn, field: "muscleMassKg", sent: 59.9, shown: 60.4 }] },
  { type: "twin", twin: { ...weighIn, other: weighIn } },
];

const FIRST_SENTENCES = {
  en: [
    "Garmin hasn’t accepted weigh-ins for this account since 13:00 (HTTP 404).",
    "Garmin hasn’t accepted blood pressure for this account since 13:00 (HTTP 404).",
    "Garmin accepts blood pressure for this account again.",
    "Weight: 80.25 kg sent, 80.30 kg shown.",
    "Body fat: 21.4% sent, nothing shown.",
    "2 entries in Garmin for one reading: 80.25 kg, today 13:00, from me, and 80.25 kg, today 13:00, from elsewhere.",
  ],
  de: [
    "Garmin nimmt seit 13:00 Uhr für dieses Konto keine Gewichte an (HTTP 404).",
    "Garmin nimmt seit 13:00 Uhr für dieses Konto keinen Blutdruck an (HTTP 404).",
    "Garmin nimmt für dieses Konto wieder Blutdruck an.",
    "Gewicht: 80,25 kg gesendet, 80,30 kg angezeigt.",
    "Körperfett: 21,4 % gesendet, nichts angezeigt.",
    "2 Einträge in Garmin für eine Messung: 80,25 kg, heute 13:00, von mir, und 80,25 kg, heute 13:00, von woanders.",
  ],
};

test.each(["en", "de"] as const)(
  "every notice in %s starts with the fact, and says that nothing is lost if something is waiting",
  (language) => {
    const words = wordsFor({ language, units: "kg", timezone: "Europe/Berlin", now: NOW });
    const texts = NOTICES.map((notice) => newsText({ type: "notice", notice } as NewsInWords, words));
    expect(texts.map((text) => text.split(/(?<=\.)\s/)[0])).toEqual(FIRST_SENTENCES[language]);
    const isLost = { en: "nothing is lost", de: "nichts ist verloren" }[language];
    expect(texts.map((text) => text.includes(isLost))).toEqual([true, true, false, true, false, false]);
  },
);

test.each([
  ["en", "Not sent for now: blood pressure. Nothing is lost; /status says why."],
  ["de", "Vorerst nicht gesendet: Blutdruck. Nichts ist verloren; /status sagt, warum."],
] as const)("the daily summary in %s names what is not sent", (language, sentence) => {
  const words = wordsFor({ language, units: "kg", timezone: "Europe/Berlin", now: NOW });
  const waiting = { held: 0, failed: 0, gone: 0, items: [] };
  expect(summaryText({ came: [], arrived: {}, waiting, paused: ["blood_pressure"] }, words).split("\n")).toContain(
    sentence,
  );
});
