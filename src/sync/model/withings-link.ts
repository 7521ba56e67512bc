import type { RefreshTokens, TokenSet, WithAccess } from "./link.ts";

/** The `state` of a consent page: says, signed, which account asked. Nothing is stored until it comes back. */
export interface OAuthStates {
  issue(account: number): string;
  read(state: string): { type: "ok" | "late"; account: number } | { type: "wrong" };
  /** Spends it: only the first to bring it gets `ok`. A wrong or late one costs no I/O. */
  redeem(state: string): Promise<{ type: "ok" | "late" | "used"; account: number } | { type: "wrong" }>;
}

/** In the address that the browser ended on. */
export type ConsentAnswer =
  | { type: "code"; code: string; state: string }
  | { type: "refused"; state: string }
  | { type: "no_code" };

/** What a person pasted: that address, the code alone, or the page on which Withings refuses the callback address. */
export type PastedAnswer =
  | ConsentAnswer
  | { type: "bare_code"; code: string }
  | { type: "callback_refused" }
  | { type: "not_an_address" };

export type CodeOutcome =
  | { type: "linked"; withingsUserId: string; tokens: TokenSet }
  | { type: "code_expired" }
  /** The owner didn't allow us to read measurements. */
  | { type: "scope_missing" };

/** Withings' consent page and its tokens. */
export interface WithingsOAuthApi {
  authorizeUrl(state: string): string;
  consentAnswer(query: URLSearchParams): ConsentAnswer;
  pastedAnswer(pasted: string): PastedAnswer;
  isAnswer(text: string): boolean;
  /** The code is valid for 30 seconds and works once. */
  exchangeCode(code: string): Promise<CodeOutcome>;
  refresh: RefreshTokens;
}

export interface WithingsNotifyApi {
  /** All subscriptions for this person, at any address. */
  list(withAccess: WithAccess, appli?: number): Promise<Subscription[]>;
  /** Withings asks the address with HEAD before it answers. Subscribing twice means being notified twice. */
  subscribe(withAccess: WithAccess, subscription: Subscription): Promise<"subscribed" | "callback_unreachable">;
  /** No harm if it's gone already. */
  revoke(withAccess: WithAccess, subscription: Subscription): Promise<void>;
}

export interface Subscription {
  /** What Withings announces: 1 weight, 4 blood pressure, 46 the person's profile. */
  appli: number;
  callbackUrl: string;
}

/**
 * `callback_unreachable`: Withings can't reach us. `unknown`: Withings couldn't be asked. `gone`: some of `active` were missing
 * at a later check.
 */
export const SUBSCRIPTION_STATES = ["active", "callback_unreachable", "unknown", "gone"] as const;

export interface SubscriptionsSeen {
  checkedAt: Date;
  /** Tells one callback address from another without holding its key. */
  callbackId: string;
  state: (typeof SUBSCRIPTION_STATES)[number];
  active: number[];
}

export interface SubscriptionMemory {
  read(account: number): Promise<SubscriptionsSeen | undefined>;
  save(account: number, seen: SubscriptionsSeen): Promise<void>;
  forget(account: number): Promise<void>;
}
