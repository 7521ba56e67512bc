import { isDeepStrictEqual } from "node:util";
import { ActionNeededError } from "../../lib/errors.ts";
import { errorFacts, type Log } from "../../lib/log.ts";
import { isClockWrong } from "../diagnostics/vendor-clock.ts";
import { endingAt, type HeldLease, leaseName, withLease } from "../links/with-lease.ts";
import { type Account, isKindOn } from "../model/account.ts";
import type { Leases } from "../model/leases.ts";
import type { Arrival, AttentionItem, LedgerEntry, Progress } from "../model/ledger.ts";
import type { Offers } from "../model/offers.ts";
import { isAboutOneReading, type RunOutcome } from "../model/outcome.ts";
import { KINDS, type ReadingKind } from "../model/reading.ts";
import type { NextRun, Schedule, ScheduledRun } from "../model/schedule.ts";
import type { SourceAnswer, Unplaced } from "../model/vendors.ts";
import { type Brought, bringToGarmin, type CollectedRun } from "./bring-to-garmin.ts";
import { type CollectDeps, collectAndPlan, openStart, type Start, type StartOptions } from "./collect.ts";
import { isCompareDue } from "./compare-due.ts";
import { type Item, isTask } from "./item.ts";
import { keepAlive } from "./keep-alive.ts";
import { pausesAfter } from "./kind-pause.ts";
import { withoutHandedOn } from "./offers.ts";
import { advance } from "./progress.ts";
import { withReassigned } from "./reassigned.ts";
import { handedNews, markBegun, settleTyped, settleWaiting } from "./settle-typed.ts";
import { following, type WentWell } from "./since.ts";
import { arrivalsOf, decidedOf, settlementOf, tally, waitingOf } from "./tally.ts";
import { addDelay, addError, addFailure, addKindError, type Trouble } from "./trouble.ts";

export interface RunDeps extends CollectDeps {
  offers: Offers;
  schedule: Pick<Schedule, "ended">;
  leases: Leases;
  deadlineAt?: () => Date | undefined;
  log: Log;
}

export interface RunOptions extends StartOptions {
  /** Withings has announced a reading, so at least one is known to wait. */
  isAnnounced?: boolean | undefined;
  /** Withings' list is compared with what was sent, even if that isn't due. */
  compares?: boolean | undefined;
  onProgress?: ((progress: RunProgress) => void) | undefined;
  /** The lease of the account, if the caller has it already. */
  lease?: HeldLease | undefined;
  /** When the account runs next, which is saved with how this run ended. Undefined: as scheduled before. */
  next?: ((report: RunReport, known: KnownAtEnd) => NextRun | undefined) | undefined;
}

export interface KnownAtEnd {
  scheduledRun: ScheduledRun | undefined;
  /** What Withings says. */
  timezone: string | undefined;
}

export type RunProgress =
  | { stage: "reading" }
  | { stage: "found"; readings: number }
  | { stage: "sending" | "checking"; readings: number };

/** What a run brought into Garmin. */
export interface Delivered {
  arrivals: Arrival[];
  /** What was measured beside it, and Garmin has no field for. */
  unplaced: Unplaced[];
  /** Nothing of this pair of links had come back from Garmin before. */
  isFirst: boolean;
}

export interface RunReport extends RunOutcome, Trouble {
  decided?: LedgerEntry[];
  /** Absent: nothing. */
  delivered?: Delivered;
  /** What somebody else here had handed on to this account, by `readingId`, if both chats have to hear what became of it. */
  handed?: string[];
  /** When the account runs next, if this run has saved that. */
  next?: ScheduledRun;
}

interface RunState {
  trouble: Trouble;
  links: WentWell["links"];
  hasListed: boolean;
  items: Item[];
  attention: AttentionItem[];
  paused: ReadingKind[];
  decided: LedgerEntry[];
  delivered?: Delivered;
  handed: string[];
  timezone?: string | undefined;
}

/** It may be stopped at any moment and run again. Whatever goes wrong is in the report, never thrown. */
export async function syncAccount(deps: RunDeps, account: Account, options: RunOptions = {}): Promise<RunReport> {
  const state: RunState = {
    ...{ trouble: { status: "success" }, links: {}, hasListed: false, items: [], attention: [] },
    ...{ paused: [], decided: [], handed: [] },
  };
  try {
    if (options.lease) await run(deps, account, options, options.lease, state);
    else
      await withLease(deps.leases, leaseName(account.telegramUserId), (lease) =>
        run(deps, account, options, lease, state),
      );
  } catch (error) {
    addError(state.trouble, error, deps);
  }
  const report = reportOf(state, options);
  return report.busy ? report : keepEnd(deps, account, options, state, report);
}

function reportOf(
  { trouble, items, attention, paused, decided, delivered, handed }: RunState,
  { isAnnounced }: RunOptions,
): RunReport {
  const { status, delay, ...rest } = trouble;
  const isUncounted = isAnnounced && delay?.waiting === undefined;
  return {
    ...{ status, ...tally(items, attention), ...rest },
    ...(delay && { delay: isUncounted ? { ...delay, announced: true } : delay }),
    ...(paused.length > 0 && { paused }),
    ...(decided.length > 0 && { decided }),
    ...(delivered && delivered.arrivals.length > 0 && { delivered }),
    ...(handed.length > 0 && { handed }),
    ...(status === "error" && isAboutOneReading(trouble.cause) && { onlyReadings: true }),
  };
}

async function keepEnd(
  deps: RunDeps,
  account: Account,
  { next }: RunOptions,
  state: RunState,
  report: RunReport,
): Promise<RunReport> {
  const { schedule, clock, log } = deps;
  const { items, hasListed, links, timezone } = state;
  const { problem: _problem, cause: _cause, rests: _rests, decided: _decided, next: _next, ...rest } = report;
  const { delivered: _brought, handed: _handed, ...outcome } = rest;
  const { paused, delay, since: _since, earlier: _none, uploadRefusedAt: _refused, ...facts } = outcome;
  log.info("run_ended", {
    ...{ account: account.telegramUserId, ...facts },
    ...(paused && { paused: paused.join(",") }),
    ...(delay && { delayedBy: delay.cause }),
  });
  const finishedAt = clock.now();
  const hasUploaded = items.some(({ isAccepted }) => isAccepted);
  const kept = await schedule
    .ended(account.telegramUserId, {
      last: (before) => ({
        finishedAt,
        outcome: following(outcome, before?.outcome, { hasListed, hasUploaded, links, now: finishedAt }),
      }),
      next: next && ((scheduledRun) => next(report, { scheduledRun, timezone })),
    })
    .catch((error: unknown) => void log.warn("last_run_not_saved", errorFacts(error)));
  const { earlier: _earlier, ...known } = kept?.lastRun.outcome ?? {};
  return { ...report, ...known, ...(kept?.scheduledRun && { next: kept.scheduledRun }) };
}

async function run(deps: RunDeps, account: Account, options: RunOptions, lease: HeldLease, state: RunState) {
  const { onProgress = () => {} } = options;
  onProgress({ stage: "reading" });
  const { error, ...links } = await keepAlive(deps.tokens, account.telegramUserId);
  state.links = links;
  const { withings, garmin } = links;
  if (!withings || !garmin) throw error;
  const start = await takenOutFirst(deps, await openStart(deps, account, { withings, garmin }, options), lease, state);
  state.timezone = start.progress.timezone;
  // Saved first: if this run ends half-way, the next one still reaches back.
  const asked = options.since && (await savedStart(start));
  const listed = await collectAndPlan(deps, account, start);
  state.hasListed = true;
  state.timezone = listed.answer.timezone ?? start.progress.timezone;
  // Before anything is written: data dated by a wrong clock would cause errors long after the clock is right again.
  checkClock(listed.answer, deps);
  const stored = asked ?? (await savedStart(start));
  warnOfUnknown(listed.answer, start.progress, deps.log);
  const items = await withoutHandedOn(deps, account.telegramUserId, start.progress, listed.items);
  const collected = { ...listed, items };
  state.items = items;
  state.attention = start.progress.attention;
  onProgress({ stage: "found", readings: items.filter((it) => isTask(it) && it.step.type !== "watch").length });

  const collectedRun = {
    ...{ account, start, collected },
    lease: endingAt(lease, deps.deadlineAt?.(), deps.clock),
    onStage: (stage: "sending" | "checking", readings: number) => onProgress({ stage, readings }),
  };
  await markBegun(deps.typed, account.telegramUserId, { ...start, items, now: deps.clock.now() });
  const work = await bringToGarmin(deps, collectedRun);
  await settleWaiting(items, start.ledger);
  for (const error of work.errors) addKindError(state.trouble, error, deps);
  const next = await withReassigned(
    conclude(collectedRun, work, state, deps.clock.now()),
    items,
    account,
    deps.clock.now(),
  );
  await lease.ensure();
  await settleTyped(deps.typed, account.telegramUserId, { ...start, items, now: deps.clock.now() });
  state.handed = handedNews(start.typed, items, start.pair);
  // In whatever order its fields are.
  const isChanged = !isDeepStrictEqual(next, start.progress);
  const saved = isChanged ? await start.ledger.saveProgress(next, stored.version) : stored;
  if (!isCompareDue(start.progress, account, options.compares === true, deps.clock.now())) return;
  await (await import("./compare.ts")).compare(deps, account, start, { stored: saved, lease: collectedRun.lease });
}

/** What its owner wants out of Garmin goes first: that needs nothing from Withings. */
async function takenOutFirst(deps: RunDeps, start: Start, lease: HeldLease, state: RunState): Promise<Start> {
  const { stored, progress, ledger, sinks } = start;
  if (!stored?.value.removals?.some((it) => it.removedAt === undefined)) return start;
  const { finishRemovals } = await import("./removal.ts");
  const finished = await finishRemovals(stored, { ledger, sinks, lease, clock: deps.clock });
  for (const error of finished.errors) addKindError(state.trouble, error, deps);
  if (finished.stored === stored) return start;
  const { removals, attention, arrived, recentWeighIns, recentPressures, lastReadings } = finished.stored.value;
  const next = {
    ...{ ...progress, attention, arrived, recentWeighIns, lastReadings },
    ...(recentPressures && { recentPressures }),
    ...(removals && { removals }),
  };
  return { ...start, stored: finished.stored, progress: progress === stored.value ? finished.stored.value : next };
}

function conclude(run: CollectedRun, brought: Brought, state: RunState, now: Date): Progress {
  const { kinds, profileHeight, stillOpen, foreign } = brought;
  const { progress } = run.start;
  const { answer, since, height, items } = run.collected;
  const { sends } = run.account.settings;
  const { trouble } = state;
  state.decided = decidedOf(items);
  state.delivered = {
    arrivals: arrivalsOf(items, sends),
    unplaced: answer.unplaced ?? [],
    isFirst: (progress.proven ?? []).length === 0,
  };
  const settlements = items.map(settlementOf);
  const waiting = (kind: ReadingKind) =>
    settlements.filter((it) => it.reading.kind === kind && !it.settled).map((it) => it.reading.modifiedAt);
  const paused = pausesAfter(progress.paused, {
    tried: new Map(kinds.flatMap(({ kind, tried }) => (tried ? [[kind, tried] as const] : []))),
    ...{ askedSince: progress.askedSince, now },
    waiting: { weigh_in: waiting("weigh_in"), blood_pressure: waiting("blood_pressure") },
  });
  state.paused = KINDS.filter((kind) => paused[kind] && isKindOn(sends, kind));
  for (const { isSettled, entry } of items) {
    if (!isSettled || entry?.value.fate.state !== "failed") continue;
    // Our bug or Garmin's change: it refused what we had found to be in order.
    if (entry.value.fate.reason !== "out_of_range") addFailure(trouble, entry.value.fate.reason);
  }
  if (!answer.isComplete) addFailure(trouble, "Withings promised more readings and gave no way to them", "withings");
  const proven = kinds.filter(({ batch }) => batch.isProven || batch.readBacks.length > 0).map(({ kind }) => kind);
  addDelay(trouble, waitingOf(items, paused), { isProven: (kind) => proven.includes(kind), now });
  const next = advance(progress, {
    ...{ answer, since, height, profileHeight, settlements, stillOpen, parts: sends, now, paused },
    readBacks: kinds.flatMap(({ batch }) => batch.readBacks),
    foreign,
  });
  return { ...next, earlierLinks: run.start.earlierLinks.known };
}

async function savedStart({ ledger, progress, stored }: Start) {
  return stored && progress === stored.value ? stored : ledger.saveProgress(progress, stored?.version);
}

function checkClock({ answeredAt }: SourceAnswer, { clock, vendorTime, log }: RunDeps): void {
  const header = vendorTime?.();
  if (!isClockWrong(clock.now(), [answeredAt, header])) return;
  log.warn("clock_wrong", { answeredAt: answeredAt?.toISOString(), header: header?.toISOString() });
  throw new ActionNeededError("fix_clock");
}

function warnOfUnknown({ unknown, unreadable }: SourceAnswer, before: Progress, log: Log): void {
  for (const value of unknown) {
    if (!before.reportedUnknown.includes(value)) log.warn("withings_value_unknown", { value });
  }
  const known = new Set(before.unreadable?.map(({ id }) => id));
  for (const { id, takenAt } of unreadable) {
    if (!known.has(id)) log.warn("withings_record_not_read", { record: id, takenAt: takenAt?.toISOString() });
  }
}
