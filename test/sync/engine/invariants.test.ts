import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Settlement } from "../../../src/sync/engine/item.ts";
import { type PlanContext, plan } from "../../../src/sync/engine/plan.ts";
import { advance, startingPoint, withoutFuture } from "../../../src/sync/engine/progress.ts";
import type { Fate, LedgerEntry, Progress } from "../../../src/sync/model/ledger.ts";
import { fingerprint, type Reading, readingId } from "../../../src/sync/model/reading.ts";
import type { UnreadableRecord } from "../../../src/sync/model/vendors.ts";

/** What must hold whatever the vendors, the owner and the clock do. No case is chosen by hand. */
const NOW = new Date("2026-11-21T12:00:00Z");
const HOUR_MS = 3600_000;
const DAY_MS = 24 * HOUR_MS;
const RUNS = { numRuns: 300 };

const near = (days: number) =>
  fc.integer({ min: -days * 24, max: days * 24 }).map((hours) => new Date(NOW.getTime() + hours * HOUR_MS));
const past = (days: number) =>
  fc.integer({ min: 0, max: days * 24 }).map((hours) => new Date(NOW.getTime() - hours * HOUR_MS));
const anyTime = fc.oneof(
  { weight: 8, arbitrary: near(40) },
  fc.constantFrom(new Date(0), new Date("2000-01-01T00:00:00Z"), new Date("2037-01-01T00:00:00Z")),
);

const kind = fc.constantFrom("weigh_in" as const, "blood_pressure" as const);
const reading: fc.Arbitrary<Reading> = fc
  .record({
    kind,
    measureGroupId: fc.integer({ min: 1, max: 30 }),
    takenAt: anyTime,
    modifiedAt: near(40),
    attribution: fc.constantFrom("certain", "confirmed", "ambiguous", "typed_at_sign_up", "unknown" as const),
    imported: fc.boolean(),
    typed: fc.boolean(),
    value: fc.integer({ min: 60, max: 90 }),
  })
  .map(({ kind: of, typed, value, ...it }) => ({
    ...it,
    ...(typed && { typed: true as const }),
    ...(of === "weigh_in"
      ? { kind: of, weightKg: value }
      : { kind: of, systolicMmHg: value + 40, diastolicMmHg: value }),
  }));

const fate: fc.Arbitrary<Fate> = fc.oneof(
  fc.constantFrom<Fate>({ state: "sending" }, { state: "sent" }, { state: "seen" }),
  fc
    .constantFrom("ambiguous_person", "improbable_weight", "in_the_future", "impossible_date", "no_timezone" as const)
    .map((reason) => ({ state: "held" as const, reason })),
  fc
    .constantFrom("already_in_garmin", "kind_off", "not_mine" as const)
    .map((reason) => ({ state: "skipped" as const, reason })),
  fc
    .constantFrom("out_of_range", "refused_by_garmin", "never_appeared" as const)
    .map((reason) => ({ state: "failed" as const, reason })),
);

/** What the ledger may say about a reading, in this version or another. */
const entryOf = (of: Reading): fc.Arbitrary<LedgerEntry> =>
  fc
    .record({
      fate,
      isSameVersion: fc.boolean(),
      modifiedAt: near(40),
      attempts: fc.integer({ min: 0, max: 8 }),
      attemptedAt: fc.option(anyTime, { nil: undefined }),
      decided: fc.option(fc.constantFrom("mine" as const, "not_mine" as const), { nil: undefined }),
      decidedAt: near(40),
      possibleCopies: fc.array(anyTime, { maxLength: 2 }),
      hasKey: fc.boolean(),
    })
    .map(({ isSameVersion, attemptedAt, decided, decidedAt, possibleCopies, hasKey, ...it }) => {
      const isDeclined = it.fate.state === "skipped" && it.fate.reason === "not_mine";
      const type = isDeclined ? "not_mine" : decided;
      const values =
        of.kind === "weigh_in"
          ? { kind: of.kind, weightKg: of.weightKg }
          : { kind: of.kind, systolicMmHg: of.systolicMmHg, diastolicMmHg: of.diastolicMmHg };
      const { measureGroupId, takenAt } = of;
      return {
        ...{ measureGroupId, takenAt, values, kind: of.kind },
        ...it,
        fingerprint: isSameVersion ? fingerprint(of) : "another version",
        ...(attemptedAt && { attemptedAt }),
        ...(type && { decision: { type, at: decidedAt } }),
        ...(possibleCopies.length > 0 && {
          possibleCopies: possibleCopies.map((until) => ({ takenAt, values, until })),
        }),
        ...(hasKey && { garminKey: { calendarDate: "2026-11-20", id: "1" } }),
      };
    });

const context: fc.Arbitrary<PlanContext> = fc.record({
  startAt: near(40),
  begunAt: fc.option(near(40), { nil: undefined }),
  now: fc.constant(NOW),
  adopting: fc.boolean(),
  refusal: fc.constantFrom(undefined, "out_of_range" as const),
  isOn: fc.boolean(),
  askedSince: fc.option(near(40), { nil: undefined }),
  hasTimezone: fc.boolean(),
  probable: fc.constantFrom(undefined, true, false),
});
const known = reading.chain((it) => fc.tuple(fc.constant(it), fc.option(entryOf(it), { nil: undefined }), context));

const isDoubtful = ({ attribution, takenAt }: Reading) =>
  takenAt.getTime() > NOW.getTime() + DAY_MS || !["certain", "confirmed"].includes(attribution);

describe("whatever is planned,", () => {
  const holds = (property: (it: Reading, entry: LedgerEntry | undefined, given: PlanContext) => void) =>
    fc.assert(
      fc.property(known, ([it, entry, given]) => property(it, entry, given)),
      RUNS,
    );

  test("nothing is sent whose owner is in doubt, unless the owner said so", () => {
    holds((it, entry, given) => {
      const isInFuture = it.takenAt.getTime() > NOW.getTime() + DAY_MS;
      if (!isDoubtful(it) || (entry?.decision?.type === "mine" && !isInFuture)) return;
      const step = plan(it, entry, given);
      expect(step.type).not.toMatch(/^(send|replace)$/);
      if (step.type === "verify") expect(step.hold).toBeDefined();
    });
  });

  test("no blood pressure is sent or changed while no time zone is known", () => {
    holds((it, entry, given) => {
      if (it.kind !== "blood_pressure" || given.hasTimezone) return;
      const step = plan(it, entry, given);
      expect(step.type).not.toMatch(/^(send|replace)$/);
      if (step.type === "verify") expect(step.hold).toBeDefined();
    });
  });

  test("a reading seen in Garmin that has not changed is never sent again", () => {
    holds((it, entry, given) => {
      if (entry?.fate.state !== "seen" || entry.fingerprint !== fingerprint(it)) return;
      expect(plan(it, entry, given).type).toMatch(/^(settled|watch)$/);
    });
  });

  test("a reading that Garmin has from elsewhere is never sent, changed or not", () => {
    holds((it, entry, given) => {
      if (entry?.fate.state !== "skipped" || entry.fate.reason !== "already_in_garmin") return;
      expect(plan(it, entry, given).type).toMatch(/^(settled|watch)$/);
    });
  });

  test("a reading its owner called not theirs is sent only if Withings has changed its attribution since", () => {
    holds((it, entry, given) => {
      if (entry?.fate.state !== "skipped" || entry.fate.reason !== "not_mine") return;
      const at = entry.decision?.at;
      const isConfirmedSince = it.attribution === "confirmed" && at !== undefined && it.modifiedAt > at;
      if (!isConfirmedSince) expect(plan(it, entry, given).type).toMatch(/^(settled|watch)$/);
    });
  });

  test("an open upload is looked for before anything else", () => {
    holds((it, entry, given) => {
      if (entry?.fate.state !== "sending" && entry?.fate.state !== "sent") return;
      expect(plan(it, entry, given).type).toBe("verify");
    });
  });

  test("a run that looks first sends and replaces nothing without a look", () => {
    holds((it, entry, given) => {
      const step = plan(it, entry, { ...given, adopting: true });
      if (step.type === "send" || step.type === "replace" || step.type === "verify") expect(step.adopt).toBe(true);
    });
  });

  test("nothing is started while its kind is off", () => {
    holds((it, entry, given) => {
      expect(plan(it, entry, { ...given, isOn: false }).type).not.toMatch(/^(send|replace|hold|fail)$/);
    });
  });

  test("nothing from before the account's start is started by itself", () => {
    holds((it, _entry, given) => {
      const step = plan(it, undefined, given);
      if (it.takenAt < given.startAt) expect(["leave", "hold", "skip"]).toContain(step.type);
    });
  });

  test("late copies are looked for until a look says that their time is over", () => {
    holds((it, entry, given) => {
      const isAtRest = entry?.fate.state === "seen" || entry?.fate.state === "skipped";
      if (isAtRest && entry?.possibleCopies) expect(plan(it, entry, given).type).not.toBe("settled");
    });
  });
});

describe("whatever a run found,", () => {
  const settlements: fc.Arbitrary<Settlement[]> = fc
    .uniqueArray(reading, { maxLength: 12, selector: readingId })
    .chain((all) =>
      fc.tuple(
        ...all.map((it) =>
          fc.record({
            reading: fc.constant(it),
            entry: fc.option(entryOf(it), { nil: undefined }),
            settled: fc.boolean(),
          }),
        ),
      ),
    );
  const progress: fc.Arbitrary<Progress> = fc
    .record({ startAt: anyTime, cursorAt: anyTime, adopting: fc.boolean(), attention: settlements })
    .map(({ attention, adopting, ...it }) => ({
      ...startingPoint(undefined, undefined, NOW),
      ...it,
      adopting,
      attention: attention.flatMap(({ entry }) =>
        entry?.fate.state === "held" || entry?.fate.state === "failed" ? { ...entry, fate: entry.fate } : [],
      ),
    }));
  const found = fc.record({
    settlements,
    unreadable: fc.constantFrom<UnreadableRecord[]>([], [], [{ id: "7" }]),
    isComplete: fc.constantFrom(true, true, true, false),
    since: past(60),
  });

  const holds = (
    property: (facts: {
      before: Progress;
      after: Progress;
      all: Settlement[];
      open: Settlement[];
      isComplete: boolean;
      isReadable: boolean;
    }) => void,
  ) =>
    fc.assert(
      fc.property(progress, found, (before, { settlements: all, unreadable, isComplete, since }) => {
        const after = advance(before, {
          answer: { readings: [], height: undefined, timezone: undefined, unreadable, isComplete, unknown: [] },
          ...{ since, settlements: all, height: undefined },
          ...{ parts: { composition: true, muscle: true }, now: NOW },
        });
        const open = all.filter(({ settled }) => !settled);
        property({ before, after, all, open, isComplete, isReadable: isComplete && unreadable.length === 0 });
      }),
      RUNS,
    );

  test("the cursor is never ahead of the time", () => {
    holds(({ after }) => expect(after.cursorAt.getTime()).toBeLessThanOrEqual(NOW.getTime()));
  });

  test("an unreadable record is remembered", () => {
    holds(({ after, isComplete, isReadable }) => {
      if (isComplete && !isReadable) expect(after.unreadable?.map(({ id }) => id)).toContain("7");
    });
  });

  test("the cursor never passes an open reading or anything not listed", () => {
    holds(({ before, after, open, isComplete }) => {
      if (!isComplete) expect(after.cursorAt.getTime()).toBeLessThanOrEqual(before.cursorAt.getTime());
      for (const it of isComplete ? open : []) {
        expect(after.cursorAt.getTime()).toBeLessThan(it.reading.modifiedAt.getTime());
      }
    });
  });

  test("the cursor stays, or goes to something that was listed", () => {
    holds(({ before, after, all }) => {
      const listed = all.map((it) => it.reading.modifiedAt.getTime());
      expect(after.cursorAt.getTime()).toBeLessThanOrEqual(Math.max(before.cursorAt.getTime(), ...listed));
    });
  });

  test("an unconfirmed upload is remembered, and so is the need to look first", () => {
    holds(({ before, after, all, open, isReadable }) => {
      const isAwaited = ({ settled, entry }: Settlement) => !settled || entry?.possibleCopies !== undefined;
      expect(after.open ?? []).toEqual(
        expect.arrayContaining(all.filter(isAwaited).map((it) => readingId(it.reading))),
      );
      const isDone = isReadable && open.length === 0;
      expect(after.adopting ?? false).toBe(before.adopting === true && !isDone);
    });
  });

  test("held readings stay listed for their owner, and nothing else that this run has decided", () => {
    holds(({ after, all }) => {
      const shown = new Set(after.attention.map(readingId));
      for (const { reading: it, entry } of all) {
        if (entry) expect(shown.has(readingId(it))).toBe(entry.fate.state === "held" || entry.fate.state === "failed");
      }
    });
  });

  test("a start or a cursor in the future doesn't outlive a run", () => {
    fc.assert(
      fc.property(progress, (before) => {
        const firstRunStart = new Date(NOW.getTime() - 30 * DAY_MS);
        const { startAt, cursorAt } = withoutFuture(before, firstRunStart, NOW);
        const latest = NOW.getTime() + DAY_MS;
        expect(startAt.getTime()).toBeLessThanOrEqual(latest);
        expect(cursorAt.getTime()).toBeLessThanOrEqual(latest);
        if (before.startAt.getTime() <= latest) expect(startAt).toEqual(before.startAt);
      }),
      RUNS,
    );
  });
});
