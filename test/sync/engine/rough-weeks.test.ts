import { describe, expect, test } from "vitest";
import type { FaultEffect } from "../../../src/sandbox/fault.ts";
import { crashAt } from "../../support/crash.ts";
import { OWNER, startTestApp, type TestApp } from "../../support/test-app.ts";

/** Numbers from 0 up to 1, the same for the same seed. */
function numbersFrom(seed: number) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const EFFECTS: FaultEffect[] = [
  { type: "drop_before" },
  { type: "drop_after" },
  { type: "status", status: 429 },
  { type: "status", status: 500 },
  { type: "status", status: 401 },
  { type: "status", status: 503, body: "<html>upstream connect error</html>" },
];
const SERVERS = ["withings", "garmin_connectapi", "garmin_connectapi", "garmin_connectapi", "garmin_diauth"] as const;

/** What Garmin should show in the end: every reading once, as Withings has it now. */
function wanted({ person }: TestApp) {
  const value = (measures: Array<{ type: number; value: number; unit: number }>, type: number) => {
    const found = measures.find((it) => it.type === type);
    return found && Number(`${found.value}e${found.unit}`);
  };
  return person.groups
    .flatMap(({ date, measures }) => {
      const [weight, systolic] = [value(measures, 1), value(measures, 10)];
      if (weight !== undefined) return [`${date} ${weight.toFixed(2)} kg, ${value(measures, 6)?.toFixed(1)} %`];
      return systolic === undefined ? [] : [`${date} ${systolic} mmHg`];
    })
    .sort();
}

function standing(harness: TestApp) {
  const seconds = (at: Date) => at.getTime() / 1000;
  return [
    ...harness
      .weights()
      .map((it) => `${seconds(it.takenAt)} ${it.weightKg.toFixed(2)} kg, ${it.bodyFatPercent?.toFixed(1)} %`),
    ...harness.pressures().map((it) => `${seconds(it.takenAt)} ${it.systolic} mmHg`),
  ].sort();
}

/** Weeks in which everything happens: readings in any order, corrections, faults at any call, crashes, a slow Garmin. */
async function live(harness: TestApp, random: () => number, steps: number) {
  const { person, sandbox, clock } = harness;
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const chance = (share: number) => random() < share;
  const secondsAgo = (seconds: number) => new Date(clock.now().getTime() - Math.floor(seconds) * 1000);
  const weight = () => 79 + Math.floor(random() * 20) / 10;
  const ids: { weights: number[]; pressures: number[] } = { weights: [], pressures: [] };

  for (let step = 0; step < steps; step++) {
    for (let events = Math.floor(random() * 4); events > 0; events--) {
      const at = secondsAgo(120 + random() * pick([3600, 3600, 3 * 24 * 3600]));
      // Withings gets them now, whenever they were taken; some are taken twice within a minute or two.
      const late = { createdAt: secondsAgo(random() * 60) };
      if (chance(0.6)) {
        const weighIn = { weightKg: weight(), fatRatioPercent: 18 };
        ids.weights.push(person.stepOnScale({ at, ...late, ...weighIn, siblings: chance(0.2) }));
        const again = new Date(at.getTime() + (20 + Math.floor(random() * 90)) * 1000);
        if (chance(0.2)) ids.weights.push(person.stepOnScale({ at: again, ...late, ...weighIn }));
      } else {
        ids.pressures.push(
          person.takeBloodPressure({ at, ...late, systolic: 115 + Math.floor(random() * 10), diastolic: 79 }),
        );
      }
    }
    if (chance(0.3) && ids.weights.length > 0) {
      const id = pick(ids.weights);
      person.edit(id, chance(0.7) ? { weightKg: weight() } : { fatRatioPercent: 17 + Math.floor(random() * 4) });
    }
    if (chance(0.2) && ids.pressures.length > 0)
      person.edit(pick(ids.pressures), { systolic: 115 + Math.floor(random() * 10) });
    if (chance(0.2) && ids.weights.length > 0) person.touch(pick(ids.weights));

    for (let faults = chance(0.6) ? Math.ceil(random() * 2) : 0; faults > 0; faults--) {
      const method = chance(0.5) ? { method: "POST" } : {};
      sandbox.faults.add({
        server: pick(SERVERS),
        match: method,
        times: Math.ceil(random() * 2),
        effect: pick(EFFECTS),
      });
    }
    if (chance(0.1)) sandbox.garmin.setConsent(OWNER.email, chance(0.5));
    sandbox.garmin.settings.readBackDelaySeconds = pick([0, 0, 0, 3, 20, 90]);
    const since = chance(0.1) ? { since: secondsAgo(random() * 20 * 24 * 3600) } : {};
    if (chance(0.25)) {
      const crash = crashAt(Math.ceil(random() * 30), chance(0.5) ? "before" : "after");
      await harness.sync(since, await harness.newApp(crash));
    } else {
      await harness.sync(since);
    }
    clock.advance(Math.ceil(random() * pick([20, 150, 3600, 8 * 3600, 30 * 3600])));
    // The owner does what the bot asks for, but not at once.
    if (chance(0.3)) {
      sandbox.faults.clear();
      await harness.link();
    }
  }
}

/** The vendors are up again and the owner has done everything: a few hours later all is settled. */
async function settleDown(harness: TestApp) {
  const { sandbox, clock } = harness;
  sandbox.faults.clear();
  sandbox.garmin.settings.readBackDelaySeconds = 0;
  sandbox.garmin.setConsent(OWNER.email, true);
  await harness.link();
  for (let runs = 0; runs < 12; runs++) {
    clock.advance(runs < 4 ? 130 : 1300);
    const report = await harness.sync();
    if (report.status === "success") return report;
    expect(report.status).toBe("retry_later");
  }
  throw new Error("it never came to rest");
}

/** Eight are for every day; after a change to the engine, ROUGH_WEEKS=300 takes a few minutes. */
const seeds = Array.from({ length: Number(process.env.ROUGH_WEEKS ?? 8) }, (_, index) => index + 1);

describe("after rough weeks every reading is in Garmin once, as Withings has it", () => {
  test.each(seeds)("weeks number %s", async (seed) => {
    const harness = await startTestApp();
    try {
      await live(harness, numbersFrom(seed), 25);
      const report = await settleDown(harness);
      expect(standing(harness)).toEqual(wanted(harness));
      expect(report.held + report.failed).toBe(0);
      expect((await harness.ledger().progress())?.value.attention).toEqual([]);
    } finally {
      await harness.close();
    }
  });
});
