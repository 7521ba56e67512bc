import * as z from "zod";
import { ActionNeededError, RetryLaterError, UnexpectedAnswerError } from "../../lib/errors.ts";
import type { HttpAnswer, VendorTransport } from "../../lib/http-client.ts";
import { issuePaths, parseJson } from "../../lib/json.ts";
import { lazy } from "../../lib/lazy.ts";
import { type RefreshOutcome, type RefreshTokens, type TokenSet, UnclearRefusalError } from "../model/link.ts";
import { lifetimeSeconds, UNKNOWN_LIFETIME_SECONDS } from "../model/token-lifetime.ts";
import type { NoteUnknown } from "../model/vendor-answers.ts";
import { tryLater } from "./client.ts";
import { APP_HEADERS } from "./headers.ts";

const TokenAnswer = lazy(() =>
  z.object({
    access_token: z.string().min(1),
    refresh_token: z.string().min(1).optional(),
    expires_in: lifetimeSeconds(),
    refresh_token_expires_in: lifetimeSeconds(),
  }),
);
const Refusal = lazy(() => z.object({ error: z.string() }));
const Claims = lazy(() => z.object({ client_id: z.string().regex(/^[\w.-]{1,200}$/) }));

/** If Garmin doesn't say: the lifetime that was seen up to November 2026. */
const REFRESH_TOKEN_SECONDS = 2_591_999;

interface DiTokensOptions {
  diauthUrl: string;
  /** For new sign-ins. The first id tried uses up the ticket, so there is only one. */
  clientId: string;
  send: VendorTransport;
  now: () => Date;
  onUnknown?: NoteUnknown | undefined;
}

/** Garmin's token endpoint. Its refusals repeat the refresh token: no body of it may reach a message or the log. */
export function createDiTokens(options: DiTokensOptions) {
  const { clientId: configuredId } = options;
  return {
    async exchangeTicket(
      ticket: string,
      service: string,
    ): Promise<{ type: "tokens"; tokens: TokenSet } | { type: "refused" }> {
      const answer = await post(options, configuredId, {
        service_ticket: ticket,
        grant_type: "https://connectapi.garmin.com/di-oauth2-service/oauth/grant/service_ticket",
        service_url: service,
      });
      if (isRefused(options, answer, "Garmin ticket exchange")) return { type: "refused" };
      return { type: "tokens", tokens: readTokens(options, answer, configuredId) };
    },

    async refresh({ clientId = configuredId, refreshToken }: Parameters<RefreshTokens>[0]): Promise<RefreshOutcome> {
      const answer = await post(options, clientId, { grant_type: "refresh_token", refresh_token: refreshToken });
      if (isRefused(options, answer, "Garmin token refresh")) return { type: "refused" };
      return { type: "refreshed", tokens: readTokens(options, answer, clientId, refreshToken) };
    },
  };
}

function post({ send, diauthUrl }: DiTokensOptions, clientId: string, grant: Record<string, string>) {
  return send({
    method: "POST",
    url: `${diauthUrl.replace(/\/+$/, "")}/di-oauth2-service/oauth/token`,
    headers: {
      ...APP_HEADERS,
      accept: "application/json",
      authorization: `Basic ${Buffer.from(`${clientId}:`).toString("base64")}`,
      "cache-control": "no-cache",
    },
    body: new URLSearchParams({ client_id: clientId, ...grant }),
    delayedBy: "garmin_silent",
  });
}

/** Only Garmin's own JSON refusal counts; a page or a limit says nothing about the link. */
function isRefused(options: DiTokensOptions, answer: HttpAnswer, call: string): boolean {
  if (answer.status >= 200 && answer.status <= 299) return false;
  const value = parseJson(answer.text);
  if (value === undefined || ![400, 401, 403].includes(answer.status)) throw tryLater(call, answer);
  const { error } = Refusal().safeParse(value).data ?? {};
  if (error === "invalid_grant" || error === "invalid_token") return true;
  // Garmin no longer knows the client id: waiting doesn't help, and all accounts are affected.
  if (error === "invalid_client") throw new ActionNeededError("fix_garmin_client_id");
  note(options, answer, "error: unknown", value);
  throw new UnclearRefusalError(`${call} answered HTTP ${answer.status}`, { delayedBy: "garmin_refusing" });
}

function readTokens(
  options: DiTokensOptions,
  answer: HttpAnswer,
  clientId: string,
  oldRefreshToken?: string,
): TokenSet {
  const body = parseJson(answer.text);
  if (body === undefined) {
    throw new RetryLaterError("Garmin tokens: a page came, not data", { delayedBy: "garmin_silent" });
  }
  const parsed = TokenAnswer().safeParse(body);
  if (!parsed.success) {
    const where = issuePaths(parsed.error);
    note(options, answer, where, body);
    throw new UnexpectedAnswerError("garmin", "Garmin tokens", answer.status, where);
  }
  const { access_token, refresh_token, expires_in, refresh_token_expires_in } = parsed.data;
  const refreshToken = refresh_token ?? oldRefreshToken;
  if (!refreshToken)
    throw new UnexpectedAnswerError("garmin", "Garmin tokens", answer.status, "refresh_token: missing");
  if (expires_in === undefined) note(options, answer, "expires_in: not usable", body);
  const endOf = (seconds: number) => new Date(options.now().getTime() + seconds * 1000);
  return {
    accessToken: access_token,
    accessExpiresAt: endOf(expires_in ?? UNKNOWN_LIFETIME_SECONDS),
    refreshToken,
    refreshExpiresAt: endOf(refresh_token_expires_in ?? REFRESH_TOKEN_SECONDS),
    // The token may name a different id from the one we sent, and only that one can renew it.
    clientId: clientIdIn(access_token) ?? clientId,
  };
}

function note({ onUnknown }: DiTokensOptions, { status, headers }: HttpAnswer, where: string, value: unknown) {
  onUnknown?.({
    ...{ vendor: "garmin", call: "Garmin POST /di-oauth2-service/oauth/token", httpStatus: status, where, value },
    headerNames: Object.keys(headers),
  });
}

/** Of a JWT, whose signature is not checked. */
function clientIdIn(accessToken: string): string | undefined {
  const claims = parseJson(Buffer.from(accessToken.split(".")[1] ?? "", "base64url").toString());
  return Claims().safeParse(claims).data?.client_id;
}
