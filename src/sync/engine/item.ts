import type { LedgerEntry } from "../model/ledger.ts";
import type { Versioned } from "../model/link.ts";
import type { Reading, Within } from "../model/reading.ts";
import type { GarminEntry } from "../model/vendors.ts";
import type { Step } from "./plan.ts";

/** One reading on its way through a run. */
export interface Item<S extends Step = Step> {
  readonly reading: Reading;
  readonly step: S;
  readonly before: LedgerEntry | undefined;
  entry: Versioned<LedgerEntry> | undefined;
  /** A typed reading waits for it: what Garmin has of that, from before the store was put back, counts as this one. */
  within?: Within;
  /** It waits for this upload of earlier links. */
  underWay?: LedgerEntry;
  finding?: Finding;
  /** Copies of it in Garmin that are one too many. */
  surplus?: GarminEntry[];
  isAccepted?: true;
  isSettled?: true;
}

export type Task = Item<Extract<Step, { type: "send" | "verify" | "replace" | "watch" | "hold" }>>;

/** Not held: it goes to Garmin, or is looked for there. */
export function isTask(item: Item): item is Item<Exclude<Task["step"], { type: "hold" }>> {
  const { type } = item.step;
  return type === "send" || type === "verify" || type === "replace" || type === "watch";
}

export type Written<I extends Item = Item> = I & { entry: Versioned<LedgerEntry> };

/**
 * What a look into Garmin says about one reading.
 *
 *   send        it isn't there
 *   arrived     it's there as ours, perhaps with other values than were sent
 *   elsewhere   it's there, but not by us
 *   outdated    an older version of it has to go first, if it's still there
 *   wait        it may still turn up
 *   gone        Garmin accepted it several times and never showed it
 *   unclear     an unreadable entry may be it, so it must not be sent again
 *   watched     it was seen before; only late copies of it matter
 *   absent      it isn't there, and its owner decides
 */
export type Finding =
  | { type: "send" | "wait" | "gone" | "unclear" | "watched" | "absent" }
  | { type: "arrived" | "elsewhere"; inGarmin: GarminEntry }
  | { type: "outdated"; inGarmin: GarminEntry | undefined };

/** How a run leaves a reading. */
export interface Settlement {
  reading: Reading;
  entry: LedgerEntry | undefined;
  settled: boolean;
  /** As the ledger had it when the run began. */
  before?: LedgerEntry | undefined;
}
