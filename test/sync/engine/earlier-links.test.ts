import { afterEach, expect, test } from "vitest";
import { ACCOUNT, OWNER, startTestApp, type TestApp, USERID } from "../../support/test-app.ts";

/** Uploads that Garmin shows late, whose owner links another person at Withings meanwhile. */
let harness: TestApp;
afterEach(() => harness.close());

const HOUR = 3600;
const minutesAgo = (minutes: number) => new Date(harness.clock.now().getTime() - minutes * 60_000);
const weights = () => harness.weights().map((it) => it.weightKg);

async function linkPerson(userid: number) {
  const { sandbox, app } = harness;
  await app.withingsLinking.withPasted(ACCOUNT, sandbox.withings.allow(userid, app.withingsLinking.begin(ACCOUNT)));
  await app.withingsLinking.switchPerson(ACCOUNT, String(userid));
}

async function linkAnother() {
  const another = harness.sandbox.withings.addPerson({ userid: USERID + 1, name: "b", timezone: "UTC" });
  await linkPerson(another.userid);
  return another;
}

async function runs(...hours: number[]) {
  for (const each of hours) {
    harness.clock.advance(each * HOUR);
    await harness.sync({ ledgerIsCurrent: true });
  }
}

/** Two copies are on their way: the first upload had no answer, and Garmin shows nothing yet. */
async function sentTwice({ shownAfterHours = 5 } = {}) {
  harness = await startTestApp();
  harness.person.stepOnScale({ at: minutesAgo(30), weightKg: 80.25 });
  harness.sandbox.garmin.settings.readBackDelaySeconds = shownAfterHours * HOUR;
  harness.sandbox.faults.turnOn("garmin_upload_lost_answer", { times: 1 });
  await harness.sync();
  harness.clock.advance(130);
  await harness.sync();
}

test("what was sent twice is there once in the end", async () => {
  await sentTwice();
  await linkAnother();
  await runs(1, 3, 3, 1);
  expect(weights()).toEqual([80.25]);
});

test("of what was sent twice a copy that comes hours after the other one goes, too", async () => {
  await sentTwice();
  const [first] = harness.sandbox.garmin.accounts.get(OWNER.email).weights;
  if (first) first.uploadedAt = new Date(first.uploadedAt.getTime() - 4 * HOUR * 1000);
  await linkAnother();
  await runs(2, 1, 3, 1);
  expect(weights()).toEqual([80.25]);
});

test("the same weigh-in of the person who is linked now isn't sent beside it", async () => {
  harness = await startTestApp();
  const at = minutesAgo(30);
  harness.person.stepOnScale({ at, weightKg: 80.25 });
  harness.sandbox.garmin.settings.readBackDelaySeconds = 5 * HOUR;
  await harness.sync();
  const another = await linkAnother();
  another.stepOnScale({ at, weightKg: 80.25 });
  harness.clock.advance(HOUR);
  const report = await harness.sync();
  expect(report).toMatchObject({
    status: "retry_later",
    delay: { cause: "garmin_not_showing", waiting: 1, accepted: 1 },
  });
  await runs(3, 3, 1);
  expect(weights()).toEqual([80.25]);
  expect(await harness.sync()).toMatchObject({ status: "success" });
});

test("an upload that never comes holds the same weigh-in for a day", async () => {
  harness = await startTestApp();
  const at = minutesAgo(30);
  harness.person.stepOnScale({ at, weightKg: 80.25 });
  harness.sandbox.faults.turnOn("garmin_upload_dropped", { times: 1 });
  await harness.sync();
  const another = await linkAnother();
  another.stepOnScale({ at, weightKg: 80.25 });
  await runs(1, 20);
  expect(weights()).toEqual([]);
  await runs(4, 1);
  expect(weights()).toEqual([80.25]);
});

test("everything else of the person who is linked now is sent at once", async () => {
  await sentTwice();
  const another = await linkAnother();
  another.stepOnScale({ at: minutesAgo(20), weightKg: 62.4 });
  harness.sandbox.garmin.settings.readBackDelaySeconds = 0;
  await runs(0.1);
  expect(weights()).toContain(62.4);
});

test("going back to the first person sends nothing a second time", async () => {
  harness = await startTestApp();
  harness.person.stepOnScale({ at: minutesAgo(600), weightKg: 80.25 });
  await harness.sync();
  harness.sandbox.garmin.settings.readBackDelaySeconds = 5 * HOUR;
  const another = await linkAnother();
  const at = minutesAgo(20);
  another.stepOnScale({ at, weightKg: 62.4 });
  await runs(0.1);
  await linkPerson(USERID);
  harness.person.stepOnScale({ at, weightKg: 62.4 });
  await runs(1, 5, 1, 6, 1);
  expect(weights()).toEqual([80.25, 62.4]);
});
