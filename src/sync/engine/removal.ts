import type { Clock } from "../../lib/clock.ts";
import type { HeldLease } from "../links/with-lease.ts";
import { type Ledger, type LedgerEntry, type Progress, type Removal, restorableUntil } from "../model/ledger.ts";
import type { Versioned } from "../model/link.ts";
import { readingId } from "../model/reading.ts";
import type { GarminEntry, GarminKey, Sink, Sinks } from "../model/vendors.ts";
import { aroundAll, remove } from "./batch.ts";
import { Claims } from "./claims.ts";
import { changed, mayBeOurs, OURS, UnclaimedEntries } from "./match.ts";
import { secondsSinceAttempt } from "./plan.ts";
import { acceptedFields } from "./read-back.ts";
import { awaitedFromNow, stillAwaited, writeAll } from "./record.ts";

/** How long an upload that nobody has seen may still turn up. */
const AWAITED_SECONDS = 24 * 3600;
/** How long Garmin has to answer without a body until that means that there's nothing. */
const EMPTY_SECONDS = 600;
/** Garmin may show for a moment what it has deleted. Seconds after the look before. */
const LOOK_AFTER_SECONDS = [0, 1, 2, 4];

export interface RemovalContext {
  ledger: Ledger;
  sinks: Sinks;
  lease: HeldLease;
  clock: Clock;
}

/** Whether we brought it into Garmin, are about to, or may have, and it hasn't been taken out since. */
export function isOurs({ fate, garminKey, decision }: LedgerEntry): boolean {
  if (fate.state === "removed" || (fate.state === "held" && decision?.type === "ask_again")) return false;
  if (fate.state === "skipped" && fate.reason === "already_in_garmin") return false;
  return garminKey !== undefined || ["sending", "sent", "removing"].includes(fate.state);
}

export const isPending = ({ removedAt }: Removal) => removedAt === undefined;

/** The intention. It's saved before anything else, so that the next run finishes what this process can't. */
export function asked(progress: Progress, removal: Removal, now: Date): Progress {
  const { id, kind, takenAt } = removal;
  const { removals = [], lastReadings, recentPressures, attention, gone: before = [], restoring, ...rest } = progress;
  const gone = before.filter((it) => it.id !== id);
  const restored = restoring?.filter((it) => it !== id) ?? [];
  const arrived = progress.arrived.filter((it) => it.id !== id);
  const isOther = (it: { takenAt: Date }) => kind !== "weigh_in" || it.takenAt.getTime() !== takenAt.getTime();
  const recentWeighIns = progress.recentWeighIns.filter(isOther);
  const pressures = recentPressures?.filter((it) => kind === "weigh_in" || it.takenAt.getTime() !== takenAt.getTime());
  const isLast = lastReadings[kind]?.takenAt.getTime() === takenAt.getTime();
  return {
    ...rest,
    arrived,
    recentWeighIns,
    ...(pressures && { recentPressures: pressures }),
    lastReadings: isLast ? withoutLast({ ...progress, arrived, recentWeighIns }, kind) : lastReadings,
    attention: attention.filter((it) => readingId(it) !== id),
    ...(gone.length > 0 && { gone }),
    ...(restored.length > 0 && { restoring: restored }),
    removals: [...removals.filter((it) => it.id !== id && isKept(it, now)), removal],
  };
}

const isKept = ({ removedAt }: Removal, now: Date) => removedAt === undefined || now < restorableUntil(removedAt);

/** The one before it, as far as the progress knows. */
function withoutLast({ lastReadings, recentWeighIns, arrived }: Progress, kind: Removal["kind"]) {
  const { [kind]: _removed, ...others } = lastReadings;
  const known = [
    ...arrived.filter((it) => it.kind === kind),
    ...(kind === "weigh_in"
      ? recentWeighIns.map(({ takenAt, weightKg }) => ({ takenAt, values: { kind, weightKg } as const }))
      : []),
  ];
  const [last] = known.sort((a, b) => b.takenAt.getTime() - a.takenAt.getTime());
  return { ...others, ...(last && { [kind]: { takenAt: last.takenAt, values: last.values } }) };
}

/** It's gone: what the progress says of it from now on. */
function concluded(progress: Progress, removal: Removal, entry: LedgerEntry | undefined, facts: Concluding): Progress {
  const { now, isNews } = facts;
  const next = asked(progress, removal, now);
  const others = (next.removals ?? []).filter((it) => it.id !== removal.id);
  const { fate } = entry ?? {};
  if (entry && fate?.state === "removed") {
    const done: Removal = { ...removal, removedAt: entry.removal?.removedAt ?? now, ...(isNews && { isNews }) };
    return { ...next, removals: [...others, done] };
  }
  if (!entry || fate?.state !== "held") return { ...next, removals: others };
  const { measureGroupId, kind, takenAt, modifiedAt, values } = entry;
  const item = { measureGroupId, kind, takenAt, modifiedAt, values, fate, waitsSince: now };
  return { ...next, removals: others, attention: [...next.attention, item] };
}

interface Concluding {
  now: Date;
  isNews?: true | undefined;
}

export interface Finished {
  /** What of the removals is left to do, or done, is in here. */
  stored: Versioned<Progress>;
  errors: unknown[];
}

/**
 * Takes out of Garmin what its owners want out. Safe to stop at any line and run again: the ledger says "removing" before
 * anything is deleted, and "removed" only after a look in which Garmin no longer has it. What can't be done now stays pending.
 * `awaited`: of these, their owner hears from the caller. Of the others they still have to hear.
 */
export async function finishRemovals(
  stored: Versioned<Progress>,
  context: RemovalContext,
  { awaited }: { awaited?: ReadonlySet<string> | undefined } = {},
): Promise<Finished> {
  const errors: unknown[] = [];
  let current = stored;
  for (const removal of (stored.value.removals ?? []).filter(isPending)) {
    try {
      const entry = await takeOut(removal, current.value, context);
      if (entry === "still_there") continue;
      const isNews = awaited?.has(removal.id) ? undefined : true;
      const next = concluded(current.value, removal, entry, { now: context.clock.now(), isNews });
      current = await context.ledger.saveProgress(next, current.version);
    } catch (error) {
      errors.push(error);
    }
  }
  return { stored: current, errors };
}

async function takeOut(removal: Removal, progress: Progress, context: RemovalContext) {
  const { ledger, clock, lease } = context;
  const found = (await ledger.entries([removal.id])).get(removal.id);
  if (!found || !isOurs(found.value)) return found?.value;
  const item = { entry: found };
  const write = async (next: LedgerEntry) => writeAll([{ item, next }], ledger);
  if (found.value.fate.state !== "removing") {
    await lease.ensure();
    const { askedAt } = removal;
    await write({ ...found.value, fate: { state: "removing" }, removal: { askedAt } });
  }
  const sink = context.sinks[removal.kind] as Sink;
  const copies = await unknownCopies(item.entry.value, progress, { ...context, sink });
  const [ours] = copies;
  if (!item.entry.value.garminKey && ours) await write({ ...item.entry.value, garminKey: ours.key });
  const keys = keysOf(item.entry.value, copies);
  for (const key of keys) await remove(key, { sink, lease });
  const { value } = item.entry;
  if (keys.length === 0 && secondsSinceAttempt(value, clock.now()) < AWAITED_SECONDS) return "still_there";
  const wasSent = keys.length > 0 || value.attemptedAt !== undefined;
  const look = wasSent ? await lookAfter(value, keys, { ...context, sink }) : "gone";
  const { emptySince } = value.removal ?? {};
  if (look === "empty" && !emptySince) {
    await write({ ...value, removal: { askedAt: removal.askedAt, emptySince: clock.now() } });
  }
  const isEmptyFor = emptySince ? (clock.now().getTime() - emptySince.getTime()) / 1000 : 0;
  if (look !== "gone" && !(look === "empty" && isEmptyFor >= EMPTY_SECONDS)) return "still_there";
  await lease.ensure();
  await write(outOfGarmin(value, removal, clock.now()));
  return item.entry.value;
}

function keysOf({ garminKey, replaces }: LedgerEntry, copies: GarminEntry[]): GarminKey[] {
  const all = [garminKey, replaces?.garminKey, ...copies.map(({ key }) => key)].filter((it) => it !== undefined);
  return [...new Map(all.map((key) => [key.id, key])).values()];
}

interface OneSink extends RemovalContext {
  sink: Sink;
}

/** What Garmin shows of it under a key that the ledger doesn't know. First of all the upload itself, if it was never seen. */
async function unknownCopies(entry: LedgerEntry, progress: Progress, { sink, ledger, lease }: OneSink) {
  const { garminKey, attemptedAt, possibleCopies = [], kind } = entry;
  if (garminKey && possibleCopies.length === 0) return [];
  await lease.ensure();
  const { entries } = await aroundAll(sink, [entry.takenAt, ...possibleCopies.map((it) => it.takenAt)]);
  // Something may be removed, so the whole ledger is asked whose it is.
  const claims = new Claims(ledger, progress, [entry]);
  await claims.complete();
  const unclaimed = new UnclaimedEntries(entries, claims);
  const isProven = progress.proven?.includes(kind) ?? false;
  const ways = [...OURS, ...changed({ isProven, accepted: acceptedFields(progress, kind) })];
  let ours: GarminEntry | undefined;
  if (!garminKey && attemptedAt) for (const fits of ways) ours ??= unclaimed.take(entry, fits);
  return [...(ours ? [ours] : []), ...unclaimed.takeAll(possibleCopies)];
}

/**
 * Only what Garmin shows counts. An entry that can't be read may be it. An answer without a body says that there's nothing, or that
 * the answer got lost.
 */
async function lookAfter(entry: LedgerEntry, keys: GarminKey[], { sink, lease, clock }: OneSink) {
  const isTaken = new Set(keys.map(({ id }) => id));
  let found: "gone" | "there" | "empty" = "there";
  for (const seconds of LOOK_AFTER_SECONDS) {
    if (seconds > 0) await clock.sleep(seconds);
    await lease.ensure();
    const around = await aroundAll(sink, [entry.takenAt, entry.replaces?.takenAt ?? entry.takenAt]);
    const isShown = around.entries.some(({ key }) => isTaken.has(key.id));
    const mayBeThere = isShown || around.unreadable.some((it) => mayBeOurs(entry, it));
    found = mayBeThere ? "there" : around.isWithoutBody ? "empty" : "gone";
    if (found === "gone") break;
  }
  return found;
}

/** It keeps its key: if Garmin shows it for a while, it's nobody else's. */
function outOfGarmin(entry: LedgerEntry, { asksAgain, askedAt }: Removal, now: Date): LedgerEntry {
  const { replaces, possibleCopies = [], differences: _none, removal: _asked, seenAt: _seen, ...rest } = entry;
  const neverSeen = entry.attemptedAt && !entry.garminKey ? [awaitedFromNow(entry, now)] : [];
  const garminKey = entry.garminKey ?? replaces?.garminKey;
  const copies = stillAwaited([...possibleCopies, ...neverSeen], now);
  const kept = { ...rest, ...(garminKey && { garminKey }), ...copies };
  if (asksAgain) {
    const { attemptedAt: _sent, accepted: _taken, ...unsent } = kept;
    const decision = { type: "ask_again", at: now, about: asksAgain } as const;
    return { ...unsent, attempts: 0, fate: { state: "held", reason: asksAgain }, decision };
  }
  return { ...kept, fate: { state: "removed" }, removal: { askedAt, removedAt: now } };
}
