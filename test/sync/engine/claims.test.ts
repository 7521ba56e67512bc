import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { crashAt } from "../../support/crash.ts";
import { OWNER, startTestApp, type TestApp } from "../../support/test-app.ts";

/** Each entry in Garmin belongs to one reading, however long ago that one was sent. */
let harness: TestApp;
beforeEach(async () => {
  harness = await startTestApp();
});
afterEach(() => harness.close());

const minutesAgo = (minutes: number) => new Date(harness.clock.now().getTime() - minutes * 60_000);
/** The scale was offline: Withings gets it only now. */
const arriveLate = (at: Date, weightKg: number) =>
  harness.person.stepOnScale({ at, createdAt: harness.clock.now(), weightKg });
const entryOf = async (grpid: number) => {
  const id = `${String(grpid).padStart(16, "0")}#weigh_in`;
  return (await harness.ledger().entries([id])).get(id)?.value;
};
const keysInGarmin = () => harness.weights().map(({ samplePk }) => String(samplePk));
const progress = async () => (await harness.ledger().progress())?.value;

/** A weigh-in that no run lists any more, and that is no recent arrival either. Only its ledger entry knows whose it is. */
async function sentLongAgo() {
  const takenAt = minutesAgo(60);
  const earlier = harness.person.stepOnScale({ at: takenAt, weightKg: 80.25 });
  await harness.sync();
  harness.clock.advance(9 * 24 * 3600);
  harness.person.stepOnScale({ weightKg: 80 });
  await harness.sync();
  expect((await progress())?.arrived).toHaveLength(1);
  expect(await entryOf(earlier)).toMatchObject({ fate: { state: "seen" } });
  harness.clock.advance(2 * 24 * 3600);
  return { takenAt, earlier, key: (await entryOf(earlier))?.garminKey?.id };
}

describe("a weigh-in that arrives late, beside one that was sent long ago", () => {
  test("isn't taken for there by the other one's entry while Garmin shows its own late", async () => {
    const { takenAt, key } = await sentLongAgo();
    harness.sandbox.garmin.settings.readBackDelaySeconds = 600;
    const late = arriveLate(takenAt, 80.25);
    expect(await harness.sync()).toMatchObject({ status: "retry_later" });
    expect(await entryOf(late)).toMatchObject({ fate: { state: "sent" } });
    harness.clock.advance(660);
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
    expect((await entryOf(late))?.garminKey?.id).not.toBe(key);
    expect(harness.weights().map(({ weightKg }) => weightKg)).toEqual([80.25, 80.25, 80]);
  });

  test("is sent although the other one's entry would pass for it, and isn't told as brought by another program", async () => {
    const { takenAt, key } = await sentLongAgo();
    const late = arriveLate(new Date(takenAt.getTime() + 60_000), 80.3);
    expect(await harness.sync({ ledgerIsCurrent: false })).toMatchObject({ synced: 1 });
    expect(await entryOf(late)).toMatchObject({ fate: { state: "seen" } });
    expect((await entryOf(late))?.garminKey?.id).not.toBe(key);
    expect((await progress())?.twin).toBeUndefined();
  });

  test("isn't told as brought by another program when it was sent without a look", async () => {
    const { takenAt } = await sentLongAgo();
    arriveLate(new Date(takenAt.getTime() + 60_000), 80.3);
    expect(await harness.sync()).toMatchObject({ synced: 1 });
    expect((await progress())?.twin).toBeUndefined();
  });

  test("loses only its own copies when it was sent twice", async () => {
    const { takenAt, key } = await sentLongAgo();
    harness.sandbox.garmin.settings.readBackDelaySeconds = 600;
    harness.sandbox.faults.turnOn("garmin_upload_lost_answer", { times: 1 });
    const late = arriveLate(takenAt, 80.25);
    await harness.sync();
    harness.clock.advance(150);
    await harness.sync();
    expect(harness.weights()).toHaveLength(4);
    for (let run = 0; run < 6; run++) {
      harness.clock.advance(1800);
      await harness.sync();
    }
    expect(harness.weights().map(({ weightKg }) => weightKg)).toEqual([80.25, 80.25, 80]);
    expect(keysInGarmin()).toEqual(expect.arrayContaining([key, (await entryOf(late))?.garminKey?.id]));
  });
});

test("one from another program that an arrival stands beside is still told", async () => {
  const { takenAt } = await sentLongAgo();
  const at = new Date(takenAt.getTime() + 3600_000);
  harness.sandbox.garmin.addManualWeight(OWNER.email, { at: new Date(at.getTime() + 30_000), weightKg: 79.95 });
  arriveLate(at, 79.9);
  expect(await harness.sync()).toMatchObject({ synced: 1 });
  expect((await progress())?.twin).toMatchObject({ other: { values: { weightKg: 79.95 } } });
});

test("what a stopped run has sent belongs to its reading even when that is gone from Withings before the next run", async () => {
  let wasSeen = 0;
  for (let n = 1; ; n++) {
    const crash = crashAt(n, "before");
    const app = await harness.newApp(crash);
    const at = minutesAgo(60);
    const gone = harness.person.stepOnScale({ at, weightKg: 80 });
    await harness.sync({}, app);
    const sent = await entryOf(gone);
    if (sent?.fate.state === "seen") wasSeen++;
    harness.person.remove(gone);
    harness.clock.advance(130);
    const next = harness.person.stepOnScale({ at: new Date(at.getTime() + 60_000), weightKg: 80.05 });
    await harness.sync({ ledgerIsCurrent: false });
    const entry = await entryOf(next);
    if (sent?.garminKey) expect(entry?.garminKey?.id, `stopped before call ${n}`).not.toBe(sent.garminKey.id);
    harness.clock.advance(3 * 3600);
    if (!crash.isDead()) break;
  }
  // Stopped before it saved its progress, and not at all.
  expect(wasSeen).toBeGreaterThan(1);
});
