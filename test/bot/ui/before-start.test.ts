import { afterEach, describe, expect, test } from "vitest";
import { ACCOUNT } from "../../support/test-app.ts";
import { botTexts, heard, labels } from "../chat.ts";
import { type NotifiedBot, startNotifiedBot } from "./notified-bot.ts";

let harness: NotifiedBot;
afterEach(() => harness.close());

describe("a reading from before the account’s start", () => {
  const late = (days: number, weightKg = 80) =>
    harness.person.stepOnScale({ at: harness.ago({ days }), createdAt: harness.clock.now(), weightKg });

  /** Withings has three months of readings; the first run has copied one month. */
  async function linkedForLong() {
    harness = await startNotifiedBot();
    for (const days of [90, 60, 40, 20, 10]) harness.person.stepOnScale({ at: harness.ago({ days }), weightKg: 80 });
    // Withings sometimes changes an old one.
    late(50);
    const before = botTexts(harness).length;
    expect(await harness.scheduledRun()).toMatchObject({ status: "success", synced: 2, held: 0 });
    harness.clock.advance(1800);
    expect(await harness.scheduledRun()).toMatchObject({ status: "success", held: 0 });
    expect(botTexts(harness)).toHaveLength(before);
  }

  test("an old reading isn’t mentioned if Withings had it before the account was linked", linkedForLong);

  test("an old reading that turns up later is mentioned once, with its day, and one tap sends just that one", async () => {
    await linkedForLong();
    late(51, 80.5);
    await harness.scheduledRun();
    const sentence =
      "1 weigh-in from 1 Oct has turned up at Withings. I copy readings from 22 Oct on, so I left it out.";
    const message = await heard(harness, "turned up");
    expect(message.text).toBe(sentence);
    expect(labels(message)).toEqual(["Send 80.50 kg, 1 Oct 14:30", "Leave out 80.50 kg, 1 Oct 14:30"]);
    for (let runs = 0; runs < 3; runs++) {
      harness.clock.advance(1800);
      await harness.scheduledRun();
    }
    expect(botTexts(harness).filter((text) => text.includes("turned up"))).toEqual([sentence]);
    harness.owner.say("/status");
    const status = await heard(harness, "Last sync");
    expect(status.text).toContain(sentence);
    expect(labels(status)).toEqual(labels(message));
    harness.clock.advance(60);
    harness.owner.tap("Send 80.50 kg, 1 Oct 14:30", status.id);
    await heard(harness, "80.50 kg, 1 Oct 14:30: it’s in Garmin.");
    await harness.quiet();
    expect(harness.weights().map(({ weightKg }) => weightKg)).toEqual([80.5, 80, 80]);
  });

  test("old readings are mentioned and sent together, except those that Garmin already has", async () => {
    await linkedForLong();
    for (const days of [400, 300, 51]) late(days);
    harness.person.takeBloodPressure({
      at: harness.ago({ days: 52 }),
      createdAt: harness.clock.now(),
      systolic: 121,
      diastolic: 79,
    });
    await harness.scheduledRun();
    const message = await heard(harness, "turned up");
    expect(message.text).toBe(
      "3 weigh-ins and 1 blood pressure reading from 17 Oct 2025 to 1 Oct have turned up at Withings. I copy readings from 22 Oct on, so I left them out.",
    );
    expect(labels(message)).toEqual(["Send all 4 older readings", "Leave out all 4 older readings"]);
    harness.addByHand(harness.ago({ days: 300 }), 80);
    harness.clock.advance(60);
    harness.owner.tap("Send all 4 older readings", message.id);
    await heard(harness, "are in Garmin.\nGarmin already had 1 of those readings.");
    await harness.quiet();
    expect(harness.owner.toasts.at(-1)?.text).toBe("4 readings: I’ll send those that Garmin doesn’t have yet.");
    expect(harness.weights()).toHaveLength(2 + 3);
    expect(harness.pressures()).toHaveLength(1);
    harness.clock.advance(1800);
    expect(await harness.scheduledRun()).toMatchObject({ status: "success", synced: 0, held: 0 });
  });

  test.each([
    ["Send all 2 older readings", "2 readings: I’ll send those that Garmin doesn’t have yet.", 2],
    ["Leave out all 2 older readings", "2 readings: I won’t send them.", 0],
  ])(
    "an old reading that comes after a message isn’t covered by its button “%s”, and the answer mentions it",
    async (button, answer, sent) => {
      await linkedForLong();
      for (const days of [53, 52]) late(days);
      await harness.scheduledRun();
      const { id } = await heard(harness, "2 weigh-ins from 29 Sept to 30 Sept have turned up");
      harness.clock.advance(1800);
      late(51, 80.5);
      // It isn’t mentioned yet, because the answer of this requested run is still to come.
      await harness.sync();
      harness.clock.advance(60);
      harness.owner.tap(button, id);
      const third = "1 weigh-in from 1 Oct has turned up at Withings.";
      const redrawn = await heard(harness, third);
      expect(redrawn.id).toBe(id);
      expect(redrawn.text).toContain(answer);
      expect(labels(redrawn)).toEqual(["Send 80.50 kg, 1 Oct 15:00", "Leave out 80.50 kg, 1 Oct 15:00"]);
      await harness.quiet();
      await harness.scheduledRun();
      expect(harness.weights()).toHaveLength(2 + sent);
      harness.owner.say("/status");
      expect((await heard(harness, "Last sync")).text).toContain(third);
    },
  );

  test("the button of a message about one old reading sends only that one, while others still wait", async () => {
    await linkedForLong();
    for (const days of [53, 52]) late(days);
    await harness.scheduledRun();
    const { id } = await heard(harness, "2 weigh-ins");
    harness.clock.advance(1800);
    late(51, 80.5);
    await harness.scheduledRun();
    await heard(harness, "1 weigh-in from 1 Oct has turned up");
    harness.clock.advance(1800);
    for (const days of [56, 55, 54]) late(days);
    await harness.scheduledRun();
    await heard(harness, "3 weigh-ins");
    harness.clock.advance(60);
    harness.owner.tap("Send 80.50 kg, 1 Oct 15:00");
    await heard(harness, "80.50 kg, 1 Oct 15:00: it’s in Garmin.");
    await harness.quiet();
    expect(harness.weights()).toHaveLength(2 + 1);
    harness.owner.tap("Leave out all 2 older readings", id);
    await heard(harness, "2 readings: I won’t send them.");
    harness.owner.say("/status");
    expect((await heard(harness, "Last sync")).text).toContain("3 weigh-ins from 26 Sept to 28 Sept have turned up");
    harness.owner.tap("Send all 3 older readings");
    await heard(harness, "80.00 kg, 28 Sept 15:30: it’s in Garmin.");
    await harness.quiet();
    expect(harness.weights()).toHaveLength(2 + 1 + 3);
  });

  test("a button of an older version that doesn’t say which readings it means sends none", async () => {
    await linkedForLong();
    for (const days of [53, 52]) late(days);
    await harness.scheduledRun();
    await heard(harness, "2 weigh-ins");
    const { message_id: id } = await harness.newBot().bot.api.sendMessage(ACCOUNT, "An old question", {
      reply_markup: { inline_keyboard: [[{ text: "Old", callback_data: "send_old:before_start" }]] },
    });
    harness.owner.tap("Old", id);
    const redrawn = await heard(harness, "Last sync");
    expect(labels(redrawn)).toEqual(["Send all 2 older readings", "Leave out all 2 older readings"]);
    expect(harness.weights()).toHaveLength(2);
  });

  test("an old reading that may be another person’s is still held when its owner sends it", async () => {
    await linkedForLong();
    harness.person.stepOnScale({
      at: harness.ago({ days: 51 }),
      createdAt: harness.clock.now(),
      weightKg: 41,
      attrib: 1,
    });
    await harness.scheduledRun();
    harness.owner.tap("Send 41.00 kg, 1 Oct 14:30", (await heard(harness, "turned up")).id);
    await heard(harness, "1 new reading is held back, because it may not be yours: 41.00 kg, 1 Oct 14:30.");
    expect(harness.weights()).toHaveLength(2);
  });

  test("an old reading stays out for good if its owner leaves it out", async () => {
    await linkedForLong();
    for (const days of [52, 51]) late(days);
    await harness.scheduledRun();
    harness.owner.tap("Leave out all 2 older readings", (await heard(harness, "turned up")).id);
    await heard(harness, "2 readings: I won’t send them.");
    harness.clock.advance(1800);
    expect(await harness.scheduledRun()).toMatchObject({ status: "success", synced: 0, held: 0 });
    harness.owner.say("/status");
    expect((await heard(harness, "Last sync")).text).not.toContain("turned up");
  });

  test("an old reading that came in with a requested sync has its own message, once", async () => {
    await linkedForLong();
    late(51);
    harness.owner.say("/sync");
    await heard(harness, "Nothing new. Garmin has every other reading. (1 held, see /status)");
    await heard(harness, "1 weigh-in from 1 Oct has turned up at Withings.");
    await harness.quiet();
    harness.clock.advance(1800);
    await harness.scheduledRun();
    expect(botTexts(harness).filter((text) => text.includes("turned up"))).toHaveLength(1);
  });

  test("an old reading is no longer asked about once the owner syncs that time", async () => {
    await linkedForLong();
    late(51);
    await harness.scheduledRun();
    harness.clock.advance(60);
    expect(await harness.scheduledRun({ since: harness.ago({ days: 55 }) })).toMatchObject({
      status: "success",
      held: 0,
    });
    harness.owner.say("/status");
    expect((await heard(harness, "Last sync")).text).not.toContain("turned up");
  });
});
