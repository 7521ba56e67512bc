import { afterEach, describe, expect, test } from "vitest";
import { occasions } from "../../../src/sync/engine/occasions.ts";
import { type Account, DEFAULT_SETTINGS, type LastRun, type Settings } from "../../../src/sync/model/account.ts";
import type { AttentionItem, Progress } from "../../../src/sync/model/ledger.ts";
import type { RunOutcome } from "../../../src/sync/model/outcome.ts";
import type { SummaryMemory } from "../../../src/sync/model/people.ts";
import type { ReadingKind } from "../../../src/sync/model/reading.ts";
import { afterSilences, patienceOf, silencesOf } from "../../../src/sync/status/silence.ts";
import { startTestApp, type TestApp } from "../../support/test-app.ts";

const NOW = new Date("2026-11-21T08:00:00Z");
const daysAgo = (days: number) => new Date(NOW.getTime() - days * 24 * 3_600_000);

/** This many occasions, this many days apart, the last one this many days ago. */
function measured(count: number, { every, last }: { every: number; last: number }): Date[] {
  return Array.from({ length: count }, (_, index) => daysAgo(last + (count - 1 - index) * every));
}

function progressWith(measuredAt: Partial<Record<ReadingKind, Date[]>>, more: Partial<Progress> = {}): Progress {
  return {
    ...{ startAt: daysAgo(100), cursorAt: daysAgo(0), recentWeighIns: [], lastReadings: {}, measuredAt },
    ...{ attention: [], arrived: [], reportedUnknown: [] },
    ...more,
  };
}

function runOf(more: Partial<RunOutcome> = {}): LastRun {
  return { finishedAt: NOW, outcome: { status: "success", synced: 0, skipped: 0, held: 0, failed: 0, ...more } };
}

function silences(
  progress: Progress | undefined,
  settings: Partial<Settings> = {},
  more: Partial<Parameters<typeof silencesOf>[0]> = {},
) {
  const account: Account = {
    telegramUserId: 1,
    createdAt: daysAgo(100),
    settings: { ...DEFAULT_SETTINGS, ...settings },
  };
  const facts = { account, progress, attention: [], memory: {}, now: NOW };
  return silencesOf({ ...facts, withingsLinkedAt: daysAgo(100), lastRun: runOf(), ...more });
}

function waiting(takenAt: Date, more: Partial<AttentionItem> = {}): AttentionItem {
  return {
    ...{ measureGroupId: 7, kind: "weigh_in", takenAt, modifiedAt: takenAt },
    ...{ values: { kind: "weigh_in", weightKg: 41 }, fate: { state: "held", reason: "ambiguous_person" } },
    ...more,
  };
}

describe("the rhythm of a kind", () => {
  test.each([
    ["every day", 1, 3],
    ["twice a day", 0.5, 3],
    ["every other day", 2, 4],
    ["once a week", 7, 14],
    ["every two weeks", 14, 28],
  ])("measured %s, its silence is reported after days: %d -> %d", (_how, every, days) => {
    expect(patienceOf(measured(6, { every, last: 0 }))?.days).toBe(days);
  });

  test("is the median, so that one holiday changes nothing", () => {
    const beforeHoliday = measured(4, { every: 1, last: 30 });
    expect(patienceOf([...beforeHoliday, ...measured(3, { every: 1, last: 0 })])).toEqual({ days: 3, everyDays: 1 });
  });

  test("is unknown with three occasions: then it is a week", () => {
    expect(patienceOf([])).toEqual({ days: 7 });
    expect(patienceOf(measured(3, { every: 1, last: 0 }))).toEqual({ days: 7 });
  });

  test("is none if somebody measures less than once a month", () => {
    expect(patienceOf(measured(5, { every: 40, last: 0 }))).toBeUndefined();
    expect(silences(progressWith({ weigh_in: measured(5, { every: 40, last: 200 }) }))).toEqual([]);
  });

  test("counts three pressures in a row once, in any order, and none from the future", () => {
    const minutes = [0, 2, 4].map((it) => new Date(daysAgo(7).getTime() + it * 60_000));
    const known = occasions([], [daysAgo(0), ...minutes.toReversed(), daysAgo(-3)], NOW);
    expect(known).toEqual([daysAgo(7), daysAgo(0)]);
    expect(occasions(known, [daysAgo(14)], NOW)).toEqual([daysAgo(14), daysAgo(7), daysAgo(0)]);
    expect(occasions([], measured(40, { every: 1, last: 0 }), NOW)).toEqual(measured(9, { every: 1, last: 0 }));
  });
});

describe("a silence", () => {
  test.each([
    ["daily", 1, 2.99, 3],
    ["weekly", 7, 13.99, 14],
  ])("of a %s scale is reported when it has lasted long enough, not before", (_how, every, before, after) => {
    const at = (last: number) => silences(progressWith({ weigh_in: measured(8, { every, last }) }));
    expect(at(before)).toEqual([]);
    expect(at(after)).toEqual([{ kind: "weigh_in", days: after, newestAt: daysAgo(after), everyDays: every }]);
  });

  test.each(["each", "daily", "weekly", "needed"] as const)("is reported once, and the next one again: %s", (cards) => {
    const progress = progressWith({ weigh_in: measured(8, { every: 1, last: 3 }) });
    const told = silences(progress, { cards });
    expect(told).toHaveLength(1);
    const memory = afterSilences({ lastSummaryAt: daysAgo(0) }, told);
    expect(memory).toEqual({ lastSummaryAt: daysAgo(0), kindSilenceToldFor: { weigh_in: daysAgo(3) } });
    expect(silences(progress, { cards }, { memory, now: daysAgo(-1) })).toEqual([]);
    const later = progressWith({ weigh_in: measured(8, { every: 1, last: -5 }) });
    expect(silences(later, { cards }, { memory, now: daysAgo(-8) })).toMatchObject([{ days: 3 }]);
  });

  test.each([
    ["the scale", "weigh_in", 1, 3],
    ["the cuff", "blood_pressure", 7, 14],
  ] as const)(
    "of %s counts from a new link on, not the time without one, and says so",
    (_what, kind, every, enough) => {
      const progress = progressWith({ [kind]: measured(8, { every, last: 40 }) });
      const linked = (days: number) => silences(progress, {}, { withingsLinkedAt: daysAgo(days) });
      expect(linked(0)).toEqual([]);
      expect(linked(enough - 0.01)).toEqual([]);
      const told = { kind, days: enough, newestAt: daysAgo(40), everyDays: every };
      expect(linked(enough)).toEqual([{ ...told, isSinceLink: true }]);
      // A link that is older than the last reading changes nothing.
      expect(linked(41)).toEqual([{ ...told, days: 40 }]);
      expect(afterSilences({}, linked(enough))).toEqual({ kindSilenceToldFor: { [kind]: daysAgo(40) } });
    },
  );

  test.each(["impossible_date", "before_start"] as const)(
    "doesn’t count from the date of what has just come with an old one: %s",
    (reason) => {
      const at = (modifiedAt: Date) =>
        silences(undefined, {}, { attention: [waiting(new Date(0), { modifiedAt, fate: { state: "held", reason } })] });
      expect(at(daysAgo(0))).toEqual([]);
      expect(at(daysAgo(7))).toEqual([{ kind: "weigh_in", days: 7, newestAt: daysAgo(7) }]);
    },
  );

  test("of the cuff is independent of the scale, and the other way round", () => {
    const cuff = measured(8, { every: 7, last: 15 });
    const both = (lastWeighIn: number) =>
      progressWith({ weigh_in: measured(8, { every: 1, last: lastWeighIn }), blood_pressure: cuff });
    const told = silences(both(0));
    expect(told).toMatchObject([{ kind: "blood_pressure", days: 15, everyDays: 7 }]);
    const memory = afterSilences({}, told);
    // The scale falls silent too: that is news, and the cuff's silence isn't reported again.
    expect(silences(both(4), {}, { memory })).toMatchObject([{ kind: "weigh_in", days: 4 }]);
    expect(silences(both(4))).toMatchObject([{ kind: "weigh_in" }, { kind: "blood_pressure" }]);
  });

  test("isn't reported for a kind that is off, is paused, or whose silence its owner doesn't want to hear of", () => {
    const progress = progressWith({ weigh_in: measured(8, { every: 1, last: 9 }) });
    expect(silences(progress)).toHaveLength(1);
    expect(silences(progress, { tellsSilence: { weigh_in: false, blood_pressure: true } })).toEqual([]);
    expect(silences(progress, { sends: { ...DEFAULT_SETTINGS.sends, weight: false } })).toEqual([]);
    const pause = { reason: "closed", since: daysAgo(9), lookedAt: daysAgo(0), from: daysAgo(9), waiting: 1 } as const;
    expect(silences({ ...progress, paused: { weigh_in: pause } })).toEqual([]);
  });

  test.each([
    ["the last run did not look at everything", { lastRun: runOf({ status: "retry_later" }) }],
    ["no run is known", { lastRun: undefined }],
    ["Withings is not linked", { withingsLinkedAt: undefined }],
  ])("isn't claimed when %s", (_when, more) => {
    expect(silences(progressWith({ weigh_in: measured(8, { every: 1, last: 9 }) }), {}, more)).toEqual([]);
    expect(silences(undefined, {}, { withingsLinkedAt: daysAgo(9), ...more })).toEqual([]);
  });

  test("ends with any reading, even a held one; the date of one from the future says nothing", () => {
    const progress = progressWith({ weigh_in: measured(8, { every: 1, last: 9 }) });
    expect(silences(progress, {}, { attention: [waiting(daysAgo(1))] })).toEqual([]);
    const future = waiting(daysAgo(-400), { modifiedAt: daysAgo(4) });
    expect(silences(progress, {}, { attention: [future] })).toMatchObject([{ days: 4, newestAt: daysAgo(4) }]);
  });

  test.each(["each", "daily", "weekly", "needed"] as const)(
    "from the first day on is told once, after three days: %s",
    (mode) => {
      const of = (withingsLinkedAt: Date, memory: SummaryMemory = {}) =>
        silences(progressWith({}), { cards: mode }, { withingsLinkedAt, memory });
      expect(of(daysAgo(2.9))).toEqual([]);
      const told = of(daysAgo(3));
      expect(told).toEqual([{ days: 3, linkedAt: daysAgo(3) }]);
      expect(of(daysAgo(3), afterSilences({}, told))).toEqual([]);
      const off = { tellsSilence: { weigh_in: false, blood_pressure: false } };
      expect(silences(undefined, off, { withingsLinkedAt: daysAgo(9) })).toEqual([]);
    },
  );
});

describe("a run", () => {
  let harness: TestApp;
  afterEach(() => harness.close());
  const ago = (days: number) => new Date(harness.clock.now().getTime() - days * 24 * 3_600_000);
  const measuredAt = async () => (await harness.ledger().progress())?.value.measuredAt;

  test("remembers when the owner measured, from the history of a first run on, and guests don't count", async () => {
    harness = await startTestApp();
    for (const days of [22, 15, 8, 1]) harness.person.stepOnScale({ at: ago(days), weightKg: 80 });
    harness.person.stepOnScale({ at: ago(4), weightKg: 80, attrib: 1 });
    harness.person.takeBloodPressure({ at: ago(2), systolic: 121, diastolic: 79 });
    const expected = { weigh_in: [22, 15, 8, 1].map(ago), blood_pressure: [ago(2)] };
    await harness.sync();
    expect(await measuredAt()).toEqual(expected);
    harness.clock.advance(60);
    await harness.sync();
    expect(await measuredAt()).toEqual(expected);
  });

  test("knows that the scale is alive while weigh-ins are off", async () => {
    harness = await startTestApp();
    await harness.app.store.accounts.save(4711, { settings: { sends: { ...DEFAULT_SETTINGS.sends, weight: false } } });
    harness.person.stepOnScale({ at: ago(1), weightKg: 80 });
    await harness.sync();
    expect(await measuredAt()).toEqual({ weigh_in: [ago(1)] });
  });
});
