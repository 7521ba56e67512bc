import type { Action, DelayCause } from "../../lib/errors.ts";
import { isKindOn } from "../model/account.ts";
import type { AttentionItem, LedgerEntry, Progress } from "../model/ledger.ts";
import { VENDORS, type Vendor } from "../model/link.ts";
import type { Delay } from "../model/outcome.ts";
import type { ReadingKind } from "../model/reading.ts";
import type { Measured } from "../model/vendors.ts";
import type { Overview } from "./overview.ts";
import { patienceOf } from "./silence.ts";

const DAY_MS = 24 * 3600 * 1000;

/**
 * Why the newest reading of a kind isn't in Garmin, or that it is. Always one cause: the one to see to first.
 *
 *   to_do            its owner has to do something before anything can arrive
 *   kind_off         its kind isn't sent
 *   paused           Garmin doesn't offer the kind, or showed a reading differently
 *   put_off          a vendor doesn't answer now, or refuses
 *   limited          it asked for a wait
 *   unclear          it answered in a way that isn't understood
 *   none_measured    Withings has none of the last `days`
 *   held, failed     it waits for its owner, or Garmin didn't store it
 *   before_start     it's older than what is copied
 *   left_out         its owner said that it isn't theirs, had it removed, or had switched its kind off
 *   on_its_way       Withings has it, and it hasn't been sent
 *   not_shown        Garmin accepted it and doesn't show it yet
 *   gone             Garmin showed it before and doesn't now
 *   arrived          Garmin shows it; with `silentDays`, nothing has come for longer than usual
 */
export type Cause =
  | { type: "to_do"; action: Action }
  | { type: "kind_off" | "paused" }
  | { type: "put_off"; by: DelayCause }
  | { type: "unclear"; vendor: Vendor }
  | { type: "limited"; vendor: Vendor; until: Date }
  | { type: "none_measured"; days: number; last: Measured | undefined }
  | { type: "held" | "failed"; item: AttentionItem }
  | { type: "before_start"; reading: Measured; startAt: Date | undefined }
  | { type: "left_out"; entry: LedgerEntry }
  | { type: "on_its_way"; reading: Measured; delay: Delay | undefined }
  | { type: "not_shown" | "gone"; reading: Measured }
  | { type: "arrived"; reading: Measured; silentDays?: number };

/** What is known without asking a vendor. */
export function knownCause({ links, lastRun, facts, account }: Overview, kind: ReadingKind): Cause | undefined {
  for (const vendor of VENDORS) {
    const link = links[vendor];
    if (link?.state !== "linked") return { type: "to_do", action: link ? `relink_${vendor}` : `link_${vendor}` };
  }
  if (!isKindOn(account.settings.sends, kind)) return { type: "kind_off" };
  const action = lastRun?.outcome.action;
  if (action) return { type: "to_do", action };
  return [...facts.closed, ...facts.differs].some((it) => it.kind === kind) ? { type: "paused" } : undefined;
}

/** The newest one that waits for its owner or wasn't stored. */
export function waitingCause({ attention, progress }: Overview, kind: ReadingKind): Cause | undefined {
  const item = attention.findLast((it) => it.kind === kind);
  if (!item) return undefined;
  if (item.fate.reason === "before_start") {
    return { type: "before_start", reading: item, startAt: progress?.startAt };
  }
  return { type: item.fate.state, item };
}

/** By the newest reading that Withings lists. Undefined if only Garmin can say. */
export function causeAtWithings(
  { newest, entry, days }: { newest: Measured | undefined; entry: LedgerEntry | undefined; days: number },
  overview: Overview,
  kind: ReadingKind,
): Cause | undefined {
  const { progress, lastRun, lastReadings } = overview;
  const waiting = waitingCause(overview, kind);
  if (!newest) return waiting ?? { type: "none_measured", days, last: lastReadings[kind] };
  const { fate } = entry ?? {};
  if (fate?.state === "held" || fate?.state === "failed") return waiting;
  if (entry && isLeftOut(entry)) return { type: "left_out", entry };
  if (!entry && isBeforeStart(newest, progress)) {
    return { type: "before_start", reading: newest, startAt: progress?.startAt };
  }
  if (!entry || fate?.state === "sending") {
    return { type: "on_its_way", reading: newest, delay: lastRun?.outcome.delay };
  }
  return undefined;
}

const isLeftOut = ({ fate }: LedgerEntry) =>
  fate.state === "removing" ||
  fate.state === "removed" ||
  (fate.state === "skipped" && fate.reason !== "already_in_garmin");

const isBeforeStart = ({ takenAt }: Measured, progress: Progress | undefined) =>
  progress !== undefined && takenAt < progress.startAt;

/** By what Garmin shows of the newest reading, which was sent or was there already. */
export function causeInGarmin(
  { newest, entry, isThere, now }: { newest: Measured; entry: LedgerEntry; isThere: boolean; now: Date },
  overview: Overview,
  kind: ReadingKind,
): Cause {
  if (!isThere) return { type: entry.fate.state === "sent" ? "not_shown" : "gone", reading: newest };
  const waiting = waitingCause(overview, kind);
  if (waiting) return waiting;
  const days = Math.floor((now.getTime() - newest.takenAt.getTime()) / DAY_MS);
  const patience = patienceOf(overview.progress?.measuredAt?.[kind] ?? []);
  return { type: "arrived", reading: newest, ...(patience && days >= patience.days && { silentDays: days }) };
}
