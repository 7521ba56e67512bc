import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { OWNER, startTestApp, type TestApp } from "../../support/test-app.ts";

/** Uploads are followed up even if Withings no longer lists the reading: deleted there, or assigned to somebody else. */
let harness: TestApp;
beforeEach(async () => {
  harness = await startTestApp();
});
afterEach(() => harness.close());

const UPLOAD = { server: "garmin_connectapi", match: { method: "POST" } } as const;
const minutesAgo = (minutes: number) => new Date(harness.clock.now().getTime() - minutes * 60_000);
const fateOf = async (grpid: number, kind = "weigh_in") => {
  const id = `${String(grpid).padStart(16, "0")}#${kind}`;
  return (await harness.ledger().entries([id])).get(id)?.value.fate.state;
};
const open = async () => (await harness.ledger().progress())?.value.open;

/** Runs every half hour. */
async function hours(count: number) {
  const statuses = new Set<string>();
  for (let run = 0; run < count * 2; run++) {
    harness.clock.advance(1800);
    statuses.add((await harness.sync()).status);
  }
  return [...statuses];
}

/** Its answer is lost, Garmin shows it late, and it is sent again before that. */
async function sendTwice(showsAfterSeconds = 600) {
  harness.sandbox.garmin.settings.readBackDelaySeconds = showsAfterSeconds;
  harness.sandbox.faults.add({ ...UPLOAD, effect: { type: "drop_after" } });
  await harness.sync();
  harness.clock.advance(150);
  await harness.sync();
}

describe("a reading that was sent twice and is gone from Withings before the copies show", () => {
  test("is in Garmin once, because everything sent stays", async () => {
    const id = harness.person.stepOnScale({ at: minutesAgo(60), weightKg: 80 });
    await sendTwice();
    harness.person.remove(id);
    expect(await hours(2)).toEqual(["success"]);
    expect(harness.weights().map(({ weightKg }) => weightKg)).toEqual([80]);
    expect(await fateOf(id)).toBe("seen");
  });

  test("is in Garmin once if it is a blood pressure", async () => {
    const id = harness.person.takeBloodPressure({ at: minutesAgo(60), systolic: 121, diastolic: 79, pulse: 61 });
    await sendTwice();
    harness.person.remove(id);
    await hours(2);
    expect(harness.pressures()).toHaveLength(1);
    expect(await fateOf(id, "blood_pressure")).toBe("seen");
  });

  test("is in Garmin once even if the copies show twenty hours later, hours apart, and isn't followed up longer than needed", async () => {
    const id = harness.person.stepOnScale({ at: minutesAgo(60), weightKg: 80 });
    await sendTwice(20 * 3600);
    const [, second] = harness.sandbox.garmin.accounts.get(OWNER.email).weights;
    if (second) second.uploadedAt = new Date(second.uploadedAt.getTime() + 3 * 3600_000);
    harness.person.remove(id);
    await hours(26);
    expect(harness.weights()).toHaveLength(1);
    expect(await open()).toBeUndefined();
    harness.clock.advance(1800);
    harness.requests();
    await harness.sync();
    expect(harness.requests()).toEqual(["withings POST /measure"]);
  });

  test("doesn't affect other readings: new ones are sent in the meantime and stay", async () => {
    const id = harness.person.stepOnScale({ at: minutesAgo(60), weightKg: 80 });
    await sendTwice();
    harness.person.remove(id);
    harness.person.stepOnScale({ at: minutesAgo(59), weightKg: 80.05 });
    await hours(2);
    expect(harness.weights().map(({ weightKg }) => weightKg)).toEqual([80, 80.05]);
  });

  test("is followed up by the first run that Garmin answers", async () => {
    const id = harness.person.stepOnScale({ at: minutesAgo(60), weightKg: 80 });
    await sendTwice();
    harness.person.remove(id);
    harness.clock.advance(1800);
    const effect = { type: "status", status: 503 } as const;
    harness.sandbox.faults.add({ server: "garmin_connectapi", match: { method: "GET" }, effect });
    expect((await harness.sync()).status).toBe("retry_later");
    expect(await open()).toHaveLength(1);
    await hours(1);
    expect(harness.weights()).toHaveLength(1);
  });
});

test("an upload that never got there is not sent again for a reading that is gone, and is forgotten after a day", async () => {
  const id = harness.person.stepOnScale({ at: minutesAgo(60), weightKg: 80 });
  harness.sandbox.faults.add({ ...UPLOAD, effect: { type: "drop_before" } });
  await harness.sync();
  harness.person.remove(id);
  expect(await open()).toHaveLength(1);
  await hours(25);
  expect(harness.weights()).toEqual([]);
  expect(await open()).toBeUndefined();
});

test("a late copy of a reading that is held by now is removed, and the held one isn't in Garmin", async () => {
  const id = harness.person.stepOnScale({ at: minutesAgo(60), weightKg: 80 });
  harness.sandbox.garmin.settings.readBackDelaySeconds = 3600;
  harness.sandbox.faults.add({ ...UPLOAD, effect: { type: "drop_after" } });
  await harness.sync();
  harness.person.edit(id, { attrib: 1 });
  harness.clock.advance(150);
  expect(await harness.sync()).toMatchObject({ held: 1 });
  expect(await fateOf(id)).toBe("held");
  await hours(2);
  expect(harness.weights()).toEqual([]);
});

test.each([1, 30])("copies in a Garmin account that is linked again after %i hours are cleaned up", async (away) => {
  const { sandbox } = harness;
  sandbox.garmin.addAccount({
    email: "two@example.org",
    password: "x",
    displayName: "two",
    fullName: "Two",
    timezone: "Europe/Berlin",
  });
  harness.person.stepOnScale({ at: minutesAgo(60), weightKg: 80 });
  await sendTwice();
  harness.clock.advance(900);
  const late = sandbox.garmin.accounts.get(OWNER.email).weights[0];
  if (late) late.uploadedAt = new Date(harness.clock.now().getTime() + 1800_000);
  // The second copy was seen, the first is still awaited.
  expect((await harness.sync()).status).toBe("success");
  await harness.signInAs("two@example.org");
  await hours(away);
  expect(sandbox.garmin.weights(OWNER.email)).toHaveLength(2);
  expect(sandbox.garmin.weights("two@example.org")).toHaveLength(1);
  await harness.signInAs(OWNER.email);
  await hours(1);
  expect(sandbox.garmin.weights(OWNER.email)).toHaveLength(1);
  expect(sandbox.garmin.weights("two@example.org")).toHaveLength(1);
});
