import { describe, expect, test } from "vitest";
import type { Settlement } from "../../../src/sync/engine/item.ts";
import { advance, startingPoint, unreadableSince } from "../../../src/sync/engine/progress.ts";
import type { Fate, LedgerEntry, Progress } from "../../../src/sync/model/ledger.ts";
import { fingerprint, readingId, type WeighIn } from "../../../src/sync/model/reading.ts";
import type { SourceAnswer } from "../../../src/sync/model/vendors.ts";

const day = (date: number, hour = 0) => new Date(Date.UTC(2026, 10, date, hour));

const before: Progress = {
  startAt: day(1),
  cursorAt: day(10),
  recentWeighIns: [],
  lastReadings: {},
  attention: [],
  arrived: [],
  reportedUnknown: [],
};
const RECORD = { id: "7", takenAt: new Date("2026-11-20T08:00:00Z") };
const nothing: SourceAnswer = {
  readings: [],
  height: undefined,
  timezone: undefined,
  unreadable: [],
  isComplete: true,
  unknown: [],
};

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

describe("a run starts", () => {
  test("at the given time if it is the first, adopting what Garmin has", () => {
    expect(startingPoint(undefined, undefined, day(5))).toMatchObject({
      startAt: day(5),
      cursorAt: day(5),
      adopting: true,
    });
    expect(startingPoint(undefined, undefined, day(5))).not.toHaveProperty("askedSince");
    expect(startingPoint(undefined, day(3), day(5))).toMatchObject({
      startAt: day(3),
      cursorAt: day(3),
      adopting: true,
      askedSince: day(3),
    });
  });

  test("where the one before ended", () => {
    expect(startingPoint(before, undefined, day(5))).toBe(before);
  });

  test("earlier if it reaches back, adopting, and never later than before", () => {
    const earlier = new Date("2026-08-01T00:00:00Z");
    expect(startingPoint(before, earlier, day(5))).toEqual({
      ...before,
      startAt: earlier,
      cursorAt: earlier,
      adopting: true,
      askedSince: earlier,
    });
    const asked = { adopting: true, askedSince: day(4) };
    expect(startingPoint(before, day(4), day(5))).toEqual({ ...before, ...asked, cursorAt: day(4) });
    expect(startingPoint(before, day(20), day(5))).toEqual({ ...before, ...asked, askedSince: day(20) });
    expect(startingPoint({ ...before, ...asked }, day(20), day(5))).toEqual({ ...before, ...asked });
  });
});

/** `since`: a run that read so little that nothing held could have been listed. */
function advanced(from: Progress, answer: SourceAnswer, settlements: Settlement[], now = day(28), since = now) {
  const parts = { composition: true, muscle: true };
  return advance(from, { answer, since, height: undefined, settlements, parts, now });
}

describe("the cursor", () => {
  const cursorAfter = (settlements: Settlement[], answer: Partial<SourceAnswer> = {}, from = before) =>
    advanced(from, { ...nothing, ...answer }, settlements).cursorAt;

  test("moves to the newest change when everything is settled or held", () => {
    expect(cursorAfter([settlement(day(12), seen), settlement(day(11), held)])).toEqual(day(12));
  });

  test("stays before the first reading that is open", () => {
    const open = settlement(day(12), { state: "sending" });
    expect(cursorAfter([settlement(day(11), seen), open, settlement(day(13), seen)])).toEqual(
      new Date(day(12).getTime() - 1000),
    );
  });

  test("goes back for an open reading that is older than the cursor", () => {
    expect(cursorAfter([settlement(day(9), undefined)])).toEqual(new Date(day(9).getTime() - 1000));
  });

  test("stays where it is without news, and while not everything was listed", () => {
    expect(cursorAfter([settlement(day(12), seen)], { isComplete: false })).toEqual(day(10));
    expect(cursorAfter([])).toEqual(day(10));
  });

  test("passes a record that can't be read, which is remembered", () => {
    const answer = { ...nothing, unreadable: [RECORD] };
    const first = advanced(before, answer, [settlement(day(12), seen)], day(12), day(9));
    expect(first.cursorAt).toEqual(day(12));
    expect(first.unreadable).toEqual([{ ...RECORD, listedSince: day(9), lookedAt: day(12) }]);
    expect(unreadableSince(first, new Date(day(13).getTime() - 1000))).toEqual([]);
    expect(unreadableSince(first, day(13))).toEqual([day(9)]);
    // A clock that was wrong prevents no look.
    expect(unreadableSince(first, day(5))).toEqual([day(9)]);
    // Not listed, because no run asked that far back.
    expect(advanced(first, nothing, [], day(13), day(11)).unreadable).toHaveLength(1);
    // Looked at again: listed as it was, or no longer.
    expect(advanced(first, answer, [], day(13), day(9)).unreadable).toEqual([
      { ...RECORD, listedSince: day(9), lookedAt: day(13) },
    ]);
    expect(advanced(first, nothing, [], day(13), day(9)).unreadable).toBeUndefined();
    expect(advanced(first, { ...nothing, isComplete: false }, [], day(13), day(9)).unreadable).toHaveLength(1);
  });

  test("never forgets from when to list unreadable records again, however many there are", () => {
    let now = before;
    for (let n = 0; n < 60; n++) {
      const at = new Date(day(12).getTime() + n * 2 * 24 * 3600 * 1000);
      const answer = { ...nothing, unreadable: [{ id: String(n) }] };
      now = advanced(now, answer, [settlement(at, seen)], at, at);
    }
    expect(now.unreadable).toHaveLength(50);
    expect(unreadableSince(now, new Date("2030-01-01T00:00:00Z"))).toContainEqual(day(12));
  });

  test("never goes ahead of the time, whatever Withings says of a change", () => {
    expect(advanced(before, nothing, [settlement(day(27), seen)], day(12)).cursorAt).toEqual(day(12));
  });

  test("goes back for a held weight that has become plausible", () => {
    const odd = settlement(day(11), { state: "held", reason: "improbable_weight" }, { weightKg: 70 });
    const usual = [1, 2, 3].map((it) => settlement(day(it), seen, { weightKg: 80 }));
    const first = advanced(before, nothing, [...usual, odd]);
    expect(first.cursorAt).toEqual(day(11));
    const nearer = settlement(day(13), seen, { weightKg: 75 });
    expect(advanced(first, nothing, [nearer]).cursorAt).toEqual(new Date(day(11).getTime() - 1000));
  });

  test("doesn't go back for one whose owner takes an answer back, or that is near only to itself", () => {
    const odd = settlement(day(11), { state: "held", reason: "improbable_weight" }, { weightKg: 70 });
    const usual = [1, 2, 3].map((it) => settlement(day(it), seen, { weightKg: 80 }));
    const entry = odd.entry && { ...odd.entry, decision: { type: "ask_again" as const, at: day(12) } };
    const asked = advanced(before, nothing, [...usual, { ...odd, entry }]);
    const nearer = settlement(day(13), seen, { weightKg: 75 });
    expect(advanced(asked, nothing, [nearer]).cursorAt).toEqual(day(13));
    const held = advanced(before, nothing, [...usual, odd]);
    const itself = { ...held, recentWeighIns: [...held.recentWeighIns, { takenAt: day(11), weightKg: 70 }] };
    expect(advanced(itself, nothing, []).cursorAt).toEqual(day(11));
  });
});

test("a held reading that Withings no longer lists is no longer held", () => {
  const first = advanced(before, nothing, [settlement(day(11), held)]);
  expect(advanced(first, nothing, [], day(28), day(12)).attention).toHaveLength(1);
  expect(advanced(first, nothing, [], day(28), day(10)).attention).toEqual([]);
  expect(advanced(first, { ...nothing, unreadable: [RECORD] }, [], day(28), day(10)).attention).toHaveLength(1);
});

test("a run keeps adopting, and bringing what was asked for, until it has settled everything", () => {
  const asked = { adopting: true, askedSince: day(3) };
  const adopting = { ...before, ...asked };
  expect(advanced(adopting, nothing, [settlement(day(12), undefined)])).toMatchObject(asked);
  expect(advanced(adopting, { ...nothing, unreadable: [RECORD] }, [])).toMatchObject(asked);
  const settled = advanced(adopting, nothing, [settlement(day(12), seen)]);
  expect(settled).not.toHaveProperty("adopting");
  expect(settled).not.toHaveProperty("askedSince");
});

test("held and failed readings are kept until they are settled, two hundred at most, the newest", () => {
  const guest = settlement(day(11), held);
  const first = advanced(before, nothing, [guest]);
  expect(first.attention).toMatchObject([{ measureGroupId: guest.reading.measureGroupId, fate: held }]);
  expect(advanced(first, nothing, []).attention).toHaveLength(1);
  const settledGuest = settlement(day(12), seen, { measureGroupId: guest.reading.measureGroupId });
  expect(advanced(first, nothing, [settledGuest]).attention).toEqual([]);

  const crowd = Array.from({ length: 260 }, (_, index) => settlement(new Date(day(11).getTime() + index * 1000), held));
  const { attention } = advanced(before, nothing, crowd);
  expect(attention).toHaveLength(200);
  expect(attention.at(-1)?.takenAt).toEqual(crowd.at(-1)?.reading.takenAt);
});

test("recent weigh-ins are the owner's of the last 90 days", () => {
  const old = new Date("2026-07-01T00:00:00Z");
  const { recentWeighIns } = advanced(before, nothing, [
    settlement(old, seen, { weightKg: 90 }),
    settlement(day(11), seen, { weightKg: 80 }),
    settlement(day(12), { state: "skipped", reason: "already_in_garmin" }, { weightKg: 81 }),
    settlement(day(13), held, { weightKg: 45 }),
  ]);
  expect(recentWeighIns.map((it) => it.weightKg)).toEqual([80, 81]);
});

test("the last reading is the newest by the time it was taken", () => {
  const first = advanced(before, nothing, [settlement(day(12), seen, { weightKg: 80.5 })]);
  const { lastReadings } = advanced(first, nothing, [settlement(day(14), seen, { takenAt: day(2), weightKg: 82 })]);
  expect(lastReadings.weigh_in).toEqual({ takenAt: day(12), values: { kind: "weigh_in", weightKg: 80.5 } });
});

test("an unknown value is remembered, so that it's reported once", () => {
  const first = advanced(before, { ...nothing, unknown: ["attrib 10009"] }, []);
  const second = advanced(first, { ...nothing, unknown: ["attrib 10009", "attrib 6"] }, []);
  expect(second.reportedUnknown).toEqual(["attrib 10009", "attrib 6"]);
});

describe("what arrived", () => {
  const arrivedAt = (at: Date, it: Settlement): Settlement => ({
    ...it,
    ...(it.entry && { entry: { ...it.entry, seenAt: at } }),
  });
  const kilograms = ({ arrived }: Progress) => arrived.map((it) => it.values.kind === "weigh_in" && it.values.weightKg);

  test("is what was seen, with the composition that was sent, each reading once however often it is read", () => {
    const weighIn = arrivedAt(
      day(12),
      settlement(day(11), seen, { bodyFatPercent: 18, muscleMassKg: 60, metabolicAgeYears: 30 }),
    );
    const first = advanced(before, nothing, [weighIn], day(13));
    expect(first.arrived).toEqual([
      {
        id: readingId(weighIn.reading),
        ...{ kind: "weigh_in", takenAt: day(11), arrivedAt: day(12) },
        values: { kind: "weigh_in", weightKg: 80 },
        composition: { bodyFatPercent: 18, muscleMassKg: 60 },
      },
    ]);
    expect(advanced(first, nothing, [weighIn], day(14)).arrived).toEqual(first.arrived);
    expect(advanced(first, nothing, [], day(14)).arrived).toEqual(first.arrived);
  });

  test("has no part that was not sent, and no composition where there was none", () => {
    const weighIn = arrivedAt(day(12), settlement(day(11), seen, { bodyFatPercent: 18, muscleMassKg: 60 }));
    const found = { answer: nothing, since: day(13), height: undefined, settlements: [weighIn], now: day(13) };
    const compositions = [
      { composition: true, muscle: false },
      { composition: false, muscle: true },
    ].map((parts) => advance(before, { ...found, parts }).arrived[0]?.composition);
    expect(compositions).toEqual([{ bodyFatPercent: 18 }, undefined]);

    // What was sent doesn't change with a later choice.
    const sent = advance(before, { ...found, parts: { composition: true, muscle: true } });
    expect(advance(sent, { ...found, parts: { composition: false, muscle: false } }).arrived).toEqual(sent.arrived);
  });

  test("counts again with its new values when it was replaced", () => {
    const weighIn = arrivedAt(day(12), settlement(day(11), seen));
    const first = advanced(before, nothing, [weighIn], day(13));
    const { measureGroupId } = weighIn.reading;
    const again = arrivedAt(day(14), settlement(day(13), seen, { measureGroupId, weightKg: 81 }));
    const second = advanced(first, nothing, [again], day(14));
    expect(second.arrived).toMatchObject([{ arrivedAt: day(14) }]);
    expect(kilograms(second)).toEqual([81]);
  });

  test("is nothing that Garmin had from elsewhere, that is held, or that was seen before this was counted", () => {
    const others: Fate[] = [{ state: "skipped", reason: "already_in_garmin" }, held, { state: "sent" }];
    const settlements = [
      ...others.map((fate) => arrivedAt(day(12), settlement(day(11), fate))),
      settlement(day(11), seen),
    ];
    expect(advanced(before, nothing, settlements, day(13)).arrived).toEqual([]);
  });

  test("is kept for eight days, and only the newest hundred of an import of years", () => {
    const years = Array.from({ length: 3000 }, (_, n) =>
      arrivedAt(day(12), settlement(new Date(day(12).getTime() - n * 3_600_000), seen, { weightKg: 70 + n / 1000 })),
    );
    const first = advanced(before, nothing, years, day(12));
    expect(first.arrived).toHaveLength(100);
    expect(first.arrived.at(-1)?.takenAt).toEqual(day(12));
    expect(advanced(first, nothing, years, day(13)).arrived).toEqual(first.arrived);
    expect(advanced(first, nothing, [], day(20)).arrived).toHaveLength(100);
    expect(advanced(first, nothing, [], day(20, 1)).arrived).toEqual([]);
  });
});

test("a held reading remembers since when, as long as the reason stays the same", () => {
  const guest = settlement(day(11), held);
  const since = (from: Progress) => from.attention.map((it) => it.waitsSince);
  const first = advanced(before, nothing, [guest], day(12));
  expect(since(first)).toEqual([day(12)]);
  const second = advanced(first, nothing, [guest], day(13), day(1));
  expect(since(second)).toEqual([day(12)]);
  const { measureGroupId } = guest.reading;
  const failed = settlement(day(14), { state: "failed", reason: "out_of_range" }, { measureGroupId });
  expect(since(advanced(second, nothing, [failed], day(14)))).toEqual([day(14)]);
});
