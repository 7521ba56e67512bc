import type { Account } from "../model/account.ts";
import type { Progress } from "../model/ledger.ts";
import { readingId } from "../model/reading.ts";
import type { Item } from "./item.ts";

/** What Withings says of readings that were sent counts at once, unless it's only missing. */
export async function withReassigned(progress: Progress, items: Item[], { settings }: Account, now: Date) {
  const { gone, ...rest } = progress;
  if (settings.deletions === "never") return gone ? rest : progress;
  const isKnown = new Set(gone?.map(({ id }) => id));
  const isNews = ({ reading, before }: Item) =>
    isKnown.has(readingId(reading)) || (before?.fate.state === "seen" && reading.attribution === "ambiguous");
  const said = items.filter(isNews);
  if (said.length === 0) return progress;
  const { withGone } = await import("./gone.ts");
  return withGone(progress, {
    entries: said.flatMap(({ entry }) => entry?.value ?? []),
    listed: new Map(said.map(({ reading }) => [readingId(reading), reading])),
    isMissing: () => false,
    ...{ setting: settings.deletions, now },
  });
}
