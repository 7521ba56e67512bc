import type { RefreshTokens, TokenSet, WithAccess } from "./link.ts";

/** Garmin's own phone apps; a password sign-in is made as one of them. */
export const MOBILE_CLIENTS = ["ios", "android"] as const;
export type MobileClient = (typeof MOBILE_CLIENTS)[number];

/** A sign-in that waits for its MFA code. Plain data without the password: another process can finish it. */
export interface PendingSignIn {
  cookies: Record<string, string>;
  /** Absent in what an older version stored: it was `ios`. */
  client?: MobileClient;
  method: string;
  /** `other`: an authenticator app, or a way with an unknown name. */
  sentBy?: CodeWay;
  wrongCodes?: number;
  sentTo?: string;
  startedAt: Date;
}

export const CODE_WAYS = ["email", "phone", "other"] as const;
export type CodeWay = (typeof CODE_WAYS)[number];

export interface GarminProbe {
  verdict: "reachable" | "blocked" | "rate_limited" | "unclear";
  serverTime: Date | undefined;
}

export type SignInRefusal =
  | { type: "wrong_password" }
  | { type: "captcha" }
  | { type: "account_locked" }
  | { type: "rate_limited"; retryAfterSeconds?: number | undefined }
  | { type: "blocked" }
  /** 427: this account may not sign in as this app. */
  | { type: "client_refused" }
  | { type: "password_expired" | "terms_changed" | "account_disabled" }
  | { type: "max_logins" }
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
  | { type: "too_many_codes" }
  | SignInRefusal;

export interface SignInPageOptions {
  /** The page asks for e-mail and password even if somebody is still signed in in the browser. */
  asSomebodyElse?: boolean;
}

export interface GarminProfile {
  profileId: string;
  displayName: string;
}

/** `spent_ticket`: Garmin's own web site has already used it. `chinese_account`: from garmin.cn. */
export type PastedTicket =
  | { type: "ticket"; ticket: string; service: string }
  | { type: "no_ticket" | "spent_ticket" | "chinese_account" };

export interface GarminAuthApi {
  login(email: string, password: string, client: MobileClient): Promise<PasswordOutcome>;
  verifyCode(pending: PendingSignIn, code: string): Promise<CodeOutcome>;
  sendCode(pending: PendingSignIn): Promise<NewCodeOutcome>;
  probe(): Promise<GarminProbe>;
  pageUrl(options?: SignInPageOptions): string;
  isGarminsAddress(text: string): boolean;
  ticketFromPasted(pasted: string): PastedTicket;
  /** Spends the ticket, whatever the answer. */
  exchangeTicket(ticket: string, service: string): Promise<{ type: "tokens"; tokens: TokenSet } | { type: "refused" }>;
  refresh: RefreshTokens;
  socialProfile(withAccess: WithAccess): Promise<GarminProfile>;
  uploadConsent(withAccess: WithAccess): Promise<boolean | undefined>;
}

/** The right of one person to sign in on our own page. */
export interface SignInSession {
  account: number;
  /** When Telegram opened the page for them. */
  openedAt: Date;
}

/** Nothing is stored: a session is a sealed text that the page sends with each request. */
export interface SignInSessions {
  begin(session: SignInSession): string;
  /** Undefined if it is over, or isn't ours. */
  read(token: string): SignInSession | undefined;
}

interface Cooldown {
  until: Date;
  strikes: number;
}

export interface SignInMemory {
  pending(account: number): Promise<PendingSignIn | undefined>;
  savePending(account: number, pending: PendingSignIn): Promise<void>;
  forgetPending(account: number): Promise<void>;
  cooldown(account: number): Promise<Cooldown | undefined>;
  saveCooldown(account: number, cooldown: Cooldown): Promise<void>;
  forgetCooldown(account: number): Promise<void>;
  email(account: number): Promise<string | undefined>;
  saveEmail(account: number, email: string): Promise<void>;
}
