import type { Overview } from "../sync/overview.ts";
import type { AttentionItem } from "../sync/ports.ts";
import { readingId } from "../sync/reading.ts";

/** Readings that wait for their owner, and how to say when they were taken. */
export interface JustHeld {
  items: AttentionItem[];
  timezone: string;
  now: Date;
}

/** What waits for the owner after a run, and did not before it. A run's report counts all that wait. */
export function newlyHeld(before: Overview, after: Overview, now: Date): JustHeld {
  const known = new Set(before.attention.filter(({ fate }) => fate.state === "held").map(readingId));
  const items = after.attention.filter((it) => it.fate.state === "held" && !known.has(readingId(it)));
  return { items, timezone: after.timezone, now };
}
