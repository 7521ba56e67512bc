import type { AttentionItem, Progress } from "../model/ledger.ts";
import { readingId } from "../model/reading.ts";
import type { Settlement } from "./item.ts";
import { isPlausible } from "./plausibility.ts";

export const ATTENTION_ITEMS = 200;

/** `since`: what is held, was changed after that and is no longer listed was deleted at Withings, or given to somebody else. */
export function attention(
  before: Progress,
  settlements: Settlement[],
  since: Date | undefined,
  now: Date,
): AttentionItem[] {
  const earlier = new Map(before.attention.map((it) => [readingId(it), it]));
  const known = before.attention.filter(
    (it) => since === undefined || it.fate.state !== "held" || it.modifiedAt.getTime() <= since.getTime(),
  );
  const items = new Map(known.map((it) => [readingId(it), it]));
  for (const { reading, entry } of settlements) {
    const id = readingId(reading);
    if (!entry) continue;
    const { measureGroupId, kind, takenAt, modifiedAt, values, fate, decision } = entry;
    if (fate.state === "held" || fate.state === "failed") {
      const known = earlier.get(id);
      const waitsSince = known?.fate.state === fate.state ? known.waitsSince : now;
      items.set(id, {
        ...{ measureGroupId, kind, takenAt, modifiedAt, values, fate },
        ...(waitsSince && { waitsSince }),
        ...(decision?.type === "ask_again" && { asksAgain: true }),
      });
    } else items.delete(id);
  }
  const all = [...items.values()].sort((a, b) => a.takenAt.getTime() - b.takenAt.getTime());
  const shown = all.slice(-ATTENTION_ITEMS);
  // Once there is a zone, everything is listed again from the first one that waits for it.
  const [first] = all.filter(isWithoutZone).sort((a, b) => a.modifiedAt.getTime() - b.modifiedAt.getTime());
  return first && !shown.includes(first) ? [first, ...shown.slice(1)] : shown;
}

/** What was held as improbable, isn't listed by Withings now, and wouldn't be held any more. */
export function probableNow(
  waiting: AttentionItem[],
  settlements: Settlement[],
  recent: Progress["recentWeighIns"],
): AttentionItem[] {
  const listed = new Set(settlements.map(({ reading }) => readingId(reading)));
  return waiting.filter((it) => !listed.has(readingId(it)) && isProbableNow(it, recent));
}

function isProbableNow({ fate, takenAt, values, asksAgain }: AttentionItem, recent: Progress["recentWeighIns"]) {
  if (fate.reason !== "improbable_weight" || values.kind !== "weigh_in" || asksAgain) return false;
  const others = recent.filter((it) => it.takenAt.getTime() !== takenAt.getTime());
  return isPlausible({ takenAt, weightKg: values.weightKg }, others) === true;
}

export function byStart(all: AttentionItem[]): { late: AttentionItem[]; items: AttentionItem[] } {
  const isLate = ({ fate }: AttentionItem) => fate.reason === "before_start";
  return { late: all.filter(isLate), items: all.filter((it) => !isLate(it)) };
}

export const isWithoutZone = ({ fate }: AttentionItem) => fate.reason === "no_timezone";
