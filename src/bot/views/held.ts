import { ATTENTION_ITEMS } from "../../sync/engine/attention.ts";
import type { AttentionItem, LedgerEntry } from "../../sync/model/ledger.ts";
import type { Words } from "../words/words.ts";

/** A list names this many readings, the newest, and counts the rest. */
export const ATTENTION_SHOWN = 5;
const JUST_HELD_SHOWN = 3;

type OddDate = keyof Words["held"]["dated"];
const ODD_DATES: readonly string[] = ["in_the_future", "impossible_date"] satisfies OddDate[];
const isOddDate = (reason: AttentionItem["fate"]["reason"]): reason is OddDate => ODD_DATES.includes(reason);
const hasOddDate = ({ fate }: AttentionItem) => isOddDate(fate.reason);

export function isMaybeForeignItem(item: AttentionItem): boolean {
  return !hasOddDate(item) && item.fate.reason !== "no_timezone" && item.fate.reason !== "before_start";
}

type Waiting = Pick<AttentionItem, "takenAt" | "values" | "kind" | "fate">;

function heldLine(item: Waiting, { held: say }: Words): string {
  const { fate, kind } = item;
  if (isOddDate(fate.reason)) return say.dated[fate.reason](item, kind);
  return fate.state === "held" ? say.isHeld(item, fate.reason) : say.isNotStored(item, fate.reason);
}

export function heldLines(attention: AttentionItem[], words: Words): string[] {
  const shown = attention.slice(-ATTENTION_SHOWN);
  const older = attention.length - shown.length;
  return [...shown.map((item) => heldLine(item, words)), ...(older > 0 ? [words.held.older(older)] : [])];
}

export function attentionText(items: AttentionItem[], words: Words): string {
  const { held: say } = words;
  const held = items.filter(({ fate }) => fate.state === "held");
  const askedAbout = held.every(hasOddDate) ? say.oddDates : say.decisionsNeeded;
  const head = held.length > 0 ? askedAbout(held.length) : say.notStored(items.length);
  return [head, ...heldLines(items, words)].join("\n");
}

/** `status`: the command that shows more. */
export function justHeldLine(items: AttentionItem[], status: string, { format, held: say }: Words): string {
  const more = items.length - JUST_HELD_SHOWN;
  const named = [...items.slice(0, JUST_HELD_SHOWN).map(format.reading), ...(more > 0 ? [say.more(more)] : [])];
  const why = items.every(isMaybeForeignItem) ? say.maybeForeign(items.length) : "";
  return say.justHeld(items.length, why, named.join("; "), status);
}

export function beforeStartText(items: AttentionItem[], startAt: Date | undefined, { format, held: say }: Words) {
  const counts = [...Map.groupBy(items, ({ kind }) => kind)].map(([kind, { length }]) => say.counted(kind, length));
  const counted = items.length >= ATTENTION_ITEMS ? say.atLeast(say.and(counts)) : say.and(counts);
  const times = items.map(({ takenAt }) => takenAt).sort((a, b) => a.getTime() - b.getTime());
  const days = new Set([...times.slice(0, 1), ...times.slice(-1)].map(format.day));
  return say.beforeStart(items.length, counted, [...days], startAt);
}

export function becameText(entry: LedgerEntry, words: Words): string {
  const { format, held: say } = words;
  const { fate, attempts, garminKey } = entry;
  const name = format.reading(entry);
  switch (fate.state) {
    case "seen":
    case "sent":
      return say.became[fate.state](name);
    case "sending":
      return attempts > 0 ? say.became.sentUnseen(name) : say.became.sending(name);
    case "skipped":
      if (fate.reason !== "not_mine") return say.became[fate.reason](name);
      return [say.became.not_mine(name), ...(garminKey ? [say.earlierStays] : [])].join(" ");
    case "removing":
      return words.undo.pending(entry);
    case "removed":
      return words.undo.removed(entry, undefined);
    default:
      return heldLine({ ...entry, fate }, words);
  }
}
