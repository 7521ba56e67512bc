import { afterEach, describe, expect, test } from "vitest";
import { ACCOUNT } from "../../support/test-app.ts";
import { botTexts, heard, labels } from "../chat.ts";
import { type NotifiedBot, startNotifiedBot } from "./notified-bot.ts";

let house: NotifiedBot;
afterEach(() => house.close());

describe("a reading from before the account’s start", () => {
  const late = (days: number, weightKg = 80) =>
    house.person.stepOnScale({ at: house.ago({ days }), createdAt: house.clock.now(), weightKg });

  /** Withings has three months of readings; the first run has copied one month. */
  async function linkedForLong() {
    house = await startNotifiedBot();
    for (const days of [90, 60, 40, 20, 10]) house.person.stepOnScale({ at: house.ago({ days }), weightKg: 80 });
    // Withings sometimes changes an old one.
    late(50);
    const before = botTexts(house).length;
    expect(await house.scheduledRun()).toMatchObject({ status: "success", synced: 2, held: 0 });
    house.clock.advance(1800);
    expect(await house.scheduledRun()).toMatchObject({ status: "success", held: 0 });
    expect(botTexts(house)).toHaveLength(before);
  }

  test("an old reading isn’t mentioned if Withings had it before the account was linked", linkedForLong);

  test("an old reading that turns up later is mentioned once, with its day, and one tap sends just that one", async () => {
    await linkedForLong();
    late(51, 80.5);
    await house.scheduledRun();
    const sentence =
      "1 weigh-in from 1 Oct has turned up at Withings. I copy readings from 22 Oct on, so I left it out.";
    const message = await heard(house, "turned up");
    expect(message.text).toBe(sentence);
    expect(labels(message)).toEqual(["Send 80.50 kg, 1 Oct 14:30", "Leave out 80.50 kg, 1 Oct 14:30"]);
    for (let runs = 0; runs < 3; runs++) {
      house.clock.advance(1800);
      await house.scheduledRun();
    }
    expect(botTexts(house).filter((text) => text.includes("turned up"))).toEqual([sentence]);
    house.owner.say("/status");
    const status = await heard(house, "Last sync");
    expect(status.text).toContain(sentence);
    expect(labels(status)).toEqual(labels(message));
    house.clock.advance(60);
    house.owner.tap("Send 80.50 kg, 1 Oct 14:30", status.id);
    await heard(house, "80.50 kg, 1 Oct 14:30: it’s in Garmin.");
    await house.quiet();
    expect(house.weights().map(({ weightKg }) => weightKg)).toEqual([80.5, 80, 80]);
  });

  test("old readings are mentioned and sent together, except those that Garmin already has", async () => {
    await linkedForLong();
    for (const days of [400, 300, 51]) late(days);
    house.person.takeBloodPressure({
      at: house.ago({ days: 52 }),
      createdAt: house.clock.now(),
      systolic: 121,
      diastolic: 79,
    });
    await house.scheduledRun();
    const message = await heard(house, "turned up");
    expect(message.text).toBe(
      "3 weigh-ins and 1 blood pressure from 17 Oct 2025 to 1 Oct have turned up at Withings. I copy readings from 22 Oct on, so I left them out.",
    );
    expect(labels(message)).toEqual(["Send all 4 older readings", "Leave out all 4 older readings"]);
    house.addByHand(house.ago({ days: 300 }), 80);
    house.clock.advance(60);
    house.owner.tap("Send all 4 older readings", message.id);
    await heard(house, "3 readings arrived in Garmin.\nGarmin already had 1 of those readings.");
    await house.quiet();
    expect(house.owner.toasts.at(-1)?.text).toBe("4 readings: I’ll send those that Garmin doesn’t have yet.");
    expect(house.weights()).toHaveLength(2 + 3);
    expect(house.pressures()).toHaveLength(1);
    house.clock.advance(1800);
    expect(await house.scheduledRun()).toMatchObject({ status: "success", synced: 0, held: 0 });
  });

  test.each([
    ["Send all 2 older readings", "2 readings: I’ll send those that Garmin doesn’t have yet.", 2],
    ["Leave out all 2 older readings", "2 readings: I won’t send them.", 0],
  ])(
    "an old reading that comes after a message isn’t covered by its button “%s”, and the answer mentions it",
    async (button, answer, sent) => {
      await linkedForLong();
      for (const days of [53, 52]) late(days);
      await house.scheduledRun();
      const { id } = await heard(house, "2 weigh-ins from 29 Sept to 30 Sept have turned up");
      house.clock.advance(1800);
      late(51, 80.5);
      // It isn’t mentioned yet, because the answer of this requested run is still to come.
      await house.sync();
      house.clock.advance(60);
      house.owner.tap(button, id);
      const third = "1 weigh-in from 1 Oct has turned up at Withings.";
      const redrawn = await heard(house, third);
      expect(redrawn.id).toBe(id);
      expect(redrawn.text).toContain(answer);
      expect(labels(redrawn)).toEqual(["Send 80.50 kg, 1 Oct 15:00", "Leave out 80.50 kg, 1 Oct 15:00"]);
      await house.quiet();
      await house.scheduledRun();
      expect(house.weights()).toHaveLength(2 + sent);
      house.owner.say("/status");
      expect((await heard(house, "Last sync")).text).toContain(third);
    },
  );

  test("the button of a message about one old reading sends only that one, while others still wait", async () => {
    await linkedForLong();
    for (const days of [53, 52]) late(days);
    await house.scheduledRun();
    const { id } = await heard(house, "2 weigh-ins");
    house.clock.advance(1800);
    late(51, 80.5);
    await house.scheduledRun();
    await heard(house, "1 weigh-in from 1 Oct has turned up");
    house.clock.advance(1800);
    for (const days of [56, 55, 54]) late(days);
    await house.scheduledRun();
    await heard(house, "3 weigh-ins");
    house.clock.advance(60);
    house.owner.tap("Send 80.50 kg, 1 Oct 15:00");
    await heard(house, "80.50 kg, 1 Oct 15:00: it’s in Garmin.");
    await house.quiet();
    expect(house.weights()).toHaveLength(2 + 1);
    house.owner.tap("Leave out all 2 older readings", id);
    await heard(house, "2 readings: I won’t send them.");
    house.owner.say("/status");
    expect((await heard(house, "Last sync")).text).toContain("3 weigh-ins from 26 Sept to 28 Sept have turned up");
    house.owner.tap("Send all 3 older readings");
    await heard(house, "80.00 kg, 28 Sept 15:30: it’s in Garmin.");
    await house.quiet();
    expect(house.weights()).toHaveLength(2 + 1 + 3);
  });

  test("a button of an older version that doesn’t say which readings it means sends none", async () => {
    await linkedForLong();
    for (const days of [53, 52]) late(days);
    await house.scheduledRun();
    await heard(house, "2 weigh-ins");
    const { message_id: id } = await house.newBot().bot.api.sendMessage(ACCOUNT, "An old question", {
      reply_markup: { inline_keyboard: [[{ text: "Old", callback_data: "send_old:before_start" }]] },
    });
    house.owner.tap("Old", id);
    const redrawn = await heard(house, "Last sync");
    expect(labels(redrawn)).toEqual(["Send all 2 older readings", "Leave out all 2 older readings"]);
    expect(house.weights()).toHaveLength(2);
  });

  test("an old reading that may be another person’s is still held when its owner sends it", async () => {
    await linkedForLong();
    house.person.stepOnScale({ at: house.ago({ days: 51 }), createdAt: house.clock.now(), weightKg: 41, attrib: 1 });
    await house.scheduledRun();
    house.owner.tap("Send 41.00 kg, 1 Oct 14:30", (await heard(house, "turned up")).id);
    await heard(house, "1 new reading is held back, because it may not be yours: 41.00 kg, 1 Oct 14:30.");
    expect(house.weights()).toHaveLength(2);
  });

  test("an old reading stays out for good if its owner leaves it out", async () => {
    await linkedForLong();
    for (const days of [52, 51]) late(days);
    await house.scheduledRun();
    house.owner.tap("Leave out all 2 older readings", (await heard(house, "turned up")).id);
    await heard(house, "2 readings: I won’t send them.");
    house.clock.advance(1800);
    expect(await house.scheduledRun()).toMatchObject({ status: "success", synced: 0, held: 0 });
    house.owner.say("/status");
    expect((await heard(house, "Last sync")).text).not.toContain("turned up");
  });

  test("an old reading that came in with a requested sync has its own message, once", async () => {
    await linkedForLong();
    late(51);
    house.owner.say("/sync");
    await heard(house, "Nothing new. Garmin has every other reading. (1 held, see /status)");
    await heard(house, "1 weigh-in from 1 Oct has turned up at Withings.");
    await house.quiet();
    house.clock.advance(1800);
    await house.scheduledRun();
    expect(botTexts(house).filter((text) => text.includes("turned up"))).toHaveLength(1);
  });

  test("an old reading is no longer asked about once the owner syncs that time", async () => {
    await linkedForLong();
    late(51);
    await house.scheduledRun();
    house.clock.advance(60);
    expect(await house.scheduledRun({ since: house.ago({ days: 55 }) })).toMatchObject({ status: "success", held: 0 });
    house.owner.say("/status");
    expect((await heard(house, "Last sync")).text).not.toContain("turned up");
  });
});
