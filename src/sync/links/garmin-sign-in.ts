import type { Clock } from "../../lib/clock.ts";
import { asksToWait, RetryLaterError, UnexpectedAnswerError } from "../../lib/errors.ts";
import { errorFacts, type Log } from "../../lib/log.ts";
import type {
  CodeOutcome,
  CodeWay,
  GarminAuthApi,
  GarminProfile,
  MobileClient,
  PasswordOutcome,
  PendingSignIn,
  SignInMemory,
} from "../model/garmin-sign-in.ts";
import {
  AccessRefusedError,
  type LinkFacts,
  type Links,
  type PendingLinks,
  type TokenSet,
  type WithAccess,
} from "../model/link.ts";
import type { LinkSaver } from "./save-link.ts";
import { type Resting, restSeconds, signInRest } from "./sign-in-rest.ts";

/** A sign-in ends after this many wrong codes. Garmin's own limit is unknown; beyond it, Garmin accepts none for a day. */
const CODE_TRIES = 3;

/** How often in a row to ask for a profile whose answer is unclear; a kept sign-in is asked again later. */
const PROFILE_TRIES = 3;

/** How somebody signs in: on Garmin's page, or with a password as one of its apps. */
type Route = "page" | MobileClient;
/** The route the owner can still try after Garmin refused one for a reason that may not apply to another. */
const NEXT_CLIENT = { page: "ios", ios: "android", android: undefined } as const satisfies Record<
  Route,
  MobileClient | undefined
>;

export type SignInResult =
  | { type: "signed_in"; displayName: string; refreshExpiresAt: Date; uploadConsent: boolean | undefined }
  | { type: "mfa_required"; sentBy: CodeWay; sentTo: string | undefined }
  | { type: "code_sent"; sentBy: CodeWay; sentTo: string | undefined }
  | { type: "wrong_code" }
  /** The last wrong code we allow: the sign-in is over. */
  | { type: "code_tries_over" }
  | { type: "code_too_soon" }
  /** There is no sign-in that waits for a code: it took too long, or there never was one. */
  | { type: "expired" }
  | { type: "too_many_codes" }
  | Resting
  /** The limit is on this machine's network, not on an account. */
  | { type: "network_limited" }
  | { type: "wrong_password" | "captcha" | "account_locked" | "blocked" | "ticket_refused" }
  | { type: "password_expired" | "terms_changed" | "account_disabled" }
  /** `client_refused`: not as this app. `access_refused`: Garmin's data refuses the tokens Garmin has just issued. */
  | { type: "client_refused" | "access_refused"; next: MobileClient | undefined }
  /** Signed in, but we could not see whose account it is. The tokens are kept for ten minutes: see `lookAgain`. */
  | { type: "profile_unknown" }
  /** A different profile from the linked one: nothing changes unless `switchProfile` is called within ten minutes. */
  | { type: "other_profile"; profile: GarminProfile; linked: GarminProfile }
  /** The sign-in kept for ten minutes is gone. */
  | { type: "sign_in_forgotten" }
  /** This Garmin profile belongs to another account here: a browser that somebody else signed in with, most often. */
  | { type: "taken"; displayName: string }
  /** The account was removed while Garmin was asked. */
  | { type: "account_removed" }
  /** The pasted text holds no sign-in, or one that Garmin's own web site has already used, or one from garmin.cn. */
  | { type: "no_ticket" | "spent_ticket" | "chinese_account" }
  | { type: "unclear" };

export type Obstacle = Resting | Extract<SignInResult, { type: "network_limited" }> | { type: "blocked" };

export interface GarminSignIn {
  /**
   * What would make a password pointless, checked before anybody is asked for one: a rest, or a network that Garmin refuses.
   * Undefined: nothing known. Throws `RetryLaterError` if Garmin does not answer at all.
   */
  obstacle(account: number): Promise<Obstacle | undefined>;
  /** One try. Never repeated by itself; neither this nor a code goes out while sign-in rests. */
  withPassword(account: number, email: string, password: string, client?: MobileClient): Promise<SignInResult>;
  withCode(account: number, code: string): Promise<SignInResult>;
  newCode(account: number): Promise<SignInResult>;
  /** With what the owner copied from Garmin's page: the address, the bare ticket, or the text of the page. */
  withPasted(account: number, pasted: string): Promise<SignInResult>;
  /** Whether the text holds a ticket: then nobody but this may read it. */
  isPasted(text: string): boolean;
  /** Until when we try no password or code, because Garmin limited this account's sign-ins. Asks nobody. */
  rest(account: number): Promise<Resting | undefined>;
  /** Continues a kept sign-in; undefined if there is none. */
  lookAgain(account: number): Promise<SignInResult | undefined>;
  /** The owner wants this profile instead of the linked one. */
  switchProfile(account: number, profileId: string): Promise<SignInResult>;
  /** The owner does not want it. */
  keepProfile(account: number): Promise<void>;
  /** The e-mail of the last sign-in with a password. */
  email(account: number): Promise<string | undefined>;
  rememberEmail(account: number, email: string): Promise<void>;
}

/**
 * Signing in at Garmin, in steps that may each run in another process: what waits for a code is stored sealed. All ways end
 * alike: the ticket is exchanged, the tokens are kept sealed because they cannot be got again, the account is checked, and only
 * then is the link replaced; by a different profile only if the owner says so.
 */
export function createGarminSignIn(deps: {
  api: GarminAuthApi;
  memory: SignInMemory;
  links: Pick<Links, "facts">;
  pendingLinks: Pick<PendingLinks, "read" | "forget">;
  linkSaver: LinkSaver;
  clock: Clock;
  log: Log;
}): GarminSignIn {
  const { api, memory, links, pendingLinks, linkSaver, clock, log } = deps;

  async function settle(account: number, outcome: PasswordOutcome | CodeOutcome, client: MobileClient) {
    switch (outcome.type) {
      case "ticket":
        return finish(account, outcome.ticket, outcome.service, client);
      case "mfa_required":
        await memory.savePending(account, outcome.pending);
        return { type: "mfa_required", ...whereTo(outcome.pending) } as const;
      case "wrong_code":
        return wrongCode(account, outcome.pending);
      case "expired":
      case "too_many_codes":
        await memory.forgetPending(account);
        return outcome;
      case "rate_limited":
        return (await isNetworkLimited())
          ? ({ type: "network_limited" } as const)
          : rest(account, outcome.retryAfterSeconds);
      case "max_logins":
        return rest(account);
      case "client_refused":
        return { type: outcome.type, next: NEXT_CLIENT[client] };
      case "unclear":
        log.error("garmin_sign_in_unclear", { what: outcome.what });
        return { type: "unclear" } as const;
      default:
        return outcome;
    }
  }

  const whereTo = ({ sentBy = "email", sentTo }: PendingSignIn) => ({ sentBy, sentTo });

  async function wrongCode(account: number, pending: PendingSignIn): Promise<SignInResult> {
    const wrongCodes = (pending.wrongCodes ?? 0) + 1;
    if (wrongCodes < CODE_TRIES) {
      await memory.savePending(account, { ...pending, wrongCodes });
      return { type: "wrong_code" };
    }
    await memory.forgetPending(account);
    return { type: "code_tries_over" };
  }

  /** After a limit: whether it applies without a password too. Then the account is not the cause. */
  async function isNetworkLimited(): Promise<boolean> {
    const probe = await api.probe().catch((error: unknown) => log.warn("garmin_not_probed", errorFacts(error)));
    return probe?.verdict === "rate_limited";
  }

  const resting = (account: number) => signInRest(deps, account);

  async function rest(account: number, askedSeconds?: number): Promise<SignInResult> {
    const strikes = ((await memory.cooldown(account))?.strikes ?? 0) + 1;
    const until = new Date(clock.now().getTime() + restSeconds(strikes, askedSeconds) * 1000);
    await memory.saveCooldown(account, { until, strikes });
    log.warn("garmin_sign_in_limited", { account, strikes, until: until.toISOString() });
    return { type: "resting", until };
  }

  async function finish(account: number, ticket: string, service: string, route: Route): Promise<SignInResult> {
    const exchange = await api.exchangeTicket(ticket, service);
    if (exchange.type === "refused") return { type: "ticket_refused" };
    // The ticket is used up: nothing from here on may cost the owner another sign-in.
    const kept = await linkSaver.savePending(account, "garmin", { tokens: exchange.tokens });
    if (kept !== "saved") return { type: kept };
    await memory.forgetPending(account);
    return accept(account, exchange.tokens, route);
  }

  async function accept(account: number, tokens: TokenSet, route: Route): Promise<SignInResult> {
    const profile = await profileOf((call) => call(tokens.accessToken));
    if (profile === "unknown") return { type: "profile_unknown" };
    if (profile === "refused") {
      // A working link is not replaced by tokens that Garmin's own data refuses.
      await pendingLinks.forget(account, "garmin");
      return { type: "access_refused", next: NEXT_CLIENT[route] };
    }
    if (await linkSaver.isTaken(account, "garmin", profile.profileId)) return taken(account, profile);
    const linked = await linkedProfile(account);
    if (linked && linked.vendorUserId !== profile.profileId) {
      const { profileId: vendorUserId, displayName } = profile;
      const kept = await linkSaver.savePending(account, "garmin", { tokens, owner: { vendorUserId, displayName } });
      if (kept !== "saved") return { type: kept };
      const before = { profileId: linked.vendorUserId, displayName: linked.displayName };
      return { type: "other_profile", profile, linked: before };
    }
    return makeLink(account, tokens, profile);
  }

  async function taken(account: number, { displayName }: GarminProfile): Promise<SignInResult> {
    await pendingLinks.forget(account, "garmin");
    return { type: "taken", displayName };
  }

  async function makeLink(account: number, tokens: TokenSet, profile: GarminProfile): Promise<SignInResult> {
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
    if (saved === "taken") return taken(account, profile);
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

  /** Whose profile is linked. A damaged link has to be made again, and does not tell. */
  function linkedProfile(account: number): Promise<LinkFacts | undefined> {
    return links.facts(account, "garmin").catch(() => undefined);
  }

  /** Only Garmin's own 401 means that these tokens are useless. An outage, a limit or an odd answer means nothing. */
  async function profileOf(withAccess: WithAccess): Promise<GarminProfile | "refused" | "unknown"> {
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

  return {
    async obstacle(account) {
      const rests = await resting(account);
      if (rests) return rests;
      const { verdict } = await api.probe();
      if (verdict === "blocked") return { type: "blocked" };
      return verdict === "rate_limited" ? { type: "network_limited" } : undefined;
    },

    rest: resting,

    async withPassword(account, email, password, client = "ios") {
      return (await resting(account)) ?? settle(account, await api.login(email, password, client), client);
    },

    async withCode(account, code) {
      const rests = await resting(account);
      if (rests) return rests;
      const pending = await memory.pending(account);
      if (!pending) return { type: "expired" };
      return settle(account, await api.verifyCode(pending, code), pending.client ?? "ios");
    },

    async newCode(account) {
      const rests = await resting(account);
      if (rests) return rests;
      const pending = await memory.pending(account);
      if (!pending) return { type: "expired" };
      const outcome = await api.sendCode(pending);
      if (outcome.type === "too_soon") return { type: "code_too_soon" };
      if (outcome.type !== "sent") return settle(account, outcome, pending.client ?? "ios");
      await memory.savePending(account, outcome.pending);
      return { type: "code_sent", ...whereTo(outcome.pending) };
    },

    async withPasted(account, pasted) {
      const found = api.ticketFromPasted(pasted);
      return found.type === "ticket" ? finish(account, found.ticket, found.service, "page") : found;
    },

    async lookAgain(account) {
      const pending = await pendingLinks.read(account, "garmin");
      return pending && accept(account, pending.tokens, "page");
    },

    async switchProfile(account, profileId) {
      const pending = await pendingLinks.read(account, "garmin");
      if (pending?.owner?.vendorUserId !== profileId) return { type: "sign_in_forgotten" };
      return makeLink(account, pending.tokens, { profileId, displayName: pending.owner.displayName });
    },

    keepProfile: (account) => pendingLinks.forget(account, "garmin"),

    isPasted: (text) => api.ticketFromPasted(text).type !== "no_ticket" || api.isGarminsAddress(text),
    email: memory.email,
    rememberEmail: memory.saveEmail,
  };
}
