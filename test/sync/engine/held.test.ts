import { afterEach, describe, expect, test } from "vitest";
import { readingId } from "../../../src/sync/model/reading.ts";
import { ACCOUNT, OWNER, startTestApp, type TestApp } from "../../support/test-app.ts";

let harness: TestApp;
afterEach(() => harness.close());

const DAY = 24 * 3600;
const ago = ({ days = 0, minutes = 0 }) =>
  new Date(harness.clock.now().getTime() - (days * 24 * 60 + minutes) * 60_000);
const weights = () => harness.weights().map((it) => it.weightKg);
const attention = async () => (await harness.ledger().progress())?.value.attention ?? [];

/** Weigh-ins around 80 kg on as many mornings, already in Garmin. */
async function usedToEighty(mornings: number) {
  harness = await startTestApp();
  for (let days = mornings; days > 0; days--)
    harness.person.stepOnScale({ at: ago({ days }), weightKg: 80 + days / 10 });
  expect(await harness.sync()).toMatchObject({ status: "success", synced: mornings });
}

describe.each([
  [1, "ambiguous_person"],
  [4, "typed_at_sign_up"],
  [10009, "unknown_attribution"],
])("a weigh-in with attrib %s", (attrib, reason) => {
  test("is held and listed for the owner, is counted as held, and arrives once when it becomes theirs", async () => {
    harness = await startTestApp();
    const { person, sync, clock, requests } = harness;
    const weighIn = person.stepOnScale({ weightKg: 80.25, attrib });
    person.stepOnScale({ at: ago({ minutes: 30 }), weightKg: 80.5 });
    expect(await sync()).toEqual({ status: "success", synced: 1, skipped: 0, held: 1, failed: 0 });
    expect(weights()).toEqual([80.5]);
    expect(await attention()).toMatchObject([{ measureGroupId: weighIn, fate: { state: "held", reason } }]);
    requests();

    expect(await sync()).toMatchObject({ status: "success", held: 1 });
    // Even if weeks go by and other readings come.
    clock.advance(20 * DAY);
    await harness.link();
    person.stepOnScale({ weightKg: 80.6 });
    expect(await sync()).toMatchObject({ status: "success", synced: 1, held: 1 });
    clock.advance(600);
    expect(await sync()).toMatchObject({ status: "success", synced: 0, held: 1 });
    expect(weights()).toEqual([80.5, 80.6]);
    expect(await attention()).toHaveLength(1);

    person.edit(weighIn, { attrib: 0 });
    expect(await sync()).toMatchObject({ status: "success", synced: 1, held: 0 });
    expect(weights()).toEqual([80.5, 80.25, 80.6]);
    expect(await attention()).toEqual([]);
    clock.advance(600);
    expect(await sync()).toMatchObject({ synced: 0, held: 0 });
    expect(weights()).toHaveLength(3);
  });
});

test("a pressure that may be somebody else's is held too, and its owner's attrib releases it", async () => {
  harness = await startTestApp();
  const { person, sync, clock } = harness;
  const reading = person.takeBloodPressure({ systolic: 121, diastolic: 79, attrib: 1 });
  expect(await sync()).toMatchObject({ held: 1 });
  clock.advance(60);
  person.edit(reading, { attrib: 17 });
  expect(await sync()).toMatchObject({ synced: 1, held: 0 });
  expect(harness.pressures()).toHaveLength(1);
});

test("a held reading that was typed into Garmin in the meantime is not sent beside it", async () => {
  harness = await startTestApp();
  const { person, sync, clock, sandbox } = harness;
  const at = ago({ minutes: 10 });
  const weighIn = person.stepOnScale({ at, weightKg: 80.25, attrib: 1 });
  await sync();
  sandbox.garmin.addManualWeight("owner@example.org", { at, weightKg: 80.3 });
  clock.advance(60);
  person.edit(weighIn, { attrib: 0 });
  expect(await sync()).toMatchObject({ synced: 0, skipped: 1, held: 0 });
  expect(weights()).toEqual([80.3]);
  expect(await attention()).toEqual([]);
});

test("a held reading is not confused with its neighbour of a minute before, when it becomes the owner's days later", async () => {
  harness = await startTestApp();
  const { person, sync, clock } = harness;
  person.stepOnScale({ at: ago({ minutes: 31 }), weightKg: 80.2 });
  const weighIn = person.stepOnScale({ at: ago({ minutes: 30 }), weightKg: 80.25, attrib: 1 });
  await sync();
  for (let days = 0; days < 3; days++) {
    clock.advance(DAY);
    await harness.link();
    person.stepOnScale({ weightKg: 80.5 });
    await sync();
  }
  person.edit(weighIn, { attrib: 0 });
  expect(await sync()).toMatchObject({ status: "success", synced: 1, held: 0 });
  expect(weights()).toEqual([80.2, 80.25, 80.5, 80.5, 80.5]);
});

test.each([2, 3, 5, 7, 8, 15, 17])("attrib %s is the owner's own", async (attrib) => {
  harness = await startTestApp();
  harness.person.stepOnScale({ weightKg: 80.25, attrib });
  expect(await harness.sync()).toMatchObject({ synced: 1, held: 0 });
});

describe("a weight that is far from the owner's", () => {
  test("is held: 45 kg among eighties, until the owner says that it is theirs", async () => {
    await usedToEighty(5);
    const { person, sync, clock } = harness;
    const child = person.stepOnScale({ at: ago({ minutes: 10 }), weightKg: 45 });
    expect(await sync()).toMatchObject({ synced: 0, held: 1 });
    expect(await attention()).toMatchObject([{ fate: { state: "held", reason: "improbable_weight" } }]);
    clock.advance(60);
    person.touch(child);
    expect(await sync()).toMatchObject({ synced: 0, held: 1 });
    person.edit(child, { attrib: 7 });
    expect(await sync()).toMatchObject({ synced: 1, held: 0 });
    expect(weights()).toContain(45);
    expect(await attention()).toEqual([]);
  });

  test("goes after a week of illness: 78 kg among eighties", async () => {
    await usedToEighty(5);
    harness.clock.advance(7 * DAY);
    await harness.link();
    harness.person.stepOnScale({ weightKg: 78 });
    expect(await harness.sync()).toMatchObject({ synced: 1, held: 0 });
  });

  test("doesn't make the next one like it plausible", async () => {
    await usedToEighty(3);
    for (const minutes of [50, 40, 30, 20, 10]) harness.person.stepOnScale({ at: ago({ minutes }), weightKg: 45 });
    expect(await harness.sync()).toMatchObject({ synced: 0, held: 5 });
  });

  test("is recognised only after three weigh-ins, each counted once however often it is read", async () => {
    await usedToEighty(2);
    await harness.sync();
    harness.clock.advance(60);
    harness.person.stepOnScale({ weightKg: 45 });
    expect(await harness.sync()).toMatchObject({ synced: 1, held: 0 });
  });

  test("is recognised within a first run, by the readings before it", async () => {
    harness = await startTestApp();
    for (const [days, weightKg] of [
      [5, 80],
      [4, 80.5],
      [3, 80.2],
      [2, 45],
      [1, 80.1],
    ] as const) {
      harness.person.stepOnScale({ at: ago({ days }), weightKg });
    }
    expect(await harness.sync()).toMatchObject({ synced: 4, held: 1 });
    expect(weights()).not.toContain(45);
  });

  test("doesn't matter for a pressure", async () => {
    await usedToEighty(3);
    harness.person.takeBloodPressure({ systolic: 180, diastolic: 110 });
    expect(await harness.sync()).toMatchObject({ synced: 1, held: 0 });
  });
});

describe("a reading that would be held, and is in Garmin already", () => {
  const byHand = (at: Date, weightKg: number) => harness.sandbox.garmin.addManualWeight(OWNER.email, { at, weightKg });
  const range = (it: string) => it.includes("GET /weight-service/weight/range");
  const fates = async (grpids: number[]) => {
    const ids = grpids.map((it) => `${String(it).padStart(16, "0")}#weigh_in`);
    const entries = await harness.ledger().entries(ids);
    return ids.map((id) => entries.get(id)?.value.fate);
  };
  const ADOPTED = { state: "skipped", reason: "already_in_garmin" };

  test("is adopted by a first run without a question; what isn't there is held", async () => {
    harness = await startTestApp();
    const { person, sync } = harness;
    for (const days of [6, 5, 4]) person.stepOnScale({ at: ago({ days }), weightKg: 80 + days / 10 });
    const doubtful = [
      person.stepOnScale({ at: ago({ days: 3 }), weightKg: 47 }),
      person.stepOnScale({ at: ago({ days: 2 }), weightKg: 80, attrib: 1 }),
      person.stepOnScale({ at: ago({ days: 2, minutes: 60 }), weightKg: 81, attrib: 4 }),
      person.stepOnScale({ at: ago({ days: 2, minutes: 90 }), weightKg: 82, attrib: 10009 }),
      person.stepOnScale({ at: ago({ days: -5 }), createdAt: harness.clock.now(), weightKg: 83 }),
      person.stepOnScale({ at: new Date("2001-01-01T00:03:00Z"), createdAt: harness.clock.now(), weightKg: 84 }),
    ];
    for (const id of doubtful)
      byHand(new Date(person.group(id).date * 1000), (person.group(id).measures[0]?.value ?? 0) / 1000);
    const guest = person.stepOnScale({ at: ago({ days: 1 }), weightKg: 48 });
    expect(await sync({ ledgerIsCurrent: false })).toMatchObject({ status: "success", synced: 3, skipped: 6, held: 1 });
    expect(await fates(doubtful)).toEqual(doubtful.map(() => ADOPTED));
    expect(await attention()).toMatchObject([{ measureGroupId: guest }]);
    expect(harness.weights()).toHaveLength(3 + 6);
  });

  test("is adopted by an ordinary run, which looks once, and only for what it did not know", async () => {
    await usedToEighty(5);
    const { person, sync, clock, requests } = harness;
    clock.advance(600);
    requests();
    await sync();
    expect(requests()).toEqual(["withings POST /measure"]);
    const there = person.stepOnScale({ weightKg: 45 });
    byHand(ago({ minutes: 1 }), 45);
    const guest = person.stepOnScale({ at: ago({ minutes: 5 }), weightKg: 46 });
    expect(await sync()).toMatchObject({ status: "success", skipped: expect.any(Number), held: 1 });
    expect(requests().filter(range)).toHaveLength(1);
    expect(await fates([there, guest])).toEqual([ADOPTED, { state: "held", reason: "improbable_weight" }]);
    for (let runs = 0; runs < 3; runs++) {
      clock.advance(1800);
      expect(await sync()).toMatchObject({ status: "success", held: 1 });
    }
    expect(requests()).toEqual(["withings POST /measure", "withings POST /measure", "withings POST /measure"]);
  });

  test("is adopted even after the question, when somebody has brought it and a run looks at everything", async () => {
    await usedToEighty(5);
    const { person, sync, clock } = harness;
    person.stepOnScale({ weightKg: 45 });
    expect(await sync()).toMatchObject({ held: 1 });
    byHand(ago({ minutes: 1 }), 45);
    clock.advance(60);
    expect(await sync({ ledgerIsCurrent: false })).toMatchObject({ status: "success", held: 0 });
    expect(await attention()).toEqual([]);
  });

  test("doesn't make a weight like it plausible: others bring guests to Garmin, too", async () => {
    await usedToEighty(5);
    const { person, sync, clock } = harness;
    for (const minutes of [50, 40, 30]) {
      person.stepOnScale({ at: ago({ minutes }), weightKg: 45 });
      byHand(ago({ minutes }), 45);
    }
    expect(await sync()).toMatchObject({ held: 0 });
    clock.advance(1800);
    person.stepOnScale({ weightKg: 45.1 });
    expect(await sync()).toMatchObject({ synced: 0, held: 1 });
    expect((await harness.ledger().progress())?.value.lastReadings.weigh_in?.values).toMatchObject({ weightKg: 80.1 });
  });

  test("is not asked about while Garmin doesn't answer, and is afterwards", async () => {
    await usedToEighty(5);
    const { person, sync, clock, sandbox } = harness;
    person.stepOnScale({ weightKg: 45 });
    sandbox.faults.add({
      ...{ name: "away", server: "garmin_connectapi", match: {}, times: Number.POSITIVE_INFINITY },
      effect: { type: "status", status: 503 },
    });
    expect(await sync()).toMatchObject({ status: "retry_later", held: 0 });
    expect(await attention()).toEqual([]);
    sandbox.faults.remove("away");
    clock.advance(600);
    expect(await sync()).toMatchObject({ status: "success", held: 1 });
  });

  test("is asked about although nothing can be sent at the moment", async () => {
    await usedToEighty(5);
    const { person, sync, sandbox } = harness;
    person.stepOnScale({ weightKg: 80 });
    person.stepOnScale({ at: ago({ minutes: 5 }), weightKg: 45 });
    sandbox.faults.add({
      ...{ name: "no upload", server: "garmin_connectapi", match: { method: "POST" }, times: Number.POSITIVE_INFINITY },
      effect: { type: "status", status: 503 },
    });
    expect(await sync()).toMatchObject({ status: "retry_later", held: 1 });
  });

  test("is not asked about while Garmin doesn't offer its kind, holds nothing up, and is asked about when it does", async () => {
    harness = await startTestApp();
    const { person, sync, clock, sandbox } = harness;
    sandbox.faults.turnOn("garmin_blood_pressure_closed");
    person.takeBloodPressure({ at: ago({ minutes: 30 }), systolic: 121, diastolic: 79 });
    expect(await sync()).toMatchObject({ status: "success", paused: ["blood_pressure"] });
    clock.advance(1800);
    person.takeBloodPressure({ systolic: 122, diastolic: 79, attrib: 1 });
    for (let runs = 0; runs < 3; runs++) {
      clock.advance(1800);
      person.stepOnScale({ weightKg: 80 + runs / 10 });
      expect(await sync()).toMatchObject({ status: "success", synced: 1, held: 0, paused: ["blood_pressure"] });
    }
    expect(await attention()).toEqual([]);
    sandbox.faults.turnOff("garmin_blood_pressure_closed");
    clock.advance(DAY);
    await harness.link();
    expect(await sync()).toMatchObject({ status: "success", synced: 1, held: 1 });
    expect(await attention()).toMatchObject([{ kind: "blood_pressure", fate: { reason: "ambiguous_person" } }]);
  });

  test("doesn't take the entry of one of its owner's readings that is on its way", async () => {
    await usedToEighty(5);
    const { person, sync, clock, sandbox } = harness;
    sandbox.garmin.settings.readBackDelaySeconds = 300;
    const own = person.stepOnScale({ at: ago({ minutes: 2 }), weightKg: 80.27 });
    expect(await sync()).toMatchObject({ status: "retry_later" });
    // Garmin shows it from now on, but not yet in the look for what was sent.
    const twin = person.stepOnScale({ at: ago({ minutes: 1 }), weightKg: 80.29, attrib: 1 });
    sandbox.faults.add({
      ...{ server: "garmin_connectapi", match: { path: /range/ }, times: 1 },
      effect: { type: "status", status: 200, body: { dailyWeightSummaries: [] } },
    });
    clock.advance(301);
    await sync();
    expect(await fates([own, twin])).toMatchObject([{ state: "sent" }, { state: "held" }]);
    clock.advance(60);
    await sync();
    expect(await fates([own, twin])).toMatchObject([{ state: "seen" }, { state: "held" }]);
    expect(weights().filter((it) => it > 80.25 && it < 80.3)).toEqual([80.27]);
  });
});

test("a reading that is held counts for the week in which it came, however long it waits and whatever is answered", async () => {
  harness = await startTestApp();
  const setAside = async () => (await harness.ledger().progress())?.value.setAside?.map(({ at }) => at.getTime());
  harness.person.stepOnScale({ weightKg: 80.25, attrib: 1 });
  await harness.sync();
  const since = await setAside();
  expect(since).toEqual([harness.clock.now().getTime()]);
  harness.clock.advance(9 * DAY);
  await harness.link();
  await harness.sync();
  expect(await setAside()).toEqual(since);
  const account = (await harness.app.store.accounts.find(ACCOUNT)) ?? expect.fail();
  await harness.app.sync.decideHeld(account, (await attention()).map(readingId), "not_mine");
  await harness.sync();
  expect(await setAside()).toEqual(since);
  harness.clock.advance(26 * DAY);
  await harness.link();
  await harness.sync();
  expect(await setAside()).toBeUndefined();
});
