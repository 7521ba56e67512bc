import { sentValues } from "../../src/sync/engine/match.ts";
import type { EngineDeps } from "../../src/sync/engine.ts";
import type { Lease } from "../../src/sync/model/leases.ts";
import type { Ledger, LedgerEntry, Progress } from "../../src/sync/model/ledger.ts";
import type { Versioned } from "../../src/sync/model/link.ts";
import type { BloodPressure, Reading } from "../../src/sync/model/reading.ts";
import type { GarminEntry, Sink } from "../../src/sync/model/vendors.ts";
import type { Plant } from "./program.ts";

/** Bugs that somebody could write, as wrappers around parts of the program. The checker has to find every one. */
export const PLANTS: Record<string, Plant> = {
  "no-write-ahead": {
    says: "An upload starts before the ledger says so.",
    run: ({ ledgers }) => ({ ledgers: ledgersOf(ledgers, (ledger) => withoutWriteAhead(ledger)) }),
  },
  "cursor-first": {
    says: "The cursor moves before the readings it passes are settled.",
    run: cursorFirst,
  },
  "no-read-back": {
    says: "Everything sent counts as seen, without a look into Garmin.",
    run: ({ openSinks }) => ({
      openSinks(withAccess) {
        const { weigh_in, blood_pressure, ...rest } = openSinks(withAccess);
        return { ...rest, weigh_in: believing(weigh_in), blood_pressure: believing(blood_pressure) };
      },
    }),
  },
  "no-lease": {
    says: "Two runs of one account can happen at the same time.",
    run: () => ({ leases: { acquire: async () => NO_LEASE } }),
  },
  "held-is-sent": {
    says: "A reading of an unknown person counts as the owner's.",
    run: ({ source }) => ({
      source: {
        ...source,
        changedSince: async (...asked) => {
          const answer = await source.changedSince(...asked);
          return { ...answer, readings: answer.readings.map((it) => ({ ...it, attribution: "certain" as const })) };
        },
      },
    }),
  },
  "no-look-before-second-try": {
    says: "An upload without an answer is sent again, without a look into Garmin.",
    run: ({ ledgers }) => ({ ledgers: ledgersOf(ledgers, (ledger) => withoutMemoryOfTries(ledger)) }),
  },
  "typed-forgotten": {
    says: "What was typed is forgotten as soon as it's in Garmin.",
    run: ({ typed }) => ({
      typed: {
        ...typed,
        read: async (account) => (await typed.read(account)).filter(({ settledIn }) => settledIn === undefined),
      },
    }),
  },
  "handed-on-comes-back": {
    says: "What was handed on counts as any other reading that isn't its owner's.",
    run: ({ ledgers }) => ({ ledgers: ledgersOf(ledgers, (ledger) => withoutHandingOn(ledger)) }),
  },
  "late-yes-counts": {
    says: "A yes counts even if its question is over.",
    run: ({ offers }) => ({
      offers: {
        ...offers,
        async find(from, reading) {
          const found = await offers.find(from, reading);
          const isOver = found && found.value.state !== "accepted";
          return isOver ? { ...found, value: { ...found.value, state: "asked" } } : found;
        },
      },
    }),
  },
  "removal-not-confirmed": {
    says: "A removal that Garmin didn't carry out counts as done.",
    send: (send) => async (request) => {
      if (request.method !== "DELETE") return send(request);
      const answer = await send(request).catch(() => undefined);
      return answer && answer.status < 300 ? answer : { status: 204, headers: {}, text: "" };
    },
  },
  "half-a-list": {
    says: "A list of which a page failed counts as whole.",
    run: halfAList,
  },
  "keep-forgotten": {
    says: "Nobody remembers that an owner keeps a reading in Garmin.",
    run: ({ ledgers }) => ({
      ledgers: ledgersOf(ledgers, (ledger) => ({
        ...ledger,
        write: (writes) =>
          ledger.write(writes.map(({ entry: { isKept: _kept, ...entry }, version }) => ({ entry, version }))),
      })),
    }),
  },
  "wrong-zone": {
    says: "UTC is used as the local time.",
    run: ({ openSinks }) => ({
      openSinks(withAccess) {
        const { blood_pressure, ...rest } = openSinks(withAccess);
        const send: Sink<BloodPressure>["send"] = (readings, context) =>
          blood_pressure.send(readings, { ...context, timezone: "UTC" });
        return { ...rest, blood_pressure: { ...blood_pressure, send } };
      },
    }),
  },
  "outage-ends-link": {
    says: "A vendor that is down for a moment ends the link.",
    send: (send) => async (request) => {
      const answer = await send(request);
      const isRefresh = String(request.body).includes("grant_type=refresh_token");
      return isRefresh && answer.status >= 500 ? { ...answer, status: 400, text: '{"error":"invalid_grant"}' } : answer;
    },
  },
  "any-link": {
    says: "A run continues with whatever has been linked meanwhile.",
    run: ({ tokens }) => ({
      tokens: { ...tokens, withAccess: (account, vendor) => tokens.withAccess(account, vendor) },
    }),
  },
  mute: { says: "Messages never leave.", isMute: true },
};

/** Of a list that reaches back a month, every second reading that was listed before is left out. */
function halfAList({ source, clock }: EngineDeps): Partial<EngineDeps> {
  const known = new Set<number>();
  return {
    source: {
      ...source,
      async changedSince(withAccess, since, ...rest) {
        const answer = await source.changedSince(withAccess, since, ...rest);
        const isLong = clock.now().getTime() - since.getTime() > 25 * 24 * 3600 * 1000;
        const isShown = ({ measureGroupId }: Reading) =>
          !isLong || measureGroupId % 2 === 0 || !known.has(measureGroupId);
        const readings = answer.readings.filter(isShown);
        for (const { measureGroupId } of answer.readings) known.add(measureGroupId);
        return { ...answer, readings };
      },
    },
  };
}

const NO_LEASE: Lease = { remainingSeconds: () => Infinity, renew: async () => {}, release: async () => {} };

function ledgersOf(ledgers: EngineDeps["ledgers"], wrap: (ledger: Ledger) => Ledger): EngineDeps["ledgers"] {
  return { ...ledgers, of: (...pair) => wrap(ledgers.of(...pair)) };
}

/** Keeps "sending" in memory, and writes it with what follows. */
function withoutWriteAhead(ledger: Ledger): Ledger {
  const never = new Map<string, string | undefined>();
  return {
    ...ledger,
    async write(writes) {
      const outcomes: Awaited<ReturnType<Ledger["write"]>> = [];
      for (const { entry, version } of writes) {
        const before = version !== undefined && never.has(version) ? never.get(version) : version;
        if (entry.fate.state === "sending" && entry.attemptedAt !== undefined) {
          const mark = `never written ${never.size}`;
          never.set(mark, before);
          outcomes.push({ value: entry, version: mark });
        } else outcomes.push(...(await ledger.write([{ entry, version: before }])));
      }
      return outcomes;
    },
    async forget(entry) {
      if (!never.has(entry.version)) await ledger.forget(entry);
    },
  };
}

function withoutMemoryOfTries(ledger: Ledger): Ledger {
  return {
    ...ledger,
    async entries(ids) {
      const entries = await ledger.entries(ids);
      return new Map([...entries].map(([id, entry]) => [id, withoutAttempt(entry)]));
    },
  };
}

function withoutHandingOn(ledger: Ledger): Ledger {
  return {
    ...ledger,
    async entries(ids) {
      const entries = await ledger.entries(ids);
      return new Map(
        [...entries].map(([id, { value, version }]) => {
          const { decision } = value;
          const isHandedOn = decision?.type === "handed_on";
          return [
            id,
            { version, value: isHandedOn ? { ...value, decision: { ...decision, type: "not_mine" } } : value },
          ];
        }),
      );
    },
  };
}

function withoutAttempt({ value, version }: Versioned<LedgerEntry>): Versioned<LedgerEntry> {
  const { attemptedAt: _forgotten, ...rest } = value;
  return { value: value.fate.state === "sending" ? rest : value, version };
}

function cursorFirst({ source, ledgers }: EngineDeps): Partial<EngineDeps> {
  let newestMs = 0;
  return {
    source: {
      ...source,
      async changedSince(...asked) {
        const answer = await source.changedSince(...asked);
        newestMs = Math.max(0, ...answer.readings.map((it) => it.modifiedAt.getTime()));
        return answer;
      },
    },
    ledgers: ledgersOf(ledgers, (ledger) => movingFirst(ledger, () => newestMs)),
  };
}

/** Moves the cursor with the first look into the ledger, and never back. */
function movingFirst(ledger: Ledger, newestMs: () => number): Ledger {
  let last: Versioned<Progress> | undefined;
  const ahead = (progress: Progress): Progress => ({
    ...progress,
    // Without the day of overlap, which would hide the bug.
    cursorAt: new Date(Math.max(progress.cursorAt.getTime(), newestMs() + 24 * 3600 * 1000)),
  });
  const save = async (progress: Progress) => (last = await ledger.saveProgress(progress, last?.version));
  return {
    ...ledger,
    progress: async () => (last = await ledger.progress()),
    saveProgress: (progress) => save(last ? ahead(progress) : progress),
    async entries(ids) {
      if (last) await save(ahead(last.value));
      return ledger.entries(ids);
    },
  };
}

/** Shows what was just sent, even if it isn't there. */
function believing<R extends Reading>(sink: Sink<R>): Sink<R> {
  let sent: GarminEntry[] = [];
  return {
    ...sink,
    async send(readings, context) {
      const answer = await sink.send(readings, context);
      sent = readings.map((it) => ({
        key: { calendarDate: "2026-01-01", id: `${it.measureGroupId}` },
        takenAt: it.takenAt,
        values: sentValues(it),
        fields: sink.sentFields(it, context),
      }));
      return answer;
    },
    async around(from, to) {
      const believed = sent;
      sent = [];
      return believed.length > 0 ? { entries: believed, unreadable: [] } : sink.around(from, to);
    },
  };
}
