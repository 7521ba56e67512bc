import { errorFacts, type Log } from "../../lib/log.ts";
import type { HeldLease } from "../links/with-lease.ts";
import type { Account } from "../model/account.ts";
import type { LedgerEntry, Progress } from "../model/ledger.ts";
import type { Versioned } from "../model/link.ts";
import { KINDS, readingId } from "../model/reading.ts";
import type { SourceAnswer, UnreadableRecord } from "../model/vendors.ts";
import type { CollectDeps, Start } from "./collect.ts";
import { comparedNow, placeOf, WINDOW_MS } from "./compare-due.ts";
import { isFollowed, withGone } from "./gone.ts";

/** So that a difference of the clocks hides nothing. */
const MARGIN_MS = 24 * 3600 * 1000;
/** As many of a kind are hardly deleted together. If none is listed, its permission may be missing. */
const WHOLE_KIND = 2;

/**
 * Withings marks no deletions. So what it lists is compared with what we sent: all of a month, by when Withings last changed it.
 * That is a look of its own at the end of a run: whatever is wrong with it, readings arrive. Never throws.
 */
export async function compare(
  { source, clock, log }: CollectDeps & { log: Log },
  { settings: { deletions: setting } }: Account,
  { ledger, withingsAccess }: Start,
  { stored, lease }: { stored: Versioned<Progress>; lease: HeldLease },
): Promise<void> {
  const { value: before } = stored;
  const { from, nextAt } = before.compared ?? {};
  const now = clock.now();
  const warn = (error: unknown) => log.warn("not_compared", errorFacts(error));
  const next = await look().catch((error: unknown) => {
    warn(error);
    return { ...before, ...comparedNow(from ?? "0", now, true) };
  });
  if (JSON.stringify(next) !== JSON.stringify(before)) await save(next).catch(warn);

  async function look(): Promise<Progress> {
    const answer = await source.changedSince(withingsAccess, new Date(now.getTime() - WINDOW_MS - MARGIN_MS));
    // After a long time without comparing, what is there now is where it begins.
    const isKnown = nextAt && now.getTime() - nextAt.getTime() < WINDOW_MS;
    const entries = from !== undefined && isKnown ? await ledger.entriesFrom(from) : [];
    return compared(before, answer, entries, { setting, now });
  }

  async function save(progress: Progress): Promise<void> {
    await lease.ensure();
    await ledger.saveProgress(progress, stored.version);
  }
}

/** What an answer doesn't show is no evidence. */
export function compared(
  before: Progress,
  answer: SourceAnswer,
  entries: LedgerEntry[],
  { setting, now }: { setting: Account["settings"]["deletions"]; now: Date },
): Progress {
  const { readings, unreadable, isComplete } = answer;
  const { from = "0" } = before.compared ?? {};
  if (!isComplete || unreadable.some(isAnywhere)) return { ...before, ...comparedNow(from, now, true) };
  const recent = entries.filter(({ modifiedAt }) => modifiedAt.getTime() >= now.getTime() - WINDOW_MS);
  const isShown = new Map(KINDS.map((kind) => [kind, isKindShown(kind, readings, recent)]));
  const ids = new Set(recent.map(readingId));
  const noted = before.gone?.filter(({ id, askedAt }) => askedAt || ids.has(id));
  const next = withGone(noted ? { ...before, gone: noted } : before, {
    entries: recent,
    listed: new Map(readings.map((it) => [readingId(it), it])),
    isMissing: (it) => isShown.get(it.kind) === true && !unreadable.some((record) => mayBe(it, record)),
    ...{ setting, now },
  });
  const isOpen = next.gone?.some(({ askedAt }) => askedAt === undefined);
  const isSame = JSON.stringify(next.gone) === JSON.stringify(before.gone) && next.removals === before.removals;
  const isDue = !before.compared || before.compared.nextAt <= now;
  if (isSame && !isDue) return before;
  const listed = [...readings, ...recent];
  return { ...next, ...comparedNow(listed.length > 0 ? placeOf(listed, now) : from, now, isOpen) };
}

/** An empty list says nothing, nor does one without any of a kind of which several were sent: it may have lost its permission. */
function isKindShown(kind: LedgerEntry["kind"], readings: SourceAnswer["readings"], recent: LedgerEntry[]): boolean {
  const sent = recent.filter((it) => it.kind === kind && isFollowed(it));
  return readings.length > 0 && (readings.some((it) => it.kind === kind) || sent.length < WHOLE_KIND);
}

const hasId = ({ id }: UnreadableRecord) => /^\d+$/.test(id);
const isAnywhere = (record: UnreadableRecord) => !hasId(record) && !record.takenAt;

function mayBe({ measureGroupId, takenAt }: LedgerEntry, record: UnreadableRecord): boolean {
  if (hasId(record)) return record.id === String(measureGroupId);
  return record.takenAt?.getTime() === takenAt.getTime();
}
