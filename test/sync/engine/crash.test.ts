import { describe, expect, test } from "vitest";
import type { RunOptions } from "../../../src/sync/engine/run.ts";
import { crashAt } from "../../support/crash.ts";
import { OWNER, startTestApp, type TestApp } from "../../support/test-app.ts";

const minutesAgo = (harness: TestApp, minutes: number) => new Date(harness.clock.now().getTime() - minutes * 60_000);

/**
 * An account in use, whose program was off for four days: weigh-ins of several days and a pressure are new, an older
 * weigh-in was corrected. The oldest new one lies further back than a run reads again for safety. Access tokens have run out at
 * Withings, so the run begins with a rotation.
 */
async function dailyUse() {
  const harness = await startTestApp({ heightM: 1.75 });
  const { person } = harness;
  const corrected = person.stepOnScale({ at: minutesAgo(harness, 600), weightKg: 81 });
  const touched = person.stepOnScale({ at: minutesAgo(harness, 590), weightKg: 80.6 });
  expect((await harness.sync()).status).toBe("success");
  harness.clock.advance(24 * 3600);
  person.stepOnScale({ weightKg: 80.7 });
  harness.clock.advance(3 * 24 * 3600);
  await harness.link();
  person.edit(corrected, { weightKg: 80.5 });
  person.touch(touched);
  person.stepOnScale({ at: minutesAgo(harness, 30), weightKg: 80.25, fatRatioPercent: 18.3, siblings: true });
  person.stepOnScale({ at: minutesAgo(harness, 29), weightKg: 80.25, fatRatioPercent: 18.3 });
  person.stepOnScale({ at: minutesAgo(harness, 5), weightKg: 79.9 });
  person.takeBloodPressure({ at: minutesAgo(harness, 5), systolic: 121, diastolic: 79, pulse: 61 });
  harness.clock.advance(3 * 3600);
  return { harness, weights: [80.5, 80.6, 80.7, 80.25, 80.25, 79.9], pressures: [121] };
}

/** A first run, where another tool has brought one of the two weigh-ins and the pressure already. */
async function firstRun() {
  const harness = await startTestApp({ heightM: 1.75 });
  const { person, sandbox } = harness;
  const weighedAt = minutesAgo(harness, 60);
  person.stepOnScale({ at: weighedAt, weightKg: 80.25 });
  person.stepOnScale({ at: minutesAgo(harness, 30), weightKg: 80.4 });
  person.takeBloodPressure({ at: minutesAgo(harness, 20), systolic: 118, diastolic: 77 });
  sandbox.garmin.addManualWeight(OWNER.email, { at: new Date(weighedAt.getTime() + 70_000), weightKg: 80.3 });
  return { harness, weights: [80.3, 80.4], pressures: [118] };
}

/** Looks into Garmin while the link to Withings is renewed and Withings is asked. */
async function fromTheTerminal() {
  const harness = await startTestApp({ heightM: 1.75 });
  const { person, clock } = harness;
  person.stepOnScale({ at: minutesAgo(harness, 60), weightKg: 80.6 });
  expect((await harness.sync()).status).toBe("success");
  clock.advance(4 * 3600);
  person.stepOnScale({ at: minutesAgo(harness, 30), weightKg: 80.25 });
  person.stepOnScale({ at: minutesAgo(harness, 5), weightKg: 79.9 });
  const options: RunOptions = { ledgerIsCurrent: false, looksEarly: true };
  return { harness, weights: [80.6, 80.25, 79.9], pressures: [], options };
}

interface Scene {
  harness: TestApp;
  weights: number[];
  pressures: number[];
  options?: RunOptions;
}

const SCENES: Record<string, () => Promise<Scene>> = {
  "daily use": dailyUse,
  "first run": firstRun,
  "from the terminal": fromTheTerminal,
};

describe.each(Object.entries(SCENES))("%s, stopped at any outside call", async (_scene, build) => {
  const { calls, moments } = await (async () => {
    const { harness, options } = await build();
    const counting = crashAt(Number.POSITIVE_INFINITY, "before");
    const report = await harness.sync(options, await harness.newApp(counting));
    expect(report.status).toBe("success");
    await harness.close();
    return { calls: counting.calls(), moments: counting.moments() };
  })();

  test(`at each of ${moments.length} moments in ${calls} calls, then run again: each reading is in Garmin once`, async () => {
    expect(calls).toBeGreaterThan(15);
    for (const [n, when] of moments) {
      const { harness, weights, pressures, options } = await build();
      const newest = Math.max(
        ...harness.person.groups.map((group) =>
          group.measures.some((it) => [1, 9].includes(it.type)) ? group.modified : 0,
        ),
      );
      const crashing = crashAt(n, when);
      await harness.sync(options, await harness.newApp(crashing));
      expect(crashing.isDead(), `call ${n}`).toBe(true);

      const rerun = await untilSuccess(harness, options);

      const where = `stopped ${when} call ${n} of ${calls}`;
      expect(
        harness.weights().map((it) => it.weightKg),
        where,
      ).toEqual(weights);
      expect(
        harness.pressures().map((it) => it.systolic),
        where,
      ).toEqual(pressures);
      expect(rerun.failed + rerun.held, where).toBe(0);
      // What may have been sent without a trace is watched for a day, and holds the cursor for that long.
      harness.clock.advance(25 * 3600);
      expect((await harness.sync()).status, where).toBe("success");
      expect((await harness.ledger().progress())?.value.cursorAt, where).toEqual(new Date(newest * 1000));
      expect(
        harness.weights().map((it) => it.weightKg),
        where,
      ).toEqual(weights);
      await harness.close();
    }
  });
});

/** Runs as a schedule would. The dead run's lease ends within two minutes, and so does the wait for an unknown upload. */
async function untilSuccess(harness: TestApp, options?: RunOptions) {
  for (let runs = 1; ; runs++) {
    const report = await harness.sync(options, await harness.newApp());
    if (report.status === "success") return report;
    expect(report.status).toBe("retry_later");
    expect(runs, "runs until everything is settled").toBeLessThan(5);
    harness.clock.advance(121);
  }
}
