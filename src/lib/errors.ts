/**
 * Ways to fail, told apart by who acts next.
 *
 *   ActionNeededError   the account's owner: sign in again, give a consent, unlock
 *   RetryLaterError     time: a limit, an outage, a timeout, somebody else at work
 *   UsageError          the person at the keyboard or in the configuration
 *   any other Error     us: a bug, or a vendor that changed its API
 *
 * Adapters choose the kind, and entry points act on it by `whoActs`. In between, only `sync/links` replaces an error: when a
 * vendor asked us to wait, and when its refusal has proved to be lasting, so that the owner has to sign in again.
 */
export const ACTIONS = [
  "add_account",
  "link_withings",
  "link_garmin",
  "relink_withings",
  "relink_garmin",
  "grant_garmin_upload",
  "unlock_garmin_account",
  "use_garmin_page",
  "fix_withings_application",
  "fix_withings_callback",
  "fix_clock",
  "fix_garmin_client_id",
] as const;
export type Action = (typeof ACTIONS)[number];

export class ActionNeededError extends Error {
  override readonly name = "ActionNeededError";
  readonly action: Action;

  constructor(action: Action, options?: ErrorOptions) {
    super(action, options);
    this.action = action;
  }
}

/**
 * Why something has to wait.
 *
 *   silent        no answer came, or an error page: an outage, or something in between
 *   refusing      it answered no, in a way that may pass
 *   limited       it asked for fewer requests, or for a wait
 *   not_showing   it accepted an upload and doesn't show it yet
 *   us            the program, its store or its own limits
 */
export const DELAY_CAUSES = [
  ...(["withings_silent", "withings_refusing", "withings_limited"] as const),
  ...(["garmin_silent", "garmin_refusing", "garmin_limited", "garmin_not_showing"] as const),
  "us",
] as const;
export type DelayCause = (typeof DELAY_CAUSES)[number];

interface RetryLaterOptions extends ErrorOptions {
  retryAfterSeconds?: number | undefined;
  delayedBy?: DelayCause | undefined;
}

export class RetryLaterError extends Error {
  override readonly name = "RetryLaterError";
  readonly retryAfterSeconds: number | undefined;
  readonly delayedBy: DelayCause;

  constructor(message: string, { retryAfterSeconds, delayedBy = "us", ...options }: RetryLaterOptions = {}) {
    super(message, options);
    this.retryAfterSeconds = retryAfterSeconds;
    this.delayedBy = delayedBy;
  }
}

/** Our own limit: no vendor asked for this wait. */
export class OwnLimitError extends RetryLaterError {}

export function asksToWait(error: unknown): error is RetryLaterError & { retryAfterSeconds: number } {
  const isVendors = error instanceof RetryLaterError && !(error instanceof OwnLimitError);
  return isVendors && error.retryAfterSeconds !== undefined && error.retryAfterSeconds > 0;
}

/** The message is one sentence for a person and names the fix. */
export class UsageError extends Error {
  override readonly name: string = "UsageError";
}

type Acting =
  | { who: "owner"; error: ActionNeededError }
  | { who: "operator"; error: UsageError }
  | { who: "time"; error: RetryLaterError }
  | { who: "us"; error: unknown };

export function whoActs(error: unknown): Acting {
  if (error instanceof ActionNeededError) return { who: "owner", error };
  if (error instanceof UsageError) return { who: "operator", error };
  if (error instanceof RetryLaterError) return { who: "time", error };
  return { who: "us", error };
}

/** A vendor answered in an unknown shape. The message says where, never what was there: an answer may hold a token. */
export class UnexpectedAnswerError extends Error {
  override readonly name = "UnexpectedAnswerError";
  readonly vendor: "withings" | "garmin";

  constructor(vendor: "withings" | "garmin", call: string, httpStatus: number, where: string) {
    super(`${call} answered HTTP ${httpStatus} in an unknown shape (${where})`);
    this.vendor = vendor;
  }
}
