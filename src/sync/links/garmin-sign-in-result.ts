import type { CodeWay, GarminProfile, MobileClient } from "../model/garmin-sign-in.ts";
import type { Resting } from "./sign-in-rest.ts";

export interface CodeSent {
  sentBy: CodeWay;
  sentTo: string | undefined;
}

export type SignInResult =
  | { type: "signed_in"; displayName: string; refreshExpiresAt: Date; uploadConsent: boolean | undefined }
  | ({ type: "mfa_required" } & CodeSent)
  | ({ type: "code_sent" } & CodeSent)
  | { type: "wrong_code" }
  | { type: "code_tries_over" }
  | { type: "code_too_soon" }
  /** No sign-in waits for a code: it took too long, or there never was one. */
  | { type: "expired" }
  | { type: "too_many_codes" }
  | Resting
  /** The limit is on this machine's network, not on an account. */
  | { type: "network_limited" }
  | { type: "wrong_password" | "captcha" | "account_locked" | "blocked" | "ticket_refused" }
  | { type: "password_expired" | "terms_changed" | "account_disabled" }
  /** `client_refused`: not as this app. `access_refused`: Garmin's data refuses the tokens Garmin has just issued. */
  | { type: "client_refused" | "access_refused"; next: MobileClient | undefined }
  /** Signed in, but we couldn't see whose account it is. The tokens are kept for ten minutes: see `lookAgain`. */
  | { type: "profile_unknown" }
  /** Nothing changes unless `switchProfile` is called within ten minutes. */
  | { type: "other_profile"; profile: GarminProfile; linked: GarminProfile }
  | { type: "sign_in_forgotten" }
  /** This Garmin profile belongs to another account here: usually a browser in which somebody else is signed in. */
  | { type: "taken"; displayName: string }
  | { type: "account_removed" }
  | { type: "no_ticket" | "spent_ticket" | "chinese_account" }
  | { type: "unclear" };
