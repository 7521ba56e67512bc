import type { Clock } from "../clock.ts";
import { ActionNeededError, RetryLaterError } from "../errors.ts";
import type { Log } from "../log.ts";
import {
  AccessRefusedError,
  type Leases,
  type Link,
  type Links,
  type RefreshTokens,
  type Vendor,
  type Versioned,
  type WithAccess,
} from "./ports.ts";

/** An access token that ends sooner than this is renewed first, so that it cannot end in the middle of a run. */
const RENEW_AHEAD_SECONDS = 5 * 60;
/** Longer than a refresh may take with all its timeouts. */
const REFRESH_LEASE_SECONDS = 60;

export interface Tokens {
  /** The link, if it is usable. Throws `ActionNeededError` when it is missing or stale. */
  link(account: number, vendor: Vendor): Promise<Link>;
  withAccess(account: number, vendor: Vendor): WithAccess;
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

  async function read(account: number, vendor: Vendor): Promise<Versioned<Link>> {
    const link = await links.read(account, vendor);
    if (!link) throw new ActionNeededError(vendor === "withings" ? "link_withings" : "link_garmin");
    if (link.value.state === "stale") throw new ActionNeededError(relink(vendor));
    return link;
  }

  const isFresh = ({ tokens }: Link) =>
    tokens.accessExpiresAt.getTime() - clock.now().getTime() > RENEW_AHEAD_SECONDS * 1000;

  /** An access token that is good for a while, and is not the one that was just refused. */
  async function accessToken(account: number, vendor: Vendor, refused?: string): Promise<string> {
    const usable = (link: Link) => isFresh(link) && link.tokens.accessToken !== refused;
    const before = await read(account, vendor);
    if (usable(before.value)) return before.value.tokens.accessToken;

    const lease = await leases.acquire(`link#${vendor}#${before.value.vendorUserId}`, REFRESH_LEASE_SECONDS);
    if (!lease) throw new RetryLaterError(`another process is renewing the ${vendor} link`);
    try {
      const link = await read(account, vendor);
      if (usable(link.value)) return link.value.tokens.accessToken;
      return await renew(account, vendor, link);
    } finally {
      await lease.release();
    }
  }

  async function renew(account: number, vendor: Vendor, link: Versioned<Link>): Promise<string> {
    const outcome = await refresh[vendor](link.value);
    if (outcome.type === "refreshed") {
      return store(account, vendor, link, { ...link.value, tokens: outcome.tokens });
    }

    // Refused. Somebody else may have renewed it without our lease: a sign-in, or an older copy of this program.
    const now = await read(account, vendor);
    if (now.value.tokens.refreshToken !== link.value.tokens.refreshToken) return now.value.tokens.accessToken;
    const { previousRefreshToken } = link.value;
    if (previousRefreshToken) {
      const previous: Link = { ...link.value, tokens: { ...link.value.tokens, refreshToken: previousRefreshToken } };
      const second = await refresh[vendor](previous);
      if (second.type === "refreshed") {
        return store(account, vendor, link, { ...link.value, tokens: second.tokens });
      }
    }
    return endLink(account, vendor, now);
  }

  async function store(account: number, vendor: Vendor, before: Versioned<Link>, renewed: Link): Promise<string> {
    const link: Link = { ...renewed, previousRefreshToken: before.value.tokens.refreshToken };
    if (await links.write(account, vendor, link, before.version)) {
      log.info("link_renewed", { account, vendor, refreshExpiresAt: link.tokens.refreshExpiresAt.toISOString() });
      return link.tokens.accessToken;
    }
    // The owner signed in again meanwhile: what they brought counts.
    return (await read(account, vendor)).value.tokens.accessToken;
  }

  /** The tokens stay where they are: should the vendor have erred, nothing is lost. */
  async function endLink(account: number, vendor: Vendor, link: Versioned<Link>): Promise<never> {
    const stored = await links.write(account, vendor, { ...link.value, state: "stale" }, link.version);
    if (!stored) throw new RetryLaterError(`the ${vendor} link changed while it was checked`);
    log.warn("link_stale", { account, vendor });
    throw new ActionNeededError(relink(vendor));
  }

  return {
    link: async (account, vendor) => (await read(account, vendor)).value,

    withAccess: (account, vendor) => async (call) => {
      const first = await accessToken(account, vendor);
      try {
        return await call(first);
      } catch (error) {
        if (!(error instanceof AccessRefusedError)) throw error;
      }
      const second = await accessToken(account, vendor, first);
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
    },
  };
}

const relink = (vendor: Vendor) => (vendor === "withings" ? "relink_withings" : "relink_garmin");
