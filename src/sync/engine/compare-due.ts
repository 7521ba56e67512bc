import type { Account } from "../model/account.ts";
import type { Progress } from "../model/ledger.ts";
import { type Reading, readingId } from "../model/reading.ts";

const DAY_MS = 24 * 3600 * 1000;
const WEEK_MS = 7 * DAY_MS;
/** Of what Withings changed in this time, it should list everything. */
export const WINDOW_MS = 30 * DAY_MS;

/** Whether Withings' list is to be compared with the ledger: once a week, or when somebody asks for a sync. */
export function isCompareDue({ compared, begunAt }: Progress, { settings }: Account, isAsked: boolean, now: Date) {
  if (settings.deletions === "never" || begunAt === undefined) return false;
  const ms = (compared?.nextAt.getTime() ?? 0) - now.getTime();
  // One that is further ahead was written by a wrong clock.
  return isAsked || ms <= 0 || ms > WEEK_MS + DAY_MS;
}

/** `isOpen`: something is missing for the first time, or the comparison didn't work. Tomorrow then. */
export function comparedNow(from: string, now: Date, isOpen = false): Pick<Progress, "compared"> {
  return { compared: { nextAt: new Date(now.getTime() + (isOpen ? DAY_MS : WEEK_MS)), from } };
}

/**
 * Where in the ledger the next comparison begins. Ids ascend, so what is measured from now on has a higher one than the lowest of a
 * month, or if that is empty, than the highest of all.
 */
export function placeOf(measured: Array<Pick<Reading, "kind" | "measureGroupId" | "takenAt">>, now: Date): string {
  const recent = measured.filter(({ takenAt }) => takenAt.getTime() >= now.getTime() - WINDOW_MS);
  return recent.map(readingId).sort()[0] ?? measured.map(readingId).sort().at(-1) ?? "0";
}
