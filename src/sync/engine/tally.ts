import type { Arrival, AttentionItem, LedgerEntry } from "../model/ledger.ts";
import type { RunOutcome } from "../model/outcome.ts";
import { type ChosenParts, readingId } from "../model/reading.ts";
import type { Waiting } from "./delay.ts";
import { type Item, isTask, type Settlement } from "./item.ts";
import type { Pauses } from "./kind-pause.ts";
import { isDecided, isOfferedAgain, isWatched } from "./plan.ts";
import { arrivalOf } from "./progress.ts";

type Counts = Pick<RunOutcome, "synced" | "skipped" | "held" | "failed">;

/** `attention`: held or failed in earlier runs; some still wait for the owner. */
export function tally(items: Item[], attention: AttentionItem[]): Counts {
  const handled = items.filter(({ step }) => step.type !== "leave");
  const states = handled.map((it) => (!isAtRest(it) && it.isSettled ? it.entry?.value.fate.state : undefined));
  const count = (state: LedgerEntry["fate"]["state"]) => states.filter((it) => it === state).length;
  const listed = new Set(handled.map(({ reading }) => readingId(reading)));
  const waiting = attention.filter((it) => it.fate.state === "held" && !listed.has(readingId(it)));
  return {
    synced: count("seen"),
    skipped: count("skipped") + handled.filter(isAtRest).length,
    held: count("held") + waiting.length,
    failed: count("failed"),
  };
}

/** What `tally` counts as synced, in the order it was taken. */
export function arrivalsOf(items: Item[], parts: ChosenParts): Arrival[] {
  const isNew = (item: Item) => item.isSettled && item.step.type !== "leave" && !isAtRest(item);
  const arrivals = items.filter(isNew).flatMap((item) => arrivalOf(settlementOf(item), parts) ?? []);
  return arrivals.sort((a, b) => a.takenAt.getTime() - b.takenAt.getTime());
}

/** What its owner has decided about or typed, with what became of it in this run. */
export function decidedOf(items: Item[]): LedgerEntry[] {
  const isAwaited = (item: Item) => (item.before && isDecided(item.before)) || (item.reading.within && !isAtRest(item));
  return items.filter(isAwaited).flatMap(({ entry }) => entry?.value ?? []);
}

/** Nothing happened to it: only what Garmin had refused may turn up there while it's watched. */
function isAtRest({ step, before, entry }: Item): boolean {
  const hasTurnedUp = before?.fate.state === "failed" && entry?.value.fate.state === "seen";
  return step.type === "settled" || (step.type === "watch" && !hasTurnedUp);
}

export function settlementOf(item: Item): Settlement {
  const { reading, step } = item;
  const entry = resultOf(item);
  const isDone = step.type === "leave" || step.type === "settled" || item.isSettled === true;
  // Only what Withings lists can be watched. But a kind may be off for months, so what is to be offered again doesn't hold it.
  const isOpen = entry && (isWatched(entry) || (step.type !== "leave" && isOfferedAgain(entry)));
  return { reading, entry, settled: isDone && !isOpen, before: item.before };
}

/** An unsettled item counts as it was when the run started. */
const resultOf = ({ isSettled, before, entry }: Item) => (isSettled ? entry?.value : before);

export function waitingOf(items: Item[], paused: Pauses): Waiting[] {
  const isWaiting = (item: Item) => {
    const { entry, settled } = settlementOf(item);
    const isUndecided = item.step.type === "hold" && !settled;
    const isOpen = !entry || entry.fate.state === "sending" || entry.fate.state === "sent";
    return isOpen && (isTask(item) || isUndecided || item.underWay) && !paused[item.reading.kind];
  };
  return items.filter(isWaiting).map(({ reading, entry, underWay }) => ({ reading, entry: underWay ?? entry?.value }));
}
