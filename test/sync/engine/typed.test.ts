import { afterEach, describe, expect, test } from "vitest";
import { DEFAULT_SETTINGS } from "../../../src/sync/model/account.ts";
import { type TypedReading, typedId } from "../../../src/sync/model/typed.ts";
import type { SentValues } from "../../../src/sync/model/vendors.ts";
import { crashAt } from "../../support/crash.ts";
import { ACCOUNT, OWNER, startTestApp, type TestApp, USERID } from "../../support/test-app.ts";

let harness: TestApp;
afterEach(() => harness.close());

const minutesAgo = (minutes: number, on = harness) => new Date(on.clock.now().getTime() - minutes * 60_000);
const weights = () => harness.weights().map((it) => it.weightKg);
const uploads = () => harness.requests().filter((it) => it.includes("POST /upload-service"));
const kept = () => harness.app.store.typed.read(ACCOUNT);
const entryOf = async ({ id, values: { kind } }: TypedReading) => {
  const readingId = `${id}#${kind}`;
  return (await harness.ledger().entries([readingId])).get(readingId)?.value;
};

let messages = 0;
function typed(values: SentValues, more: Partial<TypedReading> = {}, on = harness): TypedReading {
  const typedAt = on.clock.now();
  const id = typedId({ date: Math.floor(typedAt.getTime() / 1000), message_id: ++messages });
  return { id, typedAt, takenAt: typedAt, values, within: { seconds: 3600, kg: 0.1 }, ...more };
}
const weighed = (weightKg: number, more: Partial<TypedReading> = {}, on = harness) =>
  typed({ kind: "weigh_in", weightKg }, more, on);

async function save(reading: TypedReading) {
  await harness.app.store.typed.add(ACCOUNT, reading);
  return reading;
}

/** An account in daily use. */
async function start() {
  harness = await startTestApp({ heightM: 1.75 });
  for (let days = 3; days > 0; days--) harness.person.stepOnScale({ at: minutesAgo(days * 1440), weightKg: 72 });
  expect(await harness.sync()).toMatchObject({ status: "success", synced: 3 });
  harness.clock.advance(60);
}

describe("a reading typed into the chat", () => {
  test("goes to Garmin once, at its time, and its run says what became of it", async () => {
    await start();
    const takenAt = minutesAgo(300);
    const reading = await save(weighed(72.4, { takenAt }));
    const report = await harness.sync();
    expect(report).toMatchObject({ status: "success", synced: 1 });
    expect(report.decided).toMatchObject([{ measureGroupId: reading.id, fate: { state: "seen" } }]);
    expect(harness.weights().at(-1)).toMatchObject({ weightKg: 72.4, takenAt });
    harness.requests();
    harness.clock.advance(600);
    expect(await harness.sync()).not.toHaveProperty("decided");
    expect(uploads()).toEqual([]);
  });

  test("goes however old it is, and leaves the cursor alone", async () => {
    await start();
    const before = (await harness.ledger().progress())?.value.cursorAt;
    await save(weighed(70, { takenAt: new Date("2019-05-01T06:00:00Z") }));
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
    expect((await harness.ledger().progress())?.value.cursorAt).toEqual(before);
    expect(weights()).toContain(70);
  });

  test("is nobody else's, however far off it is: its owner has been asked", async () => {
    await start();
    await save(weighed(58));
    expect(await harness.sync()).toMatchObject({ synced: 1, held: 0 });
  });

  test("isn't sent if Garmin has it from elsewhere, within what a person rounds, nor is the scale's later", async () => {
    await start();
    const at = minutesAgo(40);
    harness.sandbox.garmin.addManualWeight(OWNER.email, { at, weightKg: 72.36 });
    const reading = await save(weighed(72.4));
    const report = await harness.sync();
    expect(report.decided).toMatchObject([{ fate: { state: "skipped", reason: "already_in_garmin" } }]);
    expect(await entryOf(reading)).toMatchObject({ fate: { state: "skipped" } });
    harness.clock.advance(3600);
    harness.person.stepOnScale({ at, weightKg: 72.38 });
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 0 });
    expect(weights()).toEqual([72, 72, 72, 72.36]);
    expect(await kept()).toEqual([]);
  });

  test("isn't sent if the scale had brought it before", async () => {
    await start();
    harness.person.stepOnScale({ at: minutesAgo(30), weightKg: 72.36 });
    await harness.sync();
    harness.clock.advance(3 * 24 * 3600);
    await harness.link();
    await save(weighed(72.4, { takenAt: minutesAgo(3 * 1440) }));
    expect(await harness.sync()).toMatchObject({ synced: 0 });
    expect(weights()).toEqual([72, 72, 72, 72.36]);
  });

  test("leaves it to the scale if that one's reading comes in the same run, because it has more in it", async () => {
    await start();
    const reading = await save(weighed(72.4));
    harness.person.stepOnScale({ at: minutesAgo(5), weightKg: 72.36, fatRatioPercent: 18 });
    const report = await harness.sync();
    expect(report.decided).toMatchObject([{ measureGroupId: reading.id, fate: { reason: "already_in_garmin" } }]);
    expect(harness.weights().at(-1)).toMatchObject({ weightKg: 72.36, bodyFatPercent: 18 });
    expect(weights()).toHaveLength(4);
    expect(await kept()).toEqual([]);
  });

  test("waits with Withings, and goes when that answers again", async () => {
    await start();
    await save(weighed(72.4));
    harness.sandbox.faults.turnOn("withings_down");
    expect(await harness.sync()).toMatchObject({ status: "retry_later" });
    expect(await kept()).toHaveLength(1);
    harness.sandbox.faults.turnOff("withings_down");
    harness.clock.advance(600);
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
    expect(weights().filter((it) => it === 72.4)).toHaveLength(1);
  });

  test("waits for the time zone if it's a blood pressure, and goes once there is one", async () => {
    harness = await startTestApp({ timezone: "" });
    await harness.app.store.accounts.save(ACCOUNT, { timezone: null });
    await save(typed({ kind: "blood_pressure", systolicMmHg: 120, diastolicMmHg: 80 }));
    expect(await harness.sync()).toMatchObject({ held: 1 });
    await harness.app.store.accounts.save(ACCOUNT, { timezone: "Europe/Berlin" });
    harness.clock.advance(600);
    expect(await harness.sync()).toMatchObject({ synced: 1, held: 0 });
    expect(harness.pressures()).toMatchObject([{ systolic: 120, diastolic: 80 }]);
  });

  test("isn't taken for a sign of life of the scale", async () => {
    await start();
    const before = (await harness.ledger().progress())?.value.measuredAt;
    harness.clock.advance(20 * 3600);
    await harness.link();
    await save(weighed(72.4));
    await harness.sync();
    expect((await harness.ledger().progress())?.value.measuredAt).toEqual(before);
  });

  test("goes into the profile that is linked by then, and not into the next one too", async () => {
    await start();
    await save(weighed(72.4));
    await harness.sync();
    harness.sandbox.garmin.addAccount({
      email: "b@example.org",
      password: "p",
      displayName: "b",
      fullName: "B",
      timezone: "UTC",
    });
    await harness.signInAs("b@example.org");
    harness.clock.advance(600);
    await harness.sync();
    expect(harness.sandbox.garmin.weights("b@example.org").map((it) => it.weightKg)).not.toContain(72.4);
  });

  test("goes into one profile once, even if its owner links another person before Garmin shows it", async () => {
    await start();
    const reading = await save(weighed(72.4));
    harness.sandbox.garmin.settings.readBackDelaySeconds = 3600;
    expect(await harness.sync()).toMatchObject({ status: "retry_later" });
    const another = harness.sandbox.withings.addPerson({ userid: USERID + 1, name: "b", timezone: "UTC" });
    const address = harness.app.withingsLinking.begin(ACCOUNT);
    await harness.app.withingsLinking.withPasted(ACCOUNT, harness.sandbox.withings.allow(another.userid, address));
    await harness.app.withingsLinking.switchPerson(ACCOUNT, String(another.userid));
    another.stepOnScale({ at: new Date(reading.takenAt.getTime() - 60_000), weightKg: 72.36 });
    for (const seconds of [130, 4000, 12 * 3600, 16 * 3600]) {
      harness.clock.advance(seconds);
      await harness.sync();
    }
    expect(weights().filter((it) => it > 72)).toEqual([72.4]);
    expect(await kept()).toEqual([]);
  });

  test("isn't sent while weight is off, and its owner hears so", async () => {
    await start();
    const sends = { ...DEFAULT_SETTINGS.sends, weight: false };
    await harness.app.store.accounts.save(ACCOUNT, { settings: { sends } });
    await save(weighed(72.4));
    expect((await harness.sync()).decided).toMatchObject([{ fate: { state: "skipped", reason: "kind_off" } }]);
    expect(await kept()).toEqual([]);
  });
});

describe("the same reading that the scale delivers later", () => {
  /** 72.4 was typed at noon, and is in Garmin. */
  async function withTyped(more: Partial<TypedReading> = {}) {
    await start();
    const reading = await save(weighed(72.4, more));
    await harness.sync();
    harness.clock.advance(3600);
    return reading.takenAt;
  }
  const near = (at: Date, minutes: number) => new Date(at.getTime() + minutes * 60_000);

  test("is adopted, and not sent a second time", async () => {
    const at = await withTyped();
    harness.requests();
    harness.person.stepOnScale({ at: near(at, -6), weightKg: 72.36, fatRatioPercent: 18 });
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 0 });
    expect(uploads()).toEqual([]);
    expect(weights()).toEqual([72, 72, 72, 72.4]);
    expect(await kept()).toEqual([]);
  });

  test("is adopted weeks later, after the scale was offline", async () => {
    const at = await withTyped();
    harness.clock.advance(20 * 24 * 3600);
    await harness.link();
    harness.person.stepOnScale({ at: near(at, -6), createdAt: harness.clock.now(), weightKg: 72.4 });
    await harness.sync();
    expect(weights()).toEqual([72, 72, 72, 72.4]);
  });

  test.each([
    ["another weight", 5, 72.8],
    ["another time", 200, 72.4],
  ])("is another one with %s, and is sent", async (_what, minutes, weightKg) => {
    const at = await withTyped();
    harness.clock.advance(4 * 3600);
    await harness.link();
    harness.person.stepOnScale({ at: near(at, minutes), weightKg });
    expect(await harness.sync()).toMatchObject({ synced: 1 });
    expect(weights()).toHaveLength(5);
  });

  test("is one reading: what is measured beside it is sent", async () => {
    const at = await withTyped();
    harness.person.stepOnScale({ at: near(at, -6), weightKg: 72.4 });
    await harness.sync();
    harness.person.stepOnScale({ at: near(at, 10), weightKg: 72.4 });
    expect(await harness.sync()).toMatchObject({ synced: 1 });
    expect(weights()).toEqual([72, 72, 72, 72.4, 72.4]);
  });

  test("is adopted even if the scale wasn't sure whose it is: its owner typed it", async () => {
    const at = await withTyped();
    harness.person.stepOnScale({ at: near(at, -6), weightKg: 72.4, attrib: 1 });
    expect(await harness.sync()).toMatchObject({ synced: 0, held: 0 });
  });

  test("isn't held if it comes together with what was typed, which goes then", async () => {
    await start();
    harness.person.stepOnScale({ at: minutesAgo(5), weightKg: 72.36, attrib: 1 });
    await save(weighed(72.4));
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 1, held: 0 });
    expect(weights()).toEqual([72, 72, 72, 72.4]);
  });

  test("doesn't come twice if it's held, then typed, and then decided about", async () => {
    await start();
    harness.person.stepOnScale({ at: minutesAgo(5), weightKg: 72.36, attrib: 1 });
    expect(await harness.sync()).toMatchObject({ held: 1 });
    const [held] = (await harness.ledger().progress())?.value.attention ?? [];
    await save(weighed(72.4));
    harness.clock.advance(60);
    await harness.sync();
    const account = await harness.app.store.accounts.find(ACCOUNT);
    const id = `${String(held?.measureGroupId).padStart(16, "0")}#weigh_in`;
    if (account) await harness.app.sync.decideHeld(account, [id], "mine");
    harness.clock.advance(60);
    await harness.sync();
    expect(weights()).toEqual([72, 72, 72, 72.4]);
    expect((await harness.ledger().progress())?.value.attention).toEqual([]);
  });

  test("isn't sent after an older store was put back, which doesn't know what became of the typed one", async () => {
    await start();
    const reading = await save(weighed(72.4));
    const before = (await harness.ledger().progress())?.value ?? expect.fail();
    await harness.sync();
    await harness.ledger().saveProgress(before, (await harness.ledger().progress())?.version);
    await harness.app.store.typed.settle(ACCOUNT, new Map([[reading.id, reading]]));
    const [entry] = (await harness.ledger().entries([`${reading.id}#weigh_in`])).values();
    if (entry) await harness.ledger().forget(entry);
    await harness.app.store.ledgers.reconcileWithGarminFirst(ACCOUNT);
    harness.clock.advance(3600);
    harness.person.stepOnScale({ at: near(reading.takenAt, -6), weightKg: 72.36 });
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 0 });
    expect(weights()).toEqual([72, 72, 72, 72.4]);
    expect(await kept()).toEqual([]);
  });

  test("waits while nobody knows whether what was typed arrived, and goes if it can't", async () => {
    await start();
    await save(weighed(72.4));
    harness.sandbox.faults.turnOn("garmin_upload_lost_answer", { times: 1 });
    await harness.sync();
    harness.person.stepOnScale({ at: minutesAgo(3), weightKg: 72.36 });
    harness.clock.advance(130);
    expect(await harness.sync()).toMatchObject({ status: "success" });
    expect(weights()).toEqual([72, 72, 72, 72.4]);
  });
});

describe("stopped at any outside call", () => {
  const SCENES: Record<string, () => Promise<number[]>> = {
    async "what was typed is new"() {
      await save(weighed(72.4));
      await save(typed({ kind: "blood_pressure", systolicMmHg: 120, diastolicMmHg: 80 }));
      return [72, 72, 72, 72.4];
    },
    async "the scale delivers it in the same run"() {
      await save(weighed(72.4));
      harness.person.stepOnScale({ at: minutesAgo(5), weightKg: 72.36 });
      return [72, 72, 72, 72.36];
    },
    async "the scale delivers it later"() {
      await save(weighed(72.4));
      await harness.sync();
      harness.clock.advance(60);
      harness.person.stepOnScale({ at: minutesAgo(5), weightKg: 72.36 });
      harness.person.stepOnScale({ at: minutesAgo(2), weightKg: 72.7 });
      return [72, 72, 72, 72.4, 72.7];
    },
    async "Garmin has it from elsewhere"() {
      harness.sandbox.garmin.addManualWeight(OWNER.email, { at: minutesAgo(3), weightKg: 72.36 });
      await save(weighed(72.4));
      return [72, 72, 72, 72.36];
    },
  };

  test.each(Object.keys(SCENES))(
    "%s: it's in Garmin once",
    async (name) => {
      const scene = SCENES[name] ?? expect.fail();
      await start();
      await scene();
      const counting = crashAt(Number.POSITIVE_INFINITY, "before");
      await harness.sync({}, await harness.newApp(counting));
      const moments = counting.moments();
      expect(moments.length).toBeGreaterThan(5);
      for (const [n, when] of moments) {
        await harness.close();
        await start();
        const expected = await scene();
        await harness.sync({}, await harness.newApp(crashAt(n, when)));
        let status: string | undefined;
        for (let runs = 0; runs < 4 && status !== "success"; runs++) {
          harness.clock.advance(121);
          ({ status } = await harness.sync({}, await harness.newApp()));
        }
        expect(status, `stopped ${when} call ${n}`).toBe("success");
        // What may have been sent without a trace is watched for a day.
        harness.clock.advance(25 * 3600);
        await harness.sync({}, await harness.newApp());
        const where = `stopped ${when} call ${n}`;
        expect(weights().sort(), where).toEqual(expected.sort());
        expect(harness.pressures().length, where).toBe(name === "what was typed is new" ? 1 : 0);
        expect(
          (await kept()).filter((it) => it.settledIn === undefined),
          where,
        ).toEqual([]);
      }
    },
    120_000,
  );
});

test("the store keeps each id once, and one that settles leaves what came meanwhile", async () => {
  harness = await startTestApp();
  const { typed: store } = harness.app.store;
  const [a, b] = [weighed(72), weighed(73)];
  await store.add(ACCOUNT, a);
  await store.add(ACCOUNT, { ...a, takenAt: new Date(0) });
  await store.add(ACCOUNT, b);
  expect(await store.read(ACCOUNT)).toEqual([a, b]);
  await store.settle(ACCOUNT, new Map([[a.id, { ...a, settledIn: "7" }]]));
  await store.settle(ACCOUNT, new Map([[b.id, undefined]]));
  expect(await store.read(ACCOUNT)).toEqual([{ ...a, settledIn: "7" }]);
});
