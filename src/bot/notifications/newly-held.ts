import { byStart } from "../../sync/engine/attention.ts";
import type { AttentionItem } from "../../sync/model/ledger.ts";
import { readingId } from "../../sync/model/reading.ts";
import type { Overview } from "../../sync/status/overview.ts";

/** What a run has newly held; its report counts the older ones too. Readings from before the start have their own message. */
export function newlyHeld(before: Overview, after: Overview): AttentionItem[] {
  const known = new Set(before.attention.filter(({ fate }) => fate.state === "held").map(readingId));
  return byStart(after.attention).items.filter((it) => it.fate.state === "held" && !known.has(readingId(it)));
}
