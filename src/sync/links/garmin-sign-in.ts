import { errorFacts } from "../../lib/log.ts";
import type {
  CodeOutcome,
  GarminProbe,
  MobileClient,
  PasswordOutcome,
  PendingSignIn,
  SignInPageOptions,
} from "../model/garmin-sign-in.ts";
import { type GarminLinkDeps, GarminLinking, NEXT_CLIENT } from "./garmin-linking.ts";
import type { CodeSent, SignInResult } from "./garmin-sign-in-result.ts";
import { type Resting, restSeconds, signInRest } from "./sign-in-rest.ts";
import type { Tokens } from "./tokens.ts";

/** Garmin's own limit is unknown; beyond it, Garmin accepts no code for a day. */
const CODE_TRIES = 3;

export type { SignInResult };

type Obstacle = Resting | Extract<SignInResult, { type: "network_limited" }> | { type: "blocked" };

interface GarminSignInDeps extends GarminLinkDeps {
  tokens: Pick<Tokens, "withAccess">;
  isInCloud: boolean;
  ownPageUrl: string | undefined;
}

/** Where people sign in in a browser. */
export type SignInPages = Pick<GarminSignIn, "pageUrl" | "ownPageUrl">;

export class GarminSignIn {
  readonly #deps: GarminSignInDeps;
  readonly #linking: GarminLinking;
  /** Garmin often refuses passwords from this network. */
  readonly isInCloud: boolean;
  /** Our own page, which Telegram opens. Undefined without a public address. */
  readonly ownPageUrl: string | undefined;

  constructor(deps: GarminSignInDeps) {
    this.#deps = deps;
    this.#linking = new GarminLinking(deps);
    this.isInCloud = deps.isInCloud;
    this.ownPageUrl = deps.ownPageUrl;
  }

  pageUrl(options?: SignInPageOptions): string {
    return this.#deps.api.pageUrl(options);
  }

  /** Whether Garmin lets us sign in from here at all: asked like a sign-in, without a password. */
  probe(): Promise<GarminProbe> {
    return this.#deps.api.probe();
  }

  /** What would make a password pointless. Throws `RetryLaterError` if Garmin doesn't answer at all. */
  async obstacle(account: number): Promise<Obstacle | undefined> {
    const rests = await this.rest(account);
    if (rests) return rests;
    const { verdict } = await this.#deps.api.probe();
    if (verdict === "blocked") return { type: "blocked" };
    return verdict === "rate_limited" ? { type: "network_limited" } : undefined;
  }

  /** Until when we try no password or code, because Garmin limited this account's sign-ins. Makes no request. */
  rest(account: number): Promise<Resting | undefined> {
    return signInRest(this.#deps, account);
  }

  async withPassword(
    account: number,
    email: string,
    password: string,
    client: MobileClient = "ios",
  ): Promise<SignInResult> {
    const rests = await this.rest(account);
    return rests ?? this.#settle(account, await this.#deps.api.login(email, password, client), client);
  }

  async withCode(account: number, code: string): Promise<SignInResult> {
    return this.#withPending(account, async (pending) =>
      this.#settle(account, await this.#deps.api.verifyCode(pending, code), pending.client ?? "ios"),
    );
  }

  /** Where Garmin sent the code that a sign-in waits for. Undefined: none waits. */
  async codeAwaited(account: number): Promise<CodeSent | undefined> {
    const pending = await this.#deps.memory.pending(account);
    return pending && whereTo(pending);
  }

  async newCode(account: number): Promise<SignInResult> {
    return this.#withPending(account, async (pending) => {
      const outcome = await this.#deps.api.sendCode(pending);
      if (outcome.type === "too_soon") return { type: "code_too_soon" };
      if (outcome.type !== "sent") return this.#settle(account, outcome, pending.client ?? "ios");
      await this.#deps.memory.savePending(account, outcome.pending);
      return { type: "code_sent", ...whereTo(outcome.pending) };
    });
  }

  /** What the owner copied from Garmin's page: the address, the bare ticket, or the text of the page. */
  async withPasted(account: number, pasted: string): Promise<SignInResult> {
    const found = this.#deps.api.ticketFromPasted(pasted);
    return found.type === "ticket" ? this.#linking.exchange(account, found.ticket, found.service, "page") : found;
  }

  /** Whether the text holds a ticket, which nothing but this may read. */
  isPasted(text: string): boolean {
    const { api } = this.#deps;
    return api.ticketFromPasted(text).type !== "no_ticket" || api.isGarminsAddress(text);
  }

  async lookAgain(account: number): Promise<SignInResult | undefined> {
    const pending = await this.#deps.pendingLinks.read(account, "garmin");
    return pending && this.#linking.accept(account, pending.tokens, "page");
  }

  async switchProfile(account: number, profileId: string): Promise<SignInResult> {
    const pending = await this.#deps.pendingLinks.read(account, "garmin");
    if (pending?.owner?.vendorUserId !== profileId) return { type: "sign_in_forgotten" };
    return this.#linking.save(account, pending.tokens, { profileId, displayName: pending.owner.displayName });
  }

  keepProfile(account: number): Promise<void> {
    return this.#deps.pendingLinks.forget(account, "garmin");
  }

  /** Whether Garmin may store what devices send. Undefined when Garmin doesn't say. */
  uploadConsent(account: number): Promise<boolean | undefined> {
    const { api, tokens } = this.#deps;
    return api.uploadConsent(tokens.withAccess(account, "garmin", undefined, { onlyLooks: true }));
  }

  email(account: number): Promise<string | undefined> {
    return this.#deps.memory.email(account);
  }

  rememberEmail(account: number, email: string): Promise<void> {
    return this.#deps.memory.saveEmail(account, email);
  }

  async #withPending(account: number, next: (pending: PendingSignIn) => Promise<SignInResult>): Promise<SignInResult> {
    const rests = await this.rest(account);
    if (rests) return rests;
    const pending = await this.#deps.memory.pending(account);
    return pending ? next(pending) : { type: "expired" };
  }

  async #settle(account: number, outcome: PasswordOutcome | CodeOutcome, client: MobileClient): Promise<SignInResult> {
    const { memory, log } = this.#deps;
    switch (outcome.type) {
      case "ticket":
        return this.#linking.exchange(account, outcome.ticket, outcome.service, client);
      case "mfa_required":
        await memory.savePending(account, outcome.pending);
        return { type: "mfa_required", ...whereTo(outcome.pending) };
      case "wrong_code":
        return this.#wrongCode(account, outcome.pending);
      case "expired":
      case "too_many_codes":
        await memory.forgetPending(account);
        return outcome;
      case "rate_limited":
        return (await this.#isNetworkLimited())
          ? { type: "network_limited" }
          : this.#limited(account, outcome.retryAfterSeconds);
      case "max_logins":
        return this.#limited(account);
      case "client_refused":
        return { type: outcome.type, next: NEXT_CLIENT[client] };
      case "unclear":
        log.error("garmin_sign_in_unclear", { what: outcome.what });
        return { type: "unclear" };
      default:
        return outcome;
    }
  }

  async #wrongCode(account: number, pending: PendingSignIn): Promise<SignInResult> {
    const { memory } = this.#deps;
    const wrongCodes = (pending.wrongCodes ?? 0) + 1;
    if (wrongCodes < CODE_TRIES) {
      await memory.savePending(account, { ...pending, wrongCodes });
      return { type: "wrong_code" };
    }
    await memory.forgetPending(account);
    return { type: "code_tries_over" };
  }

  /** Whether the limit applies without a password too. Then the account isn't the cause. */
  async #isNetworkLimited(): Promise<boolean> {
    const { api, log } = this.#deps;
    const probe = await api.probe().catch((error: unknown) => log.warn("garmin_not_probed", errorFacts(error)));
    return probe?.verdict === "rate_limited";
  }

  async #limited(account: number, askedSeconds?: number): Promise<SignInResult> {
    const { memory, clock, log } = this.#deps;
    const strikes = ((await memory.cooldown(account))?.strikes ?? 0) + 1;
    const until = new Date(clock.now().getTime() + restSeconds(strikes, askedSeconds) * 1000);
    await memory.saveCooldown(account, { until, strikes });
    log.warn("garmin_sign_in_limited", { account, strikes, until: until.toISOString() });
    return { type: "resting", until };
  }
}

const whereTo = ({ sentBy = "email", sentTo }: PendingSignIn): CodeSent => ({ sentBy, sentTo });
