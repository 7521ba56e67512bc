import { afterEach, describe, expect, test } from "vitest";
import { DEFAULT_SETTINGS } from "../../../src/sync/model/account.ts";
import type { AttentionItem, Decision } from "../../../src/sync/model/ledger.ts";
import { readingId } from "../../../src/sync/model/reading.ts";
import { crashAt } from "../../support/crash.ts";
import { ACCOUNT, OWNER, startTestApp, type TestApp } from "../../support/test-app.ts";

let harness: TestApp;
afterEach(() => harness.close());

const DAY = 24 * 3600;
const ago = ({ days = 0, minutes = 0 }) =>
  new Date(harness.clock.now().getTime() - (days * 24 * 60 + minutes) * 60_000);
const weights = () => harness.weights().map((it) => it.weightKg);
const progress = async () => (await harness.ledger().progress())?.value;
const attention = async () => (await progress())?.attention ?? [];
const uploads = () => harness.requests().filter((it) => it.includes("POST /upload-service"));
const UPLOAD = { method: "POST", path: "/upload-service/upload" } as const;

/** The owner's decision about the only held reading, or about this one. */
async function say(decision: Decision, item?: AttentionItem, on = harness.app) {
  const account = await harness.app.store.accounts.find(ACCOUNT);
  const [waiting] = await attention();
  const about = item ?? waiting;
  if (!account || !about) throw new Error("nothing waits");
  return (await on.sync.decideHeld(account, [readingId(about)], decision)).type;
}
async function pass(seconds: number) {
  harness.clock.advance(seconds);
  if (seconds >= DAY) await harness.link();
}

/** Around 80 kg on five mornings, and then 45 kg, which is held. Other days follow, so that none of it is read again. */
async function heldFarOff() {
  harness = await startTestApp();
  for (let days = 5; days > 0; days--) harness.person.stepOnScale({ at: ago({ days }), weightKg: 80 + days / 10 });
  await harness.sync();
  const id = harness.person.stepOnScale({ at: ago({ minutes: 10 }), weightKg: 45 });
  expect(await harness.sync()).toMatchObject({ held: 1 });
  await pass(4 * DAY);
  harness.person.stepOnScale({ weightKg: 80.2 });
  expect(await harness.sync()).toMatchObject({ synced: 1, held: 1 });
  harness.clock.advance(60);
  return id;
}

describe("a held reading that belongs to its owner", () => {
  test("goes with the next run, once, and is no longer held", async () => {
    await heldFarOff();
    expect(await say("mine")).toBe("noted");
    expect(await attention()).toEqual([]);
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 1, held: 0 });
    expect(weights().filter((it) => it === 45)).toHaveLength(1);
    harness.requests();
    await pass(600);
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 0, held: 0 });
    expect(uploads()).toEqual([]);
  });

  test.each([1, 4, 10009])("goes whatever attrib %i says", async (attrib) => {
    harness = await startTestApp();
    harness.person.takeBloodPressure({ systolic: 121, diastolic: 79, attrib });
    await harness.sync();
    expect(await say("mine")).toBe("noted");
    harness.clock.advance(60);
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 1, held: 0 });
    expect(harness.pressures()).toHaveLength(1);
  });

  test("makes the next ones like it plausible, so that an owner who has lost much weight isn't asked for ever", async () => {
    harness = await startTestApp();
    for (let days = 5; days > 0; days--) harness.person.stepOnScale({ at: ago({ days }), weightKg: 90 });
    await harness.sync();
    harness.person.stepOnScale({ at: ago({ minutes: 20 }), weightKg: 78 });
    harness.person.stepOnScale({ at: ago({ minutes: 10 }), weightKg: 77.5 });
    expect(await harness.sync()).toMatchObject({ held: 2 });
    const [first] = await attention();
    await say("mine", first);
    harness.clock.advance(60);
    // It makes the other one plausible, which follows by itself.
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 2, held: 0 });
    harness.clock.advance(60);
    harness.person.stepOnScale({ weightKg: 77 });
    await harness.sync();
    expect(weights().slice(-3)).toEqual([78, 77.5, 77]);
    expect((await progress())?.recentWeighIns.at(-3)?.weightKg).toBe(78);
  });

  test("is not sent beside what was typed into Garmin in the meantime", async () => {
    harness = await startTestApp();
    const at = ago({ minutes: 30 });
    harness.person.stepOnScale({ at, weightKg: 80.25, attrib: 1 });
    await harness.sync();
    harness.sandbox.garmin.addManualWeight(OWNER.email, { at: new Date(at.getTime() + 60_000), weightKg: 80.3 });
    await say("mine");
    harness.clock.advance(60);
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 0, skipped: 1 });
    expect(weights()).toEqual([80.3]);
  });

  test("also goes when Withings touches or edits it after the decision, as it is then", async () => {
    const id = await heldFarOff();
    await say("mine");
    harness.person.edit(id, { weightKg: 46, attrib: 1 });
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 1, held: 0 });
    expect(weights()).toContain(46);
    harness.clock.advance(60);
    harness.person.edit(id, { weightKg: 47, attrib: 1 });
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 1, held: 0 });
    expect(weights().filter((it) => it < 50)).toEqual([47]);
  });

  test("is not asked about again when its upload fails first", async () => {
    await heldFarOff();
    await say("mine");
    harness.sandbox.faults.turnOn("garmin_upload_dropped", { times: 1 });
    expect(await harness.sync()).toMatchObject({ status: "retry_later", held: 0 });
    await pass(130);
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 1, held: 0 });
    expect(weights().filter((it) => it === 45)).toHaveLength(1);
  });

  test("is reported as accepted while Garmin doesn't show it", async () => {
    await heldFarOff();
    harness.sandbox.garmin.settings.readBackDelaySeconds = 600;
    await say("mine");
    expect((await harness.sync()).decided).toMatchObject([{ fate: { state: "sent" }, attempts: 1 }]);
  });

  test("replaces the older version of it in Garmin", async () => {
    harness = await startTestApp();
    const id = harness.person.stepOnScale({ at: ago({ minutes: 30 }), weightKg: 80.25 });
    await harness.sync();
    for (const change of [{ weightKg: 802.5 }, { weightKg: 80.5, attrib: 1 }]) {
      harness.clock.advance(60);
      harness.person.edit(id, change);
      await harness.sync();
    }
    expect(await attention()).toMatchObject([{ fate: { state: "held" } }]);
    expect(weights()).toEqual([80.25]);
    await say("mine");
    harness.clock.advance(60);
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
    expect(weights()).toEqual([80.5]);
  });

  test("doesn't go from the future, nor while its kind is off", async () => {
    harness = await startTestApp();
    harness.person.stepOnScale({ at: ago({ days: -3 }), weightKg: 80.25 });
    await harness.sync();
    expect(await say("mine")).toBe("nothing_waits");
    expect(await attention()).toHaveLength(1);
    expect(await say("not_mine")).toBe("noted");

    harness.person.takeBloodPressure({ systolic: 121, diastolic: 79, attrib: 1 });
    harness.clock.advance(60);
    await harness.sync();
    const sends = { ...DEFAULT_SETTINGS.sends, bloodPressure: false };
    await harness.app.store.accounts.save(ACCOUNT, { settings: { sends } });
    expect(await say("mine")).toBe("nothing_waits");
    expect(await attention()).toHaveLength(1);
  });
});

describe("a held reading that is somebody else's", () => {
  test("disappears from the list, and stays out of Garmin whatever else is said of it", async () => {
    const id = await heldFarOff();
    expect(await say("not_mine")).toBe("noted");
    expect(await attention()).toEqual([]);
    for (const change of [
      () => harness.person.touch(id),
      () => harness.person.edit(id, { weightKg: 80.7, attrib: 0 }),
    ]) {
      await pass(600);
      change();
      expect(await harness.sync()).toMatchObject({ status: "success", synced: 0, held: 0 });
    }
    expect(await harness.sync({ since: ago({ days: 20 }) })).toMatchObject({ status: "success", synced: 0, held: 0 });
    expect(weights()).not.toContain(80.7);
    expect(await attention()).toEqual([]);
    expect((await progress())?.recentWeighIns.map((it) => it.weightKg)).not.toContain(45);
    expect((await progress())?.lastReadings.weigh_in).toMatchObject({ values: { weightKg: 80.2 } });
  });

  test("goes after all when its owner assigns it to themselves at Withings afterwards", async () => {
    const id = await heldFarOff();
    await say("not_mine");
    await pass(600);
    await harness.sync();
    harness.person.edit(id, { attrib: 7 });
    await pass(60);
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 1, held: 0 });
    expect(weights()).toContain(45);
  });
});

describe("a reading that Garmin refused", () => {
  async function refused() {
    harness = await startTestApp();
    harness.sandbox.faults.add({ match: UPLOAD, times: 1, effect: { type: "status", status: 400 } });
    harness.person.stepOnScale({ at: ago({ minutes: 10 }), weightKg: 80.25 });
    expect(await harness.sync()).toMatchObject({ status: "error", failed: 1 });
    harness.clock.advance(60);
  }

  test("is offered again at once when its owner wants it", async () => {
    await refused();
    expect(await say("mine")).toBe("noted");
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
    expect(weights()).toEqual([80.25]);
    expect(await attention()).toEqual([]);
  });

  test("is not sent beside what was typed into Garmin in the meantime", async () => {
    await refused();
    harness.sandbox.garmin.addManualWeight(OWNER.email, { at: ago({ minutes: 11 }), weightKg: 80.2 });
    await say("mine");
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 0, skipped: 1 });
    expect(weights()).toEqual([80.2]);
  });

  test("isn't offered any more, and holds nothing up, when its owner leaves it", async () => {
    await refused();
    expect(await say("not_mine")).toBe("noted");
    expect(await attention()).toEqual([]);
    harness.requests();
    for (let days = 0; days < 3; days++) {
      await pass(DAY);
      expect(await harness.sync()).toMatchObject({ status: "success", synced: 0, failed: 0 });
    }
    expect(uploads()).toEqual([]);
  });
});

describe("a reading that Garmin accepted and never showed", () => {
  async function neverShown() {
    harness = await startTestApp();
    harness.person.stepOnScale({ at: ago({ minutes: 10 }), weightKg: 80.25 });
    harness.sandbox.garmin.settings.readBackDelaySeconds = 30 * DAY;
    for (let days = 0; days < 4; days++) {
      await harness.sync();
      await pass(DAY + 60);
    }
    expect(await attention()).toMatchObject([{ fate: { state: "failed", reason: "never_appeared" } }]);
  }

  test.each([1, 2, 3])("is recognised when it is there by now, %i times", async (copies) => {
    await neverShown();
    const entries = harness.sandbox.garmin.accounts.get(OWNER.email).weights;
    expect(entries).toHaveLength(3);
    entries.length = copies;
    harness.sandbox.garmin.settings.readBackDelaySeconds = 0;
    harness.requests();
    expect(await say("mine")).toBe("noted");
    expect(await harness.sync()).toMatchObject({ synced: 1 });
    expect(uploads()).toEqual([]);
    expect(weights()).toEqual([80.25]);
  });

  test("is there once in the end, when another copy turns up after it was found", async () => {
    await neverShown();
    const [, second, third] = harness.sandbox.garmin.accounts.get(OWNER.email).weights;
    harness.sandbox.garmin.settings.readBackDelaySeconds = 0;
    for (const late of [second, third]) if (late) late.uploadedAt = new Date(harness.clock.now().getTime() + 3600_000);
    await say("mine");
    expect(await harness.sync()).toMatchObject({ synced: 1 });
    await pass(2 * 3600);
    await harness.sync();
    expect(weights()).toEqual([80.25]);
  });

  test("is sent again when it isn't there, and earlier copies that turn up within a day are removed", async () => {
    await neverShown();
    harness.sandbox.garmin.settings.readBackDelaySeconds = 0;
    const entries = harness.sandbox.garmin.accounts.get(OWNER.email).weights;
    for (const entry of entries) entry.uploadedAt = new Date(harness.clock.now().getTime() + 3600_000);
    await say("mine");
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
    expect(weights()).toHaveLength(4);
    await pass(2 * 3600);
    await harness.sync();
    expect(weights()).toEqual([80.25]);
  });

  test("stays away when its owner leaves it", async () => {
    await neverShown();
    harness.requests();
    await say("not_mine");
    await harness.sync();
    expect(uploads()).toEqual([]);
    expect(await attention()).toEqual([]);
  });
});

test("a decision doesn't help what Garmin can't take at all, but it can be left", async () => {
  harness = await startTestApp();
  harness.person.stepOnScale({ weightKg: 700 });
  await harness.sync();
  expect(await say("mine")).toBe("nothing_waits");
  expect(await attention()).toHaveLength(1);
  expect(await say("not_mine")).toBe("noted");
  expect(await attention()).toEqual([]);
});

describe("a decision that doesn't fit", () => {
  test.each(["mine", "not_mine"] as const)("does no harm when it is made twice: %s", async (decision) => {
    await heldFarOff();
    const [item] = await attention();
    expect(await say(decision, item)).toBe("noted");
    expect(await say(decision, item)).toBe("nothing_waits");
    await harness.sync();
    expect(await say(decision, item)).toBe("nothing_waits");
    harness.clock.advance(60);
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 0 });
    expect(weights().filter((it) => it === 45)).toHaveLength(decision === "mine" ? 1 : 0);
  });

  test("finds nothing where no reading is known, or no side linked", async () => {
    await heldFarOff();
    const [item] = await attention();
    if (!item) throw new Error("nothing waits");
    expect(await say("mine", { ...item, measureGroupId: 1 })).toBe("nothing_waits");
    expect(await say("mine", { ...item, kind: "blood_pressure" })).toBe("nothing_waits");
    await harness.app.store.links.remove(ACCOUNT, "garmin");
    expect(await say("mine", item)).toBe("nothing_waits");
  });

  test("waits for a run that is at work", async () => {
    await heldFarOff();
    const lease = await harness.app.store.leases.acquire(`account#${ACCOUNT}`, 120);
    await expect(say("mine")).rejects.toThrow("another run is at work");
    await lease?.release();
    expect(await say("mine")).toBe("noted");
  });
});

describe.each(["mine", "not_mine"] as const)("%s, stopped at any outside call", (decision) => {
  async function decidedIn(crash: ReturnType<typeof crashAt>) {
    await heldFarOff();
    const [item] = await attention();
    await say(decision, item, await harness.newApp(crash)).catch(() => undefined);
    return item;
  }

  async function settled() {
    harness.clock.advance(121);
    const report = await harness.sync();
    expect(report.status).toBe("success");
    return report;
  }

  test("nothing is lost, and nothing is there twice", async () => {
    const counting = crashAt(Number.POSITIVE_INFINITY, "before");
    await decidedIn(counting);
    await harness.close();
    expect(counting.calls()).toBeGreaterThan(6);
    for (const [n, when] of counting.moments()) {
      const crash = crashAt(n, when);
      const item = await decidedIn(crash);
      const where = `${when} call ${n}`;
      expect(crash.isDead(), where).toBe(true);
      await settled();
      // Either the decision was noted, or the reading is held as before.
      const waits = (await attention()).length;
      const inGarmin = weights().filter((it) => it === 45).length;
      if (decision === "mine") expect([waits, inGarmin], where).toEqual(waits ? [1, 0] : [0, 1]);
      else expect(inGarmin, where).toBe(0);
      // Decided again, it is as if nothing had happened.
      expect(await say(decision, item), where).toBe(waits ? "noted" : "nothing_waits");
      await settled();
      expect(await attention()).toEqual([]);
      expect(weights().filter((it) => it === 45)).toHaveLength(decision === "mine" ? 1 : 0);
      await harness.close();
    }
  });
});
