import type { DelayCause } from "../errors.ts";
import { sentValues } from "./match.ts";
import { type Delay, isIncomplete, type RunOutcome } from "./outcome.ts";
import { isAttempted } from "./plan.ts";
import type { LedgerEntry } from "./ports.ts";
import type { Reading, ReadingKind } from "./reading.ts";

/** A reading that a run has not settled, and its ledger entry as it is now. */
export interface Waiting {
  reading: Reading;
  entry: LedgerEntry | undefined;
}

/**
 * What waits, from what a run knows anyway. `cause` is what stopped the run; without one, readings wait for an upload to show.
 * `isProven`: readings of this kind may be sent together.
 */
export function delayOf(
  cause: DelayCause | undefined,
  all: Waiting[],
  { isProven, now }: { isProven: (kind: ReadingKind) => boolean; now: Date },
): Delay {
  const isUnderWay = ({ entry }: Waiting) => entry !== undefined && isAttempted(entry);
  const accepted = all.filter(({ entry }) => entry?.fate.state === "sent");
  const begun = new Set(all.filter(isUnderWay).map(({ reading }) => reading.kind));
  const following = all.filter((it) => !isUnderWay(it) && begun.has(it.reading.kind) && !isProven(it.reading.kind));
  const isOnlyAwaited = cause === undefined && accepted.length > 0;
  const acceptedAt = accepted.map(({ entry }) => entry?.attemptedAt?.getTime() ?? now.getTime());
  const newest = newestOf(isOnlyAwaited ? accepted : all);
  return {
    // Without an answer to an upload, nobody knows yet whether Garmin has it.
    cause: cause ?? (isOnlyAwaited ? "garmin_not_showing" : begun.size > 0 ? "garmin_silent" : "us"),
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

/**
 * An outcome, continued from the one before: since when the same trouble has lasted, what waits if this run did not get that
 * far, and whether Garmin has refused uploads without accepting one since. `hasUploaded`: it accepted one in this run.
 */
export function following(
  outcome: RunOutcome,
  before: RunOutcome | undefined,
  { hasUploaded, now }: { hasUploaded: boolean; now: Date },
): RunOutcome {
  const refusedAt = outcome.uploadRefusedAt ?? (hasUploaded ? undefined : before?.uploadRefusedAt);
  const delay = outcome.delay && continued(outcome.delay, before?.delay);
  const since = troubledSince(outcome, before, now);
  return {
    ...outcome,
    ...(since && { since }),
    ...(delay && { delay }),
    ...(refusedAt && { uploadRefusedAt: refusedAt }),
  };
}

function troubledSince(
  { status, action, onlyReadings, unexpectedFrom }: RunOutcome,
  before: RunOutcome | undefined,
  now: Date,
): Date | undefined {
  if (status === "success" || status === "retry_later" || onlyReadings) return undefined;
  if (action === "fix_clock" || (action && isIncomplete(action))) return undefined;
  if (!before?.since || before.since >= now) return now;
  const isSame = before.status === status && before.action === action && before.unexpectedFrom === unexpectedFrom;
  return isSame ? before.since : now;
}

/** A delay that goes on keeps the time at which it began. */
export function continued(delay: Delay, before: Delay | undefined): Delay {
  if (!before) return delay;
  const { cause: _cause, since: _since, until: _until, ...whatWaits } = before;
  // What was accepted dates its own wait. A time in the future was written by a wrong clock.
  const isSame = before.cause === delay.cause && delay.cause !== "garmin_not_showing" && before.since < delay.since;
  return {
    ...(delay.waiting === undefined && whatWaits),
    ...delay,
    ...(isSame && { since: before.since }),
  };
}
