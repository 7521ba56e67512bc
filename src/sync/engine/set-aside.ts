import type { AnsweredTogether, AttentionItem, Progress, SetAside } from "../model/ledger.ts";
import { UNDONE_WITHIN_MS } from "../model/ledger.ts";
import { readingId } from "../model/reading.ts";

const DAY_MS = 24 * 3600 * 1000;
/** A digest of a month is made on the first. */
export const MONTH_DAYS = 34;
const SET_ASIDE = 100;

/** A digest counts what was held in its time, and most of that has been answered since. */
export function setAside(before: Progress, waiting: AttentionItem[], now: Date): Pick<Progress, "setAside"> {
  const keyOf = ({ id, state }: Pick<SetAside, "id" | "state">) => `${id}#${state}`;
  const inMonth = (before.setAside ?? []).filter(({ at }) => at.getTime() >= now.getTime() - MONTH_DAYS * DAY_MS);
  const known = new Set([
    ...inMonth.map(keyOf),
    ...before.attention.map((it) => keyOf({ id: readingId(it), state: it.fate.state })),
  ]);
  const all = waiting.map((it): SetAside => ({ id: readingId(it), state: it.fate.state, at: now }));
  const kept = [...inMonth, ...all.filter((it) => !known.has(keyOf(it)))].slice(-SET_ASIDE);
  return kept.length > 0 ? { setAside: kept } : {};
}

const ANSWERS = 5;

/** What can still be undone, and this. */
export function answeredTogether(
  { answered = [] }: Pick<Progress, "answered">,
  now: Date,
  more: AnsweredTogether[] = [],
): Pick<Progress, "answered"> {
  const isUndoable = ({ at }: AnsweredTogether) => now.getTime() - at.getTime() <= UNDONE_WITHIN_MS;
  const kept = [...answered.filter(isUndoable), ...more].slice(-ANSWERS);
  return kept.length > 0 ? { answered: kept } : {};
}
