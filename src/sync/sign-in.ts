import type { Clock } from "../clock.ts";
import { RetryLaterError } from "../errors.ts";
import { errorFacts, type Log } from "../log.ts";
import { AccessRefusedError, type LinkFacts, type Links, type WithAccess } from "./ports.ts";
import type { LinkSaver } from "./save-link.ts";
import type { CodeOutcome, GarminDoor, GarminProfile, PasswordOutcome, SignInMemory } from "./sign-in-ports.ts";

/** After Garmin limited a sign-in: two hours, then twice as long each time, a day at most. Every try before makes it longer. */
const FIRST_REST_SECONDS = 2 * 3600;
const LONGEST_REST_SECONDS = 24 * 3600;

export type SignInResult =
  /** `before`: whose account it was until now, when it was another one. */
  | {
      type: "signed_in";
      displayName: string;
      before?: string;
      refreshExpiresAt: Date;
      uploadConsent: boolean | undefined;
    }
  | { type: "mfa_required"; sentTo: string | undefined }
  | { type: "wrong_code" }
  | { type: "code_sent"; sentTo: string | undefined }
  | { type: "code_too_soon" }
  /** There is no sign-in that waits for a code: it took too long, or there never was one. */
  | { type: "expired" }
  | { type: "too_many_codes" }
  | { type: "resting"; until: Date }
  | { type: "wrong_password" | "captcha" | "account_locked" | "blocked" | "ticket_refused" | "access_refused" }
  /** This Garmin profile belongs to another account here: a browser that somebody else signed in with, most often. */
  | { type: "taken"; displayName: string }
  /** Everything was removed while Garmin was asked. */
  | { type: "account_removed" }
  /** What was pasted holds no sign-in, or one that Garmin's own web site has used already. */
  | { type: "no_ticket" | "spent_ticket" }
  | { type: "unclear" };

export interface GarminSignIn {
  /** One try. Never repeated by itself; neither this nor a code goes out while sign-in rests. */
  withPassword(account: number, email: string, password: string): Promise<SignInResult>;
  withCode(account: number, code: string): Promise<SignInResult>;
  newCode(account: number): Promise<SignInResult>;
  /** With what the owner copied from Garmin's page: the address, the bare ticket, or the text of the page. */
  withPasted(account: number, pasted: string): Promise<SignInResult>;
  /** Whether the text holds a ticket: then nobody but this may read it. */
  isPasted(text: string): boolean;
  /** The e-mail of the last sign-in with a password. */
  email(account: number): Promise<string | undefined>;
  rememberEmail(account: number, email: string): Promise<void>;
}

/**
 * Signing in at Garmin, in steps that may each run in another process: what waits for a code is stored sealed. All ways end
 * alike: the ticket is exchanged, the account looked at, and only then the link replaced.
 */
export function createGarminSignIn(deps: {
  door: GarminDoor;
  memory: SignInMemory;
  links: Pick<Links, "facts">;
  linkSaver: LinkSaver;
  clock: Clock;
  log: Log;
}): GarminSignIn {
  const { door, memory, links, linkSaver, clock, log } = deps;

  async function settle(account: number, outcome: PasswordOutcome | CodeOutcome): Promise<SignInResult> {
    switch (outcome.type) {
      case "ticket":
        return finish(account, outcome.ticket, outcome.service);
      case "mfa_required":
        await memory.savePending(account, outcome.pending);
        return { type: "mfa_required", sentTo: outcome.pending.sentTo };
      case "wrong_code":
        await memory.savePending(account, outcome.pending);
        return { type: "wrong_code" };
      case "expired":
      case "too_many_codes":
        await memory.forgetPending(account);
        return outcome;
      case "rate_limited":
        return rest(account);
      case "unclear":
        log.error("garmin_sign_in_unclear", { what: outcome.what });
        return { type: "unclear" };
      default:
        return outcome;
    }
  }

  /** Every further try makes Garmin's limit longer, one with a code too. */
  async function resting(account: number): Promise<SignInResult | undefined> {
    const cooldown = await memory.cooldown(account);
    return cooldown && cooldown.until > clock.now() ? { type: "resting", until: cooldown.until } : undefined;
  }

  async function rest(account: number): Promise<SignInResult> {
    const strikes = ((await memory.cooldown(account))?.strikes ?? 0) + 1;
    const seconds = Math.min(FIRST_REST_SECONDS * 2 ** (strikes - 1), LONGEST_REST_SECONDS);
    const until = new Date(clock.now().getTime() + seconds * 1000);
    await memory.saveCooldown(account, { until, strikes });
    log.warn("garmin_sign_in_limited", { account, strikes, until: until.toISOString() });
    return { type: "resting", until };
  }

  async function finish(account: number, ticket: string, service: string): Promise<SignInResult> {
    const exchange = await door.exchangeTicket(ticket, service);
    if (exchange.type === "refused") return { type: "ticket_refused" };
    const withAccess: WithAccess = (call) => call(exchange.tokens.accessToken);
    const profile = await profileOf(withAccess);
    // A link that works is not given up for tokens that Garmin's own data refuses.
    if (!profile) return { type: "access_refused" };
    const uploadConsent = await door.uploadConsent(withAccess).catch((error: unknown) => {
      log.warn("garmin_consent_unknown", errorFacts(error));
      return undefined;
    });
    const before = await previousProfile(account, profile);
    const saved = await linkSaver.save(account, "garmin", {
      state: "linked",
      linkedAt: clock.now(),
      vendorUserId: profile.profileId,
      displayName: profile.displayName,
      tokens: exchange.tokens,
    });
    if (saved === "taken") return { type: saved, displayName: profile.displayName };
    if (saved === "account_removed") return { type: saved };
    await memory.forgetPending(account);
    await memory.forgetCooldown(account);
    log.info("garmin_signed_in", { account });
    return {
      type: "signed_in",
      displayName: profile.displayName,
      ...(before && { before: before.displayName }),
      refreshExpiresAt: exchange.tokens.refreshExpiresAt,
      uploadConsent,
    };
  }

  /** Whose profile was linked until now, if it was another one: people do sign in as somebody else by mistake. */
  async function previousProfile(account: number, { profileId }: GarminProfile): Promise<LinkFacts | undefined> {
    // What is damaged has to be made anew, and says nothing.
    const link = await links.facts(account, "garmin").catch(() => undefined);
    return link && link.vendorUserId !== profileId ? link : undefined;
  }

  /** The ticket is spent: a hiccup here must not cost the owner another sign-in. */
  async function profileOf(withAccess: WithAccess): Promise<GarminProfile | undefined> {
    for (let tries = 1; ; tries++) {
      try {
        return await door.socialProfile(withAccess);
      } catch (error) {
        if (error instanceof AccessRefusedError) return undefined;
        if (!(error instanceof RetryLaterError) || tries === 3) throw error;
        await clock.sleep(tries);
      }
    }
  }

  return {
    async withPassword(account, email, password) {
      return (await resting(account)) ?? settle(account, await door.login(email, password));
    },

    async withCode(account, code) {
      const rests = await resting(account);
      if (rests) return rests;
      const pending = await memory.pending(account);
      if (!pending) return { type: "expired" };
      return settle(account, await door.verifyCode(pending, code));
    },

    async newCode(account) {
      const rests = await resting(account);
      if (rests) return rests;
      const pending = await memory.pending(account);
      if (!pending) return { type: "expired" };
      const outcome = await door.sendCode(pending);
      if (outcome.type === "too_soon") return { type: "code_too_soon" };
      if (outcome.type !== "sent") return settle(account, outcome);
      await memory.savePending(account, outcome.pending);
      return { type: "code_sent", sentTo: outcome.pending.sentTo };
    },

    async withPasted(account, pasted) {
      const found = door.ticketFromPasted(pasted);
      return found.type === "ticket" ? finish(account, found.ticket, found.service) : found;
    },

    isPasted: (text) => door.ticketFromPasted(text).type !== "no_ticket" || door.isGarminsAddress(text),
    email: memory.email,
    rememberEmail: memory.saveEmail,
  };
}
