import { describe, expect, test } from "vitest";
import { type Notice, noticesOf, type Trouble, troubleAfter } from "../../src/sync/notice.ts";
import type { Overview } from "../../src/sync/overview.ts";
import type { AttentionItem } from "../../src/sync/ports.ts";
import type { RunReport } from "../../src/sync/run.ts";

const COUNTS = { synced: 0, skipped: 0, held: 0, failed: 0 };
const success: RunReport = { status: "success", ...COUNTS, synced: 2 };
const later: RunReport = { status: "retry_later", ...COUNTS };
const broken: RunReport = { status: "error", ...COUNTS };
const signedOut: RunReport = { status: "action_needed", ...COUNTS, action: "relink_garmin" };
const noConsent: RunReport = { status: "action_needed", ...COUNTS, action: "grant_garmin_upload" };

/** What is said after each of several runs, as a server that lives through all of them says it. */
function said(...runs: RunReport[]): string[] {
  let known: Trouble | undefined;
  return runs.map((report) => {
    const notices = noticesOf(overview(), overview(), report, known);
    if (!report.busy) known = troubleAfter(report, known);
    return notices.map(shortly).join(" ");
  });
}
const shortly = (notice: Notice) => (notice.type === "action_needed" ? notice.action : notice.type);

test.each<[string, RunReport[], string[]]>([
  ["all is well", [success, success], ["", ""]],
  [
    "a trouble is said when it begins and when it ends",
    [signedOut, signedOut, success, success],
    ["relink_garmin", "", "healed", ""],
  ],
  ["having to wait in between repeats nothing", [signedOut, later, signedOut], ["relink_garmin", "", ""]],
  ["and does not swallow the good news", [signedOut, later, later, success], ["relink_garmin", "", "", "healed"]],
  ["having to wait alone is nothing to talk about", [success, later, success], ["", "", ""]],
  ["another trouble is said", [signedOut, noConsent, success], ["relink_garmin", "grant_garmin_upload", "healed"]],
  ["something broken is said once", [broken, broken, later, broken, success], ["broken", "", "", "", "healed"]],
  [
    "what the owner can do is said even when something is broken as well",
    [{ ...broken, action: "grant_garmin_upload" }, { ...broken, action: "grant_garmin_upload" }, success],
    ["grant_garmin_upload broken", "", "healed"],
  ],
  [
    "a run that stood back for another one counts for nothing",
    [signedOut, { ...later, busy: true }, signedOut],
    ["relink_garmin", "", ""],
  ],
])("%s", (_name, runs, notices) => {
  expect(said(...runs)).toEqual(notices);
});

describe("after a restart", () => {
  test("a trouble that is stored as the last run's is not said again, and its end is", () => {
    const before = overview([], signedOut);
    expect(noticesOf(before, overview([], signedOut), signedOut)).toEqual([]);
    expect(noticesOf(before, overview([], success), success)).toEqual([{ type: "healed", synced: 2 }]);
  });
});

test("a reading that waits is said once, with the next one beside it too", () => {
  const [first, second] = [item(1), item(2)];
  expect(noticesOf(overview(), overview([first]), success)).toEqual([{ type: "attention", item: first }]);
  expect(noticesOf(overview([first]), overview([first, second]), success)).toEqual([
    { type: "attention", item: second },
  ]);
  expect(noticesOf(overview([first, second]), overview([second]), success)).toEqual([]);
});

function overview(attention: AttentionItem[] = [], outcome?: RunReport): Overview {
  const at = new Date("2026-11-21T12:00:00Z");
  return {
    account: { telegramUserId: 1, createdAt: at },
    ...{ links: {}, lastReadings: {}, attention, timezone: "UTC" },
    lastRun: outcome && { finishedAt: at, outcome },
  };
}

function item(measureGroupId: number): AttentionItem {
  return {
    ...{ measureGroupId, kind: "weigh_in", takenAt: new Date("2026-11-21T07:00:00Z") },
    values: { kind: "weigh_in", weightKg: 41 },
    fate: { state: "held", reason: "ambiguous_person" },
  };
}
