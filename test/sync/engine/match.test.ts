import { describe, expect, test } from "vitest";
import {
  isOurs,
  isOursToTheMinute,
  isSameEvent,
  sentValues,
  UnclaimedEntries,
} from "../../../src/sync/engine/match.ts";
import type { GarminEntry, SentValues } from "../../../src/sync/model/vendors.ts";

const AT = new Date("2026-11-21T07:12:00Z");
const later = (seconds: number) => new Date(AT.getTime() + seconds * 1000);
const weight = (weightKg: number): SentValues => ({ kind: "weigh_in", weightKg });
const pressure = (systolicMmHg: number, diastolicMmHg: number, pulseBpm?: number): SentValues => ({
  kind: "blood_pressure",
  systolicMmHg,
  diastolicMmHg,
  ...(pulseBpm !== undefined && { pulseBpm }),
});
let keys = 0;
const inGarmin = (values: SentValues, seconds = 0, id = `key-${++keys}`): GarminEntry => ({
  key: { calendarDate: "2026-11-21", id },
  takenAt: later(seconds),
  values,
  fields: {},
});

describe("a weight in Garmin is the one we sent", () => {
  test.each<[string, GarminEntry, boolean]>([
    ["to the second and gram", inGarmin(weight(80.25)), true],
    ["a second apart", inGarmin(weight(80.25), -1), true],
    ["two seconds apart", inGarmin(weight(80.25), 2), false],
    ["ten grams apart", inGarmin(weight(80.26)), true],
    ["twenty grams apart", inGarmin(weight(80.27)), false],
    ["when it is a pressure", inGarmin(pressure(121, 79)), false],
  ])("%s: %#", (_what, entry, same) => {
    expect(isOurs({ takenAt: AT, values: weight(80.25) }, entry)).toBe(same);
  });
});

describe("a pressure in Garmin is the one we sent", () => {
  test.each<[string, GarminEntry, boolean]>([
    ["to the second", inGarmin(pressure(121, 79, 61)), true],
    ["with other seconds", inGarmin(pressure(121, 79, 61), -40), false],
    ["at a time that is no time", { ...inGarmin(pressure(121, 79, 61)), takenAt: new Date(Number.NaN) }, false],
    ["without a pulse", inGarmin(pressure(121, 79)), true],
    ["with another pulse", inGarmin(pressure(121, 79, 62)), false],
    ["with another systolic", inGarmin(pressure(122, 79, 61)), false],
    ["with another diastolic", inGarmin(pressure(121, 78, 61)), false],
  ])("%s: %#", (_what, entry, same) => {
    expect(isOurs({ takenAt: AT, values: pressure(121, 79, 61) }, entry)).toBe(same);
  });
});

describe("a pressure whose seconds Garmin dropped", () => {
  const taken = new Date("2026-11-21T06:30:40Z");
  const minute = (offset: number): GarminEntry => ({
    ...inGarmin(pressure(121, 79, 61)),
    takenAt: new Date(Date.parse("2026-11-21T06:30:00Z") + offset * 60_000),
  });
  test.each<[string, GarminEntry, boolean]>([
    ["cut off is ours", minute(0), true],
    ["rounded up is ours", minute(1), true],
    ["a minute further is not", minute(2), false],
    ["but another one, with seconds, is not", { ...minute(0), takenAt: new Date(taken.getTime() - 39_000) }, false],
  ])("%s", (_what, entry, same) => {
    expect(isOursToTheMinute({ takenAt: taken, values: pressure(121, 79, 61) }, entry)).toBe(same);
  });
});

describe("an entry in Garmin is the same event, brought by other means", () => {
  test.each<[string, SentValues, GarminEntry, boolean]>([
    ["two minutes and 0.1 kg apart", weight(80.2), inGarmin(weight(80.3), 120), true],
    ["0.1 kg apart where binary fractions add up to more", weight(80), inGarmin(weight(80.1), -120), true],
    ["more than two minutes apart", weight(80.2), inGarmin(weight(80.2), 121), false],
    ["0.11 kg apart", weight(80.2), inGarmin(weight(80.31)), false],
    ["a pressure of equal values two minutes apart", pressure(121, 79), inGarmin(pressure(121, 79), 120), true],
    ["a pressure more than two minutes apart", pressure(121, 79), inGarmin(pressure(121, 79), 121), false],
    ["a pressure of another value", pressure(121, 79), inGarmin(pressure(121, 80)), false],
  ])("%s: %#", (_what, values, entry, same) => {
    expect(isSameEvent({ takenAt: AT, values }, entry)).toBe(same);
  });
});

test("one entry answers for one reading only, the nearest first", () => {
  const [far, near, taken] = [inGarmin(weight(80.2), 50), inGarmin(weight(80.2), 10), inGarmin(weight(80.2), 1)];
  const entries = new UnclaimedEntries([far, near, taken], new Set([taken.key.id]));
  const wanted = { takenAt: AT, values: weight(80.2) };
  expect(entries.take(wanted, isSameEvent)).toBe(near);
  expect(entries.takeByKey(near.key.id)).toBeUndefined();
  expect(entries.take(wanted, isSameEvent)).toBe(far);
  expect(entries.take(wanted, isSameEvent)).toBeUndefined();
});

test("what we look for is rounded as Garmin keeps it", () => {
  const measured = { measureGroupId: 1, takenAt: AT, modifiedAt: AT, attribution: "certain", imported: false } as const;
  expect(sentValues({ ...measured, kind: "weigh_in", weightKg: 95.854 })).toEqual(weight(95.85));
  const cuff = { ...measured, kind: "blood_pressure", systolicMmHg: 120.6, diastolicMmHg: 79.4 } as const;
  expect(sentValues(cuff)).toEqual(pressure(121, 79));
});
