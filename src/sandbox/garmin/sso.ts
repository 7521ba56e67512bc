import { type Handler, routed } from "../serve.ts";
import { vendorPage } from "../vendor-page.ts";
import { jsonSignInRoutes } from "./sso-json.ts";
import type { Sso } from "./sso-state.ts";
import { widgetRoutes } from "./sso-widget.ts";

export function ssoHandler(sso: Sso): Handler {
  return routed([...jsonSignInRoutes(sso), ...widgetRoutes(sso)], () => vendorPage("Not found", "<h1>404</h1>", 404));
}
