import type { DelayCause } from "../../lib/errors.ts";
import { type Trouble, UNEXPECTED, type Unexpected } from "../../sync/model/health.ts";
import type { Vendor } from "../../sync/model/link.ts";
import type { Delay, RunOutcome } from "../../sync/model/outcome.ts";
import type { HealthNews } from "../../sync/status/notices.ts";
import type { Words } from "../words/words.ts";

const AT_VENDOR = {
  withings_silent: ["withings", "silent"],
  withings_refusing: ["withings", "refusing"],
  withings_limited: ["withings", "limited"],
  garmin_silent: ["garmin", "silent"],
  garmin_refusing: ["garmin", "refusing"],
  garmin_limited: ["garmin", "limited"],
} as const satisfies Partial<Record<DelayCause, [Vendor, string]>>;
const isAtVendor = (cause: DelayCause): cause is keyof typeof AT_VENDOR => Object.hasOwn(AT_VENDOR, cause);

/** How to name the place where readings are safe, after a sentence about `vendor`. */
const placeAfter = (vendor: Vendor | undefined) => (vendor === "withings" ? "there" : "at_withings");

/** Whose trouble it is, since when, what waits and where it is safe, and what happens next. */
export function delayText(delay: Delay, words: Words): string {
  return `${delayedText(delay, words)} ${words.delays.calm(nextStep(delay, words))}`;
}

/** The same without what happens next. */
export const delayedText = (delay: Delay, words: Words) => [headOf(delay, words), ...waitingOf(delay, words)].join(" ");

/** The notice after the owner's patience is over. `since`: since when not everything gets through. */
export function delayLastsText(delay: Delay, since: Date, tries: number, words: Words): string {
  const { delays: say } = words;
  const before = since < delay.since ? [say.sinceBefore(since)] : [];
  const next = say.willTell(nextStep(delay, words), tries);
  return [...before, delayedText(delay, words), next].join(" ");
}

function headOf({ cause, since, until, accepted = 0, newest }: Delay, { format, delays: say }: Words): string {
  if (isAtVendor(cause)) {
    const [vendor, how] = AT_VENDOR[cause];
    return say.head[how](vendor, since, until && until > format.now ? until : undefined);
  }
  if (cause === "us") return say.ours(since);
  return accepted > 1 ? say.acceptedSeveral(accepted, since, newest) : say.acceptedOne(since, newest);
}

function waitingOf(delay: Delay, { delays: say }: Words): string[] {
  const { cause, waiting, announced, newest, accepted = 0, following = 0 } = delay;
  const behind = following > 0 ? [say.following(following)] : [];
  if (cause === "garmin_not_showing") {
    const others = (waiting ?? 0) - accepted - following;
    return [say.safeEitherWay(accepted), ...(others > 0 ? [say.othersWait(others)] : []), ...behind];
  }
  if (waiting === undefined) {
    const place = placeAfter(isAtVendor(cause) ? AT_VENDOR[cause][0] : undefined);
    return [announced ? say.announced(place) : say.safe(place)];
  }
  if (waiting === 0) return [say.noneWaits];
  return [say.waits(waiting, newest), ...behind];
}

function nextStep({ cause, until }: Delay, { format, delays: say }: Words): string {
  const isLimited = cause === "withings_limited" || cause === "garmin_limited";
  if (isLimited && until && until > format.now) return say.next.afterWait;
  return cause === "garmin_not_showing" ? say.next.checkAgain : say.next.keepTrying;
}

export function unexpectedText(from: Vendor, { since }: Pick<RunOutcome, "since">, words: Words): string {
  return [unexpectedSince(from, since, words), words.delays.triesOn, words.delays.needsUpdate].join(" ");
}

export const unexpectedSince = (from: Vendor, since: Date | undefined, { format, delays: say }: Words) =>
  say.unexpected(from, since ?? format.now, placeAfter(from));

export function unexpectedLastsText(what: Unexpected, since: Date, { delays: say }: Words): string {
  const from = what === UNEXPECTED.withings ? "withings" : "garmin";
  return [say.unexpected(from, since, placeAfter(from)), say.triesOnAndTells, say.needsUpdate].join(" ");
}

/** The answer to a person. `detail` is more than the chat shows. */
export function notNowText(cause: DelayCause, { delays: say }: Words, detail = ""): string {
  if (!isAtVendor(cause)) return say.notNowOurs(detail);
  const [vendor, how] = AT_VENDOR[cause];
  return say.notNow[how](vendor, detail);
}

const TROUBLES_NAMED = 2;

/** One sentence for each trouble that the owner was notified of, or one for several. */
export function overText({ told, synced }: Extract<HealthNews, { type: "healed" }>, { delays: say }: Words): string {
  const keyOf = ({ what, cause }: Trouble) => (what === "waiting" ? (cause as DelayCause | undefined) : what);
  const sentences = told.flatMap((it) => {
    const key = keyOf(it);
    // Only a reading that arrived proves that Garmin accepts uploads.
    return key && (key !== "grant_garmin_upload" || synced > 0) ? [say.over[key]] : [];
  });
  const distinct = [...new Set(sentences.filter(Boolean))];
  return distinct.length === 0 || distinct.length > TROUBLES_NAMED ? say.severalOver : distinct.join(" ");
}
