import { describe, expect, test } from "vitest";
import type { Fate, LedgerEntry, Progress, SourceAnswer } from "../../src/sync/ports.ts";
import { advance, type Settlement, startingPoint } from "../../src/sync/progress.ts";
import { fingerprint, type WeighIn } from "../../src/sync/reading.ts";

const day = (date: number, hour = 0) => new Date(Date.UTC(2026, 10, date, hour));

const before: Progress = {
  startAt: day(1),
  cursorAt: day(10),
  recentWeighIns: [],
  lastReadings: {},
  attention: [],
  reportedUnknown: [],
};
const nothing: SourceAnswer = { readings: [], height: undefined, timezone: undefined, unreadable: 0, unknown: [] };

let groups = 0;
function settlement(modifiedAt: Date, fate: Fate | undefined, more: Partial<WeighIn> = {}): Settlement {
  const reading: WeighIn = {
    kind: "weigh_in",
    measureGroupId: ++groups,
    takenAt: modifiedAt,
    modifiedAt,
    attribution: "certain",
    imported: false,
    weightKg: 80,
    ...more,
  };
  const { measureGroupId, kind, takenAt, weightKg } = reading;
  const values = { kind, weightKg };
  const entry: LedgerEntry | undefined = fate && {
    ...{ measureGroupId, kind, takenAt, modifiedAt, values, fate },
    fingerprint: fingerprint(reading),
    attempts: 1,
  };
  return { reading, entry, settled: fate !== undefined && fate.state !== "sending" && fate.state !== "sent" };
}
const seen: Fate = { state: "seen" };
const held: Fate = { state: "held", reason: "ambiguous_person" };

describe("where a run starts", () => {
  test("the first one where it is told, adopting what Garmin has", () => {
    expect(startingPoint(undefined, undefined, day(5))).toMatchObject({
      startAt: day(5),
      cursorAt: day(5),
      adopting: true,
    });
    expect(startingPoint(undefined, day(3), day(5))).toMatchObject({
      startAt: day(3),
      cursorAt: day(3),
      adopting: true,
    });
  });

  test("the next ones where the one before ended", () => {
    expect(startingPoint(before, undefined, day(5))).toBe(before);
  });

  test("one that reaches back earlier, adopting, and never later than before", () => {
    const earlier = new Date("2026-08-01T00:00:00Z");
    expect(startingPoint(before, earlier, day(5))).toEqual({
      ...before,
      startAt: earlier,
      cursorAt: earlier,
      adopting: true,
    });
    expect(startingPoint(before, day(4), day(5))).toEqual({ ...before, cursorAt: day(4), adopting: true });
    expect(startingPoint(before, day(20), day(5))).toEqual({ ...before, adopting: true });
  });
});

describe("the cursor", () => {
  const cursorAfter = (settlements: Settlement[], answer: Partial<SourceAnswer> = {}, from = before) =>
    advance(from, { ...nothing, ...answer }, undefined, settlements).cursorAt;

  test("moves to the newest change when everything is settled or held", () => {
    expect(cursorAfter([settlement(day(12), seen), settlement(day(11), held)])).toEqual(day(12));
  });

  test("stays before the first reading that is open", () => {
    const open = settlement(day(12), { state: "sending" });
    expect(cursorAfter([settlement(day(11), seen), open, settlement(day(13), seen)])).toEqual(
      new Date(day(12).getTime() - 1000),
    );
  });

  test("goes back for one that is open and older than itself", () => {
    expect(cursorAfter([settlement(day(9), undefined)])).toEqual(new Date(day(9).getTime() - 1000));
  });

  test("stays where it is while a record is unreadable, and without news", () => {
    expect(cursorAfter([settlement(day(12), seen)], { unreadable: 1 })).toEqual(day(10));
    expect(cursorAfter([])).toEqual(day(10));
  });
});

test("a run goes on adopting until it has settled everything", () => {
  const adopting = { ...before, adopting: true };
  expect(advance(adopting, nothing, undefined, [settlement(day(12), undefined)]).adopting).toBe(true);
  expect(advance(adopting, { ...nothing, unreadable: 1 }, undefined, []).adopting).toBe(true);
  expect(advance(adopting, nothing, undefined, [settlement(day(12), seen)])).not.toHaveProperty("adopting");
});

test("what needs attention is kept until it is settled, fifty at most, the newest", () => {
  const guest = settlement(day(11), held);
  const first = advance(before, nothing, undefined, [guest]);
  expect(first.attention).toMatchObject([{ measureGroupId: guest.reading.measureGroupId, fate: held }]);
  expect(advance(first, nothing, undefined, []).attention).toHaveLength(1);
  const settledGuest = settlement(day(12), seen, { measureGroupId: guest.reading.measureGroupId });
  expect(advance(first, nothing, undefined, [settledGuest]).attention).toEqual([]);

  const crowd = Array.from({ length: 60 }, (_, index) => settlement(new Date(day(11).getTime() + index * 1000), held));
  const { attention } = advance(before, nothing, undefined, crowd);
  expect(attention).toHaveLength(50);
  expect(attention.at(-1)?.takenAt).toEqual(crowd.at(-1)?.reading.takenAt);
});

test("recent weigh-ins are the owner's of the last 90 days", () => {
  const old = new Date("2026-07-01T00:00:00Z");
  const { recentWeighIns } = advance(before, nothing, undefined, [
    settlement(old, seen, { weightKg: 90 }),
    settlement(day(11), seen, { weightKg: 80 }),
    settlement(day(12), { state: "skipped", reason: "already_in_garmin" }, { weightKg: 81 }),
    settlement(day(13), held, { weightKg: 45 }),
  ]);
  expect(recentWeighIns.map((it) => it.weightKg)).toEqual([80, 81]);
});

test("the last reading is the newest by the time it was taken", () => {
  const first = advance(before, nothing, undefined, [settlement(day(12), seen, { weightKg: 80.5 })]);
  const { lastReadings } = advance(first, nothing, undefined, [
    settlement(day(14), seen, { takenAt: day(2), weightKg: 82 }),
  ]);
  expect(lastReadings.weigh_in).toEqual({ takenAt: day(12), values: { kind: "weigh_in", weightKg: 80.5 } });
});

test("an unknown value is remembered, so that it is reported once", () => {
  const first = advance(before, { ...nothing, unknown: ["attrib 10009"] }, undefined, []);
  const second = advance(first, { ...nothing, unknown: ["attrib 10009", "attrib 6"] }, undefined, []);
  expect(second.reportedUnknown).toEqual(["attrib 10009", "attrib 6"]);
});
