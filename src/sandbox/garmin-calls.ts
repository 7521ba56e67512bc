import type { Garmin } from "./garmin.ts";

export const CLIENT_ID = "GARMIN_CONNECT_MOBILE_ANDROID_DI_2025Q2";

export interface TokenAnswer {
  http: number;
  access_token?: string;
  refresh_token?: string;
  expires_in?: number;
}

export function exchangeTicket(
  garmin: Garmin,
  ticket: string,
  serviceUrl: string,
  ids: { clientId?: string; basicId?: string } = {},
): Promise<TokenAnswer> {
  const grant = "https://connectapi.garmin.com/di-oauth2-service/oauth/grant/service_ticket";
  const clientId = ids.clientId ?? CLIENT_ID;
  const fields = { grant_type: grant, service_ticket: ticket, service_url: serviceUrl, client_id: clientId };
  return requestToken(garmin, fields, ids.basicId ?? clientId);
}

export function refreshTokens(garmin: Garmin, refreshToken: string | undefined): Promise<TokenAnswer> {
  const fields = { grant_type: "refresh_token", refresh_token: refreshToken ?? "", client_id: CLIENT_ID };
  return requestToken(garmin, fields, CLIENT_ID);
}

async function requestToken(garmin: Garmin, fields: Record<string, string>, basicId: string): Promise<TokenAnswer> {
  const answer = await fetch(`${garmin.diauthUrl}/di-oauth2-service/oauth/token`, {
    method: "POST",
    headers: { authorization: `Basic ${btoa(`${basicId}:`)}` },
    body: new URLSearchParams(fields),
  });
  return { http: answer.status, ...((await answer.json()) as object) };
}
