import type { Delivered, RunReport } from "../../sync/engine/run.ts";
import type { Progress } from "../../sync/model/ledger.ts";
import type { SummaryMemory } from "../../sync/model/people.ts";

/**
 * What came first, until its owner has heard of it: whatever run brought it, and however long they couldn't be reached. The same for
 * the first that comes by other links.
 */
export function firstOf(
  { memory, progress }: { memory: SummaryMemory; progress: Progress | undefined },
  report: RunReport | undefined,
): Delivered | undefined {
  const { delivered } = report ?? {};
  if (delivered?.isFirst) return delivered;
  const { arrived: arrivals = [] } = progress ?? {};
  if (memory.firstSaidAt || arrivals.length === 0) return undefined;
  return { arrivals, unplaced: delivered?.unplaced ?? [], isFirst: true };
}
