import { RetryLaterError, UnexpectedAnswerError, whoActs } from "../lib/errors.ts";
import { within } from "../lib/within.ts";
import { isOurs, isOursToTheMinute, isSameEvent, sentValues } from "../sync/engine/match.ts";
import type { Account } from "../sync/model/account.ts";
import type { LedgerEntry } from "../sync/model/ledger.ts";
import { type Vendor, VendorWaitError } from "../sync/model/link.ts";
import { type Reading, type ReadingKind, readingId } from "../sync/model/reading.ts";
import { type Around, KindClosedError, type Measured } from "../sync/model/vendors.ts";
import { type Cause, causeAtWithings, causeInGarmin, knownCause, waitingCause } from "../sync/status/missing.ts";
import type { App } from "./app.ts";

const ANSWER_SECONDS = 15;
const LOOK_BACK_DAYS = 60;

export interface Found {
  cause: Cause;
  timezone: string;
  /** When what was asked has ended too. A token renewal must not be cut off. */
  ended: Promise<void>;
}

/** Looks at Withings and in Garmin for the newest reading of a kind. Changes nothing but tokens that had to be renewed. */
export async function whyMissing(
  app: App,
  account: Account,
  kind: ReadingKind,
  { answerSeconds = ANSWER_SECONDS } = {},
): Promise<Found> {
  const { overviews, clock } = app;
  const running: Array<Promise<unknown>> = [];
  const overview = await overviews.of(account);

  /** What a vendor answers, or why it doesn't. */
  async function asked<T>(vendor: Vendor, work: () => Promise<T>): Promise<{ answer: T } | { cause: Cause }> {
    const answer: Promise<{ answer: T } | { cause: Cause }> = work().then((it) => ({ answer: it }));
    running.push(answer.catch(() => undefined));
    try {
      return await within(answerSeconds * 1000, answer, () => ({ cause: { type: "put_off", by: `${vendor}_silent` } }));
    } catch (error) {
      const cause = causeOf(error, vendor);
      if (!cause) throw error;
      return { cause };
    }
  }

  async function find(): Promise<Cause> {
    const known = knownCause(overview, kind);
    if (known) return known;
    const listed = await asked("withings", () => newestAtWithings(app, account, kind));
    if ("cause" in listed) return waitingCause(overview, kind) ?? listed.cause;
    const reading = listed.answer;
    const newest = reading && { takenAt: reading.takenAt, values: sentValues(reading) };
    const entry = reading && (await entryOf(app, account, reading));
    const there = causeAtWithings({ newest, entry, days: LOOK_BACK_DAYS }, overview, kind);
    if (there || !newest || !entry) return there ?? { type: "none_measured", days: LOOK_BACK_DAYS, last: undefined };
    const around = await asked("garmin", () => aroundInGarmin(app, account, kind, newest));
    if ("cause" in around) return around.cause;
    const isThere = around.answer.entries.some(
      (it) => it.key.id === entry.garminKey?.id || MATCHES.some((fits) => fits(newest, it) || fits(entry, it)),
    );
    // Something there that can't be read may be it, so that is no answer.
    if (!isThere && around.answer.unreadable.length > 0) return { type: "unclear", vendor: "garmin" };
    return causeInGarmin({ newest, entry, isThere, now: clock.now() }, overview, kind);
  }

  const cause = await find();
  return { cause, timezone: overview.timezone, ended: Promise.all(running).then(() => {}) };
}

const MATCHES = [isOurs, isOursToTheMinute, isSameEvent];

function causeOf(error: unknown, vendor: Vendor): Cause | undefined {
  if (error instanceof KindClosedError) return { type: "paused" };
  if (error instanceof VendorWaitError) return { type: "limited", vendor, until: error.until };
  if (error instanceof RetryLaterError) return { type: "put_off", by: error.delayedBy };
  if (error instanceof UnexpectedAnswerError) return { type: "unclear", vendor };
  const acting = whoActs(error);
  return acting.who === "owner" ? { type: "to_do", action: acting.error.action } : undefined;
}

async function newestAtWithings({ tokens, vendors, clock }: App, { telegramUserId: id }: Account, kind: ReadingKind) {
  await tokens.link(id, "withings");
  const since = new Date(clock.now().getTime() - LOOK_BACK_DAYS * 24 * 3600 * 1000);
  const withAccess = tokens.withAccess(id, "withings", undefined, { onlyLooks: true });
  const { readings } = await vendors.withings.source.changedSince(withAccess, since);
  return readings.findLast((it) => it.kind === kind);
}

async function entryOf(
  { store }: App,
  { telegramUserId: id }: Account,
  reading: Reading,
): Promise<LedgerEntry | undefined> {
  const withings = await store.links.facts(id, "withings");
  const garmin = await store.links.facts(id, "garmin");
  if (!withings || !garmin) return undefined;
  const ledger = store.ledgers.of(id, withings.vendorUserId, garmin.vendorUserId);
  return (await ledger.entries([readingId(reading)])).get(readingId(reading))?.value;
}

function aroundInGarmin(
  { tokens, vendors }: App,
  { telegramUserId: id }: Account,
  kind: ReadingKind,
  newest: Measured,
): Promise<Around> {
  const withAccess = tokens.withAccess(id, "garmin", undefined, { onlyLooks: true });
  return vendors.garmin.openSinks(withAccess)[kind].around(newest.takenAt, newest.takenAt);
}
