import { afterEach, describe, expect, test } from "vitest";
import { readingId } from "../../../src/sync/model/reading.ts";
import { ACCOUNT, OWNER } from "../../support/test-app.ts";
import { botTexts, heard, labels } from "../chat.ts";
import { startTestBot, type TestBot } from "../test-bot.ts";
import { type NotifiedBot, startNotifiedBot } from "../ui/notified-bot.ts";

let harness: TestBot;
afterEach(() => harness.close());

const ago = (minutes: number) => new Date(harness.clock.now().getTime() - minutes * 60_000);
const weights = () => harness.weights().map(({ weightKg }) => weightKg);
const DOWN = { server: "garmin_connectapi", match: {}, effect: { type: "status", status: 503 } } as const;

/** 80.25 kg at 12:30 is in Garmin. Every update meets a new program. */
async function oneSent(language: "en" | "de" = "en") {
  harness = await startTestBot();
  await harness.app.store.accounts.save(ACCOUNT, { language });
  const grpid = harness.person.stepOnScale({ at: ago(30), weightKg: 80.25 });
  await harness.sync();
  harness.serveEachAnew();
  harness.clock.advance(60);
  return readingId({ measureGroupId: grpid, kind: "weigh_in" });
}

async function askToUndo() {
  harness.owner.say("/undo");
  return heard(harness, "Take it out?");
}

describe("/undo", () => {
  test("asks about the last reading, takes it out, and restores it, all in one message", async () => {
    await oneSent();
    const question = await askToUndo();
    expect(question.text).toBe("80.3 kg, today 12:30, is in Garmin. Take it out?");
    expect(labels(question)).toEqual(["Take it out", "Keep it"]);
    harness.owner.tap("Take it out");
    const removed = await heard(harness, "no longer in Garmin");
    expect(removed.id).toBe(question.id);
    expect(removed.history).toContain("Taking 80.3 kg, today 12:30 out of Garmin…");
    expect(removed.text).toBe("80.3 kg, today 12:30: no longer in Garmin. You can restore it until 21 Dec.");
    expect(labels(removed)).toEqual(["Restore"]);
    expect(weights()).toEqual([]);
    harness.clock.advance(60);
    harness.owner.tap("Restore");
    const restored = await harness.owner.waitForMessage(({ text }) => text === "80.3 kg, today 12:30, is in Garmin.");
    expect(restored.id).toBe(question.id);
    expect(labels(restored)).toEqual(["Undo"]);
    expect(weights()).toEqual([80.25]);
    await harness.quiet();
    expect(botTexts(harness)).toHaveLength(1);
  });

  test("says in German what the same is", async () => {
    await oneSent("de");
    harness.owner.say("/undo");
    const question = await heard(harness, "80,3 kg, heute 12:30, ist in Garmin. Wieder herausnehmen?");
    expect(labels(question)).toEqual(["Herausnehmen", "Drinlassen"]);
    harness.owner.tap("Herausnehmen");
    await heard(
      harness,
      "80,3 kg, heute 12:30: nicht mehr in Garmin. Bis zum 21. Dez. kannst du sie wiederherstellen.",
    );
  });

  test("leaves the reading in Garmin when its owner keeps it", async () => {
    await oneSent();
    await askToUndo();
    harness.owner.tap("Keep it");
    const kept = await heard(harness, "80.3 kg, today 12:30, stays in Garmin.");
    expect(labels(kept)).toEqual([]);
    expect(weights()).toEqual([80.25]);
  });

  test("has nothing to ask about when everything in Garmin came from elsewhere, and says why", async () => {
    harness = await startTestBot();
    harness.person.stepOnScale({ at: ago(30), weightKg: 80.25 });
    harness.sandbox.garmin.addManualWeight(OWNER.email, { at: ago(30), weightKg: 80.25 });
    await harness.sync();
    harness.serveEachAnew();
    harness.owner.say("/undo");
    await heard(harness, "There’s nothing in Garmin that I put there. I leave alone what came from you or other apps.");
    expect(weights()).toEqual([80.25]);
  });

  test("taps again on old messages do what they say, or say why not", async () => {
    await oneSent();
    const { id } = await askToUndo();
    harness.owner.say("/undo");
    const second = await harness.owner.waitForMessage((it) => it.id !== id && it.text.includes("Take it out?"));
    harness.owner.tap("Take it out", id);
    await heard(harness, "no longer in Garmin");
    await harness.quiet();
    harness.owner.tap("Take it out", second.id);
    await harness.owner.waitForMessage((it) => it.id === second.id && it.text.includes("no longer in Garmin"));
    expect(weights()).toEqual([]);
    await harness.quiet();
    harness.clock.advance(31 * 24 * 3600);
    await harness.link();
    harness.owner.tap("Restore", id);
    await harness.owner.waitForMessage((it) => it.id === id && it.text.endsWith("it’s too late to undo that."));
    expect(weights()).toEqual([]);
  });
});

test("a removal that Garmin doesn’t take now is done by a later run, which says so with a button to restore it", async () => {
  const notified: NotifiedBot = await startNotifiedBot();
  harness = notified;
  harness.person.stepOnScale({ at: ago(30), weightKg: 80.25 });
  await notified.scheduledRun();
  harness.clock.advance(60);
  const question = await askToUndo();
  harness.sandbox.faults.add(DOWN);
  harness.owner.tap("Take it out");
  const pending = await heard(
    harness,
    "I couldn’t take it out of Garmin yet. The next sync will try again, and I’ll tell you.",
  );
  expect(pending.id).toBe(question.id);
  await harness.quiet();
  harness.sandbox.faults.clear();
  harness.clock.advance(60);
  await notified.scheduledRun();
  const news = await heard(harness, "80.3 kg, today 12:30: no longer in Garmin.");
  expect(news.id).not.toBe(question.id);
  expect(labels(news)).toEqual(["Restore"]);
  expect(weights()).toEqual([]);
  const said = botTexts(harness).length;
  harness.clock.advance(1800);
  await notified.scheduledRun();
  expect(botTexts(harness)).toHaveLength(said);
});

test("the same with a link that has ended: its owner is told what to do", async () => {
  await oneSent();
  await askToUndo();
  harness.sandbox.garmin.revoke(OWNER.email);
  harness.clock.advance(10 * 24 * 3600);
  await harness.sync();
  harness.owner.tap("Take it out");
  await heard(harness, "I’ll tell you. Garmin has signed me out.");
  expect(weights()).toEqual([80.25]);
  await harness.link();
  await harness.sync();
  expect(weights()).toEqual([]);
});

test("while a run is at work, a tap is kept and done when the run has ended", async () => {
  await oneSent();
  await askToUndo();
  const lease = await harness.app.store.leases.acquire(`account#${ACCOUNT}`, 60);
  harness.owner.tap("Take it out");
  await heard(harness, "Taking 80.3 kg, today 12:30 out of Garmin…");
  await expect.poll(() => harness.logged.some(({ event }) => event === "job_postponed")).toBe(true);
  expect(weights()).toEqual([80.25]);
  await lease?.release();
  harness.clock.advance(20);
  harness.wake();
  await heard(harness, "no longer in Garmin");
  expect(weights()).toEqual([]);
});

test("the answer to a /sync that brought one reading has a button that takes it out", async () => {
  harness = await startTestBot();
  await harness.sync();
  harness.clock.advance(3600);
  harness.person.stepOnScale({ at: ago(30), weightKg: 80.25 });
  harness.serveEachAnew();
  harness.owner.say("/sync");
  const { id, ...answer } = await heard(harness, "80.3 kg is in Garmin.");
  expect(labels(answer)).toEqual(["Undo", "Weight in Garmin"]);
  harness.clock.advance(60);
  harness.owner.tap("Undo", id);
  await heard(harness, "no longer in Garmin");
  expect(weights()).toEqual([]);
});
