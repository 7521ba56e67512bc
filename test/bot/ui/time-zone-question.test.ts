import { afterEach, describe, expect, test } from "vitest";
import { ACCOUNT } from "../../support/test-app.ts";
import { hand, heard, inChat, labels, newUpdate } from "../chat.ts";
import { type NotifiedBot, startNotifiedBot } from "./notified-bot.ts";

let harness: NotifiedBot;
afterEach(() => harness.close());

const TEXTS = {
  en: {
    question:
      "121/79 mmHg, pulse 61, today 11:30. Which time zone are you in? Garmin keeps blood pressure by local time. Once I know yours, I’ll send it.",
    buttons: ["Set my time zone", "Ignore it"],
    type: "Type it",
    ask: "Which time zone?",
    set: "Time zone: Europe/Berlin",
    here: "Where you are, it’s 13:00 now (Europe/Berlin). Shall I use that time zone?",
    use: "Yes, use it",
    done: "mmHg, pulse 61 is in Garmin.",
    ignored: "121/79 mmHg, pulse 61, today 11:30: kept out of Garmin.",
  },
  de: {
    question:
      "121/79 mmHg, Puls 61, heute 11:30. In welcher Zeitzone bist du? Garmin führt Blutdruck nach Ortszeit. Sobald ich deine Zeitzone kenne, sende ich die Messung.",
    buttons: ["Zeitzone einstellen", "Ignorieren"],
    type: "Eintippen",
    ask: "Welche Zeitzone?",
    set: "Zeitzone: Europe/Berlin",
    here: "Bei dir ist es jetzt 13:00 (Europe/Berlin). Soll ich diese Zeitzone nehmen?",
    use: "Ja, diese nehmen",
    done: "mmHg, Puls 61 ist in Garmin.",
    ignored: "121/79 mmHg, Puls 61, heute 11:30: kommt nicht in Garmin.",
  },
} as const;

/** Nobody knows the zone of a blood pressure of half an hour ago. */
async function asked(language: "en" | "de") {
  harness = await startNotifiedBot(language === "de" ? { language } : {});
  harness.person.timezone = "";
  harness.person.takeBloodPressure({ at: harness.ago({ minutes: 30 }), systolic: 121, diastolic: 79, pulse: 61 });
  expect(await harness.scheduledRun()).toMatchObject({ status: "success", synced: 0, held: 1 });
  const question = await heard(harness, TEXTS[language].question.split(". ")[1] ?? "");
  expect(question.text).toBe(TEXTS[language].question);
  expect(labels(question)).toEqual(TEXTS[language].buttons);
  expect(harness.pressures()).toEqual([]);
  return question;
}

/** Right after the answer, as after any answer about a held reading. */
async function arrives(language: "en" | "de") {
  await heard(harness, TEXTS[language].done);
  await harness.quiet();
  // At 12:30 in Berlin.
  expect(harness.pressures()).toMatchObject([{ systolic: 121, calendarDate: "2026-11-21" }]);
  expect(new Date(harness.pressures()[0]?.wallClockMs ?? 0).toISOString()).toBe("2026-11-21T12:30:00.000Z");
  expect((await harness.ledger().progress())?.value.attention).toEqual([]);
  harness.clock.advance(600);
  expect(await harness.scheduledRun()).toMatchObject({ synced: 0 });
  expect(harness.pressures()).toHaveLength(1);
}

describe.each(["en", "de"] as const)("a blood pressure without a usable time zone (%s)", (language) => {
  const say = TEXTS[language];

  test("asks for the zone, and goes to Garmin once it’s typed", async () => {
    const { id } = await asked(language);
    harness.owner.tap(say.buttons[0], id);
    await harness.owner.waitForMessage((it) => it.id === id && labels(it).includes(say.type));
    harness.owner.tap(say.type, id);
    await heard(harness, say.ask);
    harness.owner.say("Berlin");
    await heard(harness, say.set);
    await arrives(language);
  });

  test("takes a shared location too, after a question", async () => {
    await asked(language);
    const location = { latitude: 52.52, longitude: 13.405 };
    await hand(harness, newUpdate({ message: { ...inChat, message_id: 9_000_000, location } }));
    const question = await heard(harness, "Europe/Berlin");
    expect(question.text).toBe(say.here);
    expect((await harness.app.store.accounts.find(ACCOUNT))?.timezone).toBeUndefined();
    harness.owner.tap(say.use, question.id);
    await heard(harness, say.set);
    await arrives(language);
  });

  test("goes to Garmin with a tap on a zone, and no other setting starts a sync", async () => {
    const { id } = await asked(language);
    harness.owner.tap(say.buttons[0], id);
    const screen = await harness.owner.waitForMessage((it) => it.id === id && labels(it).includes(say.type));
    const zone = labels(screen).find((it) => it.startsWith("Berlin")) ?? expect.fail();
    const withings = labels(screen).find((it) => it.includes("Withings")) ?? expect.fail();
    harness.owner.tap(withings, id);
    await harness.quiet();
    expect(harness.pressures()).toEqual([]);
    harness.owner.tap(zone, id);
    await arrives(language);
  });

  test("can be ignored, and isn’t asked about again", async () => {
    const { id } = await asked(language);
    harness.owner.tap(say.buttons[1], id);
    await heard(harness, say.ignored);
    await harness.app.store.accounts.save(ACCOUNT, { timezone: "Europe/Berlin" });
    harness.clock.advance(600);
    expect(await harness.scheduledRun()).toMatchObject({ synced: 0, held: 0 });
    expect(harness.pressures()).toEqual([]);
  });
});
