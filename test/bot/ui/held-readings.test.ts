import { afterEach, describe, expect, test } from "vitest";
import { ACCOUNT } from "../../support/test-app.ts";
import { botTexts, heard, labels } from "../chat.ts";
import { type NotifiedBot, startNotifiedBot } from "./notified-bot.ts";

let harness: NotifiedBot;
afterEach(() => harness.close());

describe("a question about a reading", () => {
  test("a reading that Garmin already has isn’t asked about", async () => {
    harness = await startNotifiedBot();
    const before = botTexts(harness).length;
    const at = harness.ago({ minutes: 30 });
    harness.person.stepOnScale({ at, weightKg: 41, attrib: 1 });
    harness.addByHand(at, 41);
    expect(await harness.scheduledRun()).toMatchObject({ status: "success", skipped: 1, held: 0 });
    expect(botTexts(harness)).toHaveLength(before);
  });

  test("the buttons of a question name their reading, and so do the answers", async () => {
    harness = await startNotifiedBot();
    for (const [minutes, weightKg] of [
      [30, 41],
      [20, 42],
    ] as const) {
      harness.person.stepOnScale({ at: harness.ago({ minutes }), weightKg, attrib: 1 });
    }
    await harness.scheduledRun();
    const question = await heard(harness, "Some readings need your decision.");
    expect(labels(question)).toEqual([
      "Send 41.00 kg, today 12:30",
      "Not mine: 41.00 kg, today 12:30",
      "Send 42.00 kg, today 12:40",
      "Not mine: 42.00 kg, today 12:40",
    ]);
    harness.owner.tap("Not mine: 41.00 kg, today 12:30");
    const answered = await heard(harness, "41.00 kg, today 12:30: I won’t send it.");
    // The other reading is still asked about.
    expect(answered.text).toContain("today 12:40, 42.00 kg is held");
    expect(labels(answered)).toEqual(["Send 42.00 kg, today 12:40", "Not mine: 42.00 kg, today 12:40"]);
    harness.clock.advance(60);
    harness.owner.tap("Send 42.00 kg, today 12:40");
    await heard(harness, "42.00 kg, today 12:40: it’s in Garmin.");
    await harness.quiet();
    expect(harness.weights().map(({ weightKg }) => weightKg)).toEqual([42]);
  });

  test("a tap sends nothing that Garmin has by then, and the answer says so", async () => {
    harness = await startNotifiedBot();
    const at = harness.ago({ minutes: 30 });
    harness.person.stepOnScale({ at, weightKg: 41, attrib: 1 });
    await harness.scheduledRun();
    const { id } = await heard(harness, "A reading needs your decision.");
    harness.addByHand(at, 41);
    harness.clock.advance(60);
    harness.owner.tap("Send 41.00 kg, today 12:30", id);
    await heard(harness, "41.00 kg, today 12:30: Garmin already has it, so I sent nothing.");
    await harness.quiet();
    expect(harness.owner.toasts.at(-1)?.text).toBe("41.00 kg, today 12:30: I’ll send it unless Garmin already has it.");
    expect(harness.weights()).toHaveLength(1);
  });

  test.each([
    ["it was seen in Garmin", async () => {}, "it’s in Garmin."],
    [
      "Garmin had it from elsewhere",
      async () => void harness.addByHand(harness.ago({ minutes: 30 }), 41),
      "Garmin already has it, so I sent nothing.",
    ],
  ])("a second tap when %s says so", async (_what, before, answer) => {
    harness = await startNotifiedBot();
    harness.person.stepOnScale({ at: harness.ago({ minutes: 30 }), weightKg: 41, attrib: 1 });
    await harness.scheduledRun();
    const { id, buttons } = await heard(harness, "A reading needs your decision.");
    const data = buttons.flat()[1]?.data ?? expect.fail();
    await before();
    harness.clock.advance(1);
    harness.owner.tap("Send 41.00 kg, today 12:30", id);
    await heard(harness, answer);
    await harness.quiet();
    const { id: old } = await harness
      .newBot()
      .bot.api.sendMessage(ACCOUNT, "An old question", {
        reply_markup: { inline_keyboard: [[{ text: "Old", callback_data: data }]] },
      })
      .then(({ message_id }) => ({ id: message_id }));
    harness.owner.tap("Old", old);
    await harness.quiet();
    expect(harness.owner.toasts.at(-1)?.text).toBe(`41.00 kg, today 12:30: ${answer}`);
  });
});

test("a reading that Garmin refuses isn’t said to need a decision, and counts for none that does", async () => {
  harness = await startNotifiedBot();
  await harness.scheduledRun();
  harness.sandbox.faults.turnOn("garmin_upload_failed_in_202");
  harness.person.stepOnScale({ at: harness.ago({ minutes: 30 }), weightKg: 80.25 });
  await harness.scheduledRun();
  const failed = "today 12:30, 80.25 kg is not stored: Garmin refused it; I’ll try again tomorrow.";
  expect((await heard(harness, "80.25 kg")).text).toBe(`A reading couldn’t be stored.\n${failed}`);

  harness.clock.advance(60);
  harness.person.stepOnScale({ at: harness.ago({ minutes: 21 }), weightKg: 41, attrib: 1 });
  harness.person.stepOnScale({ at: harness.ago({ minutes: 11 }), weightKg: 81 });
  await harness.scheduledRun();
  expect((await heard(harness, "41.00 kg")).text).toMatch(
    /^A reading needs your decision\.\ntoday 12:40, 41\.00 kg is held: .*\ntoday 12:50, 81\.00 kg is not stored: /,
  );
});

describe("a reading with an impossible date", () => {
  test.each([
    [
      "en",
      "64.20 kg, dated 27 Nov 13:00: that’s in the future, so check the clock of the scale. I’ll look at it again when that date comes.",
      "Ignore 64.20 kg, 27 Nov 13:00",
    ],
    [
      "de",
      "64,20 kg, datiert auf 27. Nov. 13:00: Das liegt in der Zukunft, also prüfe die Uhr der Waage. Sobald der Tag da ist, sehe ich sie mir wieder an.",
      "Ignorieren: 64,20 kg, 27. Nov. 13:00",
    ],
  ] as const)(
    "a date in the future is reported with what to check, and the reading can be ignored (%s)",
    async (language, text, button) => {
      harness = await startNotifiedBot(language === "de" ? { language } : {});
      harness.person.stepOnScale({ at: harness.ago({ days: -6 }), createdAt: harness.clock.now(), weightKg: 64.2 });
      await harness.scheduledRun();
      const question = await heard(harness, text);
      expect(labels(question)).toEqual([button]);
      harness.owner.say("/status");
      const status = await harness.owner.waitForMessage((it) => it.id !== question.id && it.text.includes(text));
      expect(labels(status)).toEqual([button]);
      harness.owner.tap(button, status.id);
      await harness.quiet();
      expect(harness.owner.toasts.at(-1)?.text).toMatch(/I won’t send it\.|Ich sende sie nicht\./);
      harness.clock.advance(7 * 24 * 3600);
      await harness.link();
      expect(await harness.scheduledRun()).toMatchObject({ status: "success", synced: 0, held: 0 });
    },
  );

  test("a date in 1970 is reported with what to check", async () => {
    harness = await startNotifiedBot();
    await harness.scheduledRun();
    harness.clock.advance(60);
    harness.person.takeBloodPressure({
      at: new Date(86_400_000),
      createdAt: harness.clock.now(),
      systolic: 121,
      diastolic: 79,
    });
    await harness.scheduledRun();
    const question = await heard(harness, "The date of a reading can’t be right.");
    expect(question.text).toContain(
      "121/79 mmHg, dated 2 Jan 1970 01:00: no cuff could send readings back then, so its clock was probably reset. Check the clock of the cuff.",
    );
    expect(labels(question)).toEqual(["Send 121/79 mmHg, 2 Jan 1970 01:00", "Ignore 121/79 mmHg, 2 Jan 1970 01:00"]);
  });
});
