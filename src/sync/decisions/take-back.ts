import type { Clock } from "../../lib/clock.ts";
import { errorFacts, type Log } from "../../lib/log.ts";
import { listedAgain, toRemove, writeAll } from "../engine/record.ts";
import { asked, finishRemovals, isOurs, isPending } from "../engine/removal.ts";
import type { Tokens } from "../links/tokens.ts";
import { type Account, isKindOn } from "../model/account.ts";
import type { Leases } from "../model/leases.ts";
import type { AttentionItem, LedgerEntry, Ledgers, Progress, Removal } from "../model/ledger.ts";
import { restorableUntil } from "../model/ledger.ts";
import type { Links, Versioned } from "../model/link.ts";
import { readingId } from "../model/reading.ts";
import { isTypedId, type TypedReading, type TypedReadings, withinOf } from "../model/typed.ts";
import type { OpenSinks } from "../model/vendors.ts";
import { ledgerOf, type Opened, type Owner, withLedger } from "./opened-ledger.ts";

export interface TakeBackDeps {
  links: Links;
  ledgers: Ledgers;
  leases: Leases;
  typed: Pick<TypedReadings, "add" | "settle">;
  tokens: Tokens;
  openSinks: OpenSinks;
  clock: Clock;
  log: Log;
}

/**
 * What became of an owner's wish about one reading.
 *
 *   removed    it's no longer in Garmin
 *   held       the same, and its owner is asked again whether it's theirs
 *   pending    it may still be in Garmin; the next run finishes this. `problem`: what was in the way, if anything went wrong
 *   restoring  the next run sends it
 *   elsewhere  it came to Garmin by other means, so it stays
 *   kind_off   readings of its kind aren't sent now
 *   too_late   nothing can be done about it any more
 */
export type TakenBack =
  | { type: "removed" | "held" | "restoring" | "elsewhere" | "kind_off"; entry: LedgerEntry }
  | { type: "pending"; entry: LedgerEntry; problem?: unknown }
  | { type: "too_late"; entry: LedgerEntry | undefined };

/** What was sent last and hasn't been taken out of Garmin since. */
export async function lastSent({ links, ledgers }: TakeBackDeps, account: Account): Promise<LedgerEntry | undefined> {
  const opened = await ledgerOf(links, ledgers, account);
  const progress = (await opened?.ledger.progress())?.value;
  if (!opened || !progress) return undefined;
  const { ledger } = opened;
  const newestOf = async (ids: string[]) => newest([...(await ledger.entries(ids)).values()].map(({ value }) => value));
  const recent = await newestOf([...progress.arrived.map(({ id }) => id), ...(progress.open ?? [])]);
  if (recent) return recent;
  // Nothing for days. Withings' ids are ascending, so the last ones are the newest.
  const ids = [...(await ledger.garminKeys()).keys()].sort();
  for (let end = ids.length; end > 0; end -= LOOKED_AT) {
    const found = await newestOf(ids.slice(Math.max(0, end - LOOKED_AT), end));
    if (found) return found;
  }
  return undefined;
}

/** What the ledger of the current links says of a reading. */
export async function entryOf(
  { links, ledgers }: Pick<TakeBackDeps, "links" | "ledgers">,
  account: Account,
  id: string,
) {
  const opened = await ledgerOf(links, ledgers, account);
  return (await opened?.ledger.entries([id]))?.get(id)?.value;
}

const LOOKED_AT = 50;

function newest(entries: LedgerEntry[]): LedgerEntry | undefined {
  const isSent = (it: LedgerEntry) => isOurs(it) && (it.fate.state === "seen" || it.attemptedAt !== undefined);
  const sentAt = ({ seenAt, attemptedAt }: LedgerEntry) => (seenAt ?? attemptedAt)?.getTime() ?? 0;
  const [first] = entries
    .filter((it) => isSent(it) && it.fate.state !== "removing")
    .sort((a, b) => sentAt(b) - sentAt(a) || b.takenAt.getTime() - a.takenAt.getTime());
  return first;
}

/**
 * Takes a reading out of Garmin, now or, if that isn't possible, by the next run. `asksAgain`: its owner had said that it's
 * theirs, and takes that back. Throws `BusyError` while a run is at work.
 */
export async function takeOut(
  deps: TakeBackDeps,
  account: Account,
  id: string,
  asksAgain: boolean,
): Promise<TakenBack> {
  return (await withLedger(deps, account, (opened) => takeOutOn(deps, account, opened, id, asksAgain))) ?? TOO_LATE;
}

const TOO_LATE = { type: "too_late", entry: undefined } as const;

export async function takeOutOn(
  deps: TakeBackDeps,
  account: Owner,
  opened: Opened,
  id: string,
  asksAgain: boolean,
): Promise<TakenBack> {
  const { clock, log } = deps;
  const entry = (await opened.ledger.entries([id])).get(id)?.value;
  if (!entry || !isOurs(entry)) return notOurs(entry);
  const { kind, takenAt, values, decision } = entry;
  const about = asksAgain && decision?.type === "mine" ? decision.about : undefined;
  const because = opened.progress.value.gone?.find((it) => it.id === id)?.why;
  const removal: Removal = {
    ...{ id, kind, takenAt, values, askedAt: clock.now() },
    ...(because && { because }),
    ...(about && { asksAgain: about }),
    ...(decision?.type === "handed_on" && { isGivenBack: true }),
  };
  await opened.lease.ensure();
  const progress = asked(opened.progress.value, removal, clock.now());
  const stored = await opened.ledger.saveProgress(progress, opened.progress.version);
  // What a device delivers later isn't already there any more.
  if (isTypedId(entry.measureGroupId)) {
    await deps.typed.settle(account.telegramUserId, new Map([[entry.measureGroupId, undefined]]));
  }
  const { errors } = await finishRemovals(stored, contextOf(deps, account, opened), { awaited: new Set([id]) });
  for (const error of errors) log.warn("removal_put_off", errorFacts(error));
  const after = (await opened.ledger.entries([id])).get(id)?.value ?? entry;
  const { state } = after.fate;
  if (state === "removed" || state === "held") return { type: state, entry: after };
  return { type: "pending", entry: after, ...(errors.length > 0 && { problem: errors[0] }) };
}

function notOurs(entry: LedgerEntry | undefined): TakenBack {
  const { fate } = entry ?? {};
  if (entry && fate?.state === "removed") return { type: "removed", entry };
  if (entry && fate?.state === "held") return { type: "held", entry };
  if (entry && fate?.state === "skipped" && fate.reason === "already_in_garmin") return { type: "elsewhere", entry };
  return { type: "too_late", entry };
}

/** Has a removed reading sent again by the next run. Throws `BusyError` while a run is at work. */
export async function restore(deps: TakeBackDeps, account: Account, id: string): Promise<TakenBack> {
  const restored = await withLedger(deps, account, async (opened): Promise<TakenBack> => {
    const entry = (await opened.ledger.entries([id])).get(id)?.value;
    // They said that it isn't theirs after all, so somebody else may have it by now.
    return entry?.decision?.type === "handed_on" ? { type: "too_late", entry } : restoreOn(deps, account, opened, id);
  });
  return restored ?? TOO_LATE;
}

export async function restoreOn(
  deps: TakeBackDeps,
  account: Account,
  { ledger, progress, lease }: Opened,
  id: string,
): Promise<TakenBack> {
  const { clock } = deps;
  const found = (await ledger.entries([id])).get(id);
  if (!found) return { type: "too_late", entry: undefined };
  const { value: entry } = found;
  if (!isRestorable(entry, clock.now())) {
    if (!isOurs(entry)) return { type: "too_late", entry };
    const kept = await keepBefore({ ledger, progress, lease }, found);
    return { type: "restoring", entry: kept };
  }
  if (!isKindOn(account.settings.sends, entry.kind)) return { type: "kind_off", entry };
  await lease.ensure();
  // First: if this ends half-way, the next run lists the reading again, and finds a removal that is under way.
  const removals = (progress.value.removals ?? []).filter((it) => it.id !== id);
  const isTyped = isTypedId(entry.measureGroupId);
  const next = { ...listedAgain(progress.value, entry), removals };
  await ledger.saveProgress(isTyped ? next : restoring(next, [id]), progress.version);
  if (isTyped) await deps.typed.add(account.telegramUserId, typedAgain(entry, clock.now()));
  const again = toSendAgain(entry, clock.now());
  await writeAll([{ item: { entry: found }, next: again }], ledger);
  return { type: "restoring", entry: again };
}

/** It was to be taken out of Garmin, and the next run would have begun with it. */
async function keepBefore(
  { ledger, progress, lease }: Pick<Opened, "ledger" | "progress" | "lease">,
  entry: Versioned<LedgerEntry>,
): Promise<LedgerEntry> {
  const removal = progress.value.removals?.find((it) => it.id === readingId(entry.value) && isPending(it));
  if (!removal) return entry.value;
  await lease.ensure();
  const kept: LedgerEntry = { ...entry.value, ...(removal.because && { isKept: true }) };
  // First: otherwise a setting that always follows Withings would take it out again.
  await writeAll([{ item: { entry }, next: kept }], ledger);
  const removals = progress.value.removals?.filter((it) => it !== removal) ?? [];
  await ledger.saveProgress({ ...progress.value, removals }, progress.version);
  return kept;
}

/** They're sent even if Withings no longer lists them. */
export const restoring = (progress: Progress, ids: string[]): Progress => ({
  ...progress,
  restoring: [...new Set([...(progress.restoring ?? []), ...ids])],
});

/** Withings doesn't list it. All that was typed is in its entry, except how roughly. */
function typedAgain({ measureGroupId: id, takenAt, values }: LedgerEntry, typedAt: Date): TypedReading {
  return { id, takenAt, values, typedAt, within: withinOf(id) };
}

export function isRestorable({ fate, removal }: LedgerEntry, now: Date): boolean {
  if (fate.state === "removing") return true;
  if (fate.state !== "removed" || !removal?.removedAt) return false;
  return now < restorableUntil(removal.removedAt);
}

/** What may still be in Garmin, or be shown there for a while, goes before it is sent. */
export function toSendAgain(entry: LedgerEntry, at: Date): LedgerEntry {
  const { garminKey, removal: _over, accepted, attemptedAt, ...rest } = entry;
  const isUnseen = entry.fate.state === "removing" && !garminKey;
  return {
    ...rest,
    decision: { ...entry.decision, type: "mine", at },
    ...(isUnseen && attemptedAt
      ? { fate: { state: accepted ? "sent" : "sending" }, attemptedAt, ...(accepted && { accepted }) }
      : { fate: { state: "sending" }, attempts: 0 }),
    ...(garminKey && { replaces: toRemove(entry, undefined) }),
  };
}

/** Takes back a "no", so that its owner is asked again. Throws `BusyError` while a run is at work. */
export async function askAgain(deps: TakeBackDeps, account: Account, id: string): Promise<TakenBack> {
  return (await withLedger(deps, account, (opened) => askAgainOn(deps, opened, id))) ?? TOO_LATE;
}

export async function askAgainOn(
  { clock }: Pick<TakeBackDeps, "clock">,
  { ledger, progress, lease }: Opened,
  id: string,
): Promise<TakenBack> {
  const now = clock.now();
  const found = (await ledger.entries([id])).get(id);
  const { fate, decision } = found?.value ?? {};
  if (found && fate?.state === "held") return { type: "held", entry: found.value };
  const about = fate?.state === "skipped" && fate.reason === "not_mine" ? decision?.about : undefined;
  if (!found || !about) return { type: "too_late", entry: found?.value };
  await lease.ensure();
  const next = againHeld(found.value, now);
  // First: if this ends half-way, the next run lists the reading again, and finds which of the two is true.
  const listed = listedAgain(progress.value, found.value);
  const attention = [...listed.attention, waiting(next, now)];
  await ledger.saveProgress({ ...listed, attention }, progress.version);
  await writeAll([{ item: { entry: found }, next }], ledger);
  return { type: "held", entry: next };
}

/** A "no" that was taken back. */
export function againHeld(entry: LedgerEntry, at: Date): LedgerEntry {
  const about = entry.decision?.about ?? "ambiguous_person";
  return { ...entry, fate: { state: "held", reason: about }, decision: { type: "ask_again", at, about } };
}

export function waiting(
  { measureGroupId, kind, takenAt, modifiedAt, values, fate }: LedgerEntry,
  now: Date,
): AttentionItem {
  return {
    ...{ measureGroupId, kind, takenAt, modifiedAt, values, fate: fate as AttentionItem["fate"] },
    ...{ waitsSince: now, asksAgain: true },
  };
}

export function contextOf({ tokens, openSinks, clock }: TakeBackDeps, { telegramUserId }: Owner, opened: Opened) {
  const { ledger, lease, garminProfileId } = opened;
  // Only for the profile it was sent to.
  return { ledger, lease, clock, sinks: openSinks(tokens.withAccess(telegramUserId, "garmin", garminProfileId)) };
}
