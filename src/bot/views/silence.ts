import type { Silence } from "../../sync/status/silence.ts";
import type { Words } from "../words/words.ts";

export function silenceText(silence: Silence, { silence: say }: Words): string {
  if ("linkedAt" in silence) return say.nothingYet(silence.days);
  const { kind, days, everyDays, isSinceLink } = silence;
  const length = isSinceLink ? say.sinceLink(days) : say.lately(days);
  return say.nothing[kind](length, everyDays === undefined ? "" : say.rhythm(everyDays));
}
