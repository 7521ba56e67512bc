import { cpSync, rmSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import { ACCOUNT, type Household, startHousehold } from "../support/household.ts";

let house: Household;
afterEach(() => house.close());

test("a store that was brought back to an earlier time doubles nothing that was sent since", async () => {
  house = await startHousehold();
  const { clock, env, person } = house;
  person.stepOnScale({ weightKg: 80.25 });
  await house.sync();
  const older = `${env.DATA_DIR}-older`;
  cpSync(env.DATA_DIR ?? "", older, { recursive: true });
  clock.advance(3600);
  person.stepOnScale({ weightKg: 80.5 });
  person.takeBloodPressure({ systolic: 121, diastolic: 79, pulse: 61 });
  await house.sync();
  clock.advance(3600);
  person.stepOnScale({ weightKg: 80.75 });

  env.DATA_DIR = older;
  const app = await house.newApp();
  await app.journals.lookFirst(ACCOUNT);
  expect(await house.sync({}, app)).toMatchObject({ status: "success", synced: 1 });
  expect(house.weights().map(({ weightKg }) => weightKg)).toEqual([80.25, 80.5, 80.75]);
  expect(house.pressures()).toHaveLength(1);
  rmSync(older, { recursive: true });
});
