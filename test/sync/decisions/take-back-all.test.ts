import { afterEach, expect, test } from "vitest";
import type { App } from "../../../src/app/app.ts";
import { readingId } from "../../../src/sync/model/reading.ts";
import { crashAt } from "../../support/crash.ts";
import { ACCOUNT, startTestApp, type TestApp } from "../../support/test-app.ts";

let harness: TestApp;
afterEach(() => harness.close());

const account = async () => (await harness.app.store.accounts.find(ACCOUNT)) ?? expect.fail();
const weights = () => harness.weights().map(({ weightKg }) => weightKg);
const waiting = async () => (await harness.ledger().progress())?.value.attention ?? [];
const weighed = async () => (await waiting()).map(({ values }) => ("weightKg" in values ? values.weightKg : 0)).sort();

/** 80 and 80.1 kg are in Garmin, and three readings that nobody is sure of have an answer. Resolves to when it was given. */
async function answered(decision: "mine" | "not_mine") {
  harness = await startTestApp({ heightM: 1.75 });
  const { person, clock } = harness;
  person.stepOnScale({ at: new Date(clock.now().getTime() - 7_200_000), weightKg: 80 });
  for (const weightKg of [70, 71, 72]) {
    person.stepOnScale({ at: new Date(clock.now().getTime() - weightKg * 60_000), weightKg, attrib: 1 });
  }
  await harness.sync();
  // So long ago that no run lists them again by itself.
  clock.advance(3 * 24 * 3600);
  person.stepOnScale({ weightKg: 80.1 });
  await harness.sync();
  const ids = (await waiting()).map(readingId);
  const { at } = await harness.app.sync.decideHeld(await account(), ids, decision);
  clock.advance(60);
  expect(await harness.sync()).toMatchObject({ status: "success", held: 0 });
  expect(weights().sort()).toEqual(decision === "mine" ? [70, 71, 72, 80, 80.1] : [80, 80.1]);
  clock.advance(60);
  return { ids, at: at ?? expect.fail() };
}

const takeBack = async (at: Date, app: App = harness.app) => app.sync.askAllAgain(await account(), at);

test.each(["mine", "not_mine"] as const)(
  "“%s” about many is taken back, wherever the process is stopped, and nothing else in Garmin is touched",
  async (decision) => {
    const counting = crashAt(Number.POSITIVE_INFINITY, "before");
    const { at } = await answered(decision);
    expect(await takeBack(at, await harness.newApp(counting))).toMatchObject({ type: "held", pending: 0 });
    expect(weights()).toEqual([80, 80.1]);
    expect(await weighed()).toEqual([70, 71, 72]);
    for (const moment of counting.moments()) {
      await harness.close();
      const { at } = await answered(decision);
      await takeBack(at, await harness.newApp(crashAt(...moment))).catch(() => undefined);
      // The dead process's lease runs out, and its job comes again.
      harness.clock.advance(130);
      await takeBack(at);
      harness.clock.advance(60);
      await harness.sync();
      expect(weights(), String(moment)).toEqual([80, 80.1]);
      expect(await weighed(), String(moment)).toEqual([70, 71, 72]);
      harness.clock.advance(600);
      expect(await harness.sync(), String(moment)).toMatchObject({ status: "success", synced: 0, held: 3 });
    }
  },
);

test("what its owner has answered about one of them since stays, and so does what came by other means", async () => {
  const { at, ids } = await answered("not_mine");
  const [first = "", second = ""] = ids;
  await takeBack(at);
  await harness.app.sync.decideHeld(await account(), [first], "mine");
  harness.clock.advance(60);
  await harness.sync();
  const sent = weights();
  expect(sent).toHaveLength(3);
  // The old button, once more.
  await takeBack(at);
  expect(weights()).toEqual(sent);
  expect(await waiting()).toHaveLength(2);
  expect((await harness.app.sync.entryOf(await account(), second))?.fate.state).toBe("held");
});

test("an answer is taken back for a day, and one that nobody gave isn’t", async () => {
  const { at } = await answered("not_mine");
  expect(await takeBack(new Date(at.getTime() + 1))).toEqual({ type: "too_late" });
  harness.clock.advance(25 * 3600);
  await harness.link();
  await harness.sync();
  expect(await takeBack(at)).toEqual({ type: "too_late" });
  expect((await harness.ledger().progress())?.value.answered).toBeUndefined();
  expect(await waiting()).toEqual([]);
});
