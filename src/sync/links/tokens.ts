import type { Clock } from "../../lib/clock.ts";
import { RetryLaterError } from "../../lib/errors.ts";
import { errorFacts, type Log } from "../../lib/log.ts";
import type { Leases } from "../model/leases.ts";
import {
  AccessRefusedError,
  type Link,
  type Links,
  type RefreshTokens,
  type Vendor,
  VendorWaitError,
  type WithAccess,
} from "../model/link.ts";
import { type AskElsewhere, Refusals } from "./refusals.ts";
import { Renewal } from "./renewal.ts";
import { age, isWithin, readLink, type Wanted } from "./stored-link.ts";
import { noteRetryAfter } from "./vendor-wait.ts";

/** So that no access token ends in the middle of a run. */
const RENEW_AHEAD_SECONDS = 5 * 60;
/** Garmin's refresh token is valid for 30 days from the last renewal. Early enough for weeks of outages before its end. */
const KEEP_ALIVE_SECONDS = 7 * 24 * 3600;

export type Tokens = ReturnType<typeof createTokens>;

/** Renews links in time, and lends their access tokens. */
export function createTokens(deps: {
  links: Links;
  leases: Leases;
  refresh: Record<Vendor, RefreshTokens>;
  elsewhere: Record<Vendor, AskElsewhere[]>;
  clock: Clock;
  log: Log;
}) {
  const { links, clock, log } = deps;
  const refusals = new Refusals(deps);
  const renewal = new Renewal({ ...deps, refusals });
  const isFresh = ({ tokens }: Link) => -age(clock, tokens.accessExpiresAt) > RENEW_AHEAD_SECONDS;
  const isKept = ({ renewedAt, linkedAt }: Link) => isWithin(clock, KEEP_ALIVE_SECONDS, renewedAt ?? linkedAt);

  async function attempt<T>(wanted: Wanted, call: (accessToken: string) => Promise<T>, refused?: string) {
    const link = await renewal.usableLink(wanted, (it) => isFresh(it) && it.tokens.accessToken !== refused);
    const { accessToken } = link.tokens;
    try {
      const value = await call(accessToken);
      await refusals
        .accessAccepted(wanted, link)
        .catch((error: unknown) => log.warn("doubt_not_ended", errorFacts(error)));
      return { type: "good" as const, value };
    } catch (error) {
      if (!(error instanceof AccessRefusedError)) throw error;
      return { type: "refused" as const, accessToken };
    }
  }

  async function callWithAccess<T>(wanted: Wanted, call: (accessToken: string) => Promise<T>): Promise<T> {
    const first = await attempt(wanted, call);
    if (first.type === "good") return first.value;
    const second = await attempt(wanted, call, first.accessToken);
    return second.type === "good" ? second.value : refusals.accessRefused(wanted, second.accessToken);
  }

  const notingWaits = async <T>(wanted: Wanted, work: () => Promise<T>) => {
    try {
      return await work();
    } catch (error) {
      throw await noteRetryAfter(deps, wanted, error);
    }
  };

  return {
    link: async (account: number, vendor: Vendor): Promise<Link> => (await readLink(links, { account, vendor })).value,

    /** With `vendorUserId`, throws `RetryLaterError` if somebody else is linked by now. `onlyLooks` never ends a link. */
    withAccess(
      account: number,
      vendor: Vendor,
      vendorUserId?: string,
      { onlyLooks } = { onlyLooks: false },
    ): WithAccess {
      const wanted = { account, vendor, vendorUserId, onlyLooks };
      return (call) => notingWaits(wanted, () => callWithAccess(wanted, call));
    },

    /** Renews a link once a week. Throws `ActionNeededError` when it's missing, stale or ended; other failures can wait. */
    async keepAlive(account: number, vendor: Vendor): Promise<Link> {
      try {
        const wanted = { account, vendor, vendorUserId: undefined, onlyLooks: false };
        return await notingWaits(wanted, () => renewal.usableLink(wanted, isKept));
      } catch (error) {
        if (!(error instanceof RetryLaterError) || error instanceof VendorWaitError) throw error;
        log.warn("link_not_renewed", { account, vendor, ...errorFacts(error) });
        return (await readLink(links, { account, vendor })).value;
      }
    },

    /** Turns an error of this vendor into a `VendorWaitError` if the vendor asked us to wait, and remembers that. */
    noteWait: (account: number, vendor: Vendor, error: unknown) => noteRetryAfter(deps, { account, vendor }, error),
  };
}
