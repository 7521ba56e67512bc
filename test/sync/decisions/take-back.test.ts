import { afterEach, describe, expect, test } from "vitest";
import { readingId } from "../../../src/sync/model/reading.ts";
import { crashAt } from "../../support/crash.ts";
import { ACCOUNT, OWNER, startTestApp, type TestApp } from "../../support/test-app.ts";

let harness: TestApp;
afterEach(() => harness.close());

const DAY = 24 * 3600;
const ago = (minutes: number) => new Date(harness.clock.now().getTime() - minutes * 60_000);
const weights = () => harness.weights().map((it) => it.weightKg);
const progress = async () => (await harness.ledger().progress())?.value;
const account = async () => (await harness.app.store.accounts.find(ACCOUNT)) ?? expect.fail();
const idOf = (grpid: number) => readingId({ measureGroupId: grpid, kind: "weigh_in" });
const fate = async (id: string) => (await harness.ledger().entries([id])).get(id)?.value.fate;
const deletions = () => harness.requests().filter((it) => it.includes("DELETE"));
const takeOut = async (id: string, on = harness.app, asksAgain = false) =>
  on.sync.takeOut(await account(), id, asksAgain);
const restore = async (id: string, on = harness.app) => on.sync.restore(await account(), id);
async function pass(seconds: number) {
  harness.clock.advance(seconds);
  if (seconds >= DAY) await harness.link();
}

/** Two weigh-ins in Garmin. Resolves to the later one. */
async function twoSent() {
  harness = await startTestApp({ heightM: 1.75 });
  harness.person.stepOnScale({ at: ago(60), weightKg: 80.5 });
  const grpid = harness.person.stepOnScale({ at: ago(30), weightKg: 80.25, fatRatioPercent: 20 });
  expect(await harness.sync()).toMatchObject({ status: "success", synced: 2 });
  harness.clock.advance(60);
  return { grpid, id: idOf(grpid) };
}

/** A weigh-in in Garmin, and another of which the scale doesn't know whose it is. */
async function oneHeld() {
  harness = await startTestApp({ heightM: 1.75 });
  harness.person.stepOnScale({ at: ago(60), weightKg: 80.5 });
  const grpid = harness.person.stepOnScale({ at: ago(30), weightKg: 70, attrib: 1 });
  expect(await harness.sync()).toMatchObject({ status: "success", synced: 1, held: 1 });
  harness.clock.advance(60);
  return idOf(grpid);
}

async function saidMine() {
  const id = await oneHeld();
  await harness.app.sync.decideHeld(await account(), [id], "mine");
  expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
  harness.clock.advance(60);
  return id;
}

describe("an answer that its owner takes back", () => {
  const attention = async () => (await progress())?.attention.map(({ fate: { reason } }) => reason);

  test("makes the reading wait for another one, whatever happens at Withings, and is kept in the ledger", async () => {
    const id = await saidMine();
    expect(weights()).toEqual([80.5, 70]);
    expect(await takeOut(id, harness.app, true)).toMatchObject({ type: "held" });
    expect(weights()).toEqual([80.5]);
    expect(await attention()).toEqual(["ambiguous_person"]);
    const grpid = harness.person.groups.at(-1)?.grpid ?? 0;
    harness.person.edit(grpid, { attrib: 0, weightKg: 80.4 });
    harness.clock.advance(60);
    expect(await harness.sync({ ledgerIsCurrent: false })).toMatchObject({ status: "success", synced: 0, held: 1 });
    expect(weights()).toEqual([80.5]);
    // Assigned by hand, it's answered.
    harness.clock.advance(60);
    harness.person.edit(grpid, { attrib: 7 });
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 1, held: 0 });
    expect(weights()).toEqual([80.5, 80.4]);
  });

  test("also before the reading was sent", async () => {
    const id = await oneHeld();
    await harness.app.sync.decideHeld(await account(), [id], "mine");
    expect(await takeOut(id, harness.app, true)).toMatchObject({ type: "held" });
    harness.clock.advance(60);
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 0, held: 1 });
    expect(weights()).toEqual([80.5]);
  });
});

describe("a reading that its owner takes out of Garmin", () => {
  test("is deleted by its key, read back, and no longer counts as their last or recent weight", async () => {
    const { id } = await twoSent();
    harness.requests();
    expect(await takeOut(id)).toMatchObject({ type: "removed", entry: { fate: { state: "removed" } } });
    expect(weights()).toEqual([80.5]);
    expect(harness.requests().map((it) => it.split(" ")[1])).toEqual(["DELETE", "GET"]);
    const { recentWeighIns, lastReadings, arrived, removals } = (await progress()) ?? expect.fail();
    expect(recentWeighIns.map(({ weightKg }) => weightKg)).toEqual([80.5]);
    expect(lastReadings.weigh_in?.values).toEqual({ kind: "weigh_in", weightKg: 80.5 });
    expect(arrived).toHaveLength(1);
    expect(removals).toMatchObject([{ id, removedAt: harness.clock.now() }]);
    expect(removals?.[0]).not.toHaveProperty("isNews");
  });

  test("is never sent again by itself: not after an edit, a new assignment, a look into Garmin or a run since then", async () => {
    const { id, grpid } = await twoSent();
    await takeOut(id);
    for (const change of [
      () => harness.person.touch(grpid),
      () => harness.person.edit(grpid, { weightKg: 80.1 }),
      () => harness.person.edit(grpid, { attrib: 7 }),
    ]) {
      await pass(600);
      change();
      expect(await harness.sync()).toMatchObject({ status: "success", synced: 0 });
    }
    expect(await harness.sync({ ledgerIsCurrent: false })).toMatchObject({ status: "success", synced: 0 });
    await pass(60);
    expect(await harness.sync({ since: ago(3 * 24 * 60) })).toMatchObject({ status: "success", synced: 0 });
    await harness.app.store.ledgers.reconcileWithGarminFirst(ACCOUNT);
    await pass(2 * DAY);
    expect(await harness.sync({ ledgerIsCurrent: false })).toMatchObject({ status: "success", synced: 0 });
    expect(weights()).toEqual([80.5]);
    expect(await fate(id)).toEqual({ state: "removed" });
  });

  test("is sent once when it's restored, as Withings has it then", async () => {
    const { id, grpid } = await twoSent();
    await takeOut(id);
    await pass(3 * DAY);
    harness.person.edit(grpid, { weightKg: 80.3 });
    await harness.sync();
    await pass(3 * DAY);
    expect(await restore(id)).toMatchObject({ type: "restoring" });
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
    expect(weights()).toEqual([80.5, 80.3]);
    expect((await progress())?.removals ?? []).toEqual([]);
    await pass(600);
    expect(await harness.sync({ ledgerIsCurrent: false })).toMatchObject({ status: "success", synced: 0 });
    expect(weights()).toEqual([80.5, 80.3]);
    // And it can be taken out again.
    expect(await takeOut(id)).toMatchObject({ type: "removed" });
    expect(weights()).toEqual([80.5]);
  });

  test("can be restored for thirty days", async () => {
    const { id } = await twoSent();
    await takeOut(id);
    await pass(30 * DAY - 60);
    expect(await restore(id)).toMatchObject({ type: "restoring" });
    await harness.sync();
    await takeOut(id);
    await pass(30 * DAY);
    expect(await restore(id)).toMatchObject({ type: "too_late" });
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 0 });
    expect(weights()).toEqual([80.5]);
  });

  test("leaves Garmin with the next run if Garmin is down now, and its owner still has to hear of it", async () => {
    const { id } = await twoSent();
    harness.sandbox.faults.add({ server: "garmin_connectapi", match: {}, effect: { type: "status", status: 503 } });
    expect(await takeOut(id)).toMatchObject({ type: "pending", problem: { delayedBy: "garmin_silent" } });
    expect(await fate(id)).toEqual({ state: "removing" });
    expect(weights()).toEqual([80.5, 80.25]);
    harness.sandbox.faults.clear();
    harness.clock.advance(60);
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 0 });
    expect(weights()).toEqual([80.5]);
    expect((await progress())?.removals).toMatchObject([{ id, isNews: true }]);
  });

  test("leaves Garmin with the first run after its owner has signed in again", async () => {
    const { id } = await twoSent();
    harness.sandbox.garmin.revoke(OWNER.email);
    await pass(2 * 3600);
    for (let n = 0; n < 3; n++) {
      harness.sandbox.garmin.expireAccessToken(OWNER.email);
      await harness.sync();
      harness.clock.advance(1200);
    }
    expect(await takeOut(id)).toMatchObject({ type: "pending", problem: { action: "relink_garmin" } });
    await harness.link();
    expect(await harness.sync()).toMatchObject({ status: "success" });
    expect(weights()).toEqual([80.5]);
  });

  test("leaves Garmin even while Withings doesn't answer", async () => {
    const { id } = await twoSent();
    harness.sandbox.faults.add({ server: "garmin_connectapi", match: {}, effect: { type: "status", status: 503 } });
    await takeOut(id);
    harness.sandbox.faults.clear();
    harness.sandbox.faults.add({ server: "withings", match: {}, effect: { type: "status", status: 503 } });
    harness.clock.advance(60);
    expect(await harness.sync()).toMatchObject({ status: "retry_later" });
    expect(weights()).toEqual([80.5]);
  });

  test.each([
    ["Garmin says that it's deleted and shows it all the same", { type: "status", status: 204 } as const, "DELETE"],
    ["the look afterwards fails", { type: "status", status: 500 } as const, "GET"],
    ["the look afterwards can't be read", { type: "body", body: "<html></html>" } as const, "GET"],
  ])("isn't said to be gone when %s", async (_what, effect, method) => {
    const { id } = await twoSent();
    harness.sandbox.faults.add({ server: "garmin_connectapi", match: { method }, effect });
    expect(await takeOut(id)).toMatchObject({ type: "pending" });
    expect(await fate(id)).toEqual({ state: "removing" });
    harness.sandbox.faults.clear();
    harness.clock.advance(60);
    await harness.sync();
    expect(await fate(id)).toEqual({ state: "removed" });
    expect(weights()).toEqual([80.5]);
  });

  test("isn't said to be gone when Garmin answers without a body, unless it goes on answering like that", async () => {
    const { id } = await twoSent();
    const answers = (times: number) =>
      harness.sandbox.faults.add({
        ...{ server: "garmin_connectapi", match: {}, times },
        effect: { type: "status", status: 204 },
      });
    // As an answer cut short: nothing was deleted, and nothing is listed.
    answers(5);
    expect(await takeOut(id)).toMatchObject({ type: "pending" });
    expect(weights()).toEqual([80.5, 80.25]);
    harness.sandbox.faults.clear();
    harness.clock.advance(60);
    expect(await takeOut(id)).toMatchObject({ type: "removed" });
    expect(weights()).toEqual([80.5]);
    const [other] = (await progress())?.arrived ?? [];
    harness.sandbox.faults.add({
      ...{ server: "garmin_connectapi", match: { method: "GET" }, times: Number.POSITIVE_INFINITY },
      effect: { type: "status", status: 204 },
    });
    expect(await takeOut(other?.id ?? "")).toMatchObject({ type: "pending" });
    harness.clock.advance(660);
    expect(await takeOut(other?.id ?? "")).toMatchObject({ type: "removed" });
    expect(weights()).toEqual([]);
  });

  test("stays in another profile's Garmin, and leaves its own when that is linked again", async () => {
    const { id } = await twoSent();
    harness.sandbox.faults.add({ server: "garmin_connectapi", match: {}, effect: { type: "status", status: 503 } });
    await takeOut(id);
    harness.sandbox.faults.clear();
    const other = "other@example.org";
    harness.sandbox.garmin.addAccount({
      ...OWNER,
      email: other,
      displayName: "other",
      fullName: "Other",
      timezone: "UTC",
    });
    await harness.signInAs(other);
    harness.clock.advance(60);
    await harness.sync();
    expect(harness.sandbox.garmin.weights(other)).toHaveLength(2);
    expect(weights()).toEqual([80.5, 80.25]);
    await harness.signInAs(OWNER.email);
    harness.clock.advance(60);
    await harness.sync();
    expect(weights()).toEqual([80.5]);
    expect(harness.sandbox.garmin.weights(other)).toHaveLength(2);
  });

  test("also goes when Garmin hasn't shown it yet, as soon as it does", async () => {
    harness = await startTestApp();
    await harness.sync();
    harness.sandbox.garmin.settings.readBackDelaySeconds = 600;
    const id = idOf(harness.person.stepOnScale({ at: ago(5), weightKg: 80.25 }));
    await harness.sync();
    expect(await fate(id)).toEqual({ state: "sent" });
    expect(await takeOut(id)).toMatchObject({ type: "pending" });
    harness.clock.advance(700);
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 0 });
    expect(weights()).toEqual([]);
    expect(await fate(id)).toEqual({ state: "removed" });
  });

  test("isn't sent a second time if it's restored before Garmin shows what it had accepted", async () => {
    harness = await startTestApp();
    await harness.sync();
    harness.sandbox.garmin.settings.readBackDelaySeconds = 3600;
    const id = idOf(harness.person.stepOnScale({ at: ago(5), weightKg: 80.25 }));
    await harness.sync();
    await takeOut(id);
    expect(await restore(id)).toMatchObject({ type: "restoring" });
    harness.requests();
    harness.clock.advance(600);
    expect(await harness.sync()).toMatchObject({ status: "retry_later", delay: { accepted: 1 } });
    harness.clock.advance(3600);
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
    expect(harness.requests().filter((it) => it.includes("POST /upload-service"))).toEqual([]);
    expect(weights()).toEqual([80.25]);
  });

  test("doesn't become another reading's entry while Garmin still shows it", async () => {
    const { id } = await twoSent();
    harness.sandbox.faults.add({
      ...{ server: "garmin_connectapi", match: { method: "DELETE" } },
      effect: { type: "status", status: 204 },
    });
    await takeOut(id);
    // The same minute and nearly the same weight, so it might be adopted.
    harness.person.stepOnScale({ at: ago(30), weightKg: 80.3 });
    harness.clock.advance(60);
    expect(await harness.sync({ ledgerIsCurrent: false })).toMatchObject({ synced: 1 });
    harness.sandbox.faults.clear();
    harness.clock.advance(60);
    await harness.sync();
    expect(weights()).toEqual([80.5, 80.3]);
  });
});

test("what came to Garmin by other means stays there", async () => {
  harness = await startTestApp();
  const at = ago(30);
  const id = idOf(harness.person.stepOnScale({ at, weightKg: 80.25 }));
  harness.sandbox.garmin.addManualWeight(OWNER.email, { at, weightKg: 80.25 });
  await harness.sync();
  expect(await fate(id)).toMatchObject({ state: "skipped", reason: "already_in_garmin" });
  harness.requests();
  expect(await takeOut(id)).toMatchObject({ type: "elsewhere" });
  expect(deletions()).toEqual([]);
  expect(await harness.app.sync.lastSent(await account())).toBeUndefined();
});

test("the last one sent is the newest that is still there, however long ago", async () => {
  const { id } = await twoSent();
  const last = async () => (await harness.app.sync.lastSent(await account()))?.values;
  expect(await last()).toMatchObject({ weightKg: 80.25 });
  await takeOut(id);
  expect(await last()).toMatchObject({ weightKg: 80.5 });
  await pass(20 * DAY);
  await harness.sync();
  expect((await progress())?.arrived).toEqual([]);
  expect(await last()).toMatchObject({ weightKg: 80.5 });
});

describe("stopped at any outside call, then done again or left to the next run", () => {
  const SCENES = {
    removal: async () => {
      const { id } = await twoSent();
      return { id, act: (on: TestApp["app"]) => takeOut(id, on).catch(() => undefined), left: [80.5] };
    },
    "taken-back yes": async () => {
      const id = await saidMine();
      return { id, act: (on: TestApp["app"]) => takeOut(id, on, true).catch(() => undefined), left: [80.5] };
    },
    "taken-back no": async () => {
      const id = await oneHeld();
      await harness.app.sync.decideHeld(await account(), [id], "not_mine");
      const act = async (on: TestApp["app"]) => on.sync.askAgain(await account(), id).catch(() => undefined);
      return { id, act, left: [80.5] };
    },
    restore: async () => {
      const { id } = await twoSent();
      await takeOut(id);
      harness.clock.advance(60);
      const act = async (on: TestApp["app"]) => {
        const said = await restore(id, on).catch(() => undefined);
        if (said) await harness.sync({}, on);
      };
      return { id, act, left: [80.5, 80.25] };
    },
  };

  const DONE = { removal: "removed", restore: "seen", "taken-back yes": "held", "taken-back no": "held" } as const;

  test.each(Object.entries(SCENES))("a %s happens exactly once", async (name, build) => {
    const { act } = await build();
    const counting = crashAt(Number.POSITIVE_INFINITY, "before");
    await act(await harness.newApp(counting));
    await harness.close();
    expect(counting.moments().length).toBeGreaterThan(2);
    // How often an answer was noted by then differs by a call or two.
    let deaths = 0;
    for (const [n, when] of counting.moments()) {
      for (const isRepeated of [true, false]) {
        const scene = await build();
        const crashing = crashAt(n, when);
        await scene.act(await harness.newApp(crashing));
        const where = `${name} stopped ${when} call ${n}, repeated: ${isRepeated}`;
        if (crashing.isDead()) deaths++;
        harness.clock.advance(130);
        if (isRepeated) await scene.act(await harness.newApp());
        let status: string | undefined;
        for (let runs = 0; runs < 3 && status !== "success"; runs++) {
          harness.clock.advance(130);
          ({ status } = await harness.sync({ ledgerIsCurrent: false }, await harness.newApp()));
        }
        expect(status, where).toBe("success");
        const isWritten = (await fate(scene.id))?.state === DONE[name as keyof typeof SCENES];
        // Without a trace of it, nothing has happened; otherwise all of it.
        expect(isWritten || !isRepeated, where).toBe(true);
        const before = { removal: [80.5, 80.25], "taken-back yes": [80.5, 70] }[name] ?? [80.5];
        expect(weights(), where).toEqual(isWritten ? scene.left : before);
        const { removals = [], attention = [] } = (await progress()) ?? {};
        expect(
          removals.every((it) => it.removedAt),
          where,
        ).toBe(true);
        const isWaiting = (await fate(scene.id))?.state === "held";
        expect(attention.length, where).toBe(isWaiting ? 1 : 0);
        await harness.close();
      }
    }
    expect(deaths).toBeGreaterThan(2 * counting.moments().length - 6);
    harness = await startTestApp({ linked: false });
  });
});

test("restored days later, stopped at any outside call and asked for again, it's sent", async () => {
  harness = await startTestApp({ heightM: 1.75 });
  const at = ago(4 * 1440);
  const id = idOf(harness.person.stepOnScale({ at, createdAt: at, weightKg: 80.5 }));
  // Withings lists nothing from before this one by itself.
  harness.person.stepOnScale({ at: ago(30), weightKg: 80.25 });
  expect(await harness.sync()).toMatchObject({ status: "success", synced: 2 });
  const counting = crashAt(Number.POSITIVE_INFINITY, "before");
  await takeOut(id);
  await restore(id, await harness.newApp(counting));
  expect(counting.moments().length).toBeGreaterThan(2);
  for (const [n, when] of [...counting.moments(), [Number.POSITIVE_INFINITY, "before"] as const]) {
    harness.clock.advance(600);
    await harness.sync();
    expect(weights().toSorted(), `stopped ${when} call ${n}`).toEqual([80.25, 80.5]);
    await takeOut(id);
    harness.clock.advance(60);
    await restore(id, await harness.newApp(crashAt(n, when))).catch(() => undefined);
    harness.clock.advance(130);
    expect(await restore(id)).toMatchObject({ type: "restoring" });
  }
});

test("a no from days ago that is taken back, stopped at any outside call and asked for again, waits for an answer", async () => {
  harness = await startTestApp({ heightM: 1.75 });
  const at = ago(4 * 1440);
  const id = idOf(harness.person.stepOnScale({ at, createdAt: at, weightKg: 70, attrib: 1 }));
  // Withings lists nothing from before this one by itself.
  harness.person.stepOnScale({ at: ago(30), weightKg: 80.25 });
  expect(await harness.sync()).toMatchObject({ status: "success", synced: 1, held: 1 });
  const sayNo = async () => harness.app.sync.decideHeld(await account(), [id], "not_mine");
  const askAgain = async (on = harness.app) => on.sync.askAgain(await account(), id);
  const counting = crashAt(Number.POSITIVE_INFINITY, "before");
  await sayNo();
  await askAgain(await harness.newApp(counting));
  expect(counting.moments().length).toBeGreaterThan(2);
  for (const [n, when] of counting.moments()) {
    await sayNo();
    harness.clock.advance(600);
    await harness.sync();
    expect((await progress())?.attention).toEqual([]);
    await askAgain(await harness.newApp(crashAt(n, when))).catch(() => undefined);
    harness.clock.advance(130);
    expect(await askAgain()).toMatchObject({ type: "held" });
    await harness.sync();
    expect((await progress())?.attention, `stopped ${when} call ${n}`).toHaveLength(1);
  }
});
