import { errorFacts } from "../lib/log.ts";
import type { Account } from "../sync/model/account.ts";
import type { Ledger, LedgerEntry, Progress } from "../sync/model/ledger.ts";
import { type Reading, readingId, readingOfPrint } from "../sync/model/reading.ts";
import type { App } from "./app.ts";

/** One reading of an account. */
export interface HistoryReading {
  reading: Reading;
  /** It waits for its owner's decision. */
  isHeld: boolean;
}

export interface History {
  readings: HistoryReading[];
  /** Withings gave no answer about what is from before this instant, so only what was sent is here. */
  missingBefore?: Date;
}

/**
 * What counts as an account's own, and what is held. The ledger has it all from its start on; what is older is read from Withings
 * once, if `since` reaches back that far, and kept with the ledger.
 */
export async function historyOf(app: App, { telegramUserId: id }: Account, since: Date): Promise<History> {
  const { links, ledgers } = app.store;
  const withings = await links.facts(id, "withings");
  const garmin = await links.facts(id, "garmin");
  if (!withings || !garmin) return { readings: [] };
  const ledger = ledgers.of(id, withings.vendorUserId, garmin.vendorUserId);
  const progress = (await ledger.progress())?.value;
  if (!progress) return { readings: [] };
  const entries = (await ledger.all()).map(({ value }) => value);
  const own = entries.filter(isOwn).map((it) => ({ reading: readingOfPrint(it), isHeld: it.fate.state === "held" }));
  if (since >= progress.startAt) return { readings: own };
  const past = await pastOf(app, { account: id, vendorUserId: withings.vendorUserId }, ledger, progress);
  const known = new Set(entries.map(readingId));
  const older = (past ?? []).filter((it) => !known.has(readingId(it)));
  return {
    readings: [...older.map((reading) => ({ reading, isHeld: false })), ...own],
    ...(!past && { missingBefore: progress.startAt }),
  };
}

/** What Garmin refused, or its owner didn't want there, is theirs all the same. */
function isOwn({ fate, decision }: LedgerEntry): boolean {
  switch (fate.state) {
    case "skipped":
      return fate.reason !== "not_mine";
    case "failed":
      return fate.reason !== "out_of_range";
    case "removing":
    case "removed":
      return false;
    default:
      return decision?.type !== "handed_on";
  }
}

/** Undefined if Withings gave no whole answer, or another person has been linked meanwhile. */
async function pastOf(
  app: App,
  { account, vendorUserId }: { account: number; vendorUserId: string },
  ledger: Ledger,
  { startAt }: Progress,
): Promise<Reading[] | undefined> {
  const kept = await ledger.past();
  if (kept) return kept;
  const { tokens, vendors, clock, log } = app;
  try {
    await tokens.link(account, "withings");
    const withAccess = tokens.withAccess(account, "withings", vendorUserId, { onlyLooks: true });
    const { readings, isComplete } = await vendors.withings.source.changedSince(withAccess, new Date(0));
    const isTheirs = ({ attribution }: Reading) => attribution === "certain" || attribution === "confirmed";
    const past = readings.filter((it) => it.takenAt < startAt && isTheirs(it));
    if (!isComplete) return undefined;
    await ledger.savePast(past, clock.now());
    return past;
  } catch (error) {
    log.warn("past_not_read", { account, ...errorFacts(error) });
    return undefined;
  }
}
