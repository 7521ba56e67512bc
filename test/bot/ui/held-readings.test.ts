import { afterEach, describe, expect, test } from "vitest";
import { ACCOUNT } from "../../support/test-app.ts";
import { botTexts, heard, labels } from "../chat.ts";
import { type NotifiedBot, startNotifiedBot } from "./notified-bot.ts";

let harness: NotifiedBot;
afterEach(() => harness.close());

const HOUR = 3600;
const weights = () => harness.weights().map(({ weightKg }) => weightKg);
const waiting = async () => (await harness.ledger().progress())?.value.attention ?? [];
/** A bold beginning. */
const boldOf = (text: string) => {
  const { params } = harness.telegram.outbox.findLast((it) => it.params.text === text) ?? expect.fail(text);
  const [entity] = JSON.parse(params.entities ?? "[]") as Array<{ type: string; offset: number; length: number }>;
  return entity?.type === "bold" ? text.slice(entity.offset, entity.offset + entity.length) : undefined;
};

/** 80 kg yesterday, and then these weights, of which the scale doesn't know whose they are, ten minutes apart. */
const guests = (...weightsKg: number[]) => guestsOf("en", ...weightsKg);

async function guestsOf(language: "en" | "de", ...weightsKg: number[]) {
  harness = await startNotifiedBot(language === "de" ? { language } : {});
  harness.person.stepOnScale({ at: harness.ago({ days: 1 }), weightKg: 80 });
  await harness.scheduledRun();
  for (const [index, weightKg] of weightsKg.entries()) {
    harness.person.stepOnScale({ at: harness.ago({ minutes: 100 - index * 10 }), weightKg, attrib: 1 });
  }
  await harness.scheduledRun();
  harness.clock.advance(60);
}

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

  test("asks like a person, and a no becomes “kept out of Garmin” in the same message", async () => {
    await guests(70);
    const question = await heard(harness, "Was that you?");
    expect(question.text).toBe("70.0 kg, today 11:20. Was that you? Your last was 80.0 kg.");
    expect(boldOf(question.text)).toBe("70.0 kg, today 11:20. Was that you?");
    expect(labels(question)).toEqual(["Yes", "No"]);
    harness.owner.tap("No");
    const answer = await heard(harness, "70.0 kg, today 11:20: kept out of Garmin.");
    expect(answer.id).toBe(question.id);
    expect(labels(answer)).toEqual(["Undo"]);
    await harness.scheduledRun();
    expect(weights()).toEqual([80]);
    expect(await waiting()).toEqual([]);
  });

  test("a yes becomes “is in Garmin” once it is, and undoing it takes the reading out and asks again", async () => {
    await guests(70);
    const { id } = await heard(harness, "Was that you?");
    harness.owner.tap("Yes");
    const answer = await heard(harness, "70.0 kg, today 11:20, is in Garmin.");
    expect(answer.id).toBe(id);
    expect(answer.history).toContain("Sending 70.0 kg, today 11:20 to Garmin…");
    expect(weights()).toEqual([80, 70]);
    harness.clock.advance(HOUR);
    harness.owner.tap("Undo");
    const again = await harness.owner.waitForMessage((it) => it.id === id && labels(it).includes("Yes"));
    expect(again.text).toBe("70.0 kg, today 11:20. Was that you? Your last was 80.0 kg.");
    expect(weights()).toEqual([80]);
    expect(await waiting()).toHaveLength(1);
    // No run asks beside it, sends it, or takes what later weights say for an answer.
    const said = botTexts(harness).length;
    for (let days = 0; days < 3; days++) {
      harness.clock.advance(26 * HOUR);
      await harness.link();
      harness.person.stepOnScale({ weightKg: 70.5, attrib: 7 });
      expect(await harness.scheduledRun({ ledgerIsCurrent: false })).toMatchObject({ status: "success", held: 1 });
    }
    expect(botTexts(harness)).toHaveLength(said);
    expect(weights()).toEqual([80, 70.5, 70.5, 70.5]);
    harness.owner.tap("Yes", id);
    await harness.owner.waitForMessage((it) => it.id === id && it.text.endsWith("is in Garmin."));
    expect(weights().filter((it) => it === 70)).toHaveLength(1);
  });

  test("undoing a no asks again, for 24 hours", async () => {
    await guests(70);
    const { id } = await heard(harness, "Was that you?");
    harness.owner.tap("No");
    await heard(harness, "kept out of Garmin.");
    await harness.scheduledRun();
    harness.clock.advance(23 * HOUR);
    harness.owner.tap("Undo");
    await harness.owner.waitForMessage((it) => it.id === id && labels(it).includes("Yes"));
    const said = botTexts(harness).length;
    await harness.scheduledRun();
    expect(botTexts(harness)).toHaveLength(said);
    harness.owner.tap("No");
    await harness.owner.waitForMessage((it) => it.id === id && labels(it).includes("Undo"));
    harness.clock.advance(25 * HOUR);
    harness.owner.tap("Undo");
    await harness.owner.waitForMessage((it) => it.id === id && it.text.includes("for 24 hours"));
    expect(await waiting()).toEqual([]);
  });

  test.each([
    [120, "That’s far from your last, 80.0 kg."],
    [45, "That’s far from your last, 80.0 kg."],
    [260, "That’s far from your last, 80.0 kg."],
  ])("%d kg is asked about twice before it is sent", async (weightKg, why) => {
    await guests(weightKg);
    const { id } = await heard(harness, "Was that you?");
    harness.owner.tap("Yes");
    const sure = await heard(harness, `Really yours? ${why}`);
    expect(sure.id).toBe(id);
    await harness.quiet();
    expect(weights()).toEqual([80]);
    expect(labels(sure)).toEqual(["Yes, it’s mine", "No"]);
    harness.owner.tap("Yes, it’s mine");
    await heard(harness, "is in Garmin.");
    expect(weights()).toEqual([80, weightKg]);
  });

  test("each of three has a message of its own, and a tap touches no other", async () => {
    await guests(70, 71, 72);
    for (const kg of [70, 71, 72]) await heard(harness, `${kg}.0 kg, today`);
    const { id } = await heard(harness, "71.0 kg, today 11:30. Was that you?");
    harness.owner.tap("No", id);
    await heard(harness, "71.0 kg, today 11:30: kept out of Garmin.");
    expect(botTexts(harness).filter((it) => it.includes("Was that you?"))).toHaveLength(2);
    expect(await waiting()).toHaveLength(2);
  });

  test("a tap sends nothing that Garmin has by then, and the answer says so", async () => {
    await guests(70);
    const { id } = await heard(harness, "Was that you?");
    const [{ takenAt } = expect.fail()] = await waiting();
    harness.addByHand(takenAt, 70);
    harness.owner.tap("Yes", id);
    await heard(harness, "70.0 kg, today 11:20: Garmin already has it, so I sent nothing.");
    expect(weights()).toEqual([80, 70]);
    // What came from elsewhere has no button.
    expect(labels(harness.owner.lastMessage ?? expect.fail())).toEqual([]);
  });

  test("a tap on an old question says what became of the reading", async () => {
    await guests(70);
    const { id, buttons } = await heard(harness, "Was that you?");
    const data = buttons.flat()[1]?.data ?? expect.fail();
    harness.owner.tap("Yes", id);
    await heard(harness, "is in Garmin.");
    await harness.quiet();
    const old = await harness.newBot().bot.api.sendMessage(ACCOUNT, "An old question", {
      reply_markup: { inline_keyboard: [[{ text: "Old", callback_data: data }]] },
    });
    harness.owner.tap("Old", old.message_id);
    await harness.owner.waitForMessage((it) => it.id === old.message_id && it.text.endsWith("is in Garmin."));
    expect(weights()).toEqual([80, 70]);
  });
});

describe("more than three at once", () => {
  test("are one list of pages, from which each can be asked about", async () => {
    await guests(70, 71, 72, 73, 74, 75, 76);
    const list = await heard(harness, "7 readings. Which of them are yours?");
    expect(list.text.split("\n").slice(1)).toEqual([
      ...["1. 70.0 kg, today 11:20", "2. 71.0 kg, today 11:30", "3. 72.0 kg, today 11:40"],
      ...["4. 73.0 kg, today 11:50", "5. 74.0 kg, today 12:00"],
    ]);
    expect(labels(list)).toEqual([
      ...["1", "2", "3", "4", "5", "›"],
      ...["None of these is mine", "All mine, except what is far off"],
    ]);
    harness.owner.tap("›");
    const second = await heard(harness, "6. 75.0 kg");
    expect(second.id).toBe(list.id);
    expect(labels(second).slice(0, 3)).toEqual(["6", "7", "‹"]);
    harness.owner.tap("7");
    const question = await heard(harness, "76.0 kg, today 12:20. Was that you?");
    harness.owner.tap("No", question.id);
    await heard(harness, "76.0 kg, today 12:20: kept out of Garmin.");
    expect(await waiting()).toHaveLength(6);
  });

  test("can be kept out all at once, but not those that the list hasn’t shown", async () => {
    await guests(70, 71, 72, 73);
    const { id } = await heard(harness, "4 readings.");
    harness.person.stepOnScale({ at: harness.ago({ minutes: 5 }), weightKg: 77, attrib: 1 });
    await harness.scheduledRun();
    harness.owner.tap("None of these is mine", id);
    await heard(harness, "4 readings: kept out of Garmin.");
    expect((await waiting()).map(({ values }) => values)).toMatchObject([{ weightKg: 77 }]);
    expect(weights()).toEqual([80]);
  });

  test.each([
    ["en", "4 readings: kept out of Garmin.", "4 readings. Which of them are yours?", "None of these is mine", "Undo"],
    [
      "de",
      "4 Messungen kommen nicht in Garmin.",
      "4 Messungen. Welche davon sind von dir?",
      "Keine ist von mir",
      "Rückgängig",
    ],
  ] as const)("a no to all of them can be undone, and they are asked about again (%s)", async (...given) => {
    const [language, keptOut, question, none, undo] = given;
    await guestsOf(language, 70, 71, 72, 73);
    const { id } = await heard(harness, question);
    harness.owner.tap(none, id);
    expect(labels(await heard(harness, keptOut))).toEqual([undo]);
    expect(await waiting()).toHaveLength(0);
    await harness.scheduledRun();
    harness.clock.advance(HOUR);
    harness.owner.tap(undo, id);
    const again = await harness.owner.waitForMessage((it) => it.id === id && it.text.startsWith(question));
    expect(labels(again)).toContain(none);
    expect(await waiting()).toHaveLength(4);
    const said = botTexts(harness).length;
    await harness.scheduledRun();
    expect(botTexts(harness)).toHaveLength(said);
    expect(weights()).toEqual([80]);
  });

  test("a yes to all of them can be undone: they leave Garmin, and what was answered since stays", async () => {
    await guests(70, 71, 150, 73);
    const { id } = await heard(harness, "4 readings.");
    harness.owner.tap("All mine, except what is far off");
    await heard(harness, "3 readings: I’ll send what Garmin doesn’t have yet.");
    const far = await heard(harness, "150.0 kg, today 11:40. Was that you?");
    await heard(harness, "73.00 kg, today 11:50: it’s in Garmin.");
    await harness.quiet();
    harness.owner.tap("No", far.id);
    await heard(harness, "150.0 kg, today 11:40: kept out of Garmin.");
    harness.clock.advance(HOUR);
    harness.owner.tap("Undo", id);
    await harness.owner.waitForMessage(
      (it) => it.id === id && it.text.startsWith("3 readings. Which of them are yours?"),
    );
    expect(weights()).toEqual([80]);
    expect((await waiting()).map(({ values }) => values)).toMatchObject([70, 71, 73].map((weightKg) => ({ weightKg })));
    harness.owner.tap("All mine, except what is far off", id);
    await heard(harness, "3 readings: I’ll send what Garmin doesn’t have yet.");
    await expect.poll(weights).toEqual([80, 70, 71, 73]);
  });

  test("an answer about many can be undone for 24 hours", async () => {
    await guests(70, 71, 72, 73);
    const { id } = await heard(harness, "4 readings.");
    harness.owner.tap("None of these is mine", id);
    await heard(harness, "4 readings: kept out of Garmin.");
    harness.clock.advance(25 * HOUR);
    harness.owner.tap("Undo", id);
    await heard(harness, "for 24 hours");
    expect(await waiting()).toHaveLength(0);
  });

  test("go to Garmin all at once, except what is far off", async () => {
    await guests(70, 71, 150, 73);
    const { id } = await heard(harness, "4 readings.");
    harness.owner.tap("All mine, except what is far off");
    const left = await heard(harness, "3 readings: I’ll send what Garmin doesn’t have yet.");
    expect(left.id).toBe(id);
    expect(labels(left)).toEqual(["Undo"]);
    expect(labels(await heard(harness, "150.0 kg, today 11:40. Was that you?"))).toEqual(["Yes", "No"]);
    await heard(harness, "73.00 kg, today 11:50: it’s in Garmin.");
    await harness.quiet();
    expect(weights()).toEqual([80, 70, 71, 73]);
    expect((await waiting()).map(({ values }) => values)).toMatchObject([{ weightKg: 150 }]);
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
  expect((await heard(harness, "41.0 kg")).text).toBe("41.0 kg, today 12:40. Was that you?");
  await heard(harness, "A reading couldn’t be stored.\ntoday 12:50, 81.00 kg is not stored: ");
});

describe("a reading with something wrong in it", () => {
  test.each([
    [
      "en",
      "64.2 kg, dated 27 Nov, which is in the future. Check the clock on your scale. I’ll look at this reading again on that day.",
      "Ignore it",
      "64.2 kg, 27 Nov 13:00: kept out of Garmin.",
    ],
    [
      "de",
      "64,2 kg, datiert auf den 27. Nov. – das liegt in der Zukunft. Prüfe die Uhr der Waage. An dem Tag sehe ich mir die Messung wieder an.",
      "Ignorieren",
      "64,2 kg, 27. Nov. 13:00: kommt nicht in Garmin.",
    ],
  ] as const)("a date in the future is reported with what to check, and can be ignored (%s)", async (...given) => {
    const [language, text, button, ignored] = given;
    harness = await startNotifiedBot(language === "de" ? { language } : {});
    harness.person.stepOnScale({ at: harness.ago({ days: -6 }), createdAt: harness.clock.now(), weightKg: 64.2 });
    await harness.scheduledRun();
    const question = await heard(harness, text);
    expect(labels(question)).toEqual([button]);
    harness.owner.say("/status");
    const status = await harness.owner.waitForMessage((it) => it.id !== question.id && it.text.includes("27"));
    expect(labels(status)).toHaveLength(1);
    harness.owner.tap(button, question.id);
    await heard(harness, ignored);
    harness.clock.advance(7 * 24 * HOUR);
    await harness.link();
    expect(await harness.scheduledRun()).toMatchObject({ status: "success", synced: 0, held: 0 });
  });

  test("a date in 1970 is reported with what to check", async () => {
    harness = await startNotifiedBot();
    await harness.scheduledRun();
    harness.clock.advance(60);
    const at = new Date(86_400_000);
    harness.person.takeBloodPressure({ at, createdAt: harness.clock.now(), systolic: 121, diastolic: 79 });
    await harness.scheduledRun();
    const question = await heard(harness, "dated 2 Jan 1970");
    expect(question.text).toBe(
      "121/79 mmHg, dated 2 Jan 1970 01:00. No cuff could send readings back then, so the clock on yours was probably reset. Please check it.",
    );
    expect(labels(question)).toEqual(["Send it anyway", "Ignore it"]);
  });
});
