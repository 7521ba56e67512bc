import * as z from "zod";
import { ActionNeededError, RetryLaterError } from "../../lib/errors.ts";
import { lazy } from "../../lib/lazy.ts";
import { type TokenSet, UnclearRefusalError } from "../model/link.ts";
import { lifetimeSeconds, UNKNOWN_LIFETIME_SECONDS } from "../model/token-lifetime.ts";
import type { ConsentAnswer, PastedAnswer, WithingsOAuthApi } from "../model/withings-link.ts";
import { isAccessRefused, type WithingsCall, WithingsRefusal } from "./client.ts";

interface WithingsApplication {
  clientId: string;
  clientSecret: string;
  redirectUrl: string;
}

/** Measurements need `user.metrics`; the person's devices and unlinking events need `user.info`. */
const SCOPE = "user.info,user.metrics";
const NEEDED_SCOPE = "user.metrics";

/** A year, though the answer doesn't say so (access-and-refresh-tokens page, 2026-11). */
const REFRESH_TOKEN_SECONDS = 365 * 24 * 3600;

const TokenBody = lazy(() =>
  z.object({
    access_token: z.string().min(1),
    refresh_token: z.string().min(1),
    expires_in: lifetimeSeconds(),
  }),
);
const CodeTokenBody = lazy(() =>
  TokenBody().extend({
    // A string after a code exchange; a number was seen after a refresh.
    userid: z.union([z.string().min(1), z.number()]).transform(String),
    scope: z.string().optional().catch(undefined),
  }),
);

interface OAuthDeps {
  call: WithingsCall;
  application: WithingsApplication;
  accountUrl: string;
  now: () => Date;
}

export function createWithingsOAuth(deps: OAuthDeps): WithingsOAuthApi {
  const { application, accountUrl, now } = deps;
  return {
    authorizeUrl: (state) => authorizeUrl(accountUrl, application, state),
    consentAnswer,
    pastedAnswer,
    isAnswer: (text) => isConsentAnswer(text, application.redirectUrl, accountUrl),

    async exchangeCode(code) {
      try {
        const grant = { grant_type: "authorization_code", code, redirect_uri: application.redirectUrl };
        const body = await requestToken(deps, CodeTokenBody(), grant, { urgent: true });
        // An answer without scopes counts as consent.
        const isMissing = body.scope !== undefined && !body.scope.split(/[\s,]+/).includes(NEEDED_SCOPE);
        if (isMissing) return { type: "scope_missing" };
        return { type: "linked", withingsUserId: body.userid, tokens: toTokenSet(body, now()) };
      } catch (error) {
        if (!(error instanceof WithingsRefusal)) throw error;
        if (refusalOf(error) === "code") return { type: "code_expired" };
        throw new RetryLaterError(error.message, { delayedBy: "withings_refusing" });
      }
    },

    async refresh({ refreshToken }) {
      try {
        const grant = { grant_type: "refresh_token", refresh_token: refreshToken };
        return { type: "refreshed", tokens: toTokenSet(await requestToken(deps, TokenBody(), grant), now()) };
      } catch (error) {
        if (!(error instanceof WithingsRefusal)) throw error;
        const refusal = refusalOf(error);
        if (refusal === "refresh_token") return { type: "refused" };
        if (refusal === "doubtful") return { type: "doubtful" };
        throw new UnclearRefusalError(error.message, { delayedBy: "withings_refusing" });
      }
    },
  };
}

/** The consent page. The scopes are separated by a comma: a space is refused. */
function authorizeUrl(accountUrl: string, application: WithingsApplication, state: string): string {
  const url = new URL("oauth2_user/authorize2", `${accountUrl.replace(/\/+$/, "")}/`);
  url.search = new URLSearchParams({
    response_type: "code",
    client_id: application.clientId,
    redirect_uri: application.redirectUrl,
    scope: SCOPE,
    state,
  }).toString();
  return url.href;
}

async function requestToken<T>(
  { call, application }: OAuthDeps,
  body: z.ZodType<T>,
  grant: Record<string, string>,
  { urgent = false } = {},
): Promise<T> {
  const { clientId, clientSecret } = application;
  const params = { action: "requesttoken", client_id: clientId, client_secret: clientSecret, ...grant };
  try {
    return await call({ path: "v2/oauth2", params, body, urgent });
  } catch (error) {
    if (!(error instanceof WithingsRefusal)) throw error;
    const refusal = refusalOf(error);
    if (refusal === "application") throw new ActionNeededError("fix_withings_application");
    if (refusal === "callback") throw new ActionNeededError("fix_withings_callback");
    if (refusal === "unclear") throw new UnclearRefusalError(error.message, { delayedBy: "withings_refusing" });
    throw error;
  }
}

type Refused = "application" | "callback" | "refresh_token" | "code" | "doubtful" | "unclear";

/**
 * Status 503 means an expired refresh token, an expired code or a wrong client secret, and 503 or 293 an unregistered callback
 * address; only the words differ (seen by several projects up to October 2026).
 */
function refusalOf({ status, reason }: WithingsRefusal): Refused {
  if (/redirect/i.test(reason)) return "callback";
  if (/client.?id|secret/i.test(reason)) return "application";
  if (/refresh.?token/i.test(reason)) return "refresh_token";
  if (/\bcode\b/i.test(reason)) return "code";
  return isAccessRefused(status) ? "doubtful" : "unclear";
}

function toTokenSet(body: z.infer<ReturnType<typeof TokenBody>>, now: Date): TokenSet {
  return {
    accessToken: body.access_token,
    accessExpiresAt: new Date(now.getTime() + (body.expires_in ?? UNKNOWN_LIFETIME_SECONDS) * 1000),
    refreshToken: body.refresh_token,
    refreshExpiresAt: new Date(now.getTime() + REFRESH_TOKEN_SECONDS * 1000),
  };
}

/** Withings documents no values for `error`: any value is a refusal. */
function consentAnswer(query: URLSearchParams): ConsentAnswer {
  const state = query.get("state") ?? "";
  if (query.has("error")) return { type: "refused", state };
  const code = query.get("code");
  return code ? { type: "code", code, state } : { type: "no_code" };
}

/**
 * An address, the bare code (forty hexadecimal digits as far as seen), or the page `{"errors":[{"message":"redirect_uri_mismatch:
 * …"}]}` (seen by several projects up to February 2026).
 */
function pastedAnswer(pasted: string): PastedAnswer {
  const text = pasted.trim();
  if (/redirect_uri_mismatch/i.test(text)) return { type: "callback_refused" };
  if (/^[0-9a-f]{40}$/i.test(text)) return { type: "bare_code", code: text };
  return URL.canParse(text) ? consentAnswer(new URL(text).searchParams) : { type: "not_an_address" };
}

/** People also paste an address that they took for the answer: of Withings' own page, or like the callback. */
function isConsentAnswer(text: string, redirectUrl: string, accountUrl: string): boolean {
  const trimmed = text.trim();
  const { type } = pastedAnswer(trimmed);
  if (type === "bare_code" || type === "callback_refused") return true;
  if (!URL.canParse(trimmed)) return false;
  const { searchParams, origin } = new URL(trimmed);
  const isAnswer = searchParams.has("code") || (searchParams.has("state") && searchParams.has("error"));
  const isTheirs = accountUrl !== "" && origin === new URL(accountUrl).origin;
  return isAnswer || isTheirs || (redirectUrl !== "" && trimmed.startsWith(redirectUrl));
}
