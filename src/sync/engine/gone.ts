import type { Account } from "../model/account.ts";
import type { Gone, GoneReason, LedgerEntry, Progress, Removal } from "../model/ledger.ts";
import { type Reading, readingId } from "../model/reading.ts";
import { isTypedId } from "../model/typed.ts";
import { isOurs, isPending } from "./removal.ts";

/** Two lists that miss a reading have to be this far apart. */
const APART_SECONDS = 24 * 3600;
/** More than these at once are asked about together: that many may also be Withings' fault. */
const AT_ONCE = 3;

/** What Withings says of what we sent. */
export interface Saying {
  entries: LedgerEntry[];
  /** By `readingId`. */
  listed: ReadonlyMap<string, Reading>;
  /** Whether it should be listed, and isn't. */
  isMissing: (entry: LedgerEntry) => boolean;
  setting: Account["settings"]["deletions"];
  now: Date;
}

/** In Garmin by us, and its owner hasn't said that it stays there. What was typed into the chat was never at Withings. */
export function isFollowed(entry: LedgerEntry): boolean {
  return entry.fate.state === "seen" && !entry.isKept && isOurs(entry) && !isTypedId(entry.measureGroupId);
}

/** An attribution that only we don't know says nothing. */
const isNoLongerTheirs = ({ attribution }: Reading, { decision }: LedgerEntry) =>
  attribution === "ambiguous" && decision?.type !== "mine";

/** What is gone is noted, asked about once it's certain, or taken out; what is back is forgotten. */
export function withGone(progress: Progress, saying: Saying): Progress {
  const { gone: before = [], ...rest } = progress;
  const { setting, now } = saying;
  const known = new Map(before.map((it) => [it.id, it]));
  const leaving = new Set(progress.removals?.filter(isPending).map(({ id }) => id));
  const entries = saying.entries.filter((it) => !leaving.has(readingId(it)));
  const said = new Map(entries.map((it) => [readingId(it), goneNow(it, known.get(readingId(it)), saying)]));
  const untouched = before.filter(({ id }) => !said.has(id));
  const all = [...untouched, ...said.values()].filter((it) => it !== undefined);
  const news = all.filter(({ askedAt }) => askedAt?.getTime() === now.getTime());
  const isMany = isTooMany(news.length, saying);
  const marked = all.map((it) => (isMany && news.includes(it) ? { ...it, isOfMany: true as const } : it));
  const isTaken = (it: Gone) => setting === "always" && it.askedAt !== undefined && !it.isOfMany;
  const left = marked.filter((it) => !isTaken(it));
  const taken = marked.filter(isTaken).map((it) => removalOf(it, now));
  const next = left.length > 0 ? { ...progress, gone: left } : rest;
  return taken.length > 0 ? { ...next, removals: [...(progress.removals ?? []), ...taken] } : next;
}

/** Nothing is taken out unasked if it's many, or half of all that can be seen of what we sent. */
function isTooMany(count: number, { setting, entries }: Saying): boolean {
  if (count > AT_ONCE) return true;
  return setting === "always" && count > 1 && 2 * count >= entries.filter(isFollowed).length;
}

export const removalOf = ({ id, kind, takenAt, values, why, ...gone }: Gone, askedAt: Date): Removal => ({
  ...{ id, kind, takenAt, values, askedAt, because: why },
  ...(gone.isOfMany && gone.askedAt && { together: gone.askedAt }),
});

function goneNow(entry: LedgerEntry, before: Gone | undefined, { listed, isMissing, now }: Saying): Gone | undefined {
  if (!isFollowed(entry)) return undefined;
  const id = readingId(entry);
  const { kind, takenAt, values } = entry;
  const gone = (why: GoneReason): Gone => ({ id, kind, takenAt, values, why, since: now });
  const reading = listed.get(id);
  if (reading) {
    if (reading.attribution === "unknown") return before;
    if (!isNoLongerTheirs(reading, entry)) return undefined;
    return before?.why === "reassigned" ? before : { ...gone("reassigned"), askedAt: now };
  }
  if (!isMissing(entry)) return before;
  if (!before) return gone("deleted");
  const isCertain = before.askedAt || now.getTime() - before.since.getTime() >= APART_SECONDS * 1000;
  return isCertain && !before.askedAt ? { ...before, askedAt: now } : before;
}
