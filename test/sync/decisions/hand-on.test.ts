import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { App } from "../../../src/app/app.ts";
import { readingId } from "../../../src/sync/model/reading.ts";
import { handedId } from "../../../src/sync/model/typed.ts";
import { crashAt } from "../../support/crash.ts";
import { addSecondPerson, OTHER, type SecondPerson } from "../../support/second-person.ts";
import { ACCOUNT, startTestApp, type TestApp } from "../../support/test-app.ts";

let harness: TestApp;
let anna: SecondPerson;
beforeEach(async () => {
  harness = await startTestApp({ heightM: 1.9 });
  anna = await addSecondPerson(harness);
  for (const days of [3, 2, 1]) harness.person.stepOnScale({ at: ago(days * 1440), weightKg: 80 });
  expect(await harness.sync()).toMatchObject({ status: "success", synced: 3 });
  expect(await anna.sync()).toMatchObject({ status: "success" });
  harness.clock.advance(60);
});
afterEach(() => harness.close());

const ago = (minutes: number) => new Date(harness.clock.now().getTime() - minutes * 60_000);
const account = async () => (await harness.app.store.accounts.find(ACCOUNT)) ?? expect.fail();
const owners = () =>
  harness
    .weights()
    .map(({ weightKg }) => weightKg)
    .filter((it) => it !== 80);
const attention = async () => (await harness.ledger().progress())?.value.attention ?? [];

/** A weigh-in of which the owner's scale doesn't know whose it is. It's held. */
async function held(weightKg: number, minutes = 5) {
  const at = ago(minutes);
  const grpid = harness.person.stepOnScale({ at, weightKg, fatRatioPercent: 21, attrib: 1 });
  await harness.sync();
  expect((await attention()).map(({ measureGroupId }) => measureGroupId)).toContain(grpid);
  harness.clock.advance(60);
  return { grpid, at, id: readingId({ measureGroupId: grpid, kind: "weigh_in" }), weightKg };
}

const handOn = (on: App = harness.app) => on.sync.handOn();
const offer = async (id: string, on?: App) =>
  (await handOn(on)).offer(await account(), { reading: id, to: OTHER, fromMessageId: 7 });
const settle = async (id: string, close?: "withdrawn" | "expired", on?: App) =>
  (await handOn(on)).settle(await account(), id, close);
const yes = async (id: string, on?: App) => (await handOn(on)).accept(await anna.account(), ACCOUNT, id);
const no = async (id: string, on?: App) => (await handOn(on)).decline(await anna.account(), ACCOUNT, id);
const reconsider = async (id: string, on?: App) => (await handOn(on)).reconsider(await anna.account(), ACCOUNT, id);
const mine = async (id: string, on = harness.app) => on.sync.decideHeld(await account(), [id], "mine");
async function bothSync() {
  harness.clock.advance(60);
  await harness.sync();
  await anna.sync();
}

describe("a reading that's handed on", () => {
  test("goes into the other one's Garmin once they say yes: its weight with their height, and nothing else of it", async () => {
    const { id, at } = await held(58.2);
    expect(await offer(id)).toMatchObject({ type: "asked", offer: { to: OTHER, state: "asked" } });
    await bothSync();
    expect(anna.weightsKg()).toEqual([]);
    expect(await yes(id)).toMatchObject({ type: "accepted" });
    await bothSync();
    const [entry, ...more] = anna.weights();
    expect(more).toEqual([]);
    expect(entry).toMatchObject({ weightKg: 58.2, takenAt: at });
    expect(entry?.bmi).toBeCloseTo(58.2 / 1.6 ** 2, 1);
    expect(entry).not.toHaveProperty("bodyFatPercent");
    expect(entry).not.toHaveProperty("bodyWaterPercent");
    expect(owners()).toEqual([]);
    expect(await settle(id)).toMatchObject({ type: "accepted" });
    expect((await harness.ledger().progress())?.value).not.toHaveProperty("handedOn");
  });

  test("remembers who said no, until they're asked all the same or erase their account", async () => {
    const { id } = await held(58.2);
    const [ben, cleo] = [5001, 5002];
    const ask = async (to: number) => (await handOn()).offer(await account(), { reading: id, to, fromMessageId: 7 });
    const saidNo = async () => (await harness.app.store.offers.find(ACCOUNT, id))?.value.saidNo;
    await ask(OTHER);
    await no(id);
    await ask(ben);
    expect(await saidNo()).toEqual([OTHER]);
    await (await handOn()).decline({ telegramUserId: ben }, ACCOUNT, id);
    await ask(cleo);
    expect(await saidNo()).toEqual([OTHER, ben]);
    await harness.app.disconnect(await anna.account(), "everything");
    expect(await saidNo()).toEqual([ben]);
    await settle(id, "withdrawn");
    await ask(ben);
    expect(await saidNo()).toBeUndefined();
  });

  test("never comes back to the first one by itself, even if Withings says that it's theirs", async () => {
    const { id, grpid } = await held(58.2);
    await offer(id);
    harness.clock.advance(60);
    harness.person.edit(grpid, { attrib: 7 });
    expect(await harness.sync()).toMatchObject({ synced: 0, held: 0 });
    await yes(id);
    await bothSync();
    harness.person.edit(grpid, { weightKg: 58.3 });
    await bothSync();
    expect(await harness.sync({ since: ago(5 * 1440), ledgerIsCurrent: false })).toMatchObject({ synced: 0, held: 0 });
    expect(owners()).toEqual([]);
    expect(anna.weightsKg()).toEqual([58.2]);
  });

  test("is the first one's question again after a no, and goes into their Garmin if they want it", async () => {
    const { id } = await held(58.2);
    await offer(id);
    expect(await attention()).toEqual([]);
    expect(await no(id)).toMatchObject({ type: "declined" });
    expect(await settle(id)).toMatchObject({ type: "held", offer: { state: "declined" } });
    expect(await attention()).toMatchObject([{ fate: { reason: "ambiguous_person" } }]);
    expect(await yes(id)).toMatchObject({ type: "over" });
    await mine(id);
    await bothSync();
    expect(owners()).toEqual([58.2]);
    // From now on it's too late to take the no back.
    expect(await reconsider(id)).toMatchObject({ type: "over" });
    expect(await yes(id)).toMatchObject({ type: "over" });
    await bothSync();
    expect(anna.weightsKg()).toEqual([]);
  });

  test("can be offered after a no of its owner, and after a no of the other one", async () => {
    const { id } = await held(58.2);
    await harness.app.sync.decideHeld(await account(), [id], "not_mine");
    expect(await offer(id)).toMatchObject({ type: "asked" });
    await no(id);
    await settle(id);
    expect(await offer(id)).toMatchObject({ type: "asked" });
    await yes(id);
    await bothSync();
    expect(anna.weightsKg()).toEqual([58.2]);
  });

  test("is withdrawn only while there is no answer", async () => {
    const first = await held(58.2);
    await offer(first.id);
    expect(await settle(first.id, "withdrawn")).toMatchObject({ type: "held" });
    expect(await yes(first.id)).toMatchObject({ type: "over", offer: { state: "withdrawn" } });
    await offer(first.id);
    await yes(first.id);
    expect(await settle(first.id, "withdrawn")).toMatchObject({ type: "accepted" });
    await mine(first.id);
    await bothSync();
    expect([owners(), anna.weightsKg()]).toEqual([[], [58.2]]);
  });

  test("leaves the other one's Garmin when they take their yes back, and comes in again with another one", async () => {
    const { id } = await held(58.2);
    await offer(id);
    await yes(id);
    await bothSync();
    await settle(id);
    expect(await reconsider(id)).toMatchObject({ type: "asked", outcome: { type: "removed" } });
    expect(anna.weightsKg()).toEqual([]);
    expect(await settle(id)).toMatchObject({ type: "asked" });
    // It's an open offer again, which is remembered.
    expect((await harness.ledger().progress())?.value.handedOn).toHaveLength(1);
    await bothSync();
    harness.clock.advance(60);
    expect(await yes(id)).toMatchObject({ type: "accepted" });
    await bothSync();
    expect(anna.weightsKg()).toEqual([58.2]);
    harness.clock.advance(60);
    await reconsider(id);
    await no(id);
    await settle(id);
    await mine(id);
    await bothSync();
    expect([owners(), anna.weightsKg()]).toEqual([[58.2], []]);
  });

  test("can't be restored by the other one once they've taken their yes back", async () => {
    const { id } = await held(58.2);
    await offer(id);
    const accepted = await yes(id);
    await bothSync();
    await reconsider(id);
    await no(id);
    await settle(id);
    await mine(id);
    const theirs = accepted.type === "accepted" ? accepted.id : expect.fail();
    expect(await harness.app.sync.restore(await anna.account(), theirs)).toMatchObject({ type: "too_late" });
    await bothSync();
    expect([owners(), anna.weightsKg()]).toEqual([[58.2], []]);
  });

  test("isn't sent if they take their yes back before their next run", async () => {
    const { id } = await held(58.2);
    await offer(id);
    await yes(id);
    expect(await reconsider(id)).toMatchObject({ type: "asked" });
    await bothSync();
    expect(anna.weightsKg()).toEqual([]);
  });

  test("stays out when they take it out of Garmin later, however often their yes is delivered", async () => {
    const { id } = await held(58.2);
    await offer(id);
    const accepted = await yes(id);
    await bothSync();
    const theirs = accepted.type === "accepted" ? accepted.id : expect.fail();
    expect(await harness.app.sync.takeOut(await anna.account(), theirs)).toMatchObject({ type: "removed" });
    harness.clock.advance(60);
    await yes(id);
    await bothSync();
    expect(anna.weightsKg()).toEqual([]);
    expect(await harness.app.sync.restore(await anna.account(), theirs)).toMatchObject({ type: "restoring" });
    await bothSync();
    expect(anna.weightsKg()).toEqual([58.2]);
  });

  test("waits until the other one has linked Garmin again", async () => {
    const { id } = await held(58.2);
    await offer(id);
    await harness.app.disconnect(await anna.account(), "garmin");
    expect(await yes(id)).toMatchObject({ type: "accepted" });
    await bothSync();
    expect(anna.weightsKg()).toEqual([]);
    harness.clock.advance(60);
    await anna.link();
    await bothSync();
    expect(anna.weightsKg()).toEqual([58.2]);
  });

  test("stays where it is if they have linked another profile since: it can't be taken out there", async () => {
    const { id } = await held(58.2);
    await offer(id);
    await yes(id);
    await bothSync();
    await harness.app.disconnect(await anna.account(), "garmin");
    expect(await reconsider(id)).toMatchObject({ type: "elsewhere" });
    expect(await settle(id)).toMatchObject({ type: "accepted" });
  });

  test("can't be handed on if an earlier version of it is in its owner's Garmin, or if nobody asks whose it is", async () => {
    const at = ago(5);
    const grpid = harness.person.stepOnScale({ at, weightKg: 80.4 });
    await harness.sync();
    const id = readingId({ measureGroupId: grpid, kind: "weigh_in" });
    expect(await offer(id)).toMatchObject({ type: "not_held", entry: { fate: { state: "seen" } } });
    expect(await harness.app.store.offers.of(ACCOUNT)).toEqual([]);
  });

  test("is asked about again when the other one's account is gone", async () => {
    const { id } = await held(58.2);
    await offer(id);
    await harness.app.disconnect(await anna.account(), "everything");
    expect(await harness.app.store.offers.of(OTHER)).toEqual([]);
    expect(await settle(id)).toMatchObject({ type: "held" });
    expect(await attention()).toHaveLength(1);
  });

  test("doesn't follow its owner to other links once it's somebody else's: it's neither held nor sent there", async () => {
    const { id } = await held(58.2);
    await offer(id);
    await yes(id);
    const email = "b@example.org";
    harness.sandbox.garmin.addAccount({ email, password: "p", displayName: "b", fullName: "B", timezone: "UTC" });
    await harness.signInAs(email);
    harness.clock.advance(60);
    expect(await harness.sync()).toMatchObject({ status: "success", held: 0 });
    expect(await attention()).toEqual([]);
    await mine(id);
    await bothSync();
    expect(harness.sandbox.garmin.weights(email).map(({ weightKg }) => weightKg)).not.toContain(58.2);
    expect(anna.weightsKg()).toEqual([58.2]);
  });

  test("isn't sent by new links of its owner either, whatever Withings says of it since", async () => {
    const { id, grpid } = await held(58.2);
    await offer(id);
    await yes(id);
    harness.clock.advance(60);
    harness.person.edit(grpid, { attrib: 7 });
    const email = "b@example.org";
    harness.sandbox.garmin.addAccount({ email, password: "p", displayName: "b", fullName: "B", timezone: "UTC" });
    await harness.signInAs(email);
    await harness.sync();
    await bothSync();
    expect(harness.sandbox.garmin.weights(email).map(({ weightKg }) => weightKg)).not.toContain(58.2);
    expect(anna.weightsKg()).toEqual([58.2]);
  });

  test("of those links, a yes ends an offer that has no answer yet", async () => {
    const { id } = await held(58.2);
    await offer(id);
    const email = "b@example.org";
    harness.sandbox.garmin.addAccount({ email, password: "p", displayName: "b", fullName: "B", timezone: "UTC" });
    await harness.signInAs(email);
    harness.clock.advance(60);
    await harness.sync();
    await mine(id);
    expect(await yes(id)).toMatchObject({ type: "over" });
    await bothSync();
    expect(harness.sandbox.garmin.weights(email).map(({ weightKg }) => weightKg)).toContain(58.2);
    expect(anna.weightsKg()).toEqual([]);
  });

  test("may be a blood pressure, and both of one measurement", async () => {
    const at = ago(5);
    const grpid = harness.person.takeBloodPressure({ at, systolic: 121, diastolic: 79, pulse: 61, attrib: 1 });
    await harness.sync();
    harness.clock.advance(60);
    const id = readingId({ measureGroupId: grpid, kind: "blood_pressure" });
    await offer(id);
    await yes(id);
    await bothSync();
    expect(harness.sandbox.garmin.bloodPressures(anna.email)).toMatchObject([{ systolic: 121, diastolic: 79 }]);
    expect(harness.pressures()).toEqual([]);
    const numbers = (["weigh_in", "blood_pressure"] as const).map((kind) => handedId({ measureGroupId: grpid, kind }));
    expect(new Set(numbers).size).toBe(2);
  });
});

describe("if Withings gives it to the other one too", () => {
  const deliver = ({ at, weightKg }: { at: Date; weightKg: number }) =>
    anna.person.stepOnScale({ at, createdAt: harness.clock.now(), weightKg, fatRatioPercent: 30 });

  test("it's adopted, not sent: after it was sent", async () => {
    const reading = await held(58.2);
    await offer(reading.id);
    await yes(reading.id);
    await bothSync();
    deliver(reading);
    await bothSync();
    expect(anna.weightsKg()).toEqual([58.2]);
  });

  test("it's adopted, not sent: before their yes, even days before", async () => {
    const reading = await held(58.2);
    await offer(reading.id);
    deliver(reading);
    await bothSync();
    expect(anna.weightsKg()).toEqual([58.2]);
    harness.clock.advance(3 * 24 * 3600);
    await harness.link();
    await anna.link();
    // From now on Withings doesn't list it any more.
    anna.person.stepOnScale({ at: ago(5), weightKg: 61 });
    await bothSync();
    await yes(reading.id);
    await bothSync();
    expect(anna.weightsKg()).toEqual([58.2, 61]);
  });

  test("one goes if both are new in the same run", async () => {
    const reading = await held(58.2);
    await offer(reading.id);
    await yes(reading.id);
    deliver(reading);
    await bothSync();
    expect(anna.weightsKg()).toEqual([58.2]);
  });

  test("what they measured themselves half a minute later is another reading", async () => {
    const reading = await held(58.2);
    deliver({ ...reading, at: new Date(reading.at.getTime() + 30_000) });
    await bothSync();
    await offer(reading.id);
    await yes(reading.id);
    await bothSync();
    expect(anna.weightsKg()).toEqual([58.2, 58.2]);
    expect(new Set(anna.weights().map(({ takenAt }) => takenAt.getTime())).size).toBe(2);
  });

  test("what they had typed into Garmin Connect is found there", async () => {
    const reading = await held(58.2);
    harness.sandbox.garmin.addManualWeight(anna.email, { at: reading.at, weightKg: 58.2 });
    await offer(reading.id);
    await yes(reading.id);
    await bothSync();
    expect(anna.weightsKg()).toEqual([58.2]);
  });
});

test("an offer without an answer is due after five days, and its owner is asked again", async () => {
  const { id } = await held(58.2);
  await offer(id);
  const [handedOn] = (await harness.ledger().progress())?.value.handedOn ?? [];
  expect(handedOn).toMatchObject({ id, messageId: 7 });
  expect((handedOn?.until.getTime() ?? 0) - harness.clock.now().getTime()).toBe(5 * 24 * 3600 * 1000);
  expect(await settle(id, "expired")).toMatchObject({ type: "held", offer: { state: "expired" } });
  expect(await settle(id, "expired")).toMatchObject({ type: "held" });
  expect((await harness.ledger().progress())?.value).not.toHaveProperty("handedOn");
  expect(await attention()).toHaveLength(1);
  expect(await yes(id)).toMatchObject({ type: "over" });
});

describe("stopped at any outside call, and done again", () => {
  const ACTS: Record<string, (id: string, on?: App) => Promise<unknown>> = {
    ...{ offer, yes, no, undo: reconsider, mine, heard: (id, on) => settle(id, undefined, on) },
    withdraw: (id, on) => settle(id, "withdrawn", on),
  };
  /** Who has it in the end. The acts before the bar are done in peace. */
  const ORDERS: Array<[acts: string, whose: "owner" | "anna" | "nobody"]> = [
    ["| offer", "nobody"],
    ["offer | yes withdraw mine", "anna"],
    ["offer | withdraw yes mine", "owner"],
    ["offer | no yes heard mine", "owner"],
    ["offer yes | no heard mine", "anna"],
    ["offer no | undo yes heard mine", "anna"],
    ["offer yes sync | undo no heard mine", "owner"],
    ["offer yes sync undo | yes withdraw mine", "anna"],
    ["offer no heard mine | undo yes", "owner"],
  ];
  let nth = 0;

  /** Distinct readings, so that one world is enough. */
  async function play(acts: string, stop?: { at: number; n: number; when: "before" | "after" }) {
    const reading = await held(90 + ++nth * 0.25, 3);
    const [calm = "", tested = ""] = acts.split("|").map((it) => it.trim());
    for (const act of calm.split(" ").filter(Boolean)) {
      if (act === "sync") await bothSync();
      else await ACTS[act]?.(reading.id);
      harness.clock.advance(30);
    }
    for (const [index, act] of tested.split(" ").entries()) {
      const isStopped = stop?.at === index;
      if (stop && !isStopped) await ACTS[act]?.(reading.id);
      else {
        const crash = stop ? crashAt(stop.n, stop.when) : crashAt(Number.POSITIVE_INFINITY, "before");
        const on = await harness.newApp(crash);
        await ACTS[act]?.(reading.id, on).catch((error: unknown) => {
          if (!crash.isDead()) throw error;
        });
        await on.close();
        if (!stop) moments.set(index, crash.moments());
      }
      // The lease of a dead process ends.
      harness.clock.advance(160);
      if (isStopped) await ACTS[act]?.(reading.id);
    }
    await bothSync();
    return reading;
  }
  test.each(["| offer", "offer | withdraw", "offer | yes", "offer yes sync | undo"])(
    "%s, and then both answer: it's in one Garmin at most",
    async (acts) => {
      moments.clear();
      await play(acts);
      for (const [n, when] of moments.get(0) ?? []) {
        const reading = await held(90 + ++nth * 0.25, 3);
        const [calm = "", act = ""] = acts.split("|").map((it) => it.trim());
        for (const before of calm.split(" ").filter(Boolean)) {
          if (before === "sync") await bothSync();
          else await ACTS[before]?.(reading.id);
        }
        const on = await harness.newApp(crashAt(n, when));
        await ACTS[act]?.(reading.id, on).catch(() => undefined);
        await on.close();
        for (const answer of ["mine", "yes", "sync", act, "mine", "yes", "sync"]) {
          harness.clock.advance(130);
          if (answer === "sync") await bothSync();
          else await ACTS[answer]?.(reading.id);
        }
        const both = owners().includes(reading.weightKg) && anna.weightsKg().includes(reading.weightKg);
        expect(both, `${act} stopped ${when} call ${n}`).toBe(false);
      }
    },
  );

  test("an offer that's never made after all is remembered, so that its owner is asked again", async () => {
    moments.clear();
    await play("| offer");
    for (const [n, when] of moments.get(0) ?? expect.fail()) {
      const { id, grpid } = await held(90 + ++nth * 0.25, 3);
      const on = await harness.newApp(crashAt(n, when));
      await offer(id, on).catch(() => undefined);
      await on.close();
      harness.clock.advance(130);
      await harness.sync();
      const { attention, handedOn = [] } = (await harness.ledger().progress())?.value ?? expect.fail();
      const known = [...attention.map((it) => it.measureGroupId), ...handedOn.map((it) => it.id)];
      expect(known, `stopped ${when} call ${n}`).toSatisfy((it: unknown[]) => it.includes(grpid) || it.includes(id));
      await settle(id, "withdrawn");
    }
  });

  test("restored by the other one, and asked for again, it's sent", async () => {
    const { id, weightKg } = await held(58.2);
    await offer(id);
    const accepted = await yes(id);
    const theirs = accepted.type === "accepted" ? accepted.id : expect.fail();
    const restore = async (on: App) => on.sync.restore(await anna.account(), theirs);
    const takeOut = async () => harness.app.sync.takeOut(await anna.account(), theirs);
    await bothSync();
    await takeOut();
    const counting = crashAt(Number.POSITIVE_INFINITY, "before");
    await restore(await harness.newApp(counting));
    await bothSync();
    for (const [n, when] of counting.moments()) {
      await takeOut();
      harness.clock.advance(60);
      await restore(await harness.newApp(crashAt(n, when))).catch(() => undefined);
      harness.clock.advance(130);
      expect(await restore(harness.app)).toMatchObject({ type: "restoring" });
      await bothSync();
      expect(anna.weightsKg(), `stopped ${when} call ${n}`).toEqual([weightKg]);
    }
  });

  /** The act isn’t done again, and something else happens: Withings says whose it is, or its owner takes the question back. */
  test.each([
    ["| offer", "confirmed"],
    ["offer | yes", "withdrawn"],
    ["offer yes | undo", "withdrawn"],
  ] as const)("%s, and then it's %s: it's in one Garmin at most", async (acts, then) => {
    moments.clear();
    await play(acts);
    const [calm = "", act = ""] = acts.split("|").map((it) => it.trim());
    for (const [n, when] of moments.get(0) ?? expect.fail()) {
      const reading = await held(90 + ++nth * 0.25, 3);
      for (const before of calm.split(" ").filter(Boolean)) await ACTS[before]?.(reading.id);
      const on = await harness.newApp(crashAt(n, when));
      await ACTS[act]?.(reading.id, on).catch(() => undefined);
      await on.close();
      harness.clock.advance(160);
      if (then === "confirmed") {
        harness.person.edit(reading.grpid, { attrib: 7 });
        await bothSync();
        await ACTS.yes?.(reading.id);
      } else {
        await ACTS.withdraw?.(reading.id);
        await ACTS.mine?.(reading.id);
      }
      await bothSync();
      await bothSync();
      const both = owners().includes(reading.weightKg) && anna.weightsKg().includes(reading.weightKg);
      expect(both, `${act} stopped ${when} call ${n}`).toBe(false);
    }
  });

  const moments = new Map<number, ReturnType<ReturnType<typeof crashAt>["moments"]>>();

  test.each(ORDERS)("%s", async (acts, whose) => {
    const places = (kg: number) =>
      [owners().includes(kg) && "owner", anna.weightsKg().includes(kg) && "anna"].filter(Boolean).join(" and ") ||
      "nobody";
    moments.clear();
    const calm = await play(acts);
    expect(places(calm.weightKg), "undisturbed").toBe(whose);
    const all = [...moments].flatMap(([at, list]) => list.map(([n, when]) => ({ at, n, when })));
    expect(all.length).toBeGreaterThan(1);
    for (const stop of all) {
      const { weightKg } = await play(acts, stop);
      expect(places(weightKg), `act ${stop.at + 1} stopped ${stop.when} call ${stop.n}`).toBe(whose);
    }
    const everywhere = [...owners(), ...anna.weightsKg()];
    expect(new Set(everywhere).size).toBe(everywhere.length);
  });
});
