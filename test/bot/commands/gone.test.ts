import { afterEach, describe, expect, test } from "vitest";
import { readingId } from "../../../src/sync/model/reading.ts";
import { ACCOUNT } from "../../support/test-app.ts";
import { botTexts, heard, labels } from "../chat.ts";
import { type NotifiedBot, startNotifiedBot } from "../ui/notified-bot.ts";

let harness: NotifiedBot;
afterEach(() => harness.close());

const DAY = 24 * 3600;
const weights = () => harness.weights().map(({ weightKg }) => weightKg);
const progress = async () => (await harness.ledger().progress())?.value ?? expect.fail("nothing has run");
async function pass(days: number) {
  harness.clock.advance(days * DAY);
  await harness.link();
}
const look = () => harness.scheduledRun({ compares: true });

/** As many weigh-ins, one a day until yesterday 13:00. Resolves to Withings' numbers. */
async function sent(count: number, language?: "de") {
  harness = await startNotifiedBot(language && { language });
  const grpids = Array.from({ length: count }, (_, n) =>
    harness.person.stepOnScale({ at: harness.ago({ days: count - n }), weightKg: 80 + n / 10 }),
  );
  await harness.scheduledRun();
  return grpids;
}

/** The first ones of them are deleted at Withings, and missing from two lists. */
async function deleted(grpids: number[], count: number) {
  for (const grpid of grpids.slice(0, count)) harness.person.remove(grpid);
  await look();
  await pass(1);
  await look();
}

describe("one reading that is gone at Withings", () => {
  test("is asked about in a message of its own, removed and restored there, and the rest of the chat stays quiet", async () => {
    const grpids = await sent(4);
    const before = botTexts(harness).length;
    await deleted(grpids, 1);
    const question = await heard(harness, "is gone at Withings.");
    expect(question.text).toBe("80.0 kg, 17 Nov 13:00, is gone at Withings. It’s still in Garmin.");
    expect(question.entities).toEqual([{ type: "bold", offset: 0, length: question.text.indexOf(" It’s") }]);
    expect(labels(question)).toEqual(["Remove from Garmin", "Keep"]);
    harness.owner.tap("Remove from Garmin");
    const removed = await heard(harness, "no longer in Garmin.");
    expect(removed.id).toBe(question.id);
    expect(removed.text).toBe("80.0 kg, 17 Nov 13:00: no longer in Garmin. You can restore it until 22 Dec.");
    expect(weights()).toEqual([80.1, 80.2, 80.3]);
    await harness.quiet();
    harness.clock.advance(60);
    harness.owner.tap("Restore");
    await harness.owner.waitForMessage(({ text }) => text === "80.0 kg, 17 Nov 13:00, is in Garmin.");
    expect(weights().toSorted()).toEqual([80, 80.1, 80.2, 80.3]);
    await harness.quiet();
    await pass(1);
    await look();
    await pass(1);
    await look();
    expect(botTexts(harness)).toHaveLength(before + 1);
  });

  test("stays when its owner keeps it, and isn't asked about again", async () => {
    const grpids = await sent(4);
    await deleted(grpids, 1);
    const { id } = await heard(harness, "is gone at Withings.");
    harness.owner.tap("Keep");
    const kept = await heard(harness, "80.0 kg, 17 Nov 13:00, stays in Garmin.");
    expect([kept.id, labels(kept)]).toEqual([id, []]);
    await harness.quiet();
    const said = botTexts(harness).length;
    for (let n = 0; n < 2; n++) {
      await pass(1);
      await look();
    }
    expect(botTexts(harness)).toHaveLength(said);
    expect(weights()).toHaveLength(4);
  });

  test("is asked about in German, and so is one that Withings doubts", async () => {
    const grpids = await sent(4, "de");
    harness.person.edit(grpids[3] ?? 0, { attrib: 1 });
    await deleted(grpids, 1);
    const doubted = await heard(harness, "Withings ist nicht mehr sicher");
    expect(doubted.text).toContain("80,3 kg, 20. Nov. 13:00: Withings ist nicht mehr sicher, ob das von dir ist.");
    const question = await heard(harness, "80,0 kg, 17. Nov. 13:00, gibt es bei Withings nicht mehr.");
    expect(labels(question)).toEqual(["Aus Garmin entfernen", "Behalten"]);
    harness.owner.tap("Behalten", doubted.id);
    await heard(harness, "bleibt in Garmin.");
    harness.owner.tap("Aus Garmin entfernen", question.id);
    await heard(harness, "nicht mehr in Garmin.");
    expect(weights()).toEqual([80.1, 80.2, 80.3]);
  });

  test("waits in /status, which asks again, and in the card of the day", async () => {
    const grpids = await sent(4);
    await deleted(grpids, 1);
    await heard(harness, "is gone at Withings.");
    harness.owner.say("/status");
    const status = await heard(harness, "80.0 kg, 17 Nov 13:00, is gone at Withings and still in Garmin.");
    expect(labels(status)).toContain("Remove or keep 80.0 kg, 17 Nov 13:00");
    harness.owner.tap("Remove or keep 80.0 kg, 17 Nov 13:00");
    const again = await harness.owner.waitForMessage((it) => it.id > status.id);
    expect(labels(again)).toEqual(["Remove from Garmin", "Keep"]);
    harness.owner.tap("Keep", again.id);
    await heard(harness, "stays in Garmin.");
    harness.owner.say("/status");
    const after = await harness.owner.waitForMessage((it) => it.id > again.id);
    expect(after.text).not.toContain("gone at Withings");
  });

  test("answers of an old message say what is true now", async () => {
    const grpids = await sent(4);
    await deleted(grpids, 1);
    const { id } = await heard(harness, "is gone at Withings.");
    await harness.app.sync.takeOut(
      (await harness.app.store.accounts.find(ACCOUNT)) ?? expect.fail(),
      readingId({ measureGroupId: grpids[0] ?? 0, kind: "weigh_in" }),
    );
    harness.owner.tap("Keep", id);
    await harness.owner.waitForMessage((it) => it.id === id && it.text.includes("no longer in Garmin."));
    expect(weights()).toHaveLength(3);
  });
});

describe("many at once", () => {
  test("are one question, and go and come back together", async () => {
    const grpids = await sent(7);
    await deleted(grpids, 4);
    const question = await heard(harness, "4 readings are gone at Withings");
    expect(question.text).toBe(
      [
        "4 readings are gone at Withings.",
        ...["80.0 kg, 14 Nov 13:00", "80.1 kg, 15 Nov 13:00", "80.2 kg, 16 Nov 13:00", "80.3 kg, 17 Nov 13:00"],
        "They’re still in Garmin. If that wasn’t you, it may be a fault at Withings: then keep them.",
      ].join("\n"),
    );
    expect(labels(question)).toEqual(["Remove all from Garmin", "Keep them"]);
    harness.owner.say("/status");
    expect(labels(await heard(harness, "4 readings are gone at Withings and still in Garmin."))).toContain(
      "Remove or keep 4 readings",
    );
    harness.owner.tap("Remove all from Garmin", question.id);
    const removed = await heard(harness, "4 readings: no longer in Garmin. You can restore them until 22 Dec.");
    expect([removed.id, labels(removed)]).toEqual([question.id, ["Restore them"]]);
    expect(weights()).toEqual([80.4, 80.5, 80.6]);
    await harness.quiet();
    harness.clock.advance(60);
    harness.owner.tap("Restore them", question.id);
    const back = await heard(harness, "4 readings: back in Garmin.");
    expect([back.id, labels(back)]).toEqual([question.id, []]);
    expect(weights()).toHaveLength(7);
  });

  test("stay when their owner keeps them; while Garmin is down, a later run removes them and says so once", async () => {
    const grpids = await sent(9);
    await deleted(grpids, 4);
    const { id } = await heard(harness, "4 readings are gone at Withings");
    harness.owner.tap("Keep them", id);
    expect((await heard(harness, "They stay in Garmin.")).id).toBe(id);
    await harness.quiet();
    await deleted(grpids, 0);
    for (const grpid of grpids.slice(4, 8)) harness.person.remove(grpid);
    await look();
    await pass(1);
    await look();
    const question = await harness.owner.waitForMessage((it) => it.id > id && it.text.includes("4 readings are gone"));
    harness.sandbox.faults.add({
      ...{ server: "garmin_connectapi", match: {}, times: Number.POSITIVE_INFINITY },
      effect: { type: "status", status: 503 },
    });
    harness.owner.tap("Remove all from Garmin", question.id);
    await heard(
      harness,
      "4 readings: I couldn’t take them out of Garmin yet. The next sync will try again, and I’ll tell you.",
    );
    await harness.quiet();
    harness.sandbox.faults.clear();
    harness.clock.advance(60);
    await harness.scheduledRun();
    const news = await harness.owner.waitForMessage((it) => it.id > question.id);
    expect(news.text).toContain("4 readings: no longer in Garmin.");
    expect(weights()).toHaveLength(5);
  });
});

test("with always, nobody is asked; the removal is said with its reason, and can be restored", async () => {
  const grpids = await sent(4);
  harness.owner.say("/settings");
  await heard(harness, "Deleted at Withings: I ask whether to remove it from Garmin");
  harness.owner.tap("Deleted at Withings");
  await heard(harness, "Once a week and with /sync");
  harness.owner.tap("Always remove it");
  await heard(harness, "Deleted at Withings: I remove it from Garmin too");
  await harness.quiet();
  await deleted(grpids, 1);
  harness.clock.advance(60);
  await harness.scheduledRun();
  const news = await heard(harness, "Removed from Garmin: 80.0 kg, 17 Nov 13:00, because it’s gone at Withings.");
  expect(news.text).toContain("You can restore it until 22 Dec.");
  expect(labels(news)).toEqual(["Restore"]);
  expect((await progress()).gone).toBeUndefined();
});
