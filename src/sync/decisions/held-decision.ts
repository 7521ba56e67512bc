import type { Clock } from "../../lib/clock.ts";
import { acceptedOf } from "../engine/offers.ts";
import { listedAgain, toRemove, unconfirmed, writeAll } from "../engine/record.ts";
import { answeredTogether } from "../engine/set-aside.ts";
import { leaseName, withLease } from "../links/with-lease.ts";
import { type Account, isKindOn } from "../model/account.ts";
import type { Leases } from "../model/leases.ts";
import { canBeSent, type Decision, type LedgerEntry, type Ledgers } from "../model/ledger.ts";
import type { Links } from "../model/link.ts";
import type { Offers } from "../model/offers.ts";
import { readingId } from "../model/reading.ts";

export interface Heard {
  /** `nothing_waits`: none of the readings is held any more, or a decision doesn't help them. */
  type: "noted" | "nothing_waits";
  entries: LedgerEntry[];
  /** When, if it was about several at once: the time to undo it by. */
  at?: Date;
}

/** After "mine" or "send_old" the next run sends it; "not_mine" skips it, unless Withings says later that it is. Throws `BusyError` while a run is at work. */
export async function decideHeld(
  deps: { links: Links; ledgers: Ledgers; offers: Offers; leases: Leases; clock: Clock },
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
    const at = clock.now();
    const open = known.map(({ value }) => value).filter(({ fate }) => fate.state === "held" || fate.state === "failed");
    const isWanted = decision !== "not_mine" && open.length > 0;
    const accepted = isWanted ? await acceptedOf(deps, telegramUserId, open.map(readingId)) : undefined;
    const heard = known.map((entry) => {
      const type = accepted?.has(readingId(entry.value)) ? "handed_on" : decision;
      return { entry, now: afterDecision(entry.value, { type, at }, account) };
    });
    const entries = heard.map(({ entry, now }) => now ?? entry.value);
    const waiting = heard.flatMap(({ entry, now }) => (now ? [{ entry, now }] : []));
    if (waiting.length === 0 || !progress) return { type: "nothing_waits", entries };
    await lease.ensure();
    // First: if this ends half-way, the next run reads the readings again and finds which are still held.
    const next = waiting.reduce((all, { entry }) => listedAgain(all, entry.value), progress.value);
    const together = waiting.length > 1 && { at, ids: waiting.map(({ entry }) => readingId(entry.value)) };
    const answered = together ? answeredTogether(next, at, [together]) : {};
    await ledger.saveProgress({ ...next, ...answered }, progress.version);
    await writeAll(
      waiting.map(({ entry, now }) => ({ item: { entry }, next: now })),
      ledger,
    );
    return { type: "noted", entries, ...(together && { at }) };
  });
}

function afterDecision(
  entry: LedgerEntry,
  decision: { type: Decision; at: Date },
  { settings }: Account,
): LedgerEntry | undefined {
  const { fate } = entry;
  if (fate.state !== "held" && fate.state !== "failed") return undefined;
  const about = fate.state === "held" ? { about: fate.reason } : {};
  if (decision.type === "not_mine" || decision.type === "handed_on") {
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
