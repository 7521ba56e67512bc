import * as z from "zod";
import { RetryLaterError, UnexpectedAnswerError } from "../../errors.ts";
import { issuePaths, parseJson } from "../../json.ts";
import type { HttpAnswer, Transport } from "../../transport.ts";
import { type Link, type RefreshOutcome, type TokenSet, UnclearRefusalError } from "../ports.ts";
import { tryLater } from "./client.ts";
import { APP_HEADERS } from "./headers.ts";

/** No newer one was known in November 2026. A ticket is spent by the first id that is tried, so there is only one. */
const CLIENT_ID = "GARMIN_CONNECT_MOBILE_ANDROID_DI_2025Q2";

/** No token lives longer. Above it, a date may not hold the end, and the link would look fresh for ever. */
const LONGEST_LIFE_SECONDS = 10 * 365 * 24 * 3600;
const lifeSeconds = z.number().positive().max(LONGEST_LIFE_SECONDS);

const TokenAnswer = z.object({
  access_token: z.string().min(1),
  refresh_token: z.string().min(1).optional(),
  expires_in: lifeSeconds,
  refresh_token_expires_in: lifeSeconds.optional(),
});
const Refusal = z.object({ error: z.string() });

/** Should Garmin leave it out of an answer one day: the life that was seen up to November 2026. */
const REFRESH_TOKEN_SECONDS = 2_591_999;

export interface DiTokens {
  exchangeTicket(ticket: string, service: string): Promise<{ type: "tokens"; tokens: TokenSet } | { type: "refused" }>;
  /** The old refresh token is dead with the answer: whoever calls must store the new one before anything else. */
  refresh(link: Link): Promise<RefreshOutcome>;
}

/** Garmin's token endpoint. Its refusals repeat the refresh token: no body of it may reach a message or the log. */
export function createDiTokens(options: { diauthUrl: string; send: Transport; now: () => Date }): DiTokens {
  const { diauthUrl, send, now } = options;

  const post = (clientId: string, grant: Record<string, string>) =>
    send({
      method: "POST",
      url: `${diauthUrl.replace(/\/+$/, "")}/di-oauth2-service/oauth/token`,
      headers: {
        ...APP_HEADERS,
        accept: "application/json",
        authorization: `Basic ${Buffer.from(`${clientId}:`).toString("base64")}`,
        "cache-control": "no-cache",
      },
      body: new URLSearchParams({ client_id: clientId, ...grant }),
    });

  function read(answer: HttpAnswer, clientId: string, oldRefreshToken?: string): TokenSet {
    const body = parseJson(answer.text);
    if (body === undefined) throw new RetryLaterError("Garmin tokens: a page came, not data");
    const parsed = TokenAnswer.safeParse(body);
    if (!parsed.success) throw new UnexpectedAnswerError("Garmin tokens", answer.status, issuePaths(parsed.error));
    const { access_token, refresh_token, expires_in, refresh_token_expires_in } = parsed.data;
    const refreshToken = refresh_token ?? oldRefreshToken;
    if (!refreshToken) throw new UnexpectedAnswerError("Garmin tokens", answer.status, "refresh_token: missing");
    return {
      accessToken: access_token,
      accessExpiresAt: new Date(now().getTime() + expires_in * 1000),
      refreshToken,
      refreshExpiresAt: new Date(now().getTime() + (refresh_token_expires_in ?? REFRESH_TOKEN_SECONDS) * 1000),
      clientId,
    };
  }

  return {
    async exchangeTicket(ticket, service) {
      const answer = await post(CLIENT_ID, {
        service_ticket: ticket,
        grant_type: "https://connectapi.garmin.com/di-oauth2-service/oauth/grant/service_ticket",
        service_url: service,
      });
      const verdict = verdictOf(answer, "Garmin ticket exchange");
      return verdict === "refused" ? { type: "refused" } : { type: "tokens", tokens: read(answer, CLIENT_ID) };
    },

    async refresh({ tokens }) {
      const clientId = tokens.clientId ?? CLIENT_ID;
      const answer = await post(clientId, { grant_type: "refresh_token", refresh_token: tokens.refreshToken });
      const verdict = verdictOf(answer, "Garmin token refresh");
      if (verdict === "refused") return { type: "refused" };
      return { type: "refreshed", tokens: read(answer, clientId, tokens.refreshToken) };
    },
  };
}

/** Only Garmin's own JSON refusal counts; a page or a limit says nothing about the link (invariant 4). */
function verdictOf(answer: HttpAnswer, call: string): "good" | "refused" {
  if (answer.status >= 200 && answer.status <= 299) return "good";
  const body = parseJson(answer.text);
  if (body !== undefined && [400, 401, 403].includes(answer.status)) {
    const { error } = Refusal.safeParse(body).data ?? {};
    if (error === "invalid_grant" || error === "invalid_token") return "refused";
    // Garmin no longer knows our client id: waiting would be silence, so it is an error of ours.
    if (error === "invalid_client") throw new UnexpectedAnswerError(call, answer.status, "invalid_client");
    throw new UnclearRefusalError(`${call} answered HTTP ${answer.status}`);
  }
  throw tryLater(call, answer);
}
