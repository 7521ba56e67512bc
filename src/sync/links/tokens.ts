import type { Clock } from "../../lib/clock.ts";
import { ActionNeededError, asksToWait, RetryLaterError } from "../../lib/errors.ts";
import { errorFacts, type Log } from "../../lib/log.ts";
import type { Leases } from "../model/leases.ts";
import {
  AccessRefusedError,
  type Link,
  type Links,
  RELINK,
  type RefreshTokens,
  type Refusal,
  type TokenSet,
  UnclearRefusalError,
  type Vendor,
  VendorRestError,
  type Versioned,
  type WithAccess,
} from "../model/link.ts";

/** An access token that ends sooner than this is renewed first, so that it cannot end in the middle of a run. */
const RENEW_AHEAD_SECONDS = 5 * 60;
/** Longer than a refresh may take with the wait for its slot, all its timeouts, and the repeated writes after it. */
const REFRESH_LEASE_SECONDS = 120;
/** How often a renewed link is offered to the store; the pauses in between are 1, 2, 4 and 8 seconds. */
const STORE_TRIES = 5;
/** The longest wait, whatever a vendor asks for: waiting readings have to arrive. */
const LONGEST_REST_SECONDS = 24 * 3600;
/** Garmin's refresh token lives 30 days from the last renewal. Early enough for weeks of outages before its end. */
const KEEP_ALIVE_SECONDS = 7 * 24 * 3600;
/** Two clocks may differ, but not by a day: a renewal further ahead was made with a wrong clock. */
const CLOCK_TOLERANCE_SECONDS = 24 * 3600;
/** Vendors have been seen to refuse good tokens for minutes. */
const DOUBT_SECONDS = 10 * 60;
/** Refused in words we do not know: until then it may be trouble at the vendor. */
const UNCLEAR_DAYS = 3;
/** A stale link costs its vendor one request a day, and recovers by itself if the vendor was wrong. */
const STALE_TRY_SECONDS = 24 * 3600;

export interface Tokens {
  /** The link, if it is usable. Throws `ActionNeededError` when it is missing or stale. */
  link(account: number, vendor: Vendor): Promise<Link>;
  /**
   * Access to whatever is linked; with `vendorUserId` only to that person or profile. Throws `RetryLaterError` when it is
   * another one by now: what was read for the one must never be sent to the other. With `onlyLooks` it never ends a link.
   */
  withAccess(account: number, vendor: Vendor, vendorUserId?: string, options?: { onlyLooks: boolean }): WithAccess;
  /**
   * Renews a link that was not renewed for a week, so that no link ends because nobody stood on a scale. A hiccup is for
   * the next time; throws `ActionNeededError` when the link is missing, stale or ended by this. Answers the link as it is then.
   */
  keepAlive(account: number, vendor: Vendor): Promise<Link>;
  /**
   * Interprets an error from this vendor's answer: a `VendorRestError` if the vendor asked us to wait. Until that time, access
   * to it throws the same. Returns any other error unchanged.
   */
  heed(account: number, vendor: Vendor, error: unknown): Promise<unknown>;
}

/** Asks something of a vendor, whatever the answer. Throws `AccessRefusedError` when the token is refused. */
export type AskElsewhere = (accessToken: string) => Promise<unknown>;

/**
 * Keeps links alive (invariants 3 and 4). Both vendors hand out a new refresh token with every refresh and let the old
 * one die, so the order is fixed: lease, read again, refresh, store, and only then use.
 */
export function createTokens(deps: {
  links: Links;
  leases: Leases;
  refresh: Record<Vendor, RefreshTokens>;
  /** Other endpoints than the usual ones. A link ends only if all of them refuse its token too. */
  elsewhere: Record<Vendor, AskElsewhere[]>;
  clock: Clock;
  log: Log;
}): Tokens {
  const { links, leases, refresh, elsewhere, clock, log } = deps;
  /** Renewed tokens that could not be stored, and the refresh token they replace. Lost with the process. */
  const unsaved = new Map<string, { tokens: TokenSet; replaces: string }>();
  const unsavedOf = (account: number, vendor: Vendor, link: Link) => {
    const kept = unsaved.get(`${account}#${vendor}`);
    return kept?.replaces === link.tokens.refreshToken ? kept.tokens : undefined;
  };

  /** In whatever state it is. */
  async function readAny(account: number, vendor: Vendor, vendorUserId?: string): Promise<Versioned<Link>> {
    const link = await links.read(account, vendor);
    if (!link) throw new ActionNeededError(vendor === "withings" ? "link_withings" : "link_garmin");
    if (vendorUserId !== undefined && link.value.vendorUserId !== vendorUserId) {
      throw new RetryLaterError(`the ${vendor} link was changed while it was used`);
    }
    return link;
  }

  async function read(account: number, vendor: Vendor, vendorUserId?: string): Promise<Versioned<Link>> {
    const link = await readAny(account, vendor, vendorUserId);
    if (link.value.state === "stale") throw new ActionNeededError(RELINK[vendor]);
    return link;
  }

  /** Seconds; a time in the future was written by a wrong clock. */
  const age = (at: Date) => (clock.now().getTime() - at.getTime()) / 1000;
  const isWithin = (seconds: number, at: Date) => age(at) <= seconds && age(at) > -CLOCK_TOLERANCE_SECONDS;
  const isFresh = ({ tokens }: Link) => -age(tokens.accessExpiresAt) > RENEW_AHEAD_SECONDS;
  const isKept = ({ renewedAt, linkedAt }: Link) => isWithin(KEEP_ALIVE_SECONDS, renewedAt ?? linkedAt);

  /** A stale link is left alone for a day, unless we have tokens for it. */
  function refuseStale({ account, vendor }: Wanted, link: Link) {
    if (link.state !== "stale" || unsavedOf(account, vendor, link)) return;
    if (link.triedAt && isWithin(STALE_TRY_SECONDS, link.triedAt)) throw new ActionNeededError(RELINK[vendor]);
  }

  /** The link once it is `usable`, if necessary after a renewal. */
  async function usableLink(wanted: Wanted, usable: (link: Link) => boolean): Promise<Link> {
    const { account, vendor } = wanted;
    const before = await readAny(account, vendor, wanted.vendorUserId);
    const isUsable = (link: Link) => link.state === "linked" && usable(link);
    refuseStale(wanted, before.value);
    try {
      leaveAlone(vendor, before.value);
      if (isUsable(before.value)) return before.value;
      const lease = await leases.acquire(`link#${vendor}#${before.value.vendorUserId}`, REFRESH_LEASE_SECONDS);
      if (!lease) throw new RetryLaterError(`another process is renewing the ${vendor} link`);
      try {
        // The lease is on this person or profile; another one would be renewed without it.
        const same = { ...wanted, vendorUserId: before.value.vendorUserId };
        const link = await readAny(account, vendor, same.vendorUserId);
        if (isUsable(link.value)) return link.value;
        refuseStale(same, link.value);
        return await renew(same, link);
      } finally {
        // If this fails, the lease expires by itself.
        await lease.release().catch(() => undefined);
      }
    } catch (error) {
      // A stale link stays stale even if it could not be tried.
      if (!(error instanceof RetryLaterError) || before.value.state !== "stale") throw error;
      await heed(account, vendor, error);
      throw new ActionNeededError(RELINK[vendor]);
    }
  }

  async function renew(wanted: Wanted, link: Versioned<Link>): Promise<Link> {
    const { account, vendor, vendorUserId } = wanted;
    const kept = unsavedOf(account, vendor, link.value);
    if (kept) return store(wanted, link, kept);

    const outcome = await refreshed(wanted, link);
    if (outcome.type === "refreshed") return store(wanted, link, outcome.tokens);

    // Refused. Somebody else may have renewed it without our lease: a sign-in, or an older copy of this program.
    const now = await readAny(account, vendor, vendorUserId);
    if (now.value.tokens.refreshToken !== link.value.tokens.refreshToken)
      return (await read(account, vendor, vendorUserId)).value;
    const { previousRefreshToken } = link.value;
    if (previousRefreshToken) {
      const previous: Link = { ...link.value, tokens: { ...link.value.tokens, refreshToken: previousRefreshToken } };
      const second = await refresh[vendor](previous);
      if (second.type === "refreshed") return store(wanted, link, second.tokens);
    }
    if (outcome.type === "refused") return endLink(wanted, now);
    const lasted = await refusedFor(wanted, now, "renewal");
    if (lasted >= DOUBT_SECONDS) return endLink(wanted, now);
    throw new RetryLaterError(`${vendor} refused to renew the link, which may pass`, {
      delayedBy: `${vendor}_refusing`,
    });
  }

  /** Throws `ActionNeededError` if the vendor has refused in unknown words for days: waiting longer would be silence. */
  async function refreshed(wanted: Wanted, link: Versioned<Link>) {
    try {
      return await refresh[wanted.vendor](link.value);
    } catch (error) {
      if (!(error instanceof UnclearRefusalError)) throw error;
      const lasted = await refusedFor(wanted, link, "renewal_unclear");
      if (lasted < UNCLEAR_DAYS * 24 * 3600) throw error;
      log.warn("link_refused_unclearly", { account: wanted.account, vendor: wanted.vendor, ...errorFacts(error) });
      throw new ActionNeededError(RELINK[wanted.vendor], { cause: error });
    }
  }

  /**
   * For how many seconds the vendor has refused it. The first time is saved. A clear refusal is not older for an unclear one
   * before it: those two together end no link.
   */
  async function refusedFor({ account, vendor }: Wanted, link: Versioned<Link>, of: Refusal["of"]) {
    const { refusal } = link.value;
    const isSame = refusal?.of === of || (of === "renewal_unclear" && refusal?.of === "renewal");
    if (refusal && isSame && age(refusal.since) >= 0) return age(refusal.since);
    // If somebody else writes right now, the next refusal counts as the first.
    await links.write(account, vendor, { ...link.value, refusal: { of, since: clock.now() } }, link.version);
    return 0;
  }

  /** The old refresh token is dead: what is not stored here is lost, and only a sign-in brings the link back. */
  async function store(wanted: Wanted, before: Versioned<Link>, tokens: TokenSet): Promise<Link> {
    const { account, vendor, vendorUserId } = wanted;
    const previousRefreshToken = before.value.tokens.refreshToken;
    const { refusal, triedAt: _, ...rest } = before.value;
    const link: Link = {
      ...rest,
      state: "linked",
      renewedAt: clock.now(),
      tokens,
      previousRefreshToken,
      // Only successful access ends that doubt.
      ...(refusal?.of === "access" && { refusal }),
    };
    unsaved.set(`${account}#${vendor}`, { tokens, replaces: previousRefreshToken });
    let { version } = before;
    for (let tries = 1; ; tries++) {
      try {
        if (await links.write(account, vendor, link, version)) {
          unsaved.delete(`${account}#${vendor}`);
          log.info("link_renewed", {
            account,
            vendor,
            refreshExpiresAt: tokens.refreshExpiresAt.toISOString(),
            ...(before.value.state === "stale" && { wasStale: true }),
          });
          return link;
        }
        const now = await links.read(account, vendor);
        // Other tokens: the owner signed in again meanwhile, or these are ours, from a write whose answer was lost.
        if (now?.value.tokens.refreshToken !== previousRefreshToken) break;
        // Only marked, by somebody who found the old token dead because we had exchanged it.
        version = now.version;
        if (tries === STORE_TRIES) throw new RetryLaterError(`the ${vendor} link kept changing while it was saved`);
      } catch (error) {
        // They stay in memory, and the next use tries to store them again, for instance once a disk has room.
        if (!(error instanceof RetryLaterError) || tries === STORE_TRIES) throw error;
        await clock.sleep(2 ** (tries - 1));
      }
    }
    unsaved.delete(`${account}#${vendor}`);
    return (await read(account, vendor, vendorUserId)).value;
  }

  function leaveAlone(vendor: Vendor, { restsUntil }: Link) {
    const seconds = restsUntil ? -age(restsUntil) : 0;
    // A time further ahead was written by a wrong clock.
    if (!restsUntil || seconds <= 0 || seconds > LONGEST_REST_SECONDS) return;
    throw new VendorRestError(vendor, restsUntil, { retryAfterSeconds: Math.ceil(seconds) });
  }

  async function heed(account: number, vendor: Vendor, error: unknown): Promise<unknown> {
    if (!asksToWait(error) || error instanceof VendorRestError) return error;
    const seconds = Math.min(error.retryAfterSeconds, LONGEST_REST_SECONDS);
    const restsUntil = new Date(clock.now().getTime() + seconds * 1000);
    log.warn("vendor_rests", { account, vendor, until: restsUntil.toISOString(), ...errorFacts(error) });
    try {
      const link = await links.read(account, vendor);
      if (link) await links.write(account, vendor, { ...link.value, restsUntil }, link.version);
    } catch (cause) {
      // The run that was asked to wait does so even if this is not saved; another run would be asked again.
      log.warn("vendor_rest_not_saved", { account, vendor, ...errorFacts(cause) });
    }
    return new VendorRestError(vendor, restsUntil, { retryAfterSeconds: seconds, cause: error });
  }

  const heeding = async <T>({ account, vendor }: Pick<Wanted, "account" | "vendor">, work: () => Promise<T>) => {
    try {
      return await work();
    } catch (error) {
      throw await heed(account, vendor, error);
    }
  };

  /** The tokens stay where they are: should the vendor have erred, nothing is lost. */
  async function endLink({ account, vendor, onlyLooks }: Wanted, { value, version }: Versioned<Link>): Promise<never> {
    if (!onlyLooks) {
      const ended: Link = { ...value, state: "stale", triedAt: clock.now() };
      if (!(await links.write(account, vendor, ended, version))) {
        throw new RetryLaterError(`the ${vendor} link changed while it was checked`);
      }
      if (value.state !== "stale") log.warn("link_stale", { account, vendor });
    }
    throw new ActionNeededError(RELINK[vendor]);
  }

  async function callWithAccess<T>(wanted: Wanted, call: (accessToken: string) => Promise<T>): Promise<T> {
    const first = await attempt(wanted, call);
    if (first.type === "good") return first.value;
    const second = await attempt(wanted, call, first.accessToken);
    return second.type === "good" ? second.value : refusedTwice(wanted, second.accessToken);
  }

  /** The link with an access token that is valid for a while and is not the one just refused. */
  async function attempt<T>(wanted: Wanted, call: (accessToken: string) => Promise<T>, refused?: string) {
    const link = await usableLink(wanted, (it) => isFresh(it) && it.tokens.accessToken !== refused);
    const { accessToken } = link.tokens;
    try {
      const value = await call(accessToken);
      await accepted(wanted, link).catch((error: unknown) => log.warn("doubt_not_ended", errorFacts(error)));
      return { type: "good" as const, value };
    } catch (error) {
      if (!(error instanceof AccessRefusedError)) throw error;
      return { type: "refused" as const, accessToken };
    }
  }

  /** The vendor refused two tokens, the second one just issued. It may still recover. */
  async function refusedTwice(wanted: Wanted, refused: string): Promise<never> {
    const { account, vendor } = wanted;
    const isElsewhereToo = await isRefusedElsewhere(vendor, refused);
    // The check took a while, and its result does not apply to a link that was renewed since.
    const link = await read(account, vendor);
    if (link.value.tokens.accessToken !== refused) throw new RetryLaterError(`the ${vendor} link changed in between`);
    const refusing = { delayedBy: `${vendor}_refusing` } as const;
    if (!isElsewhereToo) throw new RetryLaterError(`${vendor} refuses a token that it takes elsewhere`, refusing);
    const lasted = await refusedFor(wanted, link, "access");
    if (lasted >= DOUBT_SECONDS) return endLink(wanted, link);
    throw new RetryLaterError(`${vendor} refuses a token that it has just issued, which may pass`, refusing);
  }

  /** Any answer that does not refuse the token counts as not refused. */
  async function isRefusedElsewhere(vendor: Vendor, token: string): Promise<boolean> {
    for (const ask of elsewhere[vendor]) {
      const error: unknown = await ask(token).then(
        () => undefined,
        (it: unknown) => it,
      );
      if (asksToWait(error)) throw error;
      if (!(error instanceof AccessRefusedError)) return false;
    }
    return true;
  }

  async function accepted({ account, vendor }: Wanted, { refusal, tokens }: Link) {
    if (!refusal) return;
    const link = await links.read(account, vendor);
    if (link?.value.tokens.accessToken !== tokens.accessToken) return;
    const { refusal: _, ...rest } = link.value;
    await links.write(account, vendor, rest, link.version);
  }

  return {
    link: async (account, vendor) => (await read(account, vendor)).value,

    withAccess:
      (account, vendor, vendorUserId, { onlyLooks } = { onlyLooks: false }) =>
      (call) => {
        const wanted = { account, vendor, vendorUserId, onlyLooks };
        return heeding(wanted, () => callWithAccess(wanted, call));
      },

    async keepAlive(account, vendor) {
      try {
        const wanted = { account, vendor, vendorUserId: undefined, onlyLooks: false };
        return await heeding(wanted, () => usableLink(wanted, isKept));
      } catch (error) {
        if (!(error instanceof RetryLaterError) || error instanceof VendorRestError) throw error;
        log.warn("link_not_renewed", { account, vendor, ...errorFacts(error) });
        return (await read(account, vendor)).value;
      }
    },

    heed,
  };
}

/** Which link, and whose it has to be. */
interface Wanted {
  account: number;
  vendor: Vendor;
  vendorUserId: string | undefined;
  onlyLooks: boolean;
}
