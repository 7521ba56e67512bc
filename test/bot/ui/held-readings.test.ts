import { afterEach, describe, expect, test } from "vitest";
import { ACCOUNT } from "../../support/test-app.ts";
import { botTexts, heard, labels } from "../chat.ts";
import { type NotifiedBot, startNotifiedBot } from "./notified-bot.ts";

let house: NotifiedBot;
afterEach(() => house.close());

describe("a question about a reading", () => {
  test("a reading that Garmin already has isn’t asked about", async () => {
    house = await startNotifiedBot();
    const before = botTexts(house).length;
    const at = house.ago({ minutes: 30 });
    house.person.stepOnScale({ at, weightKg: 41, attrib: 1 });
    house.addByHand(at, 41);
    expect(await house.scheduledRun()).toMatchObject({ status: "success", skipped: 1, held: 0 });
    expect(botTexts(house)).toHaveLength(before);
  });

  test("the buttons of a question name their reading, and so do the answers", async () => {
    house = await startNotifiedBot();
    for (const [minutes, weightKg] of [
      [30, 41],
      [20, 42],
    ] as const) {
      house.person.stepOnScale({ at: house.ago({ minutes }), weightKg, attrib: 1 });
    }
    await house.scheduledRun();
    const question = await heard(house, "Some readings need your decision.");
    expect(labels(question)).toEqual([
      "Send 41.00 kg, today 12:30",
      "Not mine: 41.00 kg, today 12:30",
      "Send 42.00 kg, today 12:40",
      "Not mine: 42.00 kg, today 12:40",
    ]);
    house.owner.tap("Not mine: 41.00 kg, today 12:30");
    const answered = await heard(house, "41.00 kg, today 12:30: I won’t send it.");
    // The other reading is still asked about.
    expect(answered.text).toContain("today 12:40, 42.00 kg: held");
    expect(labels(answered)).toEqual(["Send 42.00 kg, today 12:40", "Not mine: 42.00 kg, today 12:40"]);
    house.clock.advance(60);
    house.owner.tap("Send 42.00 kg, today 12:40");
    await heard(house, "42.00 kg, today 12:40: it’s in Garmin.");
    await house.quiet();
    expect(house.weights().map(({ weightKg }) => weightKg)).toEqual([42]);
  });

  test("a tap sends nothing that Garmin has by then, and the answer says so", async () => {
    house = await startNotifiedBot();
    const at = house.ago({ minutes: 30 });
    house.person.stepOnScale({ at, weightKg: 41, attrib: 1 });
    await house.scheduledRun();
    const { id } = await heard(house, "A reading needs your decision.");
    house.addByHand(at, 41);
    house.clock.advance(60);
    house.owner.tap("Send 41.00 kg, today 12:30", id);
    await heard(house, "41.00 kg, today 12:30: Garmin already has it, so I sent nothing.");
    await house.quiet();
    expect(house.owner.toasts.at(-1)?.text).toBe("41.00 kg, today 12:30: I’ll send it unless Garmin already has it.");
    expect(house.weights()).toHaveLength(1);
  });

  test.each([
    ["it was seen in Garmin", async () => {}, "it’s in Garmin."],
    [
      "Garmin had it from elsewhere",
      async () => void house.addByHand(house.ago({ minutes: 30 }), 41),
      "Garmin already has it, so I sent nothing.",
    ],
  ])("a second tap when %s says so", async (_what, before, answer) => {
    house = await startNotifiedBot();
    house.person.stepOnScale({ at: house.ago({ minutes: 30 }), weightKg: 41, attrib: 1 });
    await house.scheduledRun();
    const { id, buttons } = await heard(house, "A reading needs your decision.");
    const data = buttons.flat()[1]?.data ?? expect.fail();
    await before();
    house.clock.advance(1);
    house.owner.tap("Send 41.00 kg, today 12:30", id);
    await heard(house, answer);
    await house.quiet();
    const { id: old } = await house
      .newBot()
      .bot.api.sendMessage(ACCOUNT, "An old question", {
        reply_markup: { inline_keyboard: [[{ text: "Old", callback_data: data }]] },
      })
      .then(({ message_id }) => ({ id: message_id }));
    house.owner.tap("Old", old);
    await house.quiet();
    expect(house.owner.toasts.at(-1)?.text).toBe(`41.00 kg, today 12:30: ${answer}`);
  });
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
      house = await startNotifiedBot(language === "de" ? { language } : {});
      house.person.stepOnScale({ at: house.ago({ days: -6 }), createdAt: house.clock.now(), weightKg: 64.2 });
      await house.scheduledRun();
      const question = await heard(house, text);
      expect(labels(question)).toEqual([button]);
      house.owner.say("/status");
      const status = await house.owner.waitForMessage((it) => it.id !== question.id && it.text.includes(text));
      expect(labels(status)).toEqual([button]);
      house.owner.tap(button, status.id);
      await house.quiet();
      expect(house.owner.toasts.at(-1)?.text).toMatch(/I won’t send it\.|Ich sende sie nicht\./);
      house.clock.advance(7 * 24 * 3600);
      await house.link();
      expect(await house.scheduledRun()).toMatchObject({ status: "success", synced: 0, held: 0 });
    },
  );

  test("a date in 1970 is reported with what to check", async () => {
    house = await startNotifiedBot();
    await house.scheduledRun();
    house.clock.advance(60);
    house.person.takeBloodPressure({
      at: new Date(86_400_000),
      createdAt: house.clock.now(),
      systolic: 121,
      diastolic: 79,
    });
    await house.scheduledRun();
    const question = await heard(house, "The date of a reading can’t be right.");
    expect(question.text).toContain(
      "121/79 mmHg, dated 2 Jan 1970 01:00: no cuff could send readings back then, so its clock was probably reset. Check the clock of the cuff.",
    );
    expect(labels(question)).toEqual(["Send 121/79 mmHg, 2 Jan 1970 01:00", "Ignore 121/79 mmHg, 2 Jan 1970 01:00"]);
  });
});
