import type { Overview } from "../sync/overview.ts";
import type { AttentionItem } from "../sync/ports.ts";
import { readingId } from "../sync/reading.ts";

/** What waits for the owner after a run, and did not before it. A run's report counts all that wait. */
export function newlyHeld(before: Overview, after: Overview): AttentionItem[] {
  const known = new Set(before.attention.filter(({ fate }) => fate.state === "held").map(readingId));
  return after.attention.filter((it) => it.fate.state === "held" && !known.has(readingId(it)));
}
