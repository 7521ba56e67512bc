import type { Clock } from "../../lib/clock.ts";
import { asksToWait, RetryLaterError, UnexpectedAnswerError } from "../../lib/errors.ts";
import { errorFacts, type Log } from "../../lib/log.ts";
import type { GarminAuthApi, GarminProfile, MobileClient, SignInMemory } from "../model/garmin-sign-in.ts";
import {
  AccessRefusedError,
  type LinkFacts,
  type Links,
  type PendingLinks,
  type TokenSet,
  type WithAccess,
} from "../model/link.ts";
import type { SignInResult } from "./garmin-sign-in-result.ts";
import type { LinkSaver } from "./save-link.ts";

const PROFILE_TRIES = 3;

export type Route = "page" | MobileClient;
/** What the owner can still try after Garmin refused one way. */
export const NEXT_CLIENT = { page: "ios", ios: "android", android: undefined } as const satisfies Record<
  Route,
  MobileClient | undefined
>;

export interface GarminLinkDeps {
  api: GarminAuthApi;
  memory: SignInMemory;
  links: Pick<Links, "facts">;
  pendingLinks: Pick<PendingLinks, "read" | "forget">;
  linkSaver: LinkSaver;
  clock: Clock;
  log: Log;
}

/** How every way to sign in ends. The tokens are kept sealed first, because we can't get them again. */
export class GarminLinking {
  readonly #deps: GarminLinkDeps;

  constructor(deps: GarminLinkDeps) {
    this.#deps = deps;
  }

  async exchange(account: number, ticket: string, service: string, route: Route): Promise<SignInResult> {
    const { api, memory, linkSaver } = this.#deps;
    const exchange = await api.exchangeTicket(ticket, service);
    if (exchange.type === "refused") return { type: "ticket_refused" };
    // The ticket is used up: nothing from here on may cost the owner another sign-in.
    const kept = await linkSaver.savePending(account, "garmin", { tokens: exchange.tokens });
    if (kept !== "saved") return { type: kept };
    await memory.forgetPending(account);
    return this.accept(account, exchange.tokens, route);
  }

  async accept(account: number, tokens: TokenSet, route: Route): Promise<SignInResult> {
    const { pendingLinks, linkSaver } = this.#deps;
    const profile = await this.#profileOf((call) => call(tokens.accessToken));
    if (profile === "unknown") return { type: "profile_unknown" };
    if (profile === "refused") {
      // A working link isn't replaced by tokens that Garmin's own data refuses.
      await pendingLinks.forget(account, "garmin");
      return { type: "access_refused", next: NEXT_CLIENT[route] };
    }
    if (await linkSaver.isTaken(account, "garmin", profile.profileId)) return this.#taken(account, profile);
    const linked = await this.#linkedProfile(account);
    if (linked && linked.vendorUserId !== profile.profileId) {
      const { profileId: vendorUserId, displayName } = profile;
      const kept = await linkSaver.savePending(account, "garmin", {
        tokens,
        owner: { vendorUserId, displayName },
      });
      if (kept !== "saved") return { type: kept };
      const before = { profileId: linked.vendorUserId, displayName: linked.displayName };
      return { type: "other_profile", profile, linked: before };
    }
    return this.save(account, tokens, profile);
  }

  async #taken(account: number, { displayName }: GarminProfile): Promise<SignInResult> {
    await this.#deps.pendingLinks.forget(account, "garmin");
    return { type: "taken", displayName };
  }

  async save(account: number, tokens: TokenSet, profile: GarminProfile): Promise<SignInResult> {
    const { api, memory, linkSaver, clock, log } = this.#deps;
    const uploadConsent = await api
      .uploadConsent((call) => call(tokens.accessToken))
      .catch((error: unknown) => {
        log.warn("garmin_consent_unknown", errorFacts(error));
        return undefined;
      });
    const saved = await linkSaver.save(account, "garmin", {
      state: "linked",
      linkedAt: clock.now(),
      vendorUserId: profile.profileId,
      displayName: profile.displayName,
      tokens,
    });
    if (saved === "taken") return this.#taken(account, profile);
    if (saved === "account_removed") return { type: saved };
    await memory.forgetPending(account);
    await memory.forgetCooldown(account);
    const { clientId, accessExpiresAt, refreshExpiresAt } = tokens;
    log.info("garmin_signed_in", {
      ...{ account, clientId },
      accessExpiresAt: accessExpiresAt.toISOString(),
      refreshExpiresAt: refreshExpiresAt.toISOString(),
    });
    return {
      type: "signed_in",
      displayName: profile.displayName,
      refreshExpiresAt: tokens.refreshExpiresAt,
      uploadConsent,
    };
  }

  /** A damaged link doesn't tell, and has to be made again. */
  #linkedProfile(account: number): Promise<LinkFacts | undefined> {
    return this.#deps.links.facts(account, "garmin").catch(() => undefined);
  }

  /** Only Garmin's own 401 means that these tokens don't work. */
  async #profileOf(withAccess: WithAccess): Promise<GarminProfile | "refused" | "unknown"> {
    const { api, clock, log } = this.#deps;
    for (let tries = 1; ; tries++) {
      try {
        return await api.socialProfile(withAccess);
      } catch (error) {
        if (error instanceof AccessRefusedError) return "refused";
        if (!(error instanceof RetryLaterError || error instanceof UnexpectedAnswerError)) throw error;
        log.warn("garmin_profile_unknown", { tries, ...errorFacts(error) });
        if (tries === PROFILE_TRIES || asksToWait(error)) return "unknown";
        await clock.sleep(tries);
      }
    }
  }
}
