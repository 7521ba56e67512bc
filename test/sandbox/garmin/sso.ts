import { type Handler, routed } from "../serve.ts";
import { vendorPage } from "../vendor-page.ts";
import type { Accounts } from "./accounts.ts";
import type { LoginLimiter } from "./login-limit.ts";
import type { Mfa } from "./mfa.ts";
import type { Sessions } from "./sessions.ts";
import { jsonSignInRoutes } from "./sso-json.ts";
import { widgetRoutes } from "./sso-widget.ts";
import type { Tickets } from "./tickets.ts";

/** What the two ways to sign in share. */
export interface Sso {
  /** Its own address, known once it listens. */
  url(): string;
  accounts: Accounts;
  sessions: Sessions;
  tickets: Tickets;
  limiter: LoginLimiter;
  mfa: Mfa;
  settings: { limitInsideHttp200: boolean };
}

export function ssoHandler(sso: Sso): Handler {
  return routed([...jsonSignInRoutes(sso), ...widgetRoutes(sso)], () => vendorPage("Not found", "<h1>404</h1>", 404));
}
