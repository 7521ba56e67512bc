import { afterEach, expect, test } from "vitest";
import type { Measure } from "../sandbox/withings/groups.ts";
import { type Household, startHousehold } from "../support/household.ts";

let house: Household;
afterEach(() => house.close());

const DAY = 24 * 3600;
const minutesAgo = (minutes: number) => new Date(house.clock.now().getTime() - minutes * 60_000);
const cursor = async () => (await house.journal().progress())?.value.cursorAt;
const logged = (event: string) => house.logged.filter((line) => line.includes(`"${event}"`));

test("the cursor never passes a record that can not be read: it arrives as soon as it can, days later", async () => {
  house = await startHousehold();
  const { person, sync, clock } = house;
  await sync();
  const before = await cursor();
  person.stepOnScale({ at: minutesAgo(30), weightKg: 80.25 });
  const measure = { type: 1, unit: -3, value: "eighty" } as unknown as Measure;
  person.addGroup({ date: Math.floor(minutesAgo(20).getTime() / 1000), measures: [measure], deviceid: "scale" });
  person.takeBloodPressure({ at: minutesAgo(10), systolic: 121, diastolic: 79 });
  expect(await sync()).toMatchObject({ status: "error", synced: 2 });
  expect(logged("withings_records_unreadable")).toHaveLength(1);
  expect(await cursor()).toEqual(before);

  for (let days = 1; days <= 3; days++) {
    clock.advance(DAY);
    await house.link();
    person.stepOnScale({ weightKg: 80 + days / 10 });
    expect(await sync()).toMatchObject({ status: "error", synced: 1 });
  }
  expect(await cursor()).toEqual(before);
  measure.value = 80_500;
  clock.advance(60);
  expect(await sync()).toMatchObject({ status: "success", synced: 1 });
  expect(house.weights().map((it) => it.weightKg)).toEqual([80.25, 80.5, 80.1, 80.2, 80.3]);
  expect(house.pressures()).toHaveLength(1);
  expect((await cursor())?.getTime()).toBeGreaterThan(before?.getTime() ?? 0);
});

test("a value of Withings that nobody knows is reported once, and stops nothing", async () => {
  house = await startHousehold();
  const { person, sync, clock } = house;
  const app = await house.newApp({
    wrapSend: (send) => async (request) => {
      const answer = await send(request);
      // As if Withings sent more than it was asked for.
      const text = answer.text.replaceAll('"measures":[', '"measures":[{"value":1,"type":999,"unit":0},');
      return { ...answer, text };
    },
  });
  person.stepOnScale({ weightKg: 80.25 });
  person.stepOnScale({ weightKg: 80.5, attrib: 10009, at: minutesAgo(30) });
  expect(await sync({}, app)).toMatchObject({ status: "success", synced: 1, held: 1 });
  const values = () => logged("withings_value_unknown").map((line) => JSON.parse(line).value);
  expect(values()).toEqual(["attrib 10009", "measure type 999"]);
  clock.advance(60);
  person.stepOnScale({ weightKg: 80.75 });
  expect(await sync({}, app)).toMatchObject({ status: "success", synced: 1 });
  expect(values()).toHaveLength(2);
});
