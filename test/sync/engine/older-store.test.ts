import { cpSync, rmSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import type { App } from "../../../src/app/app.ts";
import type { RunOutcome } from "../../../src/sync/model/outcome.ts";
import { ACCOUNT, OWNER, startTestApp, type TestApp, USERID } from "../../support/test-app.ts";

let harness: TestApp;
afterEach(() => harness.close());

/** One process with its job handler: the scheduled runs of the account, each answered by how it ended. */
function startVisits(app: App, { runsAlone }: { runsAlone: boolean }) {
  const { schedule } = app.store;
  const { work } = harness.newService(app, { runsAlone });
  return async (): Promise<RunOutcome> => {
    const dueAt = (await schedule.read(ACCOUNT))?.dueAt ?? harness.clock.now();
    await work({ account: ACCOUNT, reason: "scheduled", dueAt, attempts: 0 });
    return (await schedule.lastRun(ACCOUNT))?.outcome ?? expect.fail("no run was made");
  };
}

/** The data folder as it is now, to be put back later. */
function snapshot() {
  const { env } = harness;
  const copy = `${env.DATA_DIR}-older`;
  cpSync(env.DATA_DIR ?? "", copy, { recursive: true });
  return {
    async putBack() {
      env.DATA_DIR = copy;
      return harness.newApp();
    },
    drop: () => rmSync(copy, { recursive: true }),
  };
}

async function signInAgain(app: App) {
  const { sandbox } = harness;
  await app.withingsLinking.withPasted(ACCOUNT, sandbox.withings.allow(USERID, app.withingsLinking.begin(ACCOUNT)));
  await app.garminSignIn.withPasted(ACCOUNT, sandbox.garmin.mintTicket(OWNER.email));
}

const ago = (minutes: number) => new Date(harness.clock.now().getTime() - minutes * 60_000);
const gets = () => harness.requests().filter((it) => it.includes("GET /weight-service/weight/range"));
const inGarmin = () => ({
  weights: harness.weights().map(({ takenAt, weightKg }) => `${takenAt.toISOString()} ${weightKg}`),
  pressures: harness.pressures().map(({ takenAt, systolic }) => `${takenAt.toISOString()} ${systolic}`),
});

describe("an older store that was put back", () => {
  test.each([0.2, 1.5, 6, 200])("sends nothing twice that was sent in the %s hours since", async (hours) => {
    harness = await startTestApp();
    const { clock, person, app } = harness;
    for (const day of [5, 4, 3]) person.stepOnScale({ at: ago(day * 24 * 60), weightKg: 80 + day / 10 });
    const toEdit = person.stepOnScale({ at: ago(2 * 24 * 60), weightKg: 80.2 });
    const toRemove = person.stepOnScale({ at: ago(24 * 60), weightKg: 80.1 });
    person.stepOnScale({ at: ago(60), weightKg: 80.3, attrib: 1 });
    const visit = startVisits(app, { runsAlone: true });
    expect(await visit()).toMatchObject({ status: "success", synced: 5, held: 1 });
    const older = snapshot();

    const rounds = hours < 1 ? 2 : 4;
    for (let round = 0; round < rounds; round++) {
      clock.advance((hours * 3600) / rounds);
      person.stepOnScale({ at: ago(3), weightKg: 80.1 + round / 10 });
      // A twin: within two minutes and 0.1 kg of the one before.
      person.stepOnScale({ at: ago(2), weightKg: 80.15 + round / 10 });
      person.takeBloodPressure({ at: ago(1), systolic: 120 + round, diastolic: 80, pulse: 60 });
      await visit();
    }
    person.edit(toEdit, { weightKg: 79.9 });
    const edited = person.stepOnScale({ at: ago(4), weightKg: 80.4 });
    await visit();
    clock.advance(60);
    person.edit(edited, { weightKg: 80.6 });
    person.remove(toRemove);
    await visit();
    // From before the account's start; it only comes to Withings now.
    person.stepOnScale({ at: ago(60 * 24 * 60), createdAt: clock.now(), weightKg: 82 });
    expect((await visit()).status).toBe("success");
    const before = inGarmin();
    expect(before.weights).toHaveLength(5 + 2 * rounds + 1);

    clock.advance(60);
    const again = await older.putBack();
    const visitAgain = startVisits(again, { runsAlone: true });
    let report = await visitAgain();
    if (report.status !== "success") {
      expect(report.action).toMatch(/^relink_/);
      await signInAgain(again);
      report = await visitAgain();
    }
    // The guest's, and the one from before the start.
    expect(report).toMatchObject({ status: "success", synced: 0, held: 2 });
    expect(inGarmin()).toEqual(before);

    // What comes from then on is sent as usual.
    clock.advance(1800);
    person.stepOnScale({ at: ago(2), weightKg: 80.7 });
    expect(await visitAgain()).toMatchObject({ status: "success", synced: 1 });
    expect(inGarmin().weights).toHaveLength(before.weights.length + 1);
    older.drop();
  });

  test("sends nothing twice if the run is started by hand", async () => {
    harness = await startTestApp();
    const { clock, person } = harness;
    await harness.sync();
    const older = snapshot();
    clock.advance(600);
    person.stepOnScale({ weightKg: 80.5 });
    await harness.sync();
    const again = await older.putBack();
    const account = (await again.store.accounts.find(ACCOUNT)) ?? expect.fail();
    expect(await again.sync.run(account)).toMatchObject({ status: "success", synced: 0, skipped: 1 });
    expect(harness.weights()).toHaveLength(1);
    older.drop();
  });

  test("sends nothing twice where processes come and go, once it is older than two intervals", async () => {
    harness = await startTestApp();
    const { clock, person, app } = harness;
    const visit = startVisits(app, { runsAlone: false });
    await visit();
    const older = snapshot();
    clock.advance(1800);
    person.stepOnScale({ weightKg: 80.5 });
    await visit();
    clock.advance(2400);
    const again = await older.putBack();
    expect(await startVisits(again, { runsAlone: false })()).toMatchObject({ status: "success", synced: 0 });
    expect(harness.weights()).toHaveLength(1);
    older.drop();
  });

  test("sends nothing twice after `reconcileWithGarminFirst`, which deploy uses for an existing table", async () => {
    harness = await startTestApp();
    const { clock, person } = harness;
    person.stepOnScale({ weightKg: 80.25 });
    await harness.sync();
    const older = snapshot();
    clock.advance(3600);
    person.stepOnScale({ weightKg: 80.5 });
    person.takeBloodPressure({ systolic: 121, diastolic: 79, pulse: 61 });
    await harness.sync();
    clock.advance(3600);
    person.stepOnScale({ weightKg: 80.75 });

    const app = await older.putBack();
    await app.store.ledgers.reconcileWithGarminFirst(ACCOUNT);
    expect(await harness.sync({}, app)).toMatchObject({ status: "success", synced: 1 });
    expect(harness.weights().map(({ weightKg }) => weightKg)).toEqual([80.25, 80.5, 80.75]);
    expect(harness.pressures()).toHaveLength(1);
    older.drop();
  });
});

describe("a look before sending", () => {
  const visitWithOne = async (visit: () => Promise<RunOutcome>) => {
    harness.person.stepOnScale({ at: ago(1), weightKg: 80.5 });
    harness.requests();
    expect(await visit()).toMatchObject({ status: "success", synced: 1 });
    // One of them is the read-back.
    return gets().length - 1;
  };

  test("is made by the first run of a process, after a sign-in and after a long pause, and costs one request", async () => {
    harness = await startTestApp();
    const { clock, app } = harness;
    await startVisits(app, { runsAlone: true })();
    clock.advance(1800);
    const visit = startVisits(app, { runsAlone: true });
    expect(await visitWithOne(visit)).toBe(1);
    clock.advance(1800);
    expect(await visitWithOne(visit)).toBe(0);
    clock.advance(1800);
    await app.garminSignIn.withPasted(ACCOUNT, harness.sandbox.garmin.mintTicket(OWNER.email));
    expect(await visitWithOne(visit)).toBe(1);
    clock.advance(1800);
    await harness.linkWithings();
    expect(await visitWithOne(visit)).toBe(1);
    clock.advance(1800);
    expect(await visitWithOne(visit)).toBe(0);
    clock.advance(2 * 1800 + 301);
    expect(await visitWithOne(visit)).toBe(1);
  });

  test("asks Garmin nothing if there is nothing to send", async () => {
    harness = await startTestApp();
    await startVisits(harness.app, { runsAlone: true })();
    harness.clock.advance(1800);
    harness.requests();
    await startVisits(harness.app, { runsAlone: true })();
    expect(harness.requests()).toEqual(["withings POST /measure"]);
  });

  test("is repeated if the first one was not completed", async () => {
    harness = await startTestApp();
    const { clock, app, sandbox, person } = harness;
    await startVisits(app, { runsAlone: true })();
    const older = snapshot();
    clock.advance(1800);
    person.stepOnScale({ at: ago(1), weightKg: 80.5 });
    await startVisits(app, { runsAlone: true })();
    const visit = startVisits(await older.putBack(), { runsAlone: true });
    sandbox.faults.add({
      server: "garmin_connectapi",
      match: { method: "GET", path: /weight-service/ },
      effect: { type: "status", status: 503 },
    });
    expect((await visit()).status).toBe("retry_later");
    clock.advance(120);
    expect(await visit()).toMatchObject({ status: "success", synced: 0 });
    expect(harness.weights()).toHaveLength(1);
    older.drop();
  });

  test("is not made by the next run where processes come and go", async () => {
    harness = await startTestApp();
    const { clock, app } = harness;
    await startVisits(app, { runsAlone: false })();
    clock.advance(1800);
    expect(await visitWithOne(startVisits(app, { runsAlone: false }))).toBe(0);
  });
});
