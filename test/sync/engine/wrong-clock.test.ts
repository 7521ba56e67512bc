import { afterEach, describe, expect, test } from "vitest";
import type { Clock } from "../../../src/lib/clock.ts";
import { isClockWrong } from "../../../src/sync/diagnostics/vendor-clock.ts";
import type { LedgerEntry } from "../../../src/sync/model/ledger.ts";
import type { Versioned } from "../../../src/sync/model/link.ts";
import { startTestApp, type TestApp } from "../../support/test-app.ts";

let harness: TestApp;
afterEach(() => harness?.close());

const DAY = 24 * 3600;
const later = (at: Date, seconds: number) => new Date(at.getTime() + seconds * 1000);

/** A program whose clock is off by `seconds`, until it is set right. */
async function startOff(seconds: number) {
  harness = await startTestApp();
  let off = seconds;
  const clock: Clock = { now: () => later(harness.clock.now(), off), sleep: harness.clock.sleep };
  const app = await harness.newApp({ clock });
  return {
    sync: () => harness.sync({}, app),
    setRight: () => {
      off = 0;
    },
    setOff: (to: number) => {
      off = to;
    },
  };
}

const daysAgo = (days: number) => later(harness.clock.now(), -days * DAY);
const sinceEpoch = () => -harness.clock.now().getTime() / 1000;

describe("a clock that is off by more than a day", () => {
  test.each([
    ["60 days ahead", () => 60 * DAY],
    ["25 hours ahead", () => 25 * 3600],
    ["25 hours behind", () => -25 * 3600],
    ["100 seconds into 1970", () => sinceEpoch() + 100],
  ])("sets no start in the first run: %s", async (_what, off) => {
    const program = await startOff(0);
    program.setOff(off());
    harness.person.stepOnScale({ at: daysAgo(200), weightKg: 82 });
    harness.person.stepOnScale({ at: daysAgo(20), weightKg: 81 });
    harness.person.stepOnScale({ weightKg: 80 });
    expect(await program.sync()).toMatchObject({ status: "action_needed", action: "fix_clock", synced: 0 });
    expect(await harness.ledger().progress()).toBeUndefined();
    expect(harness.weights()).toEqual([]);

    harness.clock.advance(60);
    program.setRight();
    expect(await program.sync()).toMatchObject({ status: "success", synced: 2 });
    expect(harness.weights().map(({ weightKg }) => weightKg)).toEqual([81, 80]);
  });

  test("changes nothing in an account that has run before, and later readings follow", async () => {
    const program = await startOff(0);
    await program.sync();
    for (const off of [60 * DAY, sinceEpoch()]) {
      program.setOff(off);
      const before = await harness.ledger().progress();
      harness.clock.advance(1800);
      harness.person.stepOnScale({ weightKg: 80 });
      expect(await program.sync()).toMatchObject({ status: "action_needed", action: "fix_clock", held: 0 });
      expect(await harness.ledger().progress()).toEqual(before);
      program.setRight();
      harness.clock.advance(60);
      expect(await program.sync()).toMatchObject({ status: "success", synced: 1, held: 0 });
    }
  });

  test("is detected by the headers if Withings doesn't say what time it is", async () => {
    const program = await startOff(60 * DAY);
    const body = { status: 0, body: { timezone: "Europe/Berlin", measuregrps: [] } };
    harness.sandbox.faults.add({ server: "withings", match: { path: "/measure" }, effect: { type: "body", body } });
    expect(await program.sync()).toMatchObject({ action: "fix_clock" });
  });

  test("is not assumed because of one field alone", async () => {
    const program = await startOff(0);
    const body = { status: 0, body: { updatetime: 1, timezone: "Europe/Berlin", measuregrps: [] } };
    harness.sandbox.faults.add({ server: "withings", match: { path: "/measure" }, effect: { type: "body", body } });
    expect(await program.sync()).toMatchObject({ status: "success" });
  });
});

test("a clock that is off by hours doesn't stop a run", async () => {
  const program = await startOff(-11 * 3600);
  harness.person.stepOnScale({ weightKg: 80 });
  expect(await program.sync()).toMatchObject({ status: "success", synced: 1 });
});

test.each([
  ["nobody says the time", [], false],
  ["nobody can be understood", [new Date(Number.NaN)], false],
  ["one of two agrees with it", [2 * DAY, 60], false],
  ["all say another day", [2 * DAY, -3 * DAY], true],
  ["the only one says another day", [-2 * DAY], true],
])("whether the clock is wrong, where %s", (_what, witnesses, expected) => {
  const now = new Date("2026-11-21T12:00:00Z");
  const said = witnesses.map((it) => (it instanceof Date ? it : later(now, it)));
  expect(isClockWrong(now, [undefined, ...said])).toBe(expected);
});

describe("data written by a wrong clock", () => {
  const account = async () => (await harness.ledger().progress()) ?? expect.fail();

  test("a start in the future no longer skips anything, and nothing arrives twice", async () => {
    harness = await startTestApp();
    const { person, clock, sync } = harness;
    person.stepOnScale({ at: daysAgo(3), weightKg: 80 });
    await sync();
    const { value, version } = await account();
    const [startAt, cursorAt] = [later(clock.now(), 30 * DAY), later(clock.now(), 30 * DAY)];
    await harness.ledger().saveProgress({ ...value, startAt, cursorAt }, version);
    person.stepOnScale({ at: daysAgo(1), weightKg: 80.5 });
    person.stepOnScale({ at: daysAgo(50), createdAt: clock.now(), weightKg: 85 });
    clock.advance(3 * DAY);
    expect(await sync()).toMatchObject({ status: "success", synced: 1 });
    expect(harness.weights().map(({ weightKg }) => weightKg)).toEqual([80, 80.5]);
    const { startAt: fixed, adopting } = (await account()).value;
    expect(fixed).toEqual(daysAgo(30));
    expect(adopting).toBeUndefined();
  });

  test("a cursor in the future makes Withings list everything since the start again", async () => {
    harness = await startTestApp();
    const { person, clock, sync } = harness;
    await sync();
    const { value, version } = await account();
    await harness.ledger().saveProgress({ ...value, cursorAt: later(clock.now(), 30 * DAY) }, version);
    person.stepOnScale({ weightKg: 80.5 });
    clock.advance(5 * DAY);
    expect(await sync()).toMatchObject({ status: "success", synced: 1 });
    expect((await account()).value.startAt).toEqual(value.startAt);
  });

  test("a look in the future at a kind that Garmin didn't offer doesn't put off the next one", async () => {
    harness = await startTestApp();
    const { person, clock, sync } = harness;
    await sync();
    const { value, version } = await account();
    person.stepOnScale({ weightKg: 80.5 });
    const pause = { reason: "closed", since: daysAgo(2), from: daysAgo(2), waiting: 1 } as const;
    const paused = { weigh_in: { ...pause, lookedAt: later(clock.now(), 60 * DAY) } };
    await harness.ledger().saveProgress({ ...value, paused }, version);
    expect(await sync()).toMatchObject({ status: "success", synced: 1 });
  });

  test("an attempt in the future is not waited for until that day has come", async () => {
    harness = await startTestApp();
    const { person, clock, sync, sandbox } = harness;
    await sync();
    person.stepOnScale({ weightKg: 80.5 });
    sandbox.faults.add({ server: "garmin_connectapi", match: { method: "POST" }, effect: { type: "drop_before" } });
    expect((await sync()).status).toBe("retry_later");
    const ledger = harness.ledger();
    const [{ value, version }] = [
      ...(await ledger.entries([`${String(person.groups[0]?.grpid).padStart(16, "0")}#weigh_in`])).values(),
    ] as [Versioned<LedgerEntry>];
    await ledger.write([{ entry: { ...value, attemptedAt: later(clock.now(), 60 * DAY) }, version }]);
    clock.advance(60);
    expect(await sync()).toMatchObject({ status: "success", synced: 1 });
  });
});

test("a run under a wrong clock comes again soon, and its owner hears what is wrong", async () => {
  const { nextScheduledRun } = await import("../../../src/sync/jobs/next-run.ts");
  const { afterRun, pendingNotices } = await import("../../../src/sync/status/notices.ts");
  const now = new Date("2026-11-21T12:00:00Z");
  const report = { status: "action_needed", action: "fix_clock", synced: 0, skipped: 0, held: 0, failed: 0 } as const;
  const next = nextScheduledRun({ account: 1, report, failures: 0, intervalMinutes: 30, summaryAt: undefined, now });
  expect(next.dueAt).toEqual(later(now, 60));
  const health = afterRun({ attentionTold: [] }, report, { now, attention: [], links: {} });
  expect(pendingNotices(health, { attention: [], now, patienceHours: 6 })).toMatchObject([
    { type: "trouble", trouble: { what: "fix_clock" } },
  ]);
});
