import type { Clock } from "../../lib/clock.ts";
import { ActionNeededError, asksToWait, RetryLaterError } from "../../lib/errors.ts";
import { errorFacts, type Log } from "../../lib/log.ts";
import {
  AccessRefusedError,
  type Link,
  type Links,
  RELINK,
  type Refusal,
  RefusedHereError,
  type UnclearRefusalError,
  type Vendor,
  type Versioned,
} from "../model/link.ts";
import { age, readLink, type Wanted } from "./stored-link.ts";

/** Vendors have been seen to refuse good tokens for minutes. */
const DOUBT_SECONDS = 10 * 60;
const UNCLEAR_DAYS = 3;

export type AskElsewhere = (accessToken: string) => Promise<unknown>;

interface RefusalDeps {
  links: Links;
  elsewhere: Record<Vendor, AskElsewhere[]>;
  clock: Clock;
  log: Log;
}

export class Refusals {
  readonly #deps: RefusalDeps;

  constructor(deps: RefusalDeps) {
    this.#deps = deps;
  }

  /** Throws: `ActionNeededError` once the refusal has lasted, before that `RetryLaterError`. */
  async renewalRefused(wanted: Wanted, link: Versioned<Link>, { isFinal }: { isFinal: boolean }): Promise<never> {
    if (isFinal || (await this.#lasting(wanted, link, "renewal")) >= DOUBT_SECONDS) return this.#end(wanted, link);
    throw new RetryLaterError(`${wanted.vendor} refused to renew the link, which may pass`, {
      delayedBy: `${wanted.vendor}_refusing`,
    });
  }

  /** Throws the same error again, and `ActionNeededError` once it has lasted for days, so that the owner hears of it. */
  async renewalUnclear(wanted: Wanted, link: Versioned<Link>, error: UnclearRefusalError): Promise<never> {
    const { account, vendor } = wanted;
    const lasted = await this.#lasting(wanted, link, "renewal_unclear");
    if (lasted < UNCLEAR_DAYS * 24 * 3600) throw error;
    this.#deps.log.warn("link_refused_unclearly", { account, vendor, ...errorFacts(error) });
    throw new ActionNeededError(RELINK[vendor], { cause: error });
  }

  /** The vendor refused two access tokens, the second one just issued. It may still recover. */
  async accessRefused(wanted: Wanted, refusedToken: string): Promise<never> {
    const { account, vendor } = wanted;
    const isElsewhereToo = await this.#isRefusedElsewhere(vendor, refusedToken);
    // The check took a while, and its result doesn't apply to a link that was renewed since.
    const link = await readLink(this.#deps.links, { account, vendor });
    if (link.value.tokens.accessToken !== refusedToken) {
      throw new RetryLaterError(`the ${vendor} link changed in between`);
    }
    const refusing = { delayedBy: `${vendor}_refusing` } as const;
    if (!isElsewhereToo) throw new RefusedHereError(`${vendor} refuses a token that it takes elsewhere`, refusing);
    if ((await this.#lasting(wanted, link, "access")) >= DOUBT_SECONDS) return this.#end(wanted, link);
    throw new RetryLaterError(`${vendor} refuses a token that it has just issued, which may pass`, refusing);
  }

  async accessAccepted({ account, vendor }: Wanted, { refusal, tokens }: Link): Promise<void> {
    if (!refusal) return;
    const link = await this.#deps.links.read(account, vendor);
    if (link?.value.tokens.accessToken !== tokens.accessToken) return;
    const { refusal: _, ...rest } = link.value;
    await this.#deps.links.write(account, vendor, rest, link.version);
  }

  /** Seconds. An unclear refusal doesn't make a later clear one older: those two together end no link. */
  async #lasting({ account, vendor }: Wanted, link: Versioned<Link>, of: Refusal["of"]): Promise<number> {
    const { refusal } = link.value;
    const isSame = refusal?.of === of || (of === "renewal_unclear" && refusal?.of === "renewal");
    if (refusal && isSame && age(this.#deps.clock, refusal.since) >= 0) return age(this.#deps.clock, refusal.since);
    const next: Link = { ...link.value, refusal: { of, since: this.#deps.clock.now() } };
    await this.#deps.links.write(account, vendor, next, link.version);
    return 0;
  }

  /** The tokens stay: if the vendor was wrong, nothing is lost. */
  async #end({ account, vendor, onlyLooks }: Wanted, { value, version }: Versioned<Link>): Promise<never> {
    if (!onlyLooks) {
      const ended: Link = { ...value, state: "stale", triedAt: this.#deps.clock.now() };
      if (!(await this.#deps.links.write(account, vendor, ended, version))) {
        throw new RetryLaterError(`the ${vendor} link changed while it was checked`);
      }
      if (value.state !== "stale") this.#deps.log.warn("link_stale", { account, vendor });
    }
    throw new ActionNeededError(RELINK[vendor]);
  }

  async #isRefusedElsewhere(vendor: Vendor, token: string): Promise<boolean> {
    for (const ask of this.#deps.elsewhere[vendor]) {
      const error: unknown = await ask(token).then(
        () => undefined,
        (it: unknown) => it,
      );
      if (asksToWait(error)) throw error;
      if (!(error instanceof AccessRefusedError)) return false;
    }
    return true;
  }
}
