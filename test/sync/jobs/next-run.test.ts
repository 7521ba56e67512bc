import { expect, test } from "vitest";
import type { RunReport } from "../../../src/sync/engine/run.ts";
import { nextScheduledRun } from "../../../src/sync/jobs/next-run.ts";
import { ACCOUNT, NOON } from "../../support/test-app.ts";

const HOUR_MS = 3600_000;

test.each<[string, Date, Date | undefined, Date]>([
  [
    "longer than its own pause",
    new Date(NOON.getTime() + 2 * HOUR_MS),
    undefined,
    new Date(NOON.getTime() + 2 * HOUR_MS),
  ],
  ["shorter than that", new Date(NOON.getTime() + 10_000), undefined, new Date(NOON.getTime() + 60_000)],
  [
    "longer than until the summary, which needs no vendor",
    new Date(NOON.getTime() + 2 * HOUR_MS),
    new Date(NOON.getTime() + HOUR_MS),
    new Date(NOON.getTime() + HOUR_MS),
  ],
])("after a vendor asked to wait %s, the next run comes in time", (_what, until, summaryAt, dueAt) => {
  const report = { status: "retry_later", synced: 0, skipped: 0, held: 0, failed: 0 } as const;
  const rests = { vendor: "garmin", until } as const;
  const next = nextScheduledRun({
    report: { ...report, rests },
    ...{ account: ACCOUNT, failures: 0, intervalMinutes: 30, summaryAt, now: NOON },
  });
  expect(next.dueAt).toEqual(dueAt);
});

const SUCCESS = { status: "success", synced: 0, skipped: 0, held: 0, failed: 0 } as const;

/** In how many minutes the next run of an account comes, whose last one came so many minutes after it was due. */
function minutesAfter(lateMinutes: number, account: number, intervalMinutes = 30): number {
  const before = { dueAt: new Date(NOON.getTime() - lateMinutes * 60_000), failures: 0 };
  const facts = { report: SUCCESS, failures: 0, summaryAt: undefined, now: NOON };
  const { dueAt } = nextScheduledRun({ ...facts, account, before, intervalMinutes });
  return (dueAt.getTime() - NOON.getTime()) / 60_000;
}

test("accounts that were due together and waited long don't become due together again, but evenly, and none later than usual", () => {
  const accounts = Array.from({ length: 1000 }, (_, index) => 500_000_000 + index * 7919);
  for (const intervalMinutes of [30, 720]) {
    const shares = accounts.map((account) => minutesAfter(600, account, intervalMinutes) / intervalMinutes);
    expect(Math.min(...shares)).toBeGreaterThanOrEqual(0.5);
    expect(Math.max(...shares)).toBeLessThanOrEqual(1);
    const tenths = Array.from({ length: 10 }, (_, tenth) => {
      const from = 0.5 + tenth / 20;
      return shares.filter((it) => it >= from && it < from + 0.05).length;
    });
    expect(Math.min(...tenths)).toBeGreaterThan(80);
    expect(Math.max(...tenths)).toBeLessThan(120);
  }
});

test("a run that only waited for its sweep, or came before it was due, is followed by one after the whole interval", () => {
  expect(minutesAfter(5, 4711)).toBe(30);
  expect(minutesAfter(-20, 4711)).toBe(30);
});

test.each<[string, Partial<RunReport>, number, number]>([
  ["all right", { status: "success" }, 0, 30],
  ["the owner is needed", { status: "action_needed", action: "relink_garmin" }, 0, 30],
  ["something broke", { status: "error" }, 0, 30],
  ["another run is at work", { status: "retry_later", busy: true }, 0, 1],
  ["Withings is not linked", { status: "action_needed", action: "link_withings" }, 0, 1440],
])("after a run where %s the next one comes in time", (_what, report, failures, inMinutes) => {
  const next = nextScheduledRun({
    report: { status: "success", synced: 0, skipped: 0, held: 0, failed: 0, ...report },
    ...{ account: ACCOUNT, failures, intervalMinutes: 30, summaryAt: undefined, now: NOON },
  });
  expect((next.dueAt.getTime() - NOON.getTime()) / 60_000).toBe(inMinutes);
});
