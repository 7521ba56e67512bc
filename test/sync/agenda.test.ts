import { expect, test } from "vitest";
import { nextAppointment } from "../../src/sync/agenda.ts";
import type { RunReport } from "../../src/sync/run.ts";
import { NOON } from "../support/household.ts";

test.each<[string, Partial<RunReport>, number, number]>([
  ["all right", { status: "success" }, 0, 30],
  ["the owner is needed", { status: "action_needed", action: "relink_garmin" }, 0, 30],
  ["something broke", { status: "error" }, 0, 30],
  ["another run is at work", { status: "retry_later", busy: true }, 0, 1],
  ["Withings is not linked", { status: "action_needed", action: "link_withings" }, 0, 1440],
])("after a run where %s the next comes in time", (_what, report, failures, inMinutes) => {
  const next = nextAppointment({
    report: { status: "success", synced: 0, skipped: 0, held: 0, failed: 0, ...report },
    ...{ failures, intervalMinutes: 30, summaryAt: undefined, now: NOON },
  });
  expect((next.dueAt.getTime() - NOON.getTime()) / 60_000).toBe(inMinutes);
});
