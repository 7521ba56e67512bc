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

/** How much of the interval the next run of an account waits for. */
function shareOf(account: number, isOneOfMany: boolean, intervalMinutes = 30): number {
  const facts = { report: SUCCESS, failures: 0, summaryAt: undefined, now: NOON };
  const { dueAt } = nextScheduledRun({ ...facts, account, isOneOfMany, intervalMinutes });
  return (dueAt.getTime() - NOON.getTime()) / 60_000 / intervalMinutes;
}

test("accounts that were due together come apart evenly, and in the mean come as often as before", () => {
  const accounts = Array.from({ length: 1000 }, (_, index) => 500_000_000 + index * 7919);
  for (const intervalMinutes of [30, 720]) {
    const shares = accounts.map((account) => shareOf(account, true, intervalMinutes));
    expect(Math.min(...shares)).toBeGreaterThanOrEqual(0.75);
    expect(Math.max(...shares)).toBeLessThanOrEqual(1.25);
    expect(shares.reduce((sum, it) => sum + it, 0) / shares.length).toBeCloseTo(1, 2);
    const tenths = Array.from({ length: 10 }, (_, tenth) => {
      const from = 0.75 + tenth / 20;
      return shares.filter((it) => it >= from && it < from + 0.05).length;
    });
    expect(Math.min(...tenths)).toBeGreaterThan(80);
    expect(Math.max(...tenths)).toBeLessThan(120);
  }
});

test("an account that was due alone comes after exactly the interval", () => {
  expect(shareOf(4711, false)).toBe(1);
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
