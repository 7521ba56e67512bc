import { describe, expect, test } from "vitest";
import { type Account, DEFAULT_SETTINGS, type Settings } from "../../../src/sync/model/account.ts";
import type { Arrival, AttentionItem, Progress } from "../../../src/sync/model/ledger.ts";
import { isNight, nextSummaryAt, summaryDueAt, summaryOf } from "../../../src/sync/status/summary.ts";

const NOW = new Date("2026-11-21T08:00:00Z");
const daysAgo = (days: number) => new Date(NOW.getTime() - days * 24 * 3_600_000);
const BERLIN = "Europe/Berlin";

function accountWith(settings: Partial<Settings> = {}, createdAt = daysAgo(100)): Account {
  return { telegramUserId: 1, createdAt, settings: { ...DEFAULT_SETTINGS, ...settings } };
}

function progressWith(more: Partial<Progress> = {}): Progress {
  return {
    ...{ startAt: daysAgo(100), cursorAt: daysAgo(0), recentWeighIns: [], lastReadings: {} },
    ...{ attention: [], arrived: [], reportedUnknown: [] },
    ...more,
  };
}

/** Weigh-ins by how many days ago they were taken, the last one being the newest. */
function weighed(...weighIns: Array<[days: number, weightKg: number]>): Progress {
  const recentWeighIns = weighIns.map(([days, weightKg]) => ({ takenAt: daysAgo(days), weightKg }));
  const newest = recentWeighIns.at(-1);
  if (!newest) return progressWith();
  const { takenAt, weightKg } = newest;
  return progressWith({
    recentWeighIns,
    lastReadings: { weigh_in: { takenAt, values: { kind: "weigh_in", weightKg } } },
  });
}

const FACTS = { account: accountWith(), attention: [], lastRun: undefined, since: daysAgo(1), now: NOW };

let groups = 0;
function arrival(takenAt: Date, more: Partial<Arrival> = {}): Arrival {
  const values = { kind: "weigh_in", weightKg: 80 } as const;
  return { id: `${++groups}`, kind: "weigh_in", takenAt, arrivedAt: takenAt, values, ...more };
}

function waiting(waitsSince: Date, fate: AttentionItem["fate"] = { state: "held", reason: "ambiguous_person" }) {
  const values = { kind: "weigh_in", weightKg: 41 } as const;
  const [takenAt, modifiedAt] = [waitsSince, waitsSince];
  return { measureGroupId: ++groups, kind: "weigh_in", takenAt, modifiedAt, values, fate, waitsSince } as const;
}

function summary(
  progress: Progress | undefined,
  settings: Partial<Settings> = {},
  more: Partial<Parameters<typeof summaryOf>[0]> = {},
) {
  return summaryOf({
    account: accountWith(settings),
    progress,
    attention: [],
    lastRun: undefined,
    since: daysAgo(1),
    now: NOW,
    ...more,
  });
}

describe("what arrived", () => {
  test("is what was seen since the last summary, by kind, the newest by the time it was taken", () => {
    const late = arrival(daysAgo(30), { arrivedAt: daysAgo(0.1) });
    const newest = arrival(daysAgo(0.5), { arrivedAt: daysAgo(0.2) });
    const values = { kind: "blood_pressure", systolicMmHg: 121, diastolicMmHg: 79 } as const;
    const pressure = arrival(daysAgo(0.4), { kind: "blood_pressure", values });
    const arrived = [arrival(daysAgo(1.1)), arrival(daysAgo(1)), newest, late, pressure];
    expect(summary({ ...weighed([0.5, 80]), arrived })?.arrived).toEqual({
      weigh_in: { count: 2, newest },
      blood_pressure: { count: 1, newest: pressure },
    });
  });

  test("is everything since then, with corrections and removals apart", () => {
    const values = { kind: "weigh_in", weightKg: 80 } as const;
    const corrected = arrival(daysAgo(5), { was: { kind: "weigh_in", weightKg: 81 } });
    const removal = (removedAt: Date) =>
      ({ id: "1", kind: "weigh_in", takenAt: removedAt, askedAt: removedAt, removedAt, values }) as const;
    const removals = [removal(daysAgo(8)), removal(daysAgo(2))];
    const arrived = [arrival(daysAgo(8)), arrival(daysAgo(6)), corrected];
    const said = summary({ ...weighed([5, 80]), arrived, removals }, {}, { since: daysAgo(7) });
    expect(said).toMatchObject({ arrived: { weigh_in: { count: 1 } }, corrected: [corrected] });
    expect(said?.removed).toEqual(removals.slice(1));
  });
});

describe("the newest weight", () => {
  const summary = (progress: Progress) =>
    summaryOf({ ...FACTS, progress: { ...progress, arrived: [arrival(daysAgo(0.4)), ...progress.arrived] } });

  test("comes with the mean of its week and the change from the week before", () => {
    const { weight } = summary(weighed([14, 99], [13, 83], [7.5, 82], [7, 81], [6.9, 80], [3, 79], [1, 78])) ?? {};
    expect(weight).toMatchObject({ takenAt: daysAgo(1), weightKg: 78 });
    // The week ends today, however old the newest weigh-in is.
    expect(weight?.meanKg).toBeCloseTo((80 + 79 + 78) / 3, 9);
    expect(weight?.changeKg).toBeCloseTo((80 + 79 + 78) / 3 - (83 + 82 + 81) / 3, 9);
  });

  test("has no mean if it is the only one of its week, and no change without a week before", () => {
    expect(summary(weighed([0.5, 80]))?.weight).toEqual({ takenAt: daysAgo(0.5), weightKg: 80 });
    expect(summary(weighed([8, 82], [0.5, 80]))?.weight).toEqual({ takenAt: daysAgo(0.5), weightKg: 80, changeKg: -2 });
    expect(summary(weighed([2, 82], [0.5, 80]))?.weight).toEqual({
      ...{ takenAt: daysAgo(0.5), weightKg: 80 },
      meanKg: 81,
    });
  });

  test("counts a reading of exactly seven days ago in the week before", () => {
    expect(summary(weighed([7, 84], [2, 82], [1, 80]))?.weight).toMatchObject({ meanKg: 81, changeKg: -3 });
  });

  test("comes without a mean after days without a weigh-in, but with how long ago it was", () => {
    expect(summary(weighed([9, 82], [8, 82], [6.9, 80]))?.weight).toEqual({
      ...{ takenAt: daysAgo(6.9), weightKg: 80, changeKg: -2 },
    });
    expect(summary(weighed([9, 82], [8, 81], [7, 80]))?.weight).toEqual({
      ...{ takenAt: daysAgo(7), weightKg: 80, daysAgo: 7 },
    });
    expect(summary(weighed([16, 82], [14.5, 80]))?.weight).toEqual({
      ...{ takenAt: daysAgo(14.5), weightKg: 80, daysAgo: 14 },
    });
  });

  test("comes without its composition once it is a week old, unless it has just arrived", () => {
    const composition = { bodyFatPercent: 18 };
    const old = arrival(daysAgo(7.5), { composition });
    expect(summary({ ...weighed([7.5, 80]), arrived: [old] })).not.toHaveProperty("composition");
    const late = { ...old, arrivedAt: daysAgo(0.1) };
    expect(summary({ ...weighed([7.5, 80]), arrived: [late] })?.composition).toEqual(composition);
  });

  test("comes with its own composition, not with that of another weigh-in", () => {
    const composition = { bodyFatPercent: 18 };
    const progress = weighed([0.5, 80]);
    const both = [arrival(daysAgo(2), { composition: { bodyFatPercent: 30 } }), arrival(daysAgo(0.5), { composition })];
    expect(summary({ ...progress, arrived: both })?.composition).toEqual(composition);
    expect(summary({ ...progress, arrived: both.slice(0, 1) })).not.toHaveProperty("composition");
  });
});

test("held and failed readings are counted", () => {
  const attention = [waiting(daysAgo(9)), waiting(daysAgo(0.5), { state: "failed", reason: "out_of_range" })];
  expect(summary(undefined, {}, { attention })?.waiting).toEqual({ held: 1, failed: 1, gone: 0, items: attention });
});

describe("there is nothing to say", () => {
  test("before the first reading", () => {
    expect(summary(undefined)).toBeUndefined();
    expect(summary(progressWith())).toBeUndefined();
  });

  test("when nothing has come or begun to wait since the last one", () => {
    const progress = { ...weighed([2, 80]), arrived: [arrival(daysAgo(2))] };
    expect(summary(progress, {}, { attention: [waiting(daysAgo(2))] })).toBeUndefined();
  });
});

test.each([
  ["a reading has arrived", { arrived: [arrival(daysAgo(0.5))] }, []],
  ["a reading waits", {}, [waiting(daysAgo(0.5))]],
])("there is a card when %s", (_what, more, attention) => {
  expect(summary({ ...weighed([2, 80]), ...more }, {}, { attention })).toBeDefined();
});

describe("the summary of a day", () => {
  const dueAt = (now: string, last?: string, { hour = 9, timezone = BERLIN, createdAt = daysAgo(1000) } = {}) =>
    summaryDueAt(
      accountWith({ summaryHour: hour }, createdAt),
      timezone,
      last === undefined ? undefined : new Date(last),
      new Date(now),
    )?.toISOString();

  test("is due from its hour on until it is made, however late, and not twice", () => {
    expect(dueAt("2026-11-21T07:59:59Z", "2026-11-20T08:00:00Z")).toBeUndefined();
    expect(dueAt("2026-11-21T08:00:00Z", "2026-11-20T08:00:00Z")).toBe("2026-11-21T08:00:00.000Z");
    expect(dueAt("2026-11-21T22:59:59Z", "2026-11-18T08:00:00Z")).toBe("2026-11-21T08:00:00.000Z");
    expect(dueAt("2026-11-21T22:59:59Z", "2026-11-21T08:00:10Z")).toBeUndefined();
    // Made late yesterday, it is due at its hour today.
    expect(dueAt("2026-11-22T08:00:00Z", "2026-11-21T22:59:00Z")).toBe("2026-11-22T08:00:00.000Z");
    expect(dueAt("2026-11-21T23:30:00Z", "2026-11-20T08:00:00Z")).toBeUndefined();
  });

  test("is due although a clock that was months ahead has made one", () => {
    expect(dueAt("2026-11-21T08:00:00Z", "2027-01-20T08:00:00Z")).toBe("2026-11-21T08:00:00.000Z");
  });

  test("waits for tomorrow if the account was made after the hour", () => {
    const createdAt = new Date("2026-11-21T08:30:00Z");
    expect(dueAt("2026-11-21T12:00:00Z", undefined, { createdAt })).toBeUndefined();
    expect(dueAt("2026-11-22T08:00:00Z", undefined, { createdAt })).toBe("2026-11-22T08:00:00.000Z");
    const early = new Date("2026-11-21T07:30:00Z");
    expect(dueAt("2026-11-21T12:00:00Z", undefined, { createdAt: early })).toBe("2026-11-21T08:00:00.000Z");
  });

  test("is due even if its owner wants none, so that a later one covers one day, and is no scheduled run", () => {
    const account = accountWith({ cards: "needed" });
    expect(summaryDueAt(account, BERLIN, undefined, NOW)).toEqual(NOW);
    expect(nextSummaryAt(account, BERLIN, NOW)).toBeUndefined();
  });

  test("isn't made again when its owner travels east or west", () => {
    const made = "2026-11-21T08:00:00Z";
    expect(dueAt("2026-11-21T08:01:00Z", made, { timezone: "Asia/Tokyo" })).toBeUndefined();
    expect(dueAt("2026-11-21T20:00:00Z", made, { timezone: "America/Los_Angeles" })).toBeUndefined();
    expect(dueAt("2026-11-22T00:30:00Z", made, { timezone: "Asia/Tokyo" })).toBe("2026-11-22T00:00:00.000Z");
  });

  test.each([
    ["at an hour that is skipped", BERLIN, 2, "2026-03-29T01:00:00.000Z"],
    ["at an hour that comes twice, the first time", BERLIN, 2, "2026-10-25T00:00:00.000Z"],
    ["on the morning after the clocks went on", BERLIN, 9, "2026-03-29T07:00:00.000Z"],
    ["on the morning after the clocks went back", BERLIN, 9, "2026-10-25T08:00:00.000Z"],
    ["at an hour that is skipped in the south", "Australia/Sydney", 2, "2026-10-03T16:00:00.000Z"],
    ["at an hour that comes twice in the south", "Australia/Sydney", 2, "2026-04-04T15:00:00.000Z"],
  ])("comes once %s", (_when, timezone, hour, due) => {
    const made: string[] = [];
    const from = Date.parse(due) - 12 * 3_600_000;
    let last = new Date(Date.parse(due) - 24 * 3_600_000).toISOString();
    for (let at = from; at < from + 18 * 3_600_000; at += 600_000) {
      const now = new Date(at).toISOString();
      if (!dueAt(now, last, { hour, timezone })) continue;
      made.push(now);
      last = now;
    }
    expect(made).toEqual([due]);
  });
});

describe("the next summary", () => {
  test.each([
    ["in the night to a day of 25 hours", 7, "2026-10-24T22:10:00Z", "2026-10-25T06:00:00Z"],
    ["in the morning, if its hour is at night", 23, "2026-11-21T12:00:00Z", "2026-11-22T06:00:00Z"],
    ["in the morning, if its hour is early", 2, "2026-11-21T12:00:00Z", "2026-11-22T06:00:00Z"],
    ["in the night to a day of 23 hours", 7, "2027-03-27T22:30:00Z", "2027-03-28T05:00:00Z"],
    ["on a day like others", 7, "2026-11-21T06:00:00Z", "2026-11-22T06:00:00Z"],
    ["before the hour of the day", 7, "2026-11-21T05:59:00Z", "2026-11-21T06:00:00Z"],
  ])("comes at the owner's hour of the next day that has one: %s", (_when, summaryHour, now, next) => {
    expect(nextSummaryAt(accountWith({ summaryHour }), BERLIN, new Date(now))).toEqual(new Date(next));
  });
});

test("an owner who wants a card with every reading gets one at seven of what came at night", () => {
  const account = accountWith({ cards: "each" });
  expect(nextSummaryAt(account, BERLIN, new Date("2026-11-21T23:00:00Z"))).toEqual(new Date("2026-11-22T06:00:00Z"));
});

test.each([
  ["2026-11-21T20:59:59Z", false],
  ["2026-11-21T21:00:00Z", true],
  ["2026-11-22T05:59:59Z", true],
  ["2026-11-22T06:00:00Z", false],
])("it is night from 22 to 7 where the owner lives: %s", (now, night) => {
  expect(isNight(new Date(now), BERLIN)).toBe(night);
});
