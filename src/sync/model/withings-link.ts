/** The contract of what comes in from outside: answers of the consent page, notifications, and the work they leave. */

/** The `state` of a consent page: says, signed, which account asked. Nothing is stored until it comes back. */
export interface OAuthStates {
  issue(account: number): string;
  /** Whose it is. Asks nobody, spends nothing. */
  read(state: string): { type: "ok" | "late"; account: number } | { type: "wrong" };
  /** Spends it: of all that bring the same one, the first alone gets `ok`. One that is wrong or late costs no I/O. */
  redeem(state: string): Promise<{ type: "ok" | "late" | "used"; account: number } | { type: "wrong" }>;
}

/** What the consent page answered, in the address that the browser ended on. */
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

/** One thing that Withings tells one address about one person. */
export interface Subscription {
  /** Withings' number of what is told: 1 weight, 4 blood pressure, 46 the person's profile. */
  appli: number;
  callbackUrl: string;
}

/**
 * `callback_unreachable`: Withings does not get through to us. `unknown`: Withings could not be asked. `gone`: some of
 * `active` were missing when somebody looked since.
 */
export const SUBSCRIPTION_STATES = ["active", "callback_unreachable", "unknown", "gone"] as const;

/** What is known of an account's subscriptions. */
export interface SubscriptionsSeen {
  checkedAt: Date;
  /** Tells one callback address from another without holding its key. */
  callbackId: string;
  state: (typeof SUBSCRIPTION_STATES)[number];
  /** Which stood at our address at the last check that came to its end. */
  active: number[];
}

export interface SubscriptionMemory {
  read(account: number): Promise<SubscriptionsSeen | undefined>;
  save(account: number, seen: SubscriptionsSeen): Promise<void>;
  forget(account: number): Promise<void>;
}
