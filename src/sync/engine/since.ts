import { type Link, RELINK, VENDORS, type Vendor } from "../model/link.ts";
import { isIncomplete, type RunOutcome } from "../model/outcome.ts";
import { continued } from "./delay.ts";

export interface WentWell {
  hasListed: boolean;
  hasUploaded: boolean;
  links: Partial<Record<Vendor, Pick<Link, "state" | "linkedAt">>>;
}

type Sinces = Record<string, Date>;

/**
 * Adds what earlier runs knew. A trouble lasts until a run without trouble, its vendor doing what it didn't do, or a new link
 * ends it. Another trouble doesn't end it, though a run only ever meets the first one in its way.
 */
export function following(
  outcome: RunOutcome,
  before: RunOutcome | undefined,
  wentWell: WentWell & { now: Date },
): RunOutcome {
  const { now, hasUploaded } = wentWell;
  const refusedAt = outcome.uploadRefusedAt ?? (hasUploaded ? undefined : before?.uploadRefusedAt);
  const met = nameOf(outcome);
  const { delay } = outcome;
  const known = isWell(outcome) ? {} : unended(sincesOf(before), outcome, wentWell);
  const { [met ?? ""]: _met, [delay?.cause ?? ""]: _cause, ...earlier } = known;
  return {
    ...outcome,
    ...(met && { since: known[met] ?? now }),
    ...(delay && {
      delay: { ...continued(delay, before?.delay), since: known[delay.cause] ?? delay.since },
    }),
    ...(Object.keys(earlier).length > 0 && { earlier }),
    ...(refusedAt && { uploadRefusedAt: refusedAt }),
  };
}

/** What somebody has to do or fix. Undefined also with a wrong clock, which knows no times. */
function nameOf({ status, action, onlyReadings, unexpectedFrom }: RunOutcome): string | undefined {
  if (status === "success" || status === "retry_later" || onlyReadings) return undefined;
  if (action === "fix_clock" || (action && isIncomplete(action))) return undefined;
  if (status === "action_needed" && action) return action;
  return unexpectedFrom ? `error_${unexpectedFrom}` : "error";
}

function isWell({ status, action, onlyReadings, delay }: RunOutcome): boolean {
  return status === "success" || (onlyReadings === true && !delay) || (action !== undefined && isIncomplete(action));
}

/** `garmin_not_showing` is dated by the upload, so it isn't kept. */
function sincesOf(before: RunOutcome | undefined): Sinces {
  if (!before) return {};
  const { since, delay, earlier } = before;
  const met = nameOf(before);
  return {
    ...earlier,
    ...(met && since && { [met]: since }),
    ...(delay && delay.cause !== "garmin_not_showing" && { [delay.cause]: delay.since }),
  };
}

function unended(
  sinces: Sinces,
  outcome: RunOutcome,
  { hasListed, hasUploaded, links, now }: WentWell & { now: Date },
) {
  const isMet = (name: string) => name === nameOf(outcome) || name === outcome.delay?.cause;
  // Garmin answered everything, but only an accepted upload says more than that.
  const hasAnswered = outcome.delay?.cause === "garmin_not_showing";
  const isDone = (name: string, vendor: Vendor) =>
    vendor === "withings" ? hasListed : hasUploaded || (hasAnswered && name.startsWith("garmin_"));
  const isLasting = ([name, since]: [string, Date]) => {
    if (since >= now) return false;
    const vendor = VENDORS.find((it) => name.includes(it));
    const link = vendor && links[vendor];
    if (link && (isBetween(link.linkedAt, since, now) || (name === RELINK[vendor] && link.state === "linked"))) {
      return false;
    }
    return isMet(name) || !vendor || !isDone(name, vendor);
  };
  return Object.fromEntries(Object.entries(sinces).filter(isLasting));
}

const isBetween = (at: Date, from: Date, to: Date) => from < at && at <= to;
