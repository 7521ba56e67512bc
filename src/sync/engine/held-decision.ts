import type { Clock } from "../../lib/clock.ts";
import { leaseName, withLease } from "../links/with-lease.ts";
import { type Account, isKindOn } from "../model/account.ts";
import type { Leases } from "../model/leases.ts";
import type { AttentionItem, Decision, LedgerEntry, Ledgers } from "../model/ledger.ts";
import type { Links } from "../model/link.ts";
import { listedAgain, toRemove, unconfirmed, writeAll } from "./record.ts";

export interface Heard {
  /** `nothing_waits`: none of the readings is held any more, or a decision doesn't help them. */
  type: "noted" | "nothing_waits";
  entries: LedgerEntry[];
}

/** After "mine" or "send_old" the next run sends it; "not_mine" skips it, unless Withings says later that it is. Throws `BusyError` while a run is at work. */
export async function decideHeld(
  deps: { links: Links; ledgers: Ledgers; leases: Leases; clock: Clock },
  account: Account,
  ids: string[],
  decision: Decision,
): Promise<Heard> {
  const { links, ledgers, leases, clock } = deps;
  const { telegramUserId } = account;
  return withLease(leases, leaseName(telegramUserId), async (lease) => {
    const withings = await links.facts(telegramUserId, "withings");
    const garmin = await links.facts(telegramUserId, "garmin");
    if (!withings || !garmin) return { type: "nothing_waits", entries: [] };
    const ledger = ledgers.of(telegramUserId, withings.vendorUserId, garmin.vendorUserId);
    const progress = await ledger.progress();
    const known = [...(await ledger.entries(ids)).values()];
    const heard = known.map((entry) => ({
      entry,
      now: afterDecision(entry.value, { type: decision, at: clock.now() }, account),
    }));
    const entries = heard.map(({ entry, now }) => now ?? entry.value);
    const waiting = heard.flatMap(({ entry, now }) => (now ? [{ entry, now }] : []));
    if (waiting.length === 0 || !progress) return { type: "nothing_waits", entries };
    await lease.ensure();
    // First: if this ends half-way, the next run reads the readings again and finds which are still held.
    const next = waiting.reduce((all, { entry }) => listedAgain(all, entry.value), progress.value);
    await ledger.saveProgress(next, progress.version);
    await writeAll(
      waiting.map(({ entry, now }) => ({ item: { entry }, next: now })),
      ledger,
    );
    return { type: "noted", entries };
  });
}

/** Whether the owner's yes would send it. A reading without a time zone is sent as soon as there is one. */
export function canBeSent({ reason }: AttentionItem["fate"]): boolean {
  return reason !== "out_of_range" && reason !== "in_the_future" && reason !== "no_timezone";
}

function afterDecision(
  entry: LedgerEntry,
  decision: { type: Decision; at: Date },
  { settings }: Account,
): LedgerEntry | undefined {
  const { fate } = entry;
  if (fate.state !== "held" && fate.state !== "failed") return undefined;
  const about = fate.state === "held" ? { about: fate.reason } : {};
  if (decision.type === "not_mine") {
    return { ...entry, decision: { ...decision, ...about }, fate: { state: "skipped", reason: "not_mine" } };
  }
  if (!canBeSent(fate)) return undefined;
  if (!isKindOn(settings.sends, entry.kind)) return undefined;
  const { attemptedAt, garminKey, accepted: _, ...rest } = entry;
  const sending = { state: "sending" } as const;
  return {
    ...rest,
    decision: { ...decision, ...about },
    fate: sending,
    attempts: 0,
    // What Garmin took and never showed may be there by now, even several times: it's looked for before it is sent.
    ...(fate.reason === "never_appeared" && attemptedAt && { attemptedAt }),
    ...(mayBeThere(fate.reason) && unconfirmed({ ...entry, fate: sending }, decision.at)),
    ...(garminKey && { replaces: toRemove(entry, undefined) }),
  };
}

const mayBeThere = (reason: string) => reason === "never_appeared" || reason === "unreadable_in_garmin";
