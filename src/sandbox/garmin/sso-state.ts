import type { Accounts } from "./accounts.ts";
import type { LoginLimiter } from "./login-limit.ts";
import type { Mfa } from "./mfa.ts";
import type { Sessions } from "./sessions.ts";
import type { Tickets } from "./tickets.ts";

/** Shared by both ways to sign in. */
export interface Sso {
  /** Its own address, known once it listens. */
  url(): string;
  accounts: Accounts;
  sessions: Sessions;
  tickets: Tickets;
  limiter: LoginLimiter;
  mfa: Mfa;
  settings: SsoSettings;
}

/** Garmin is reported, or suspected, to answer in more than one way. */
export interface SsoSettings {
  /** Too many sign-ins: HTTP 429, or the same body with HTTP 200. */
  limitInsideHttp200: boolean;
  /** A wrong code in the JSON sign-in. Two projects name the first; nobody has recorded one. */
  wrongCode: "401 named" | "401 empty" | "401 Spring" | "200 named";
  /** A JSON sign-in without its page's cookies and without naming the page is refused as too many (reported in 2026). */
  wantsPageFirst: boolean;
}
