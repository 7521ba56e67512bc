/** The contract of signing in at Garmin: outcomes are values, because each of them needs another sentence. */
import type { TokenSet, WithAccess } from "./ports.ts";

/** A sign-in that waits for its MFA code. Plain data without the password: another process can finish it. */
export interface PendingSignIn {
  cookies: Record<string, string>;
  method: string;
  /** Where Garmin sent the code, masked by Garmin. */
  sentTo?: string;
  startedAt: Date;
}

export type SignInRefusal =
  | { type: "wrong_password" }
  | { type: "captcha" }
  | { type: "account_locked" }
  | { type: "rate_limited" }
  /** Cloudflare keeps this machine's network out. */
  | { type: "blocked" }
  | { type: "unclear"; what: string };

export type PasswordOutcome =
  | { type: "ticket"; ticket: string; service: string }
  | { type: "mfa_required"; pending: PendingSignIn }
  | SignInRefusal;

export type CodeOutcome =
  | { type: "ticket"; ticket: string; service: string }
  | { type: "wrong_code"; pending: PendingSignIn }
  | { type: "expired" }
  | { type: "too_many_codes" }
  | SignInRefusal;

export type NewCodeOutcome =
  | { type: "sent"; pending: PendingSignIn }
  | { type: "too_soon" }
  | { type: "expired" }
  | SignInRefusal;

export interface GarminProfile {
  profileId: string;
  displayName: string;
}

/** What a pasted text holds. `spent_ticket`: Garmin's own web site has used it already. */
export type PastedTicket = { type: "ticket"; ticket: string; service: string } | { type: "no_ticket" | "spent_ticket" };

/** Everything Garmin's side of a sign-in consists of. */
export interface GarminDoor {
  login(email: string, password: string): Promise<PasswordOutcome>;
  verifyCode(pending: PendingSignIn, code: string): Promise<CodeOutcome>;
  sendCode(pending: PendingSignIn): Promise<NewCodeOutcome>;
  signInPageUrl(): string;
  /** Whether it is an address of Garmin's, with a ticket or without. */
  isGarminsAddress(text: string): boolean;
  ticketFromPasted(pasted: string): PastedTicket;
  /** Spends the ticket, whatever the answer. */
  exchangeTicket(ticket: string, service: string): Promise<{ type: "tokens"; tokens: TokenSet } | { type: "refused" }>;
  socialProfile(withAccess: WithAccess): Promise<GarminProfile>;
  /** Whether Garmin may store what devices send. Undefined when Garmin's answer does not tell. */
  uploadConsent(withAccess: WithAccess): Promise<boolean | undefined>;
}

export interface Cooldown {
  until: Date;
  /** How often in a row Garmin limited the sign-in. */
  strikes: number;
}

/** What a sign-in leaves behind between updates and processes. */
export interface SignInMemory {
  pending(account: number): Promise<PendingSignIn | undefined>;
  savePending(account: number, pending: PendingSignIn): Promise<void>;
  forgetPending(account: number): Promise<void>;
  cooldown(account: number): Promise<Cooldown | undefined>;
  saveCooldown(account: number, cooldown: Cooldown): Promise<void>;
  forgetCooldown(account: number): Promise<void>;
  /** The e-mail that the owner signed in with, so that they need not type it again. */
  email(account: number): Promise<string | undefined>;
  saveEmail(account: number, email: string): Promise<void>;
}
