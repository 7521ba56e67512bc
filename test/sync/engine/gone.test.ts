import { afterEach, describe, expect, test } from "vitest";
import type { Account } from "../../../src/sync/model/account.ts";
import { readingId } from "../../../src/sync/model/reading.ts";
import { crashAt } from "../../support/crash.ts";
import { ACCOUNT, OWNER, startTestApp, type TestApp } from "../../support/test-app.ts";

let harness: TestApp;
afterEach(() => harness.close());

const HOUR = 3600;
const DAY = 24 * HOUR;
const daysAgo = (days: number) => new Date(harness.clock.now().getTime() - days * DAY * 1000);
const weights = () => harness.weights().map(({ weightKg }) => weightKg);
const progress = async () => (await harness.ledger().progress())?.value ?? expect.fail("nothing has run");
const account = async () => (await harness.app.store.accounts.find(ACCOUNT)) ?? expect.fail();
const idOf = (grpid: number, kind: "weigh_in" | "blood_pressure" = "weigh_in") =>
  readingId({ measureGroupId: grpid, kind });
const entry = async (id: string) => (await harness.ledger().entries([id])).get(id)?.value;
const gone = async () =>
  ((await progress()).gone ?? []).map((it) => [it.id, it.why, it.askedAt ? (it.isOfMany ? "many" : "asked") : "noted"]);
/** As /sync does. */
const look = (on = harness.app) => harness.sync({ compares: true }, on);
async function pass(seconds: number) {
  harness.clock.advance(seconds);
  // Garmin's link is renewed by runs, which these tests leave out.
  if (seconds >= DAY) await harness.link();
}
const choose = (deletions: Account["settings"]["deletions"]) =>
  harness.app.store.accounts.save(ACCOUNT, { settings: { deletions } });

/** As many weigh-ins in Garmin, one a day; the newest last. */
async function sent(count = 4) {
  harness = await startTestApp({ heightM: 1.75 });
  const grpids = Array.from({ length: count }, (_, n) =>
    harness.person.stepOnScale({ at: daysAgo(count - n), weightKg: 80 + n / 10, fatRatioPercent: 20 }),
  );
  expect(await harness.sync()).toMatchObject({ status: "success", synced: count });
  harness.clock.advance(60);
  return { grpids, ids: grpids.map((it) => idOf(it)) };
}

/** Missing twice, a day apart. */
async function missedTwice(grpids: Array<number | undefined>) {
  for (const grpid of grpids) harness.person.remove(grpid ?? 0);
  await look();
  await pass(DAY);
  await look();
}

describe("a reading that was deleted at Withings", () => {
  test("is asked about when it's missing from two lists a day apart, and stays in Garmin until its owner answers", async () => {
    const { grpids, ids } = await sent();
    harness.person.remove(grpids[1] ?? 0);
    expect(await look()).toMatchObject({ status: "success" });
    expect(await gone()).toEqual([[ids[1], "deleted", "noted"]]);
    await pass(23 * HOUR);
    await look();
    expect(await gone()).toEqual([[ids[1], "deleted", "noted"]]);
    await pass(HOUR);
    await look();
    expect(await gone()).toEqual([[ids[1], "deleted", "asked"]]);
    const [{ askedAt } = {}] = (await progress()).gone ?? [];
    await pass(2 * DAY);
    await look();
    expect((await progress()).gone).toMatchObject([{ askedAt }]);
    expect(weights()).toHaveLength(4);
  });

  test("is missed by itself within a week and a day; in between, a run asks Withings once", async () => {
    const { grpids, ids } = await sent();
    harness.person.remove(grpids[1] ?? 0);
    const lists = async () => {
      harness.requests();
      await harness.sync();
      return harness.requests().filter((it) => it === "withings POST /measure").length;
    };
    await pass(7 * DAY - 2 * HOUR);
    expect(await lists()).toBe(1);
    await pass(2 * HOUR);
    expect(await lists()).toBe(2);
    expect(await gone()).toEqual([[ids[1], "deleted", "noted"]]);
    await pass(23 * HOUR);
    expect(await lists()).toBe(1);
    await pass(HOUR);
    expect(await lists()).toBe(2);
    expect(await gone()).toEqual([[ids[1], "deleted", "asked"]]);
    await pass(DAY);
    expect(await lists()).toBe(1);
  });

  test("is forgotten when it's back, and counts anew when it's missing again", async () => {
    const { grpids } = await sent();
    const group = { ...harness.person.group(grpids[1] ?? 0) };
    harness.person.remove(group.grpid);
    await look();
    await pass(DAY);
    harness.person.addGroup(group);
    await look();
    expect(await gone()).toEqual([]);
    harness.person.remove(group.grpid);
    await look();
    expect((await gone()).map(([, , state]) => state)).toEqual(["noted"]);
    await pass(DAY);
    await look();
    // The question is closed too when it's back.
    harness.person.addGroup(group);
    harness.clock.advance(60);
    await look();
    expect(await gone()).toEqual([]);
  });

  test("is one that came late, too", async () => {
    await sent();
    const late = harness.person.stepOnScale({ at: daysAgo(20), createdAt: harness.clock.now(), weightKg: 80.7 });
    harness.clock.advance(60);
    await harness.sync();
    await missedTwice([late]);
    expect(await gone()).toEqual([[idOf(late), "deleted", "asked"]]);
  });

  test("is one that came after a first run that found nothing, too", async () => {
    await sent(0);
    const grpids = [80, 80.1].map((weightKg) => harness.person.stepOnScale({ weightKg }));
    await harness.sync();
    harness.clock.advance(60);
    await missedTwice(grpids.slice(0, 1));
    expect(await gone()).toEqual([[idOf(grpids[0] ?? 0), "deleted", "asked"]]);
  });

  test("is a blood pressure, too, beside weigh-ins", async () => {
    const { grpids } = await sent();
    const grpid = harness.person.takeBloodPressure({ systolic: 121, diastolic: 79, pulse: 61 });
    harness.clock.advance(60);
    await harness.sync();
    await missedTwice([grpid]);
    expect(await gone()).toEqual([[idOf(grpid, "blood_pressure"), "deleted", "asked"]]);
    expect(grpids).toHaveLength(4);
  });

  test("is gone for its owner when it's given to somebody else", async () => {
    const { grpids, ids } = await sent();
    const timezone = "Europe/Berlin";
    const other = harness.sandbox.withings.addPerson({ userid: 31_400_009, name: "other", timezone });
    harness.person.giveTo(grpids[2] ?? 0, other);
    await look();
    await pass(DAY);
    await look();
    expect(await gone()).toEqual([[ids[2], "deleted", "asked"]]);
  });

  test("stays in Garmin when it came there by other means", async () => {
    harness = await startTestApp();
    const at = daysAgo(1);
    harness.sandbox.garmin.addManualWeight(OWNER.email, { at, weightKg: 80.25 });
    const there = harness.person.stepOnScale({ at, weightKg: 80.25 });
    harness.person.stepOnScale({ at: daysAgo(0.5), weightKg: 80.5 });
    await harness.sync();
    await missedTwice([there]);
    expect(await gone()).toEqual([]);
  });

  test("isn't looked for any more after a month", async () => {
    const { grpids } = await sent();
    await pass(15 * DAY);
    harness.person.stepOnScale({ weightKg: 80.2 });
    await harness.sync();
    await pass(15 * DAY);
    await harness.sync();
    await missedTwice([grpids[0]]);
    expect(await gone()).toEqual([]);
  });
});

describe("what isn't taken for a deletion", () => {
  test("an edit, or a record that can't be read", async () => {
    const { grpids } = await sent();
    harness.person.edit(grpids[0] ?? 0, { weightKg: 79.8 });
    const odd = harness.person.group(grpids[1] ?? 0);
    odd.measures = [{ type: 1, value: "?" as never, unit: -3 }];
    await look();
    await pass(DAY);
    await look();
    expect(await gone()).toEqual([]);
    // It may be any reading.
    odd.grpid = "?" as never;
    odd.date = "?" as never;
    harness.person.remove(grpids[2] ?? 0);
    await pass(DAY);
    await look();
    expect(await gone()).toEqual([]);
  });

  test.each([
    ["isn't answered", { type: "status", status: 503 } as const],
    ["can't be read", { type: "body", body: "<html></html>" } as const],
    ["is refused", { type: "body", body: { status: 403, error: "insufficient scope" } } as const],
    ["gives no way on", { type: "body", body: { status: 0, body: { measuregrps: [], more: 1 } } } as const],
  ])(
    "a list whose second page %s; the run goes well all the same, and the next day there is another",
    async (_what, effect) => {
      const { grpids, ids } = await sent(5);
      harness.sandbox.withings.settings.pageSize = 2;
      harness.person.remove(grpids[4] ?? 0);
      harness.person.stepOnScale({ weightKg: 80.7 });
      harness.sandbox.faults.add({ server: "withings", match: { form: { offset: "2" } }, effect, times: 9 });
      expect(await look()).toMatchObject({ status: "success", synced: 1 });
      expect(await gone()).toEqual([]);
      harness.sandbox.faults.clear();
      await pass(DAY);
      await harness.sync();
      expect(await gone()).toEqual([[ids[4], "deleted", "noted"]]);
    },
  );

  test("a list that is empty, or without any of a kind of which several were sent", async () => {
    const { grpids } = await sent();
    const pressures = [1, 2].map((n) =>
      harness.person.takeBloodPressure({ at: daysAgo(n), systolic: 120 + n, diastolic: 80 }),
    );
    await harness.sync();
    const kept = [...harness.person.groups];
    await missedTwice(pressures);
    expect(await gone()).toEqual([]);
    await missedTwice(grpids);
    expect(await gone()).toEqual([]);
    // With one of each kind there, the others count.
    harness.person.groups.push(...kept.filter(({ grpid }) => grpid === grpids[0] || grpid === pressures[0]));
    await look();
    expect(await gone()).toHaveLength(4);
  });

  test("an empty list, when only one reading was sent", async () => {
    const { grpids } = await sent(1);
    await missedTwice(grpids);
    expect(await gone()).toEqual([]);
  });

  test("what Withings last changed more than a month ago, and so doesn't list", async () => {
    await sent(2);
    await pass(27 * DAY);
    harness.person.stepOnScale({ weightKg: 80.4 });
    await look();
    for (const days of [5, 1]) {
      await pass(days * DAY);
      expect(await look()).toMatchObject({ status: "success" });
      expect(await gone()).toEqual([]);
    }
  });

  test("anything after its owner chose never; from the next choice on, it counts", async () => {
    const { grpids, ids } = await sent();
    await choose("never");
    harness.requests();
    await missedTwice([grpids[1]]);
    harness.person.edit(grpids[2] ?? 0, { attrib: 1 });
    await pass(8 * DAY);
    await harness.sync();
    expect(harness.requests().filter((it) => it === "withings POST /measure")).toHaveLength(3);
    expect(await gone()).toEqual([]);
    await choose("ask");
    await look();
    expect(await gone()).toEqual([
      [ids[1], "deleted", "noted"],
      [ids[2], "reassigned", "asked"],
    ]);
    await choose("never");
    await pass(DAY);
    harness.person.touch(grpids[2] ?? 0);
    await look();
    expect(await gone()).toEqual([]);
  });
});

describe("a reading of which Withings is no longer sure that it's its owner's", () => {
  test("is asked about at once, and forgotten when it's theirs again", async () => {
    const { grpids, ids } = await sent();
    harness.person.edit(grpids[3] ?? 0, { attrib: 1 });
    expect(await harness.sync()).toMatchObject({ status: "success" });
    expect(await gone()).toEqual([[ids[3], "reassigned", "asked"]]);
    for (const [attrib, questions] of [
      [99, 1],
      [7, 0],
    ] as const) {
      harness.clock.advance(60);
      harness.person.edit(grpids[3] ?? 0, { attrib });
      await harness.sync();
      expect(await gone(), `attrib ${attrib}`).toHaveLength(questions);
    }
    expect(weights()).toHaveLength(4);
  });

  test("isn't asked about if only we don't know the attribution, or its owner has said that it's theirs", async () => {
    const { grpids } = await sent();
    harness.person.edit(grpids[3] ?? 0, { attrib: 99 });
    const held = harness.person.stepOnScale({ weightKg: 70, attrib: 1 });
    await harness.sync();
    await harness.app.sync.decideHeld(await account(), [idOf(held)], "mine");
    harness.clock.advance(60);
    expect(await harness.sync()).toMatchObject({ synced: 1 });
    harness.clock.advance(60);
    harness.person.touch(held);
    await look();
    expect(await gone()).toEqual([]);
  });
});

describe("many at once", () => {
  test.each(["ask", "always"] as const)("are asked about together with the setting %s", async (setting) => {
    const { grpids, ids } = await sent(9);
    await choose(setting);
    await missedTwice(grpids.slice(0, 4));
    expect(await gone()).toEqual(ids.slice(0, 4).map((id) => [id, "deleted", "many"]));
    expect(weights()).toHaveLength(9);
  });

  test("are two of four for somebody who wants no question about one", async () => {
    const { grpids } = await sent(4);
    await choose("always");
    await missedTwice(grpids.slice(0, 2));
    expect((await gone()).map(([, , state]) => state)).toEqual(["many", "many"]);
  });
});

test("one that the first run had sent before it was stopped is missed, too", async () => {
  harness = await startTestApp({ heightM: 1.75 });
  const grpid = harness.person.stepOnScale({ at: daysAgo(3), weightKg: 80 });
  harness.person.stepOnScale({ at: daysAgo(2), weightKg: 80.1 });
  let saved = 0;
  const stopped = await harness.newApp({
    wrapTable: (table) => ({
      ...table,
      async put(key, value, options) {
        if (key.sk === "progress" && ++saved === 2) throw new Error("the program is stopped");
        return table.put(key, value, options);
      },
    }),
  });
  expect(await harness.sync({}, stopped)).toMatchObject({ status: "error" });
  expect(weights()).toEqual([80, 80.1]);
  harness.clock.advance(130);
  harness.person.remove(grpid);
  await look();
  await pass(DAY);
  await look();
  await pass(DAY);
  await look();
  expect(await gone()).toEqual([[idOf(grpid), "deleted", "asked"]]);
});

test("with always, one that its owner restores before the next run stays in Garmin for good", async () => {
  const { grpids, ids } = await sent();
  await choose("always");
  await missedTwice([grpids[1]]);
  const [id = ""] = ids.slice(1);
  expect((await progress()).removals).toMatchObject([{ id, because: "deleted" }]);
  expect(await harness.app.sync.restore(await account(), id)).toMatchObject({ type: "restoring" });
  for (let days = 0; days < 3; days++) {
    await pass(DAY);
    await look();
  }
  expect(weights()).toHaveLength(4);
  expect((await progress()).removals ?? []).toEqual([]);
});

test("with always, one is taken out by the next run, which has to be told, and why", async () => {
  const { grpids, ids } = await sent();
  await choose("always");
  await missedTwice([grpids[1]]);
  expect(await gone()).toEqual([]);
  harness.clock.advance(60);
  expect(await harness.sync()).toMatchObject({ status: "success" });
  expect(weights()).toEqual([80, 80.2, 80.3]);
  expect((await progress()).removals).toMatchObject([{ id: ids[1], because: "deleted", isNews: true }]);
  expect(await entry(ids[1] ?? "")).toMatchObject({ fate: { state: "removed" } });
});

describe("its owner's answer", () => {
  test("keep: it stays in Garmin, and isn't asked about again", async () => {
    const { grpids, ids } = await sent();
    await missedTwice([grpids[1]]);
    harness.person.edit(grpids[2] ?? 0, { attrib: 1 });
    await harness.sync();
    for (const id of ids.slice(1, 3)) await harness.app.sync.keepGone(await account(), id);
    expect(await gone()).toEqual([]);
    await pass(DAY);
    harness.person.touch(grpids[2] ?? 0);
    await look();
    await pass(DAY);
    await look();
    expect(await gone()).toEqual([]);
    expect(weights()).toHaveLength(4);
  });

  test("remove: it goes, and stays removed even if Withings lists it again", async () => {
    const { grpids, ids } = await sent();
    const group = { ...harness.person.group(grpids[1] ?? 0) };
    await missedTwice([grpids[1]]);
    expect(await harness.app.sync.takeOut(await account(), ids[1] ?? "")).toMatchObject({ type: "removed" });
    expect(await gone()).toEqual([]);
    expect(weights()).toEqual([80, 80.2, 80.3]);
    harness.clock.advance(60);
    harness.person.addGroup(group);
    harness.person.touch(group.grpid);
    expect(await look()).toMatchObject({ status: "success", synced: 0 });
    expect(weights()).toEqual([80, 80.2, 80.3]);
  });

  test("restore: it's back with everything, once, though Withings doesn't list it, and isn't asked about again", async () => {
    const { grpids, ids } = await sent();
    const before = harness.weights()[1];
    await missedTwice([grpids[1]]);
    await harness.app.sync.takeOut(await account(), ids[1] ?? "");
    expect(await harness.app.sync.restore(await account(), ids[1] ?? "")).toMatchObject({ type: "restoring" });
    harness.sandbox.faults.add({ server: "garmin_connectapi", match: {}, effect: { type: "status", status: 503 } });
    harness.clock.advance(60);
    expect(await harness.sync()).toMatchObject({ status: "retry_later" });
    harness.sandbox.faults.clear();
    harness.clock.advance(60);
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
    const { takenAt, weightKg, bodyFatPercent } = before ?? {};
    expect(harness.weights().filter((it) => it.weightKg === 80.1)).toMatchObject([
      { takenAt, weightKg, bodyFatPercent },
    ]);
    expect(await progress()).not.toHaveProperty("restoring");
    await pass(DAY);
    await look();
    await pass(DAY);
    expect(await look()).toMatchObject({ status: "success", synced: 0 });
    expect(await gone()).toEqual([]);
    expect(weights()).toHaveLength(4);
  });

  test("restore: also what its owner took out by themselves, and deleted at Withings then", async () => {
    const { grpids, ids } = await sent();
    await harness.app.sync.takeOut(await account(), ids[1] ?? "");
    harness.person.remove(grpids[1] ?? 0);
    await harness.app.sync.restore(await account(), ids[1] ?? "");
    harness.clock.advance(60);
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
    expect(weights().toSorted()).toEqual([80, 80.1, 80.2, 80.3]);
    // Somebody may have brought it by other means meanwhile.
    await harness.app.sync.takeOut(await account(), ids[1] ?? "");
    await harness.app.sync.restore(await account(), ids[1] ?? "");
    harness.sandbox.garmin.addManualWeight(OWNER.email, { at: daysAgo(3 + 120 / 86_400), weightKg: 80.1 });
    harness.clock.advance(60);
    await harness.sync();
    expect(weights().filter((it) => it === 80.1)).toHaveLength(1);
  });

  test("says so when the links are gone, and changes nothing", async () => {
    const { grpids, ids } = await sent();
    await missedTwice([grpids[1]]);
    await harness.app.disconnect(await account(), "withings");
    expect(await harness.app.sync.takeOut(await account(), ids[1] ?? "")).toMatchObject({ type: "too_late" });
    await harness.app.sync.keepGone(await account(), ids[1] ?? "");
    expect(weights()).toHaveLength(4);
    await harness.link();
    expect(await gone()).toEqual([[ids[1], "deleted", "asked"]]);
  });
});

describe("stopped at any outside call, then done again or left to the next run", () => {
  const MOMENTS = 10;
  const LEFT = [80.4];
  async function many() {
    const { grpids, ids } = await sent(5);
    await missedTwice(grpids.slice(0, 4));
    harness.clock.advance(60);
    const askedAt = (await progress()).gone?.[0]?.askedAt ?? expect.fail("nobody is asked");
    return { ids: ids.slice(0, 4), askedAt };
  }

  const SCENES = {
    "comparison with always": async () => {
      const { grpids, ids } = await sent();
      await choose("always");
      harness.person.remove(grpids[1] ?? 0);
      await look();
      await pass(DAY);
      const act = async (on: TestApp["app"]) => {
        await look(on);
        harness.clock.advance(130);
        await look(on);
      };
      return { ids: [ids[1] ?? ""], act, states: ["removed"], left: [80, 80.2, 80.3] };
    },
    "wish to keep": async () => {
      const { ids, askedAt } = await many();
      const act = async (on: TestApp["app"]) => on.sync.keepGone(await account(), askedAt);
      return { ids, act, states: ["seen"], left: [80, 80.1, 80.2, 80.3, ...LEFT] };
    },
    "wish to remove": async () => {
      const { ids, askedAt } = await many();
      const act = async (on: TestApp["app"]) => on.sync.takeOutGone(await account(), askedAt);
      return { ids, act, states: ["removed"], left: LEFT };
    },
    restore: async () => {
      const { ids, askedAt } = await many();
      await harness.app.sync.takeOutGone(await account(), askedAt);
      harness.clock.advance(60);
      const act = async (on: TestApp["app"]) => {
        await on.sync.restoreGone(await account(), askedAt);
        await harness.sync({}, on);
      };
      return { ids, act, states: ["seen"], left: [80, 80.1, 80.2, 80.3, ...LEFT] };
    },
  };

  test.each(Object.entries(SCENES))("a %s happens to each reading once, and to no other", async (name, build) => {
    const { act } = await build();
    const counting = crashAt(Number.POSITIVE_INFINITY, "before");
    await act(await harness.newApp(counting));
    await harness.close();
    const moments = counting.moments();
    expect(moments.length).toBeGreaterThan(3);
    // A spread over long ones: what they do to each reading is the same.
    const step = Math.ceil(moments.length / MOMENTS);
    for (const [index, [n, when]] of moments.entries()) {
      if (index % step !== 0) continue;
      const scene = await build();
      const crashing = crashAt(n, when);
      await scene.act(await harness.newApp(crashing)).catch(() => undefined);
      const where = `${name} stopped ${when} call ${n}`;
      for (let runs = 0; runs < 2; runs++) {
        harness.clock.advance(130);
        await scene.act(await harness.newApp()).catch(() => undefined);
      }
      harness.clock.advance(130);
      await harness.sync({ compares: true, ledgerIsCurrent: false }, await harness.newApp());
      expect(weights().toSorted(), where).toEqual(scene.left);
      for (const id of scene.ids) expect(scene.states, where).toContain((await entry(id))?.fate.state);
      expect(await gone(), where).toEqual([]);
      await harness.close();
    }
    harness = await startTestApp({ linked: false });
  });
});
