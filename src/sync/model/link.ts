import { RetryLaterError } from "../../lib/errors.ts";

export const VENDORS = ["withings", "garmin"] as const;

export type Vendor = (typeof VENDORS)[number];

export const RELINK = { withings: "relink_withings", garmin: "relink_garmin" } as const satisfies Record<
  Vendor,
  string
>;

export interface TokenSet {
  accessToken: string;
  accessExpiresAt: Date;
  refreshToken: string;
  refreshExpiresAt: Date;
  /** Garmin binds tokens to the client id that asked for them. */
  clientId?: string;
}

/** `renewal_unclear`: in words that we don't know. */
export const REFUSALS = ["renewal", "renewal_unclear", "access"] as const;

export interface Refusal {
  of: (typeof REFUSALS)[number];
  since: Date;
}

export const LINK_STATES = ["linked", "stale"] as const;

export interface Link {
  state: (typeof LINK_STATES)[number];
  linkedAt: Date;
  renewedAt?: Date;
  restsUntil?: Date;
  vendorUserId: string;
  /** As the vendor shows it to people; for Withings its userid. */
  displayName: string;
  tokens: TokenSet;
  /** The refresh token before the last rotation: a last chance if the new one never became valid. */
  previousRefreshToken?: string;
  /** Since when the vendor has been refusing its tokens, in a way that isn't final yet. */
  refusal?: Refusal;
  triedAt?: Date;
}

export interface LinkFacts extends Omit<Link, "tokens" | "previousRefreshToken"> {
  refreshExpiresAt: Date;
}

export interface Versioned<T> {
  value: T;
  version: string;
}

export interface Links {
  read(account: number, vendor: Vendor): Promise<Versioned<Link> | undefined>;
  /** Also of a link whose tokens can't be opened any more: that one is stale. */
  facts(account: number, vendor: Vendor): Promise<LinkFacts | undefined>;
  /** False if the link no longer has `version`: somebody else wrote first. */
  write(account: number, vendor: Vendor, link: Link, version: string): Promise<boolean>;
  /** Writes whatever is there, even if that can't be opened: the owner has just signed in. */
  replace(account: number, vendor: Vendor, link: Link): Promise<void>;
  remove(account: number, vendor: Vendor): Promise<void>;
}

/** The result of a sign-in that isn't a link yet: we don't know whose it is, or have to ask the owner. */
export interface PendingLink {
  tokens: TokenSet;
  owner?: { vendorUserId: string; displayName: string };
}

/** We can't get these tokens again: they are kept sealed, for ten minutes. */
export interface PendingLinks {
  read(account: number, vendor: Vendor): Promise<PendingLink | undefined>;
  save(account: number, vendor: Vendor, pending: PendingLink): Promise<void>;
  forget(account: number, vendor: Vendor): Promise<void>;
}

/** Which account a person at one vendor belongs to: one person in two accounts would have every reading in two Garmins. */
export interface VendorUsers {
  /** Claims the person for the account, and resolves to the account that has the claim afterwards. */
  claim(vendorUserId: string, account: number): Promise<number>;
  accountOf(vendorUserId: string): Promise<number | undefined>;
  release(vendorUserId: string, account: number): Promise<void>;
}

/** `doubtful`: a refusal that may be temporary. It counts once it has lasted a while. */
export type RefreshOutcome = { type: "refreshed"; tokens: TokenSet } | { type: "refused" } | { type: "doubtful" };

/** Throws `RetryLaterError` when the outcome is unclear. The answer invalidates the old token: store the new one first. */
export type RefreshTokens = (tokens: Pick<TokenSet, "refreshToken" | "clientId">) => Promise<RefreshOutcome>;

/** A vendor asked us to wait until then. Before that we don't ask it anything for this account. */
export class VendorWaitError extends RetryLaterError {
  readonly vendor: Vendor;
  readonly until: Date;

  constructor(vendor: Vendor, until: Date, options: { retryAfterSeconds: number; cause?: unknown }) {
    super(`${vendor === "garmin" ? "Garmin" : "Withings"} asked to be left alone until ${until.toISOString()}`, {
      ...options,
      delayedBy: `${vendor}_limited`,
    });
    this.vendor = vendor;
    this.until = until;
  }
}

/** An unknown refusal doesn't end the link; its owner hears of it after three days. */
export class UnclearRefusalError extends RetryLaterError {}

/** A vendor's data endpoint refused the access token. Whether the link has ended is for `tokens` to find out. */
export class AccessRefusedError extends Error {
  override readonly name = "AccessRefusedError";
}

/** It refuses there the access token that it takes elsewhere, so the link is good. */
export class RefusedHereError extends RetryLaterError {}

/** Runs a call with a valid access token, and once more with a renewed one when the first is refused. */
export type WithAccess = <T>(call: (accessToken: string) => Promise<T>) => Promise<T>;
