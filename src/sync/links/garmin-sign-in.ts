import { errorFacts } from "../../lib/log.ts";
import type {
  CodeOutcome,
  MobileClient,
  PasswordOutcome,
  PendingSignIn,
  SignInPageOptions,
} from "../model/garmin-sign-in.ts";
import { type GarminLinkDeps, GarminLinking, NEXT_CLIENT } from "./garmin-linking.ts";
import type { SignInResult } from "./garmin-sign-in-result.ts";
import { type Resting, restSeconds, signInRest } from "./sign-in-rest.ts";
import type { Tokens } from "./tokens.ts";

/** A sign-in ends after this many wrong codes. Garmin's own limit is unknown; beyond it, Garmin accepts none for a day. */
const CODE_TRIES = 3;

export type { SignInResult };

export type Obstacle = Resting | Extract<SignInResult, { type: "network_limited" }> | { type: "blocked" };

export interface GarminSignIn {
  /** Garmin often refuses passwords from this network. */
  isInCloud: boolean;
  /** The page on which the owner signs in without telling us a password. */
  pageUrl(options?: SignInPageOptions): string;
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
  /** Whether Garmin may store what devices send. Undefined when Garmin does not tell. */
  uploadConsent(account: number): Promise<boolean | undefined>;
  /** The e-mail of the last sign-in with a password. */
  email(account: number): Promise<string | undefined>;
  rememberEmail(account: number, email: string): Promise<void>;
}

/** Signing in at Garmin, in steps that may each run in another process: what waits for a code is stored sealed. */
export function createGarminSignIn(
  deps: GarminLinkDeps & { tokens: Pick<Tokens, "withAccess">; isInCloud: boolean },
): GarminSignIn {
  const { api, memory, pendingLinks, tokens, isInCloud, clock, log } = deps;
  const linking = new GarminLinking(deps);

  async function settle(account: number, outcome: PasswordOutcome | CodeOutcome, client: MobileClient) {
    switch (outcome.type) {
      case "ticket":
        return linking.exchange(account, outcome.ticket, outcome.service, client);
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

  return {
    isInCloud,
    pageUrl: api.pageUrl,

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
      return found.type === "ticket" ? linking.exchange(account, found.ticket, found.service, "page") : found;
    },

    async lookAgain(account) {
      const pending = await pendingLinks.read(account, "garmin");
      return pending && linking.accept(account, pending.tokens, "page");
    },

    async switchProfile(account, profileId) {
      const pending = await pendingLinks.read(account, "garmin");
      if (pending?.owner?.vendorUserId !== profileId) return { type: "sign_in_forgotten" };
      return linking.save(account, pending.tokens, { profileId, displayName: pending.owner.displayName });
    },

    keepProfile: (account) => pendingLinks.forget(account, "garmin"),

    uploadConsent: (account) => api.uploadConsent(tokens.withAccess(account, "garmin", undefined, { onlyLooks: true })),

    isPasted: (text) => api.ticketFromPasted(text).type !== "no_ticket" || api.isGarminsAddress(text),
    email: memory.email,
    rememberEmail: memory.saveEmail,
  };
}
