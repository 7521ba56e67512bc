import { errorFacts } from "../../lib/log.ts";
import { removalOf } from "../engine/gone.ts";
import { listedAgain, writeAll } from "../engine/record.ts";
import { asked, finishRemovals, isOurs, isPending } from "../engine/removal.ts";
import { type Account, isKindOn } from "../model/account.ts";
import type { Gone, LedgerEntry, Progress, Removal } from "../model/ledger.ts";
import type { Versioned } from "../model/link.ts";
import { withLedger } from "./opened-ledger.ts";
import { contextOf, isRestorable, restoring, type TakeBackDeps, toSendAgain } from "./take-back.ts";

/** One reading by its id, or those that were asked about together, by the time of that. */
export type Which = string | Date;

const isMeant = (which: Which) => (it: Gone) =>
  typeof which === "string" ? it.id === which : it.isOfMany && it.askedAt?.getTime() === which.getTime();

const together = ({ removals = [] }: Progress, askedAt: Date) =>
  removals.filter((it) => it.together?.getTime() === askedAt.getTime());

/** They stay in Garmin, and nobody is asked about them again. Throws `BusyError` while a run is at work. */
export async function keepGone(deps: TakeBackDeps, account: Account, which: Which): Promise<void> {
  await withLedger(deps, account, async ({ ledger, progress, lease }) => {
    const kept = new Set((progress.value.gone ?? []).filter(isMeant(which)).map(({ id }) => id));
    if (kept.size === 0) return;
    const entries = [...(await ledger.entries([...kept])).values()];
    const isInGarmin = ({ value }: (typeof entries)[number]) => value.fate.state === "seen" && !value.isKept;
    await lease.ensure();
    // First: if this ends half-way, the next comparison finds what is written.
    await writeAll(
      entries.filter(isInGarmin).map((entry) => ({ item: { entry }, next: { ...entry.value, isKept: true } })),
      ledger,
    );
    const { gone = [], ...rest } = progress.value;
    const left = gone.filter(({ id }) => !kept.has(id));
    await ledger.saveProgress({ ...rest, ...(left.length > 0 && { gone: left }) }, progress.version);
  });
}

export interface TakenOut {
  removals: Removal[];
  /** What was in the way of those that are still pending. */
  problem?: unknown;
}

/** Takes all of them out of Garmin, now or by the next runs. Throws `BusyError` while a run is at work. */
export async function takeOutGone(deps: TakeBackDeps, account: Account, askedAt: Date): Promise<TakenOut> {
  const done = await withLedger(deps, account, async (opened): Promise<TakenOut> => {
    const { ledger, progress, lease } = opened;
    const now = deps.clock.now();
    const meant = (progress.value.gone ?? []).filter(isMeant(askedAt));
    const next = meant.reduce((all, it) => asked(all, removalOf(it, now), now), progress.value);
    await lease.ensure();
    const stored = meant.length > 0 ? await ledger.saveProgress(next, progress.version) : progress;
    const awaited = new Set(together(stored.value, askedAt).map(({ id }) => id));
    const finished = await finishRemovals(stored, contextOf(deps, account, opened), { awaited });
    for (const error of finished.errors) deps.log.warn("removal_put_off", errorFacts(error));
    const removals = together(finished.stored.value, askedAt);
    const isLeft = removals.some(isPending) && finished.errors.length > 0;
    return { removals, ...(isLeft && { problem: finished.errors[0] }) };
  });
  return done ?? { removals: [] };
}

/** Has all of them sent again by the next run, if their kind is on. Throws `BusyError` while a run is at work. */
export async function restoreGone(deps: TakeBackDeps, account: Account, askedAt: Date): Promise<LedgerEntry[]> {
  const restored = await withLedger(deps, account, async ({ ledger, progress, lease }) => {
    const now = deps.clock.now();
    const isOn = ({ kind }: Removal) => isKindOn(account.settings.sends, kind);
    const ids = together(progress.value, askedAt)
      .filter(isOn)
      .map(({ id }) => id);
    const known = [...(await ledger.entries(ids)).values()];
    const entries = known.filter(({ value }) => isRestorable(value, now) || isOurs(value));
    if (entries.length === 0) return [];
    await lease.ensure();
    // The removals stay until the end: if this ends half-way, it's done again, and they say with which readings.
    const listed = entries.reduce((all, { value }) => listedAgain(all, value), progress.value);
    const stored = await ledger.saveProgress(restoring(listed, ids), progress.version);
    // What is still in Garmin stays there, whatever Withings lists.
    const again = ({ value }: Versioned<LedgerEntry>) =>
      isRestorable(value, now) ? toSendAgain(value, now) : { ...value, isKept: true as const };
    await writeAll(
      entries.map((entry) => ({ item: { entry }, next: again(entry) })),
      ledger,
    );
    const removals = stored.value.removals?.filter(({ id }) => !ids.includes(id)) ?? [];
    await ledger.saveProgress({ ...stored.value, removals }, stored.version);
    return entries.map(({ value }) => value);
  });
  return restored ?? [];
}
