import type { Account } from "../model/account.ts";
import type { Ledger, ProfileHeight } from "../model/ledger.ts";
import { KINDS, type ReadingKind, readingId } from "../model/reading.ts";
import { type GarminEntry, KindClosedError, type Sink } from "../model/vendors.ts";
import { type BatchContext, isDiffering } from "./batch.ts";
import type { Claims } from "./claims.ts";
import { type CollectDeps, type Collected, claimsOf, holdsOf, type Start, tasksOf } from "./collect.ts";
import { followUpEarlier } from "./earlier-links.ts";
import { type FollowedUp, followUp, openWithoutTask } from "./follow-up.ts";
import { type KnownHeight, knownHeight, lookUpProfileHeight } from "./height.ts";
import type { Item, Task } from "./item.ts";
import { isKindPaused, type Tried } from "./kind-pause.ts";
import { isSameEvent } from "./match.ts";
import { acceptedFields } from "./read-back.ts";
import { reconcile } from "./reconcile.ts";
import { type Change, settledAs, writeAll } from "./record.ts";

interface KindWork {
  kind: ReadingKind;
  isPaused: boolean;
  tasks: Task[];
  holds: Task[];
  batch: BatchContext;
  tried?: Tried;
}

export interface CollectedRun extends Pick<BatchContext, "lease" | "onStage"> {
  account: Account;
  start: Start;
  collected: Collected;
}

export interface Brought {
  kinds: KindWork[];
  profileHeight: ProfileHeight | undefined;
  /** Readings with an open upload, of which nothing is left to send, by `readingId`. */
  stillOpen: string[];
  /** What Garmin has from elsewhere. Empty after an error. */
  foreign: GarminEntry[];
  errors: unknown[];
}

export async function bringToGarmin(deps: CollectDeps, run: CollectedRun): Promise<Brought> {
  const { start, collected } = run;
  const { items } = collected;
  const planned = planKinds(deps, run);
  const holds = planned.flatMap((it) => it.holds);
  await settleWithoutGarmin(items, holds, start.ledger);
  const openBefore = await openWithoutTask(items, start.progress, start.ledger);
  const claimed = claimsOf(
    items,
    openBefore.map(({ value }) => value),
    start,
  );
  const heights = await heightsFor(planned, deps, run);
  const kinds = planned.map((it): KindWork => ({ ...it, batch: batchOf(it, claimed, heights, run, deps) }));
  // First, so that no late copy is taken for a new reading. A failure here stops nothing else.
  const followed: FollowedUp[] = [];
  const earlier: unknown[] = [];
  for (const { kind, isPaused, batch } of kinds) {
    if (!isPaused) earlier.push(...(await followUpEarlier(start.earlierLinks, kind, batch)));
    const entries = openBefore.filter(({ value }) => value.kind === kind);
    followed.push(
      isPaused
        ? { stillOpen: entries.map(({ value }) => readingId(value)), removed: [] }
        : await followUp(entries, batch),
    );
  }
  // One kind after the other: an error with blood pressures never stops the weights.
  for (const work of kinds) if (!work.isPaused) work.tried = await reconcileKind(work, deps, run);
  const errors = [...earlier, ...followed.map((it) => it.error), ...kinds.flatMap(({ tried }) => tried?.errors ?? [])];
  const foreign = await foreignOf(kinds, claimed, run).catch((error: unknown) => {
    errors.push(error);
    return [];
  });
  return {
    ...{ kinds, foreign, profileHeight: heights.profile, stillOpen: followed.flatMap((it) => it.stillOpen) },
    errors: errors.filter((it) => it !== undefined),
  };
}

/** One that may be the twin of an arrival is told to the owner, so the whole ledger is asked whether it's ours. */
async function foreignOf(
  kinds: KindWork[],
  claimed: Claims,
  { start, collected: { items } }: CollectedRun,
): Promise<GarminEntry[]> {
  const foreign = kinds.flatMap(({ batch }) => [...batch.foreign.values()]);
  const seen = items.flatMap(({ entry }) => (entry?.value.fate.state === "seen" ? entry.value : []));
  const arrived = [...start.progress.arrived, ...seen];
  const isNews = start.progress.twin === undefined;
  if (isNews && foreign.some((other) => arrived.some((it) => isSameEvent(it, other)))) await claimed.complete();
  return foreign.filter(({ key }) => !claimed.has(key.id));
}

function planKinds({ clock }: CollectDeps, { account, start, collected: { items } }: CollectedRun) {
  return KINDS.map((kind) => {
    const isPaused = isKindPaused(start.progress, kind, account.settings.sends, clock.now());
    const looksForHeld = start.looksForHeld && !isPaused;
    return { kind, isPaused, tasks: tasksOf(items, kind), holds: holdsOf(items, { ...start, looksForHeld }, kind) };
  });
}

async function settleWithoutGarmin(items: Item[], holds: Task[], ledger: Ledger): Promise<void> {
  const isLookedFor = new Set<Item>(holds);
  const others = items.filter((item) => !isLookedFor.has(item));
  await writeAll(others.map(settledBeforehand), ledger);
}

function settledBeforehand(item: Item): Change<Item> | undefined {
  const { step } = item;
  switch (step.type) {
    case "hold":
      return settledAs(item, { state: "held", reason: step.reason });
    case "fail":
      return settledAs(item, { state: "failed", reason: step.reason });
    case "skip":
      return settledAs(item, { state: "skipped", reason: step.reason });
    default:
      return undefined;
  }
}

interface Heights {
  profile: ProfileHeight | undefined;
  known: KnownHeight | undefined;
  error?: unknown;
}

async function heightsFor(
  planned: Array<Pick<KindWork, "kind" | "isPaused" | "tasks">>,
  { clock }: CollectDeps,
  { account: { settings }, start, collected: { height } }: CollectedRun,
): Promise<Heights> {
  const heights = (profile: ProfileHeight | undefined) => ({
    profile,
    known: knownHeight(settings, { height, profileHeight: profile }),
  });
  const isSending = planned.some(
    ({ kind, isPaused, tasks }) => kind === "weigh_in" && !isPaused && tasks.some(({ step }) => step.type !== "watch"),
  );
  const { profileHeight: before } = start.progress;
  if (!isSending) return heights(before);
  try {
    return heights(await lookUpProfileHeight(start, { settings, height, now: clock.now() }));
  } catch (error) {
    return { ...heights(before), error };
  }
}

function batchOf(
  { kind, tasks }: Pick<KindWork, "kind" | "tasks">,
  claimed: Claims,
  { known: height, error }: Heights,
  { account, start, collected, lease, onStage }: CollectedRun,
  { clock }: CollectDeps,
): BatchContext {
  const { timezone } = collected;
  return {
    ...{ sink: start.sinks[kind] as Sink, ledger: start.ledger, clock, lease, onStage },
    sendContext: { heightM: height?.heightM, timezone, parts: account.settings.sends },
    heightSince: height?.takenAt,
    isProven: start.progress.proven?.includes(kind) ?? false,
    accepted: acceptedFields(start.progress, kind),
    // What was tried before may have arrived since that look, and what this run removes was still there.
    early: tasks.every(({ entry }) => !entry) && !start.earlierLinks.looksFirst ? collected.early[kind] : undefined,
    ...{ claimed, readBacks: [], foreign: new Map(), errors: kind === "weigh_in" && error ? [error] : [] },
  };
}

async function reconcileKind(
  { tasks, holds, batch }: KindWork,
  { tokens }: CollectDeps,
  { account }: CollectedRun,
): Promise<Tried> {
  // Sent without the height that Garmin may have, they would lack a BMI for good.
  if (batch.errors.length === 0) await reconcile(tasks, holds, batch);
  // Here too: an error that is raised after the call to Garmin has returned isn't noted there.
  const { telegramUserId } = account;
  const errors = await Promise.all(batch.errors.map((error) => tokens.noteWait(telegramUserId, "garmin", error)));
  return { errors, pausedBy: pausedBy(errors, batch), isServed: tasks.length > 0 && errors.length === 0 };
}

function pausedBy(errors: unknown[], batch: BatchContext): Tried["pausedBy"] {
  const closed = errors.find((error) => error instanceof KindClosedError);
  if (closed) return { reason: "closed", httpStatus: closed.httpStatus };
  return isDiffering(batch) ? { reason: "differs" } : undefined;
}
