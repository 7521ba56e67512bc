import { afterEach, describe, expect, test } from "vitest";
import { createNotifier } from "../../../src/bot/notifications/notifier.ts";
import type { RunOptions } from "../../../src/sync/engine/run.ts";
import { ACCOUNT, OWNER } from "../../support/test-app.ts";
import { startTestBot, type TestBot } from "../test-bot.ts";

let house: TestBot;
afterEach(() => house.close());

const DAY = 24 * 3600;
const ago = ({ days = 0, minutes = 0 }) => new Date(house.clock.now().getTime() - (days * 24 * 60 + minutes) * 60_000);
const heard = (text: string) => house.owner.waitForMessage((message) => message.text.includes(text));
const labels = (message: { buttons: Array<Array<{ text: string }>> }) => message.buttons.flat().map(({ text }) => text);
const told = () => house.owner.messages.filter(({ from }) => from === "bot").map(({ text }) => text);

/** A chat with a bot that polls. It’s 13:00 in Berlin. */
async function moveIn(more: { language?: "de" } = {}) {
  house = await startTestBot();
  await house.app.store.accounts.save(ACCOUNT, more);
  house.startBot({ conclude: (...args) => notifier().conclude(...args) });
  house.owner.say("/help");
  await heard("/status");
}

const notifier = () =>
  createNotifier({
    ...{ accounts: house.app.store.accounts, health: house.app.store.health, clock: house.clock, log: house.app.log },
    overview: house.app.overviews.of,
    send: (to, text, { keyboard }) =>
      house.newBot().bot.api.sendMessage(to, text, { ...(keyboard && { reply_markup: keyboard }) }),
    garminSignIn: { pageUrl: () => "https://sso.example.org/sign-in" },
  });

/** A run that nobody asked for, with its messages. */
async function visit(options: RunOptions = {}) {
  const account = (await house.app.store.accounts.find(ACCOUNT)) ?? expect.fail();
  const report = await house.sync(options);
  await notifier().afterRun(account, report);
  return report;
}

const addByHand = (at: Date, weightKg: number) => house.sandbox.garmin.addManualWeight(OWNER.email, { at, weightKg });

describe("a question about a reading", () => {
  test("isn’t asked if Garmin already has the reading", async () => {
    await moveIn();
    const before = told().length;
    const at = ago({ minutes: 30 });
    house.person.stepOnScale({ at, weightKg: 41, attrib: 1 });
    addByHand(at, 41);
    expect(await visit()).toMatchObject({ status: "success", skipped: 1, held: 0 });
    expect(told()).toHaveLength(before);
  });

  test("has buttons that name their reading, and so do the answers", async () => {
    await moveIn();
    for (const [minutes, weightKg] of [
      [30, 41],
      [20, 42],
    ] as const) {
      house.person.stepOnScale({ at: ago({ minutes }), weightKg, attrib: 1 });
    }
    await visit();
    const question = await heard("Some readings need your decision.");
    expect(labels(question)).toEqual([
      "Send 41.00 kg, today 12:30",
      "Not mine: 41.00 kg, today 12:30",
      "Send 42.00 kg, today 12:40",
      "Not mine: 42.00 kg, today 12:40",
    ]);
    house.owner.tap("Not mine: 41.00 kg, today 12:30");
    const answered = await heard("41.00 kg, today 12:30: I won’t send it.");
    // The other reading is still asked about.
    expect(answered.text).toContain("today 12:40, 42.00 kg: held");
    expect(labels(answered)).toEqual(["Send 42.00 kg, today 12:40", "Not mine: 42.00 kg, today 12:40"]);
    house.clock.advance(60);
    house.owner.tap("Send 42.00 kg, today 12:40");
    await heard("42.00 kg, today 12:40: it’s in Garmin.");
    await house.quiet();
    expect(house.weights().map(({ weightKg }) => weightKg)).toEqual([42]);
  });

  test("sends nothing that Garmin has by then, and the answer says so", async () => {
    await moveIn();
    const at = ago({ minutes: 30 });
    house.person.stepOnScale({ at, weightKg: 41, attrib: 1 });
    await visit();
    const { id } = await heard("A reading needs your decision.");
    addByHand(at, 41);
    house.clock.advance(60);
    house.owner.tap("Send 41.00 kg, today 12:30", id);
    await heard("41.00 kg, today 12:30: Garmin already has it, so I sent nothing.");
    await house.quiet();
    expect(house.owner.toasts.at(-1)?.text).toBe("41.00 kg, today 12:30: I’ll send it unless Garmin already has it.");
    expect(house.weights()).toHaveLength(1);
  });

  test.each([
    ["it was seen in Garmin", async () => {}, "it’s in Garmin."],
    [
      "Garmin had it from elsewhere",
      async () => void addByHand(ago({ minutes: 30 }), 41),
      "Garmin already has it, so I sent nothing.",
    ],
  ])("says so if it is tapped again when %s", async (_what, before, answer) => {
    await moveIn();
    house.person.stepOnScale({ at: ago({ minutes: 30 }), weightKg: 41, attrib: 1 });
    await visit();
    const { id, buttons } = await heard("A reading needs your decision.");
    const data = buttons.flat()[1]?.data ?? expect.fail();
    await before();
    house.clock.advance(1);
    house.owner.tap("Send 41.00 kg, today 12:30", id);
    await heard(answer);
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

describe("a reading with a date that can't be right", () => {
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
    "in the future is reported with its date and what to check, and can be ignored (%s)",
    async (language, text, button) => {
      await moveIn(language === "de" ? { language } : {});
      house.person.stepOnScale({ at: ago({ days: -6 }), createdAt: house.clock.now(), weightKg: 64.2 });
      await visit();
      const question = await heard(text);
      expect(labels(question)).toEqual([button]);
      house.owner.say("/status");
      const status = await house.owner.waitForMessage((it) => it.id !== question.id && it.text.includes(text));
      expect(labels(status)).toEqual([button]);
      house.owner.tap(button, status.id);
      await house.quiet();
      expect(house.owner.toasts.at(-1)?.text).toMatch(/I won’t send it\.|Ich sende sie nicht\./);
      house.clock.advance(7 * DAY);
      await house.link();
      expect(await visit()).toMatchObject({ status: "success", synced: 0, held: 0 });
    },
  );

  test("in 1970 is reported with its date and what to check", async () => {
    await moveIn();
    await visit();
    house.clock.advance(60);
    house.person.takeBloodPressure({
      at: new Date(86_400_000),
      createdAt: house.clock.now(),
      systolic: 121,
      diastolic: 79,
    });
    await visit();
    const question = await heard("The date of a reading can’t be right.");
    expect(question.text).toContain(
      "121/79 mmHg, dated 2 Jan 1970 01:00: no cuff could send readings back then, so its clock was probably reset. Check the clock of the cuff.",
    );
    expect(labels(question)).toEqual(["Send 121/79 mmHg, 2 Jan 1970 01:00", "Ignore 121/79 mmHg, 2 Jan 1970 01:00"]);
  });
});

describe("a reading from before the account's start", () => {
  const late = (days: number, weightKg = 80) =>
    house.person.stepOnScale({ at: ago({ days }), createdAt: house.clock.now(), weightKg });

  /** Withings has three months of readings; the first run has copied one month. */
  async function linkedForLong() {
    await moveIn();
    for (const days of [90, 60, 40, 20, 10]) house.person.stepOnScale({ at: ago({ days }), weightKg: 80 });
    // Withings sometimes changes an old one.
    late(50);
    const before = told().length;
    expect(await visit()).toMatchObject({ status: "success", synced: 2, held: 0 });
    house.clock.advance(1800);
    expect(await visit()).toMatchObject({ status: "success", held: 0 });
    expect(told()).toHaveLength(before);
  }

  test("isn’t mentioned if Withings had it before the account was linked", linkedForLong);

  test("is mentioned once if it turns up later, with its day, and one tap sends just that one", async () => {
    await linkedForLong();
    late(51, 80.5);
    await visit();
    const sentence =
      "1 weigh-in from 1 Oct has turned up at Withings. I copy readings from 22 Oct on, so I left it out.";
    const message = await heard("turned up");
    expect(message.text).toBe(sentence);
    expect(labels(message)).toEqual(["Send 80.50 kg, 1 Oct 14:30", "Leave out 80.50 kg, 1 Oct 14:30"]);
    for (let runs = 0; runs < 3; runs++) {
      house.clock.advance(1800);
      await visit();
    }
    expect(told().filter((text) => text.includes("turned up"))).toEqual([sentence]);
    house.owner.say("/status");
    const status = await heard("Last sync");
    expect(status.text).toContain(sentence);
    expect(labels(status)).toEqual(labels(message));
    house.clock.advance(60);
    house.owner.tap("Send 80.50 kg, 1 Oct 14:30", status.id);
    await heard("80.50 kg, 1 Oct 14:30: it’s in Garmin.");
    await house.quiet();
    expect(house.weights().map(({ weightKg }) => weightKg)).toEqual([80.5, 80, 80]);
  });

  test("is mentioned and sent together with the others, except if Garmin already has it", async () => {
    await linkedForLong();
    for (const days of [400, 300, 51]) late(days);
    house.person.takeBloodPressure({
      at: ago({ days: 52 }),
      createdAt: house.clock.now(),
      systolic: 121,
      diastolic: 79,
    });
    await visit();
    const message = await heard("turned up");
    expect(message.text).toBe(
      "3 weigh-ins and 1 blood pressure from 17 Oct 2025 to 1 Oct have turned up at Withings. I copy readings from 22 Oct on, so I left them out.",
    );
    expect(labels(message)).toEqual(["Send all 4 older readings", "Leave out all 4 older readings"]);
    addByHand(ago({ days: 300 }), 80);
    house.clock.advance(60);
    house.owner.tap("Send all 4 older readings", message.id);
    await heard("3 readings arrived in Garmin.\nGarmin already had 1 of those readings.");
    await house.quiet();
    expect(house.owner.toasts.at(-1)?.text).toBe("4 readings: I’ll send those that Garmin doesn’t have yet.");
    expect(house.weights()).toHaveLength(2 + 3);
    expect(house.pressures()).toHaveLength(1);
    house.clock.advance(1800);
    expect(await visit()).toMatchObject({ status: "success", synced: 0, held: 0 });
  });

  test.each([
    ["Send all 2 older readings", "2 readings: I’ll send those that Garmin doesn’t have yet.", 2],
    ["Leave out all 2 older readings", "2 readings: I won’t send them.", 0],
  ])(
    "that comes after a message isn’t covered by its button “%s”, and the answer mentions it",
    async (button, answer, sent) => {
      await linkedForLong();
      for (const days of [53, 52]) late(days);
      await visit();
      const { id } = await heard("2 weigh-ins from 29 Sept to 30 Sept have turned up");
      house.clock.advance(1800);
      late(51, 80.5);
      // It isn’t mentioned yet, because the answer of this requested run is still to come.
      await house.sync();
      house.clock.advance(60);
      house.owner.tap(button, id);
      const third = "1 weigh-in from 1 Oct has turned up at Withings.";
      const redrawn = await heard(third);
      expect(redrawn.id).toBe(id);
      expect(redrawn.text).toContain(answer);
      expect(labels(redrawn)).toEqual(["Send 80.50 kg, 1 Oct 15:00", "Leave out 80.50 kg, 1 Oct 15:00"]);
      await house.quiet();
      await visit();
      expect(house.weights()).toHaveLength(2 + sent);
      house.owner.say("/status");
      expect((await heard("Last sync")).text).toContain(third);
    },
  );

  test("is the only one that the button of its own message sends, while others still wait", async () => {
    await linkedForLong();
    for (const days of [53, 52]) late(days);
    await visit();
    const { id } = await heard("2 weigh-ins");
    house.clock.advance(1800);
    late(51, 80.5);
    await visit();
    await heard("1 weigh-in from 1 Oct has turned up");
    house.clock.advance(1800);
    for (const days of [56, 55, 54]) late(days);
    await visit();
    await heard("3 weigh-ins");
    house.clock.advance(60);
    house.owner.tap("Send 80.50 kg, 1 Oct 15:00");
    await heard("80.50 kg, 1 Oct 15:00: it’s in Garmin.");
    await house.quiet();
    expect(house.weights()).toHaveLength(2 + 1);
    house.owner.tap("Leave out all 2 older readings", id);
    await heard("2 readings: I won’t send them.");
    house.owner.say("/status");
    expect((await heard("Last sync")).text).toContain("3 weigh-ins from 26 Sept to 28 Sept have turned up");
    house.owner.tap("Send all 3 older readings");
    await heard("80.00 kg, 28 Sept 15:30: it’s in Garmin.");
    await house.quiet();
    expect(house.weights()).toHaveLength(2 + 1 + 3);
  });

  test("isn’t sent by a button of an older version that doesn’t say which readings it means", async () => {
    await linkedForLong();
    for (const days of [53, 52]) late(days);
    await visit();
    await heard("2 weigh-ins");
    const { message_id: id } = await house.newBot().bot.api.sendMessage(ACCOUNT, "An old question", {
      reply_markup: { inline_keyboard: [[{ text: "Old", callback_data: "bring:before_start" }]] },
    });
    house.owner.tap("Old", id);
    const redrawn = await heard("Last sync");
    expect(labels(redrawn)).toEqual(["Send all 2 older readings", "Leave out all 2 older readings"]);
    expect(house.weights()).toHaveLength(2);
  });

  test("is still held when it is sent for, if it may be another person’s", async () => {
    await linkedForLong();
    house.person.stepOnScale({ at: ago({ days: 51 }), createdAt: house.clock.now(), weightKg: 41, attrib: 1 });
    await visit();
    house.owner.tap("Send 41.00 kg, 1 Oct 14:30", (await heard("turned up")).id);
    await heard("1 new reading is held back, because it may not be yours: 41.00 kg, 1 Oct 14:30.");
    expect(house.weights()).toHaveLength(2);
  });

  test("stays out for good if its owner leaves it out", async () => {
    await linkedForLong();
    for (const days of [52, 51]) late(days);
    await visit();
    house.owner.tap("Leave out all 2 older readings", (await heard("turned up")).id);
    await heard("2 readings: I won’t send them.");
    house.clock.advance(1800);
    expect(await visit()).toMatchObject({ status: "success", synced: 0, held: 0 });
    house.owner.say("/status");
    expect((await heard("Last sync")).text).not.toContain("turned up");
  });

  test("has its own message, once, even if it came in with a requested sync", async () => {
    await linkedForLong();
    late(51);
    house.owner.say("/sync");
    await heard("Nothing new. Garmin has every other reading. (1 held, see /status)");
    await heard("1 weigh-in from 1 Oct has turned up at Withings.");
    await house.quiet();
    house.clock.advance(1800);
    await visit();
    expect(told().filter((text) => text.includes("turned up"))).toHaveLength(1);
  });

  test("is no longer asked about once the owner syncs that time", async () => {
    await linkedForLong();
    late(51);
    await visit();
    house.clock.advance(60);
    expect(await visit({ since: ago({ days: 55 }) })).toMatchObject({ status: "success", held: 0 });
    house.owner.say("/status");
    expect((await heard("Last sync")).text).not.toContain("turned up");
  });
});
