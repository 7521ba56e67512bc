import { afterEach, describe, expect, test } from "vitest";
import { crashAt } from "../../support/crash.ts";
import { OWNER, startTestApp, type TestApp } from "../../support/test-app.ts";

let harness: TestApp;
afterEach(() => harness.close());

const ago = ({ days = 0, minutes = 0, seconds = 0 }) =>
  new Date(harness.clock.now().getTime() - ((days * 24 * 60 + minutes) * 60 + seconds) * 1000);
const weights = () => harness.weights().map((it) => it.weightKg);
const bySomebodyElse = (at: Date, weightKg: number) =>
  harness.sandbox.garmin.addManualWeight(OWNER.email, { at, weightKg });

/** A pressure in Garmin that another tool has brought. */
async function pressureBySomebodyElse(at: Date, systolic: number, diastolic: number, pulse?: number) {
  const { garmin } = harness.sandbox;
  const stamp = at.toISOString().slice(0, -1);
  const answer = await fetch(`${garmin.connectapiUrl}/bloodpressure-service/bloodpressure`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${garmin.issueLink(OWNER.email).accessToken}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({
      ...{ measurementTimestampLocal: stamp, measurementTimestampGMT: stamp, systolic, diastolic },
      ...(pulse && { pulse }),
    }),
  });
  expect(answer.status).toBe(200);
}

describe("a run reaches back", () => {
  test("to everything there is, where the first day of 1970 started before 1970 in its owner's zone", async () => {
    harness = await startTestApp();
    harness.person.stepOnScale({ at: new Date("2005-01-01T00:00:00Z"), weightKg: 83, attrib: 2 });
    expect(await harness.sync({ since: new Date("1969-12-31T15:00:00Z") })).toMatchObject({
      status: "success",
      synced: 1,
    });
    const asked = harness.sandbox.withings.requests.filter(({ path }) => path === "/measure");
    expect(asked.map(({ body }) => new URLSearchParams(body).get("lastupdate"))).toContain("1");
  });

  test("thirty days at first and no further, even if Withings changes an older reading later", async () => {
    harness = await startTestApp();
    const { person, sync, clock } = harness;
    const older = person.stepOnScale({ at: ago({ days: 30, minutes: 1 }), weightKg: 83 });
    person.touch(older); // it comes with the answer all the same
    person.stepOnScale({ at: ago({ days: 29, minutes: 1439 }), weightKg: 82 });
    person.stepOnScale({ at: ago({ days: 1 }), weightKg: 81 });
    expect(await sync()).toEqual({ status: "success", synced: 2, skipped: 0, held: 0, failed: 0 });
    expect(weights()).toEqual([82, 81]);

    clock.advance(3600);
    person.touch(older);
    expect(await sync()).toMatchObject({ status: "success", synced: 0 });
    clock.advance(3600);
    person.edit(older, { weightKg: 83.5 });
    expect(await sync()).toMatchObject({ status: "success", synced: 0 });
    expect(weights()).toEqual([82, 81]);
  });

  test("with `since` as far as it says, once and for all", async () => {
    harness = await startTestApp();
    const { person, sync, clock } = harness;
    const oldest = person.stepOnScale({ at: ago({ days: 100 }), weightKg: 85 });
    const older = person.stepOnScale({ at: ago({ days: 60 }), weightKg: 83 });
    person.stepOnScale({ at: ago({ days: 10 }), weightKg: 81 });
    await sync();
    clock.advance(60);
    expect(await sync({ since: ago({ days: 70 }) })).toMatchObject({ status: "success", synced: 1, skipped: 1 });
    expect(weights()).toEqual([83, 81]);

    clock.advance(60);
    person.touch(oldest);
    person.edit(older, { weightKg: 82.5 });
    expect(await sync()).toMatchObject({ status: "success", synced: 1 });
    expect(weights()).toEqual([82.5, 81]);
  });

  test("with `since` on its first run no further than it says", async () => {
    harness = await startTestApp();
    const { person, sync } = harness;
    person.stepOnScale({ at: ago({ days: 10 }), weightKg: 81 });
    person.stepOnScale({ at: ago({ days: 1 }), weightKg: 80 });
    await sync({ since: ago({ days: 5 }) });
    expect(weights()).toEqual([80]);
  });
});

describe("what Garmin already has", () => {
  test("is adopted by the first run within two minutes and 0.1 kg, and what lies just outside is sent", async () => {
    harness = await startTestApp();
    const { person, sync } = harness;
    const pairs: Array<[weightKg: number, seconds: number, off: number]> = [
      [80, 120, 0.1],
      [81, -120, -0.1],
      [82, 121, 0],
      [83, 0, 0.11],
      [84, 0, -0.11],
    ];
    for (const [index, [weightKg, seconds, off]] of pairs.entries()) {
      const at = ago({ days: index + 1 });
      person.stepOnScale({ at, weightKg });
      bySomebodyElse(new Date(at.getTime() + seconds * 1000), weightKg + off);
    }
    expect(await sync()).toEqual({ status: "success", synced: 3, skipped: 2, held: 0, failed: 0 });
    const ours = harness.weights().filter((it) => it.sourceType === "INDEX_SCALE");
    expect(ours.map((it) => it.weightKg)).toEqual([84, 83, 82]);
    expect(harness.weights()).toHaveLength(8);
  });

  test("is adopted for pressures within two minutes and equal values", async () => {
    harness = await startTestApp();
    const { person, sync } = harness;
    const pairs: Array<[off: { seconds?: number; systolic?: number; pulse?: number }, adopted: boolean]> = [
      [{ seconds: 119 }, true],
      [{ seconds: -120 }, true],
      [{ seconds: 121 }, false],
      [{ systolic: 1 }, false],
      [{ pulse: 1 }, false],
    ];
    for (const [index, [{ seconds = 0, systolic = 0, pulse = 0 }]] of pairs.entries()) {
      const at = ago({ days: index + 1 });
      person.takeBloodPressure({ at, systolic: 120, diastolic: 80, pulse: 60 });
      await pressureBySomebodyElse(new Date(at.getTime() + seconds * 1000), 120 + systolic, 80, 60 + pulse);
    }
    const adopted = pairs.filter(([, it]) => it).length;
    expect(await sync()).toMatchObject({ status: "success", synced: pairs.length - adopted, skipped: adopted });
    expect(harness.pressures()).toHaveLength(2 * pairs.length - adopted);
  });

  test("answers for one reading only, the nearest", async () => {
    harness = await startTestApp();
    const { person, sync } = harness;
    const [first, second] = [ago({ minutes: 60 }), ago({ minutes: 59 })];
    person.stepOnScale({ at: first, weightKg: 80.2 });
    person.stepOnScale({ at: second, weightKg: 80.2 });
    bySomebodyElse(second, 80.2);
    expect(await sync()).toMatchObject({ synced: 1, skipped: 1 });
    expect(harness.weights().map((it) => it.takenAt)).toEqual([first, second]);
  });

  test.each([
    ["weigh-ins", 101, (at: Date) => harness.person.stepOnScale({ at, weightKg: 80.2 })],
    ["pressures", 51, (at: Date) => harness.person.takeBloodPressure({ at, systolic: 120, diastolic: 80 })],
  ])(
    "is not what this very run has sent: two equal %s of one morning both arrive, wherever a batch ends",
    async (_kind, count, measure) => {
      harness = await startTestApp();
      for (let index = 0; index < count; index++) {
        // The last of one batch and the first of the next are a minute apart.
        measure(index === count - 1 ? ago({ minutes: 29 }) : ago({ minutes: 30 + (count - 2 - index) * 60 }));
      }
      expect(await harness.sync()).toMatchObject({ status: "success", synced: count, skipped: 0 });
      expect(harness.weights().length + harness.pressures().length).toBe(count);
    },
  );

  test("answers for one reading only, even where a batch ends in between", async () => {
    harness = await startTestApp();
    for (let index = 0; index < 101; index++) {
      const at = index === 100 ? ago({ minutes: 29 }) : ago({ minutes: 30 + (99 - index) * 60 });
      harness.person.stepOnScale({ at, weightKg: 80.2 });
    }
    bySomebodyElse(ago({ minutes: 30 }), 80.2);
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 100, skipped: 1 });
    expect(harness.weights()).toHaveLength(101);
  });

  test("is adopted by every run that reaches back, and by no other", async () => {
    harness = await startTestApp();
    const { person, sync, clock } = harness;
    await sync();
    const old = ago({ days: 50 });
    person.stepOnScale({ at: old, weightKg: 82 });
    bySomebodyElse(old, 82);
    expect(await sync({ since: ago({ days: 55 }) })).toMatchObject({ synced: 0, skipped: 1 });
    clock.advance(3600);
    person.stepOnScale({ at: ago({ minutes: 5 }), weightKg: 80 });
    bySomebodyElse(ago({ minutes: 5 }), 80);
    expect(await sync()).toMatchObject({ synced: 1 });
    expect(weights()).toEqual([82, 80, 80]);
  });

  test("is adopted for a reading that another app brought into Withings, in any run", async () => {
    harness = await startTestApp();
    const { person, sync, clock } = harness;
    await sync();
    clock.advance(3600);
    const at = ago({ minutes: 30 });
    bySomebodyElse(at, 80.05);
    person.stepOnScale({ at, weightKg: 80, deviceid: null });
    expect(await sync()).toMatchObject({ synced: 0, skipped: 1 });
    expect(weights()).toEqual([80.05]);
  });
});

test("a run that reaches back and is killed half-way is completed by the next ordinary one, still adopting", async () => {
  harness = await startTestApp();
  const { person, sync, clock } = harness;
  await sync();
  for (const days of [60, 59, 58]) {
    person.stepOnScale({ at: ago({ days }), weightKg: 82 });
    bySomebodyElse(ago({ days }), 82);
  }
  person.stepOnScale({ at: ago({ days: 57 }), weightKg: 81 });
  person.takeBloodPressure({ at: ago({ days: 56 }), systolic: 120, diastolic: 80 });

  const counting = crashAt(Number.POSITIVE_INFINITY, "before");
  await sync({}, await harness.newApp(counting));
  // Half-way: after the same steps as an ordinary run has, and a few more.
  const killed = crashAt(counting.calls() + 2, "before");
  await sync({ since: ago({ days: 65 }) }, await harness.newApp(killed));
  expect(killed.isDead()).toBe(true);
  expect((await harness.ledger().progress())?.value).toMatchObject({ startAt: ago({ days: 65 }), adopting: true });

  clock.advance(121);
  let report = await sync();
  if (report.status === "retry_later") {
    clock.advance(121);
    report = await sync();
  }
  expect(report.status).toBe("success");
  expect(weights()).toEqual([82, 82, 82, 81]);
  expect(harness.pressures()).toHaveLength(1);
  expect((await harness.ledger().progress())?.value).not.toHaveProperty("adopting");
});
