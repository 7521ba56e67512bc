/**
 * Ways to fail, told apart by who moves next.
 *
 *   ActionNeededError   the account's owner: sign in again, give a consent, unlock
 *   RetryLaterError     time: a limit, an outage, a timeout, somebody else at work
 *   UsageError          the person at the keyboard or in the configuration: mend the words and try again
 *   any other Error     us: a bug, or a vendor that changed its API
 *
 * Adapters choose the kind, because only they know what a vendor's status means. Entry points act on it.
 * Nobody in between catches in order to rewrap.
 */
export type Action =
  | "add_account"
  | "link_withings"
  | "link_garmin"
  | "relink_withings"
  | "relink_garmin"
  | "grant_garmin_upload"
  | "unlock_garmin_account"
  | "use_garmin_page"
  | "fix_withings_application"
  | "fix_withings_callback"
  | "fix_clock"
  | "fix_garmin_client_id";

export class ActionNeededError extends Error {
  override readonly name = "ActionNeededError";
  readonly action: Action;

  constructor(action: Action, options?: ErrorOptions) {
    super(action, options);
    this.action = action;
  }
}

export class RetryLaterError extends Error {
  override readonly name = "RetryLaterError";
  /** What the vendor asked for, if it did. */
  readonly retryAfterSeconds: number | undefined;

  constructor(message: string, options?: ErrorOptions & { retryAfterSeconds?: number | undefined }) {
    super(message, options);
    this.retryAfterSeconds = options?.retryAfterSeconds;
  }
}

/** We limit ourselves: the wait is ours, and no vendor asked for it. */
export class OwnLimitError extends RetryLaterError {}

/** Whether a vendor asked us to wait, rather than our own limit. */
export function asksToWait(error: unknown): error is RetryLaterError & { retryAfterSeconds: number } {
  const isVendors = error instanceof RetryLaterError && !(error instanceof OwnLimitError);
  return isVendors && error.retryAfterSeconds !== undefined && error.retryAfterSeconds > 0;
}

/** The message is one sentence for a person and names the mend. */
export class UsageError extends Error {
  override readonly name: string = "UsageError";
}

/**
 * A vendor answered in a shape we do not know. Ours to fix, so it is none of the above.
 * It carries where the shape broke, never what stood there: an answer may hold a token.
 */
export class UnexpectedAnswerError extends Error {
  override readonly name = "UnexpectedAnswerError";
  readonly call: string;
  readonly httpStatus: number;

  constructor(call: string, httpStatus: number, where: string) {
    super(`${call} answered HTTP ${httpStatus} in an unknown shape (${where})`);
    this.call = call;
    this.httpStatus = httpStatus;
  }
}
