import type { Reply } from "../reply.ts";
import { ok, refused, unknownAction } from "./envelope.ts";
import type { Grant, Grants } from "./grants.ts";

export interface Application {
  clientId: string;
  clientSecret: string;
  /** An authorisation may use one of these, or extend it. */
  redirectUrls: string[];
}

/** POST /v2/oauth2. Three different mistakes answer status 503; only the text tells them apart. */
export function requestToken(fields: URLSearchParams, application: Application, grants: Grants): Reply {
  if (fields.get("action") !== "requesttoken") return unknownAction();
  const isOurs =
    fields.get("client_id") === application.clientId && fields.get("client_secret") === application.clientSecret;
  if (!isOurs) return refused(503, "Invalid Params: invalid client id/secret", "no body");

  switch (fields.get("grant_type")) {
    case "authorization_code": {
      const outcome = grants.redeem(fields.get("code") ?? "", fields.get("redirect_uri") ?? "");
      if (typeof outcome === "string") return refused(503, `Invalid Params: ${outcome}`);
      // A string here, and a number after a refresh: the vendor does that.
      return tokens(outcome, grants, { userid: String(outcome.userid), csrf_token: "b3d1f0a2" });
    }
    case "refresh_token": {
      const refreshToken = fields.get("refresh_token");
      if (!refreshToken) return refused(503, "Invalid Params: Missing params");
      const grant = grants.refresh(refreshToken);
      // With an empty body, as measured in 2026. The named fault has none, as was reported before.
      if (!grant) return refused(503, "Invalid Params: invalid refresh_token");
      return tokens(grant, grants, { userid: grant.userid });
    }
    default:
      return refused(503, "Invalid Params: invalid grant_type");
  }
}

function tokens(grant: Grant, grants: Grants, more: Record<string, unknown>): Reply {
  return ok({
    ...more,
    access_token: grant.pair.accessToken,
    refresh_token: grant.pair.refreshToken,
    expires_in: grants.expiresInSeconds,
    scope: grant.scope,
    token_type: "Bearer",
  });
}
