import type { Clock } from "../lib/clock.ts";
import type { ReadingSource } from "../sync/model/vendors.ts";

const LONG_MS = 60 * 24 * 3600 * 1000;

/**
 * A long import keeps little and throws away much. V8 would let its heap grow to several times what is kept, which is faster; but
 * the import waits for the vendors anyway, and the machine may be small.
 */
export function withSmallHeap(source: ReadingSource, clock: Clock): ReadingSource {
  return {
    ...source,
    changedSince(withAccess, since) {
      if (clock.now().getTime() - since.getTime() > LONG_MS) {
        const { setFlagsFromString } = process.getBuiltinModule("node:v8");
        setFlagsFromString("--semi-space-growth-factor=1");
        setFlagsFromString("--heap-growing-percent=20");
      }
      return source.changedSince(withAccess, since);
    },
  };
}
