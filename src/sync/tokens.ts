import type { Clock } from "../clock.ts";
import { ActionNeededError, asksToWait, RetryLaterError } from "../errors.ts";
import { errorFacts, type Log } from "../log.ts";
import {
  AccessRefusedError,
  type Leases,
  type Link,
  type Links,
  type RefreshTokens,
  type TokenSet,
  type Vendor,
  VendorRestError,
  type Versioned,
  type WithAccess,
} from "./ports.ts";

/** An access token that ends sooner than this is renewed first, so that it cannot end in the middle of a run. */
const RENEW_AHEAD_SECONDS = 5 * 60;
/** Longer than a refresh may take with the wait for its slot, all its timeouts, and the repeated writes after it. */
const REFRESH_LEASE_SECONDS = 120;
/** How often a renewed link is offered to the store; the pauses in between are 1, 2, 4 and 8 seconds. */
const STORE_TRIES = 5;
/** Nobody is left alone for longer, whatever they ask: a reading that waits has to arrive. */
const LONGEST_REST_SECONDS = 24 * 3600;
/** Garmin's refresh token lives 30 days from the last renewal. Early enough for weeks of outages before its end. */
const KEEP_ALIVE_SECONDS = 7 * 24 * 3600;

export interface Tokens {
  /** The link, if it is usable. Throws `ActionNeededError` when it is missing or stale. */
  link(account: number, vendor: Vendor): Promise<Link>;
  /**
   * Access to whatever is linked; with `vendorUserId` only to that person or profile. Throws `RetryLaterError` when it is
   * another one by now: what was read for the one must never be sent to the other.
   */
  withAccess(account: number, vendor: Vendor, vendorUserId?: string): WithAccess;
  /**
   * Renews a link that was not renewed for a week, so that no link ends because nobody stood on a scale. A hiccup is for
   * the next time; throws `ActionNeededError` when the link is missing, stale or ended by this. Answers the link as it is then.
   */
  keepAlive(account: number, vendor: Vendor): Promise<Link>;
  /**
   * What to make of an error that came of an answer of this vendor: a `VendorRestError` when it asked to be left alone. From
   * then on until that time access to it throws the same. Any other error is answered as it is.
   */
  heed(account: number, vendor: Vendor, error: unknown): Promise<unknown>;
}

/**
 * Keeps links alive (invariants 3 and 4). Both vendors hand out a new refresh token with every refresh and let the old
 * one die, so the order is fixed: lease, read again, refresh, store, and only then use.
 */
export function createTokens(deps: {
  links: Links;
  leases: Leases;
  refresh: Record<Vendor, RefreshTokens>;
  clock: Clock;
  log: Log;
}): Tokens {
  const { links, leases, refresh, clock, log } = deps;

  async function read(account: number, vendor: Vendor, vendorUserId?: string): Promise<Versioned<Link>> {
    const link = await links.read(account, vendor);
    if (!link) throw new ActionNeededError(vendor === "withings" ? "link_withings" : "link_garmin");
    if (vendorUserId !== undefined && link.value.vendorUserId !== vendorUserId) {
      throw new RetryLaterError(`the ${vendor} link was changed while it was used`);
    }
    if (link.value.state === "stale") throw new ActionNeededError(relink(vendor));
    return link;
  }

  const secondsFromNow = (at: Date) => (at.getTime() - clock.now().getTime()) / 1000;
  const isFresh = ({ tokens }: Link) => secondsFromNow(tokens.accessExpiresAt) > RENEW_AHEAD_SECONDS;
  const isKept = ({ renewedAt, linkedAt }: Link) => -secondsFromNow(renewedAt ?? linkedAt) <= KEEP_ALIVE_SECONDS;

  /** The link as soon as it is `usable`, which a renewal makes it. */
  async function usableLink({ account, vendor, vendorUserId }: Wanted, usable: (link: Link) => boolean): Promise<Link> {
    const before = await read(account, vendor, vendorUserId);
    leaveAlone(vendor, before.value);
    if (usable(before.value)) return before.value;

    const lease = await leases.acquire(`link#${vendor}#${before.value.vendorUserId}`, REFRESH_LEASE_SECONDS);
    if (!lease) throw new RetryLaterError(`another process is renewing the ${vendor} link`);
    try {
      // The lease is on this person or profile; another one would be renewed without it.
      const wanted = { account, vendor, vendorUserId: before.value.vendorUserId };
      const link = await read(account, vendor, wanted.vendorUserId);
      if (usable(link.value)) return link.value;
      return await renew(wanted, link);
    } finally {
      // Should this fail, the lease ends by itself.
      await lease.release().catch(() => undefined);
    }
  }

  /** An access token that is good for a while, and is not the one that was just refused. */
  async function accessToken(wanted: Wanted, refused?: string): Promise<string> {
    const link = await usableLink(wanted, (it) => isFresh(it) && it.tokens.accessToken !== refused);
    return link.tokens.accessToken;
  }

  async function renew(wanted: Wanted, link: Versioned<Link>): Promise<Link> {
    const { account, vendor, vendorUserId } = wanted;
    const outcome = await refresh[vendor](link.value);
    if (outcome.type === "refreshed") return store(wanted, link, outcome.tokens);

    // Refused. Somebody else may have renewed it without our lease: a sign-in, or an older copy of this program.
    const now = await read(account, vendor, vendorUserId);
    if (now.value.tokens.refreshToken !== link.value.tokens.refreshToken) return now.value;
    const { previousRefreshToken } = link.value;
    if (previousRefreshToken) {
      const previous: Link = { ...link.value, tokens: { ...link.value.tokens, refreshToken: previousRefreshToken } };
      const second = await refresh[vendor](previous);
      if (second.type === "refreshed") return store(wanted, link, second.tokens);
    }
    return endLink(account, vendor, now);
  }

  /** The old refresh token is dead: what is not stored here is lost, and only a sign-in brings the link back. */
  async function store(wanted: Wanted, before: Versioned<Link>, tokens: TokenSet): Promise<Link> {
    const { account, vendor, vendorUserId } = wanted;
    const previousRefreshToken = before.value.tokens.refreshToken;
    const link: Link = { ...before.value, state: "linked", renewedAt: clock.now(), tokens, previousRefreshToken };
    let { version } = before;
    for (let tries = 1; ; tries++) {
      try {
        if (await links.write(account, vendor, link, version)) {
          log.info("link_renewed", { account, vendor, refreshExpiresAt: tokens.refreshExpiresAt.toISOString() });
          return link;
        }
        const now = await links.read(account, vendor);
        // Other tokens: the owner signed in again meanwhile, or these are ours, from a write whose answer was lost.
        if (now?.value.tokens.refreshToken !== previousRefreshToken) break;
        // Only marked, by somebody who found the old token dead because we had exchanged it.
        version = now.version;
        if (tries === STORE_TRIES) throw new RetryLaterError(`the ${vendor} link kept changing while it was saved`);
      } catch (error) {
        if (!(error instanceof RetryLaterError) || tries === STORE_TRIES) throw error;
        await clock.sleep(2 ** (tries - 1));
      }
    }
    return (await read(account, vendor, vendorUserId)).value;
  }

  function leaveAlone(vendor: Vendor, { restsUntil }: Link) {
    const seconds = restsUntil ? secondsFromNow(restsUntil) : 0;
    // One that is further ahead was written by a clock that was wrong.
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
      // The run that was asked to wait does; another one would have to be asked again.
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
  async function endLink(account: number, vendor: Vendor, link: Versioned<Link>): Promise<never> {
    const stored = await links.write(account, vendor, { ...link.value, state: "stale" }, link.version);
    if (!stored) throw new RetryLaterError(`the ${vendor} link changed while it was checked`);
    log.warn("link_stale", { account, vendor });
    throw new ActionNeededError(relink(vendor));
  }

  async function callWithAccess<T>(wanted: Wanted, call: (accessToken: string) => Promise<T>): Promise<T> {
    const { account, vendor } = wanted;
    const first = await accessToken(wanted);
    try {
      return await call(first);
    } catch (error) {
      if (!(error instanceof AccessRefusedError)) throw error;
    }
    const second = await accessToken(wanted, first);
    try {
      return await call(second);
    } catch (error) {
      if (!(error instanceof AccessRefusedError)) throw error;
    }
    // Refused twice, the second time with a token that was just issued: the vendor has signed us out. But the verdict
    // took its time, and it is none on a link that somebody has renewed since.
    const now = await read(account, vendor);
    if (now.value.tokens.accessToken !== second) throw new RetryLaterError(`the ${vendor} link changed in between`);
    return endLink(account, vendor, now);
  }

  return {
    link: async (account, vendor) => (await read(account, vendor)).value,

    withAccess: (account, vendor, vendorUserId) => (call) => {
      const wanted = { account, vendor, vendorUserId };
      return heeding(wanted, () => callWithAccess(wanted, call));
    },

    async keepAlive(account, vendor) {
      try {
        const wanted = { account, vendor, vendorUserId: undefined };
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
}

const relink = (vendor: Vendor) => (vendor === "withings" ? "relink_withings" : "relink_garmin");
