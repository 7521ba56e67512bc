import type { DelayCause } from "../../lib/errors.ts";
import type { LedgerEntry } from "../model/ledger.ts";
import type { Delay } from "../model/outcome.ts";
import type { Reading, ReadingKind } from "../model/reading.ts";
import { sentValues } from "./match.ts";
import { isAttempted } from "./plan.ts";

export interface Waiting {
  reading: Reading;
  entry: LedgerEntry | undefined;
}

/** `cause`: what stopped the run; without one, readings wait for an upload to show. */
export function delayOf(
  cause: DelayCause | undefined,
  all: Waiting[],
  { isProven, now }: { isProven: (kind: ReadingKind) => boolean; now: Date },
): Delay {
  const isUnderWay = ({ entry }: Waiting) => entry !== undefined && isAttempted(entry);
  const accepted = all.filter(({ entry }) => entry?.fate.state === "sent");
  const started = new Set(all.filter(isUnderWay).map(({ reading }) => reading.kind));
  const following = all.filter((it) => !isUnderWay(it) && started.has(it.reading.kind) && !isProven(it.reading.kind));
  const isOnlyAwaited = cause === undefined && accepted.length > 0;
  const acceptedAt = accepted.map(({ entry }) => entry?.attemptedAt?.getTime() ?? now.getTime());
  const newest = newestOf(isOnlyAwaited ? accepted : all);
  return {
    // Without an answer to an upload, nobody knows yet whether Garmin has it.
    cause: cause ?? (isOnlyAwaited ? "garmin_not_showing" : started.size > 0 ? "garmin_silent" : "us"),
    since: isOnlyAwaited ? new Date(Math.min(now.getTime(), ...acceptedAt)) : now,
    waiting: all.length,
    ...(newest && { newest: { takenAt: newest.takenAt, values: sentValues(newest) } }),
    ...(accepted.length > 0 && { accepted: accepted.length }),
    ...(following.length > 0 && { following: following.length }),
  };
}

function newestOf(all: Waiting[]): Reading | undefined {
  return all.map(({ reading }) => reading).toSorted((a, b) => b.takenAt.getTime() - a.takenAt.getTime())[0];
}

export function continued(delay: Delay, before: Delay | undefined): Delay {
  if (!before) return delay;
  const { cause: _cause, since: _since, until: _until, ...whatWaits } = before;
  // An accepted upload has waited since it was accepted. A time in the future was written by a wrong clock.
  const isSame = before.cause === delay.cause && delay.cause !== "garmin_not_showing" && before.since < delay.since;
  return {
    ...(delay.waiting === undefined && whatWaits),
    ...delay,
    ...(isSame && { since: before.since }),
  };
}
