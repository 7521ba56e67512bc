import { ActionNeededError, RetryLaterError, UnexpectedAnswerError, UsageError } from "../../lib/errors.ts";
import { errorFacts, type Log } from "../../lib/log.ts";
import { isClockWrong } from "../diagnostics/vendor-clock.ts";
import { BusyError, endingAt, type HeldLease, leaseName, withLease } from "../links/with-lease.ts";
import { type Account, type Accounts, isKindOn } from "../model/account.ts";
import type { Leases } from "../model/leases.ts";
import type { Fate, Ledger, LedgerEntry, Progress } from "../model/ledger.ts";
import { type Vendor, VendorRestError } from "../model/link.ts";
import { type Delay, isAboutOneReading, type RunOutcome, worse } from "../model/outcome.ts";
import { KINDS, type ReadingKind, readingId } from "../model/reading.ts";
import { KindClosedError, type Sink, type SourceAnswer } from "../model/vendors.ts";
import {
  type CollectDeps,
  claimedKeys,
  collectAndPlan,
  holdsOf,
  isTask,
  openStart,
  type Planned,
  tasksOf,
} from "./collect.ts";
import { delayOf, type Waiting } from "./delay.ts";
import { followUp, openWithoutTask } from "./follow-up.ts";
import { keepAlive } from "./keep-alive.ts";
import type { Task } from "./lookup.ts";
import { isPaused, type Pauses, pausesAfter, type Tried } from "./pause.ts";
import { isDecided, isOfferedAgain, isWatched, type Step } from "./plan.ts";
import { advance, type Settlement } from "./progress.ts";
import { acceptedFields } from "./read-back.ts";
import { reconcile } from "./reconcile.ts";
import { type BatchReport, withFate, writeChanged } from "./record.ts";
import { following, type WentWell } from "./since.ts";

export interface RunDeps extends CollectDeps {
  accounts: Accounts;
  leases: Leases;
  /** When this process is stopped; undefined where it is not. A run ends before that, and the next one goes on. */
  deadlineAt?: () => Date | undefined;
  log: Log;
}

export interface RunOptions {
  /** Reaches back to this instant, and takes over what Garmin already has of that time. */
  since?: Date | undefined;
  /**
   * The store is known to hold everything that was sent: the last run succeeded not long ago, and nobody can have put older
   * data in place since. Unless this is set, the run looks into Garmin before it sends.
   */
  ledgerIsCurrent?: boolean | undefined;
  /** Withings has announced something new. */
  isAnnounced?: boolean | undefined;
  /**
   * When this process is stopped. What could not end before is not begun, and the report says `retry_later`; another run
   * goes on from there.
   */
  deadlineAt?: Date | undefined;
  onProgress?: ((progress: RunProgress) => void) | undefined;
}

export type RunProgress =
  | { stage: "reading" }
  | { stage: "found"; readings: number }
  | { stage: "sending" | "checking"; readings: number };

export interface RunReport extends RunOutcome {
  /** One sentence, when something in the configuration or the store has to be fixed. */
  problem?: string;
  /** Until when a vendor asked us to wait; of several, the latest. */
  rests?: { vendor: Vendor; until: Date };
  /** Another run is at work on this account, so this one did nothing. */
  busy?: true;
  /** Readings that the owner had said to send, and what they came to. */
  decided?: LedgerEntry[];
  /** With status "error": what broke, in a few technical words, so that a new cause can be told from a known one. */
  cause?: string;
}

/**
 * Brings the readings of one account from Withings into Garmin. It may be stopped at any moment and run again: the ledger
 * knows what was begun, and the cursor moves last. Whatever goes wrong is in the report, never thrown.
 */
export async function syncAccount(deps: RunDeps, account: Account, options: RunOptions = {}): Promise<RunReport> {
  const { accounts, leases, clock, log } = deps;
  const begun: UnfinishedReport = { status: "success", synced: 0, skipped: 0, held: 0, failed: 0 };
  try {
    await withLease(leases, leaseName(account), (lease) => run(deps, account, options, lease, begun));
  } catch (error) {
    blame(begun, error, deps);
  }
  const { hasUploaded = false, hasListed = false, begunWith = {}, ...report } = begun;
  if (options.isAnnounced && report.delay && report.delay.waiting === undefined) report.delay.announced = true;
  if (report.busy) return report;
  if (report.status === "error" && isAboutOneReading(report.cause)) report.onlyReadings = true;
  const { problem: _problem, cause: _cause, rests: _rests, decided: _decided, ...outcome } = report;
  const { paused, delay, since: _since, earlier: _none, uploadRefusedAt: _refused, ...counts } = outcome;
  log.info("run_ended", {
    ...{ account: account.telegramUserId, ...counts },
    ...(paused && { paused: paused.join(",") }),
    ...(delay && { delayedBy: delay.cause }),
  });
  const finishedAt = clock.now();
  const last = await accounts
    .saveLastRun(account.telegramUserId, (before) => ({
      finishedAt,
      outcome: following(outcome, before?.outcome, { hasListed, hasUploaded, links: begunWith, now: finishedAt }),
    }))
    .catch((error: unknown) => void log.warn("last_run_not_saved", errorFacts(error)));
  const { earlier: _earlier, ...known } = last?.outcome ?? {};
  return { ...report, ...known };
}

/** While the run is under way. */
interface UnfinishedReport extends RunReport {
  /** Garmin accepted an upload. */
  hasUploaded?: boolean;
  /** Withings listed what is new. */
  hasListed?: boolean;
  /** The links that could be used, or tried. */
  begunWith?: WentWell["links"];
}

async function run(deps: RunDeps, account: Account, options: RunOptions, lease: HeldLease, report: UnfinishedReport) {
  const { sinks, clock, log } = deps;
  const { onProgress = () => {} } = options;
  onProgress({ stage: "reading" });
  const id = account.telegramUserId;
  const links = await keepAlive(deps.tokens, id, report);
  const start = await openStart(deps, account, links, options);
  const { ledger, progress } = start;
  const kept = async () =>
    progress === start.stored?.value ? start.stored : await ledger.saveProgress(progress, start.stored?.version);
  // The owner's request is saved first: if this run ends half-way, the next one still reaches back.
  const asked = options.since && (await kept());

  const { answer, since, height, timezone, planned } = await collectAndPlan(deps, account, start);
  report.hasListed = true;
  // Before anything is written, because data dated by a wrong clock would be believed for as long as the clock was off.
  if (isClockWrong(clock.now(), [answer.answeredAt, deps.vendorTime?.()])) {
    log.warn("clock_wrong", {
      answeredAt: answer.answeredAt?.toISOString(),
      header: deps.vendorTime?.()?.toISOString(),
    });
    throw new ActionNeededError("fix_clock");
  }
  const stored = asked ?? (await kept());
  for (const value of answer.unknown) {
    if (!progress.reportedUnknown.includes(value)) log.warn("withings_value_unknown", { value });
  }
  const known = new Set(progress.unreadable?.map(({ id }) => id));
  for (const { id, takenAt } of answer.unreadable) {
    if (!known.has(id)) log.warn("withings_record_not_read", { record: id, takenAt: takenAt?.toISOString() });
  }
  onProgress({ stage: "found", readings: planned.filter(({ step }) => isTask(step) && step.type !== "watch").length });

  const isResting = (kind: ReadingKind) => isPaused(progress, kind, account.settings.sends, clock.now());
  const looksForHeld = (kind: ReadingKind) => start.looksForHeld && !isResting(kind);
  const holds = KINDS.flatMap((kind) => holdsOf({ planned, sinks, looksForHeld: looksForHeld(kind) }, kind));
  const fates = await settleWithoutGarmin(planned, holds, ledger, report);
  const openBefore = await openWithoutTask(planned, progress, fates, ledger);
  const laneDeps = {
    withAccess: deps.tokens.withAccess(id, "garmin", start.garminProfileId),
    ledger,
    lease: endingAt(lease, options.deadlineAt ?? deps.deadlineAt?.(), clock),
    clock,
    context: {
      heightM: height?.heightM,
      timezone,
      parts: account.settings.sends,
    },
    taken: await claimedKeys(planned, [...openBefore, ...holds], ledger),
    onStage: (stage: "sending" | "checking", readings: number) => onProgress({ stage, readings }),
  };
  const depsOf = (kind: ReadingKind) => ({
    ...laneDeps,
    sink: sinks[kind] as Sink,
    isProven: progress.proven?.includes(kind) ?? false,
    accepted: acceptedFields(progress, kind),
  });
  // First, so that no late copy is taken for a new reading. A failure here does not keep anything else from arriving.
  const stillOpen: string[] = [];
  for (const [kind, entries] of Map.groupBy(openBefore, ({ value }) => value.kind)) {
    if (isResting(kind)) stillOpen.push(...entries.map(({ value }) => readingId(value)));
    else await followUp(entries, depsOf(kind), stillOpen).catch((error: unknown) => blameLane(report, error, deps));
  }
  // One kind after the other, each on its own: trouble with a pressure never stops a weight.
  const lanes = new Map<ReadingKind, BatchReport>();
  const tried = new Map<ReadingKind, Tried>();
  for (const kind of KINDS) {
    if (isResting(kind)) continue;
    const tasks = tasksOf(planned, kind);
    const { error, ...rest } = await reconcile(
      tasks,
      holds.filter(({ reading }) => reading.kind === kind),
      depsOf(kind),
    );
    // Here too, because answers are judged even after the access to Garmin has ended.
    const lane = { ...rest, error: await deps.tokens.heed(id, "garmin", error) };
    lanes.set(kind, lane);
    tried.set(kind, { pausedBy: pausedBy(lane), isServed: tasks.length > 0 && !lane.error });
    take(report, lane, fates, deps);
  }

  const decided = planned.flatMap(({ reading, entry }) =>
    entry && isDecided(entry.value) ? [fates.get(readingId(reading)) ?? entry.value] : [],
  );
  if (decided.length > 0) report.decided = decided;
  const settlements = planned.map((it) => settlement(it, fates));
  const isWaiting = (kind: ReadingKind) => (it: Settlement) => it.reading.kind === kind && !it.settled;
  const waiting = (kind: ReadingKind) => settlements.filter(isWaiting(kind)).map((it) => it.reading.modifiedAt);
  const paused = pausesAfter(progress.paused, {
    ...{ tried, askedSince: progress.askedSince, now: clock.now() },
    waiting: { weigh_in: waiting("weigh_in"), blood_pressure: waiting("blood_pressure") },
  });
  const pausedKinds = KINDS.filter((kind) => paused[kind] && isKindOn(account.settings.sends, kind));
  if (pausedKinds.length > 0) report.paused = pausedKinds;
  count(report, planned, answer);
  const isProven = (kind: ReadingKind) => depsOf(kind).isProven || (lanes.get(kind)?.readBacks.length ?? 0) > 0;
  addDelay(report, waitingNow(planned, settlements, lanes, paused), { isProven, now: clock.now() });
  report.held += waitingSinceLong(progress, planned);
  await lease.ensure();
  const next = advance(progress, {
    ...{ answer, since, height, settlements, stillOpen },
    ...{ parts: account.settings.sends, now: clock.now(), paused },
    readBacks: [...lanes.values()].flatMap((it) => it.readBacks),
    strangers: [...lanes.values()].flatMap((it) => [...it.strangers.values()]),
  });
  if (JSON.stringify(next) !== JSON.stringify(progress)) await ledger.saveProgress(next, stored.version);
}

/** Writes down what is held, refused or left out. Answers what the ledger says now, by reading. */
async function settleWithoutGarmin(planned: Planned[], holds: Task[], ledger: Ledger, report: RunReport) {
  const fates = new Map<string, LedgerEntry>();
  const looked = new Set(holds.map(({ reading }) => reading));
  for (const { reading, entry, step } of planned) {
    const fate = fateOf(step);
    // What Garmin may have already is for the lanes.
    if (!fate || looked.has(reading)) continue;
    const now = withFate(reading, entry?.value, fate);
    await writeChanged(ledger, now, entry);
    fates.set(readingId(reading), now);
    report[fate.state]++;
  }
  return fates;
}

/** What is decided without a look into Garmin. */
function fateOf(step: Step): Extract<Fate, { state: "held" | "failed" | "skipped" }> | undefined {
  switch (step.type) {
    case "hold":
      return { state: "held", reason: step.reason };
    case "fail":
      return { state: "failed", reason: step.reason };
    case "skip":
      return { state: "skipped", reason: step.reason };
    default:
      return undefined;
  }
}

function take(report: UnfinishedReport, lane: BatchReport, fates: Map<string, LedgerEntry>, deps: BlameDeps) {
  report.hasUploaded ||= lane.hasUploaded;
  report.synced += lane.synced;
  report.skipped += lane.skipped;
  report.held += lane.held;
  for (const [id, entry] of lane.fates) {
    fates.set(id, entry);
    if (entry.fate.state !== "failed") continue;
    report.failed++;
    // Our bug or Garmin's change: a refusal of something that we found to be in order.
    if (entry.fate.reason !== "out_of_range") broke(report, entry.fate.reason);
  }
  if (lane.error) blameLane(report, lane.error, deps);
}

/** A kind that Garmin does not offer is a fact, and told as one. */
function blameLane(report: RunReport, error: unknown, deps: BlameDeps) {
  if (error instanceof KindClosedError) deps.log.warn("garmin_serves_no_such_readings", errorFacts(error));
  else blame(report, error, deps);
}

/** Why nothing more of this kind is tried. */
function pausedBy({ error, isHeld }: BatchReport): Tried["pausedBy"] {
  if (error instanceof KindClosedError) return { reason: "closed", httpStatus: error.httpStatus };
  return isHeld ? { reason: "differs" } : undefined;
}

function settlement({ reading, entry, step }: Planned, fates: Map<string, LedgerEntry>): Settlement {
  const now = fates.get(readingId(reading)) ?? entry?.value;
  const done = step.type === "leave" || step.type === "settled" || fates.has(readingId(reading));
  // A reading that is watched holds the cursor: only what Withings lists can be looked after. But while its kind is off
  // it may be for months, so that what is to be offered again does not.
  const isOpen = now && (isWatched(now) || (step.type !== "leave" && isOfferedAgain(now)));
  return { reading, entry: now, settled: done && !isOpen };
}

function count(report: RunReport, planned: Planned[], answer: SourceAnswer) {
  report.skipped += planned.filter(({ step }) => step.type === "settled" || step.type === "watch").length;
  if (!answer.isComplete) broke(report, "Withings promised more readings and gave no way to them", "withings");
}

/** Not refused, not seen: Garmin has them, or will be asked again. */
function waitingNow(
  planned: Planned[],
  settlements: Settlement[],
  lanes: Map<ReadingKind, BatchReport>,
  paused: Pauses,
): Waiting[] {
  return settlements.flatMap(({ reading, entry, settled }, index): Waiting[] => {
    const step = planned[index]?.step;
    const isWaiting = !entry || entry.fate.state === "sending" || entry.fate.state === "sent";
    // To be held, if Garmin does not have it: that is not known yet.
    const isUndecided = step?.type === "hold" && !settled;
    if (paused[reading.kind] || !step || !(isTask(step) || isUndecided) || !isWaiting) return [];
    return [{ reading, entry: lanes.get(reading.kind)?.sent.get(readingId(reading)) ?? entry }];
  });
}

function addDelay(report: RunReport, waiting: Waiting[], facts: Parameters<typeof delayOf>[2]) {
  if (waiting.length > 0) report.status = worse(report.status, "retry_later");
  if (report.status !== "retry_later") return;
  report.delay = {
    ...delayOf(report.delay?.cause, waiting, facts),
    ...(report.delay?.until && { until: report.delay.until }),
  };
}

function broke(report: RunReport, cause: string, unexpectedFrom?: Vendor) {
  report.status = worse(report.status, "error");
  // What broke weighs more than a reading that Garmin did not take.
  if (report.cause !== undefined && !isAboutOneReading(report.cause)) return;
  report.cause = cause;
  if (unexpectedFrom) report.unexpectedFrom = unexpectedFrom;
}

/** Held readings that this run had nothing to decide about: they still wait for the owner. */
function waitingSinceLong({ attention }: Progress, planned: Planned[]): number {
  const decided = planned.filter(({ step }) => step.type !== "leave");
  const listed = new Set(decided.map(({ reading }) => readingId(reading)));
  return attention.filter((it) => it.fate.state === "held" && !listed.has(readingId(it))).length;
}

type BlameDeps = Pick<RunDeps, "log" | "clock">;

function blame(report: RunReport, error: unknown, { log, clock }: BlameDeps) {
  if (error instanceof ActionNeededError) {
    report.status = worse(report.status, "action_needed");
    report.action ??= error.action;
    if (error.action === "grant_garmin_upload") report.uploadRefusedAt = clock.now();
  } else if (error instanceof RetryLaterError) {
    report.status = worse(report.status, "retry_later");
    if (error instanceof BusyError) report.busy = true;
    else report.delay ??= delayBy(error, clock.now());
    if (error instanceof VendorRestError && !(report.rests && report.rests.until > error.until)) {
      report.rests = { vendor: error.vendor, until: error.until };
    }
    log.warn("run_postponed", errorFacts(error));
  } else {
    const unexpectedFrom = error instanceof UnexpectedAnswerError ? error.vendor : undefined;
    broke(report, error instanceof Error ? error.message : "unknown", unexpectedFrom);
    if (error instanceof UsageError) report.problem ??= error.message;
    log.error("run_failed", errorFacts(error));
  }
}

function delayBy(error: RetryLaterError, since: Date): Delay {
  return { cause: error.delayedBy, since, ...(error instanceof VendorRestError && { until: error.until }) };
}
