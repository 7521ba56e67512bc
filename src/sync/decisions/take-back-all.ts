import { listedAgain, writeAll } from "../engine/record.ts";
import { asked, finishRemovals, isOurs } from "../engine/removal.ts";
import type { Account } from "../model/account.ts";
import { type LedgerEntry, type Progress, type Removal, UNDONE_WITHIN_MS } from "../model/ledger.ts";
import { readingId } from "../model/reading.ts";
import { withLedger } from "./opened-ledger.ts";
import { againHeld, contextOf, type TakeBackDeps, waiting } from "./take-back.ts";

/** `pending`: they may still be in Garmin; the next run takes them out and asks again. */
export type TakenBackAll = { type: "held"; ids: string[]; pending: number } | { type: "too_late" };

/**
 * Takes back what was answered about several readings at once, at this time: each is asked about again, and what had come to
 * Garmin is taken out. What its owner has answered since stays. Throws `BusyError` while a run is at work.
 */
export function askAllAgain(deps: TakeBackDeps, account: Account, at: Date): Promise<TakenBackAll> {
  const { clock } = deps;
  return withLedger<TakenBackAll>(deps, account, async (opened) => {
    const { ledger, progress, lease } = opened;
    const now = clock.now();
    const answer = progress.value.answered?.find((it) => it.at.getTime() === at.getTime());
    if (!answer || now.getTime() - at.getTime() > UNDONE_WITHIN_MS) return { type: "too_late" };
    const { ids } = answer;
    const found = [...(await ledger.entries(ids)).values()].filter(
      ({ value }) => value.decision?.at.getTime() === at.getTime() && value.decision.about,
    );
    const denied = found.filter(({ value: { fate } }) => fate.state === "skipped" && fate.reason === "not_mine");
    const sent = found.filter(({ value }) => value.decision?.type === "mine" && isOurs(value));
    await lease.ensure();
    // First: if this ends half-way, the next run finds what is left to do.
    const held = denied.map((entry) => ({ item: { entry }, next: againHeld(entry.value, now) }));
    const listed = held.reduce<Progress>((all, { next }) => {
      const before = listedAgain(all, next);
      return { ...before, attention: [...before.attention, waiting(next, now)] };
    }, progress.value);
    const removing = sent.reduce((all, { value }) => asked(all, removalOf(value, now), now), listed);
    const stored = await ledger.saveProgress(removing, progress.version);
    await writeAll(held, ledger);
    const awaited = new Set(sent.map(({ value }) => readingId(value)));
    await finishRemovals(stored, contextOf(deps, account, opened), { awaited });
    const after = [...(await ledger.entries(ids)).values()];
    const pending = after.filter(({ value }) => value.decision?.type === "mine" && isOurs(value)).length;
    return { type: "held", ids, pending };
  }).then((it) => it ?? { type: "too_late" });
}

function removalOf(entry: LedgerEntry, askedAt: Date): Removal {
  const { kind, takenAt, values, decision } = entry;
  const about = decision?.about;
  return { id: readingId(entry), kind, takenAt, values, askedAt, ...(about && { asksAgain: about }) };
}
