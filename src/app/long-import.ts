import type { Clock } from "../lib/clock.ts";
import { keepHeapSmall } from "../lib/small-heap.ts";
import type { ReadingSource } from "../sync/model/vendors.ts";

const LONG_MS = 60 * 24 * 3600 * 1000;

/** A long import keeps little and throws away much. */
export function withSmallHeap(source: ReadingSource, clock: Clock): ReadingSource {
  return {
    ...source,
    changedSince(withAccess, since) {
      if (clock.now().getTime() - since.getTime() > LONG_MS) {
        keepHeapSmall();
      }
      return source.changedSince(withAccess, since);
    },
  };
}
