import type { Clock } from "../../lib/clock.ts";
import { ActionNeededError, RetryLaterError } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import type { Leases } from "../model/leases.ts";
import {
  type Link,
  type Links,
  RELINK,
  type RefreshTokens,
  type TokenSet,
  UnclearRefusalError,
  type Vendor,
  type Versioned,
} from "../model/link.ts";
import type { Refusals } from "./refusals.ts";
import { isWithin, readAnyLink, readLink, type Wanted } from "./stored-link.ts";
import { noteRetryAfter, throwIfResting } from "./vendor-wait.ts";

/** Longer than a refresh may take with the wait for its slot, all its timeouts, and the repeated writes after it. */
const REFRESH_LEASE_SECONDS = 120;
const STORE_TRIES = 5;
/** A stale link costs its vendor one request a day, and recovers by itself if the vendor was wrong. */
const STALE_TRY_SECONDS = 24 * 3600;

interface RenewalDeps {
  links: Links;
  leases: Leases;
  refresh: Record<Vendor, RefreshTokens>;
  refusals: Refusals;
  clock: Clock;
  log: Log;
}

/** A refresh invalidates the old refresh token, so the order is fixed: lease, read again, refresh, store, then use. */
export class Renewal {
  readonly #deps: RenewalDeps;
  /** Renewed tokens that couldn't be stored, and the refresh token they replace. Lost with the process. */
  readonly #unsaved = new Map<string, { tokens: TokenSet; replaces: string }>();

  constructor(deps: RenewalDeps) {
    this.#deps = deps;
  }

  async usableLink(wanted: Wanted, usable: (link: Link) => boolean): Promise<Link> {
    const { links, clock } = this.#deps;
    const before = await readAnyLink(links, wanted);
    const isUsable = (link: Link) => link.state === "linked" && usable(link);
    this.#refuseStale(wanted, before.value);
    try {
      throwIfResting(wanted.vendor, before.value, clock);
      if (isUsable(before.value)) return before.value;
      return await this.#renewAlone(wanted, before.value, isUsable);
    } catch (error) {
      if (!(error instanceof RetryLaterError) || before.value.state !== "stale") throw error;
      await noteRetryAfter(this.#deps, wanted, error);
      throw new ActionNeededError(RELINK[wanted.vendor]);
    }
  }

  async #renewAlone(wanted: Wanted, before: Link, isUsable: (link: Link) => boolean): Promise<Link> {
    const { links, leases } = this.#deps;
    const { vendor } = wanted;
    const lease = await leases.acquire(`link#${vendor}#${before.vendorUserId}`, REFRESH_LEASE_SECONDS);
    if (!lease) throw new RetryLaterError(`another process is renewing the ${vendor} link`);
    try {
      // The lease is on this person or profile; another one would be renewed without it.
      const same = { ...wanted, vendorUserId: before.vendorUserId };
      const link = await readAnyLink(links, same);
      if (isUsable(link.value)) return link.value;
      this.#refuseStale(same, link.value);
      return await this.#renew(same, link);
    } finally {
      await lease.release().catch(() => undefined);
    }
  }

  async #renew(wanted: Wanted, link: Versioned<Link>): Promise<Link> {
    const { links, refresh, refusals } = this.#deps;
    const kept = this.#unsavedOf(wanted, link.value);
    if (kept) return this.#store(wanted, link, kept);

    const outcome = await refresh[wanted.vendor](link.value.tokens).catch((error: unknown) => {
      if (error instanceof UnclearRefusalError) return refusals.renewalUnclear(wanted, link, error);
      throw error;
    });
    if (outcome.type === "refreshed") return this.#store(wanted, link, outcome.tokens);

    // Somebody else may have renewed it without our lease: a sign-in, or an older copy of this program.
    const now = await readAnyLink(links, wanted);
    if (now.value.tokens.refreshToken !== link.value.tokens.refreshToken) return (await readLink(links, wanted)).value;
    const { previousRefreshToken } = link.value;
    if (previousRefreshToken) {
      const second = await refresh[wanted.vendor]({ ...link.value.tokens, refreshToken: previousRefreshToken });
      if (second.type === "refreshed") return this.#store(wanted, link, second.tokens);
    }
    return refusals.renewalRefused(wanted, now, { isFinal: outcome.type === "refused" });
  }

  /** The old refresh token is no longer valid: if the new ones aren't stored, only a sign-in repairs the link. */
  async #store(wanted: Wanted, before: Versioned<Link>, tokens: TokenSet): Promise<Link> {
    const { links, clock } = this.#deps;
    const { account, vendor } = wanted;
    const replaces = before.value.tokens.refreshToken;
    const link = renewed(before.value, tokens, clock.now());
    this.#unsaved.set(`${account}#${vendor}`, { tokens, replaces });
    let { version } = before;
    for (let tries = 1; ; tries++) {
      try {
        if (await links.write(account, vendor, link, version)) {
          this.#unsaved.delete(`${account}#${vendor}`);
          this.#logRenewed(wanted, before.value, tokens);
          return link;
        }
        const now = await links.read(account, vendor);
        // The owner signed in again in the meantime, or these are ours, from a write whose answer was lost.
        if (now?.value.tokens.refreshToken !== replaces) break;
        // Only marked as stale, by a process whose token was refused because we had exchanged it.
        version = now.version;
        if (tries === STORE_TRIES) throw new RetryLaterError(`the ${vendor} link kept changing while it was saved`);
      } catch (error) {
        // They stay in memory, and the next use tries to store them again, for instance once a disk has room.
        if (!(error instanceof RetryLaterError) || tries === STORE_TRIES) throw error;
        await clock.sleep(2 ** (tries - 1));
      }
    }
    this.#unsaved.delete(`${account}#${vendor}`);
    return (await readLink(links, wanted)).value;
  }

  #logRenewed({ account, vendor }: Wanted, { state }: Link, { refreshExpiresAt }: TokenSet): void {
    const wasStale = state === "stale" && { wasStale: true };
    const facts = { account, vendor, refreshExpiresAt: refreshExpiresAt.toISOString(), ...wasStale };
    this.#deps.log.info("link_renewed", facts);
  }

  #refuseStale(wanted: Wanted, link: Link): void {
    if (link.state !== "stale" || this.#unsavedOf(wanted, link)) return;
    const isTried = link.triedAt && isWithin(this.#deps.clock, STALE_TRY_SECONDS, link.triedAt);
    if (isTried) throw new ActionNeededError(RELINK[wanted.vendor]);
  }

  #unsavedOf({ account, vendor }: Wanted, link: Link): TokenSet | undefined {
    const kept = this.#unsaved.get(`${account}#${vendor}`);
    return kept?.replaces === link.tokens.refreshToken ? kept.tokens : undefined;
  }
}

function renewed({ refusal, triedAt: _, ...rest }: Link, tokens: TokenSet, renewedAt: Date): Link {
  return {
    ...{ ...rest, state: "linked", renewedAt, tokens },
    previousRefreshToken: rest.tokens.refreshToken,
    ...(refusal?.of === "access" && { refusal }),
  };
}
