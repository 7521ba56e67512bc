import { afterEach, describe, expect, test } from "vitest";
import { type Household, startHousehold } from "../support/household.ts";

let house: Household;
afterEach(() => house.close());

const DAY = 24 * 3600;
const ago = ({ days = 0, minutes = 0 }) => new Date(house.clock.now().getTime() - (days * 24 * 60 + minutes) * 60_000);
const weights = () => house.weights().map((it) => it.weightKg);
const attention = async () => (await house.journal().progress())?.value.attention ?? [];

/** Weigh-ins around 80 kg on as many mornings, already in Garmin. */
async function usedToEighty(mornings: number) {
  house = await startHousehold();
  for (let days = mornings; days > 0; days--) house.person.stepOnScale({ at: ago({ days }), weightKg: 80 + days / 10 });
  expect(await house.sync()).toMatchObject({ status: "success", synced: mornings });
}

describe.each([
  [1, "ambiguous_person"],
  [4, "typed_at_sign_up"],
  [10009, "unknown_attribution"],
])("a weigh-in with attrib %s", (attrib, reason) => {
  test("waits in sight of the owner, is counted as long, and arrives once when it becomes theirs", async () => {
    house = await startHousehold();
    const { person, sync, clock, requests } = house;
    const weighIn = person.stepOnScale({ weightKg: 80.25, attrib });
    person.stepOnScale({ at: ago({ minutes: 30 }), weightKg: 80.5 });
    expect(await sync()).toEqual({ status: "success", synced: 1, skipped: 0, held: 1, failed: 0 });
    expect(weights()).toEqual([80.5]);
    expect(await attention()).toMatchObject([{ measureGroupId: weighIn, fate: { state: "held", reason } }]);
    requests();

    expect(await sync()).toMatchObject({ status: "success", held: 1 });
    // Also when weeks go by and other readings come.
    clock.advance(20 * DAY);
    await house.link();
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

test("a pressure that may be somebody else's waits too, and its owner's attrib lets it go", async () => {
  house = await startHousehold();
  const { person, sync, clock } = house;
  const reading = person.takeBloodPressure({ systolic: 121, diastolic: 79, attrib: 1 });
  expect(await sync()).toMatchObject({ held: 1 });
  clock.advance(60);
  person.edit(reading, { attrib: 17 });
  expect(await sync()).toMatchObject({ synced: 1, held: 0 });
  expect(house.pressures()).toHaveLength(1);
});

test("a held reading that was typed into Garmin meanwhile is not sent beside it", async () => {
  house = await startHousehold();
  const { person, sync, clock, sandbox } = house;
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

test("a held reading is not taken for its neighbour of a minute before, when it becomes the owner's days later", async () => {
  house = await startHousehold();
  const { person, sync, clock } = house;
  person.stepOnScale({ at: ago({ minutes: 31 }), weightKg: 80.2 });
  const weighIn = person.stepOnScale({ at: ago({ minutes: 30 }), weightKg: 80.25, attrib: 1 });
  await sync();
  for (let days = 0; days < 3; days++) {
    clock.advance(DAY);
    await house.link();
    person.stepOnScale({ weightKg: 80.5 });
    await sync();
  }
  person.edit(weighIn, { attrib: 0 });
  expect(await sync()).toMatchObject({ status: "success", synced: 1, held: 0 });
  expect(weights()).toEqual([80.2, 80.25, 80.5, 80.5, 80.5]);
});

test.each([2, 3, 5, 7, 8, 15, 17])("attrib %s is the owner's own", async (attrib) => {
  house = await startHousehold();
  house.person.stepOnScale({ weightKg: 80.25, attrib });
  expect(await house.sync()).toMatchObject({ synced: 1, held: 0 });
});

describe("a weight that is far from the owner's", () => {
  test("waits: 45 kg among eighties, until the owner says that it is theirs", async () => {
    await usedToEighty(5);
    const { person, sync, clock } = house;
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
    house.clock.advance(7 * DAY);
    await house.link();
    house.person.stepOnScale({ weightKg: 78 });
    expect(await house.sync()).toMatchObject({ synced: 1, held: 0 });
  });

  test("does not make the next one like it probable", async () => {
    await usedToEighty(3);
    for (const minutes of [50, 40, 30, 20, 10]) house.person.stepOnScale({ at: ago({ minutes }), weightKg: 45 });
    expect(await house.sync()).toMatchObject({ synced: 0, held: 5 });
  });

  test("needs three weigh-ins to be told, each counted once however often it is read", async () => {
    await usedToEighty(2);
    await house.sync();
    house.clock.advance(60);
    house.person.stepOnScale({ weightKg: 45 });
    expect(await house.sync()).toMatchObject({ synced: 1, held: 0 });
  });

  test("is told within a first run, by the readings before it", async () => {
    house = await startHousehold();
    for (const [days, weightKg] of [
      [5, 80],
      [4, 80.5],
      [3, 80.2],
      [2, 45],
      [1, 80.1],
    ] as const) {
      house.person.stepOnScale({ at: ago({ days }), weightKg });
    }
    expect(await house.sync()).toMatchObject({ synced: 4, held: 1 });
    expect(weights()).not.toContain(45);
  });

  test("is not asked about a pressure", async () => {
    await usedToEighty(3);
    house.person.takeBloodPressure({ systolic: 180, diastolic: 110 });
    expect(await house.sync()).toMatchObject({ synced: 1, held: 0 });
  });
});
