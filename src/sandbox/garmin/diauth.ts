import { randomUUID } from "node:crypto";
import { Reply } from "../reply.ts";
import { type Handler, type RecordedRequest, routed } from "../serve.ts";
import type { Accounts } from "./accounts.ts";
import { notFound } from "./front.ts";
import type { Tickets } from "./tickets.ts";
import { CLIENT_IDS, type GarminLink, type Tokens } from "./tokens.ts";

const SERVICE_TICKET_GRANT = "https://connectapi.garmin.com/di-oauth2-service/oauth/grant/service_ticket";

interface Diauth {
  accounts: Accounts;
  tickets: Tickets;
  tokens: Tokens;
}

/** The token endpoint: a ticket or a refresh token buys a pair of tokens. */
export function diauthHandler(diauth: Diauth): Handler {
  const token = ({ seen }: { seen: RecordedRequest }) => requestToken(diauth, seen);
  return routed([{ method: "POST", path: "/di-oauth2-service/oauth/token", handle: token }], notFound);
}

function requestToken({ accounts, tickets, tokens }: Diauth, seen: RecordedRequest): Reply {
  const isForm = seen.headers["content-type"]?.startsWith("application/x-www-form-urlencoded");
  const form = new URLSearchParams(isForm ? seen.body : "");
  const clientId = form.get("client_id") ?? "";
  const isOurs =
    CLIENT_IDS.some((known) => known === clientId) && seen.headers.authorization === `Basic ${btoa(`${clientId}:`)}`;

  switch (form.get("grant_type")) {
    case SERVICE_TICKET_GRANT: {
      const ticket = form.get("service_ticket") ?? "";
      // The ticket is spent first, so it's gone even if the client id is refused.
      const spent = tickets.spend(ticket);
      if (!isOurs) return invalidClient();
      if (!spent || spent.service !== form.get("service_url")) {
        return invalidGrant(`Invalid service ticket: ${ticket}`);
      }
      const account = accounts.get(spent.email);
      return tokenAnswer(tokens.issue(account, clientId), account.guid);
    }
    case "refresh_token": {
      if (!isOurs) return invalidClient();
      const refreshToken = form.get("refresh_token") ?? "";
      const link = tokens.refresh(refreshToken, clientId);
      const account = link && tokens.accountOf(link.accessToken);
      // The vendor repeats the token in clear, so a log with this body would contain the token.
      return account ? tokenAnswer(link, account.guid) : invalidGrant(`Invalid refresh token: ${refreshToken}`);
    }
    default:
      return Reply.json({ error: "unsupported_grant_type" }, { status: 400 });
  }
}

function tokenAnswer(link: GarminLink, customerId: string): Reply {
  return Reply.json({
    access_token: link.accessToken,
    token_type: "Bearer",
    refresh_token: link.refreshToken,
    expires_in: link.expiresInSeconds,
    refresh_token_expires_in: link.refreshTokenExpiresInSeconds,
    scope: "CONNECT_READ CONNECT_WRITE GHS_UPLOAD",
    jti: randomUUID(),
    customerId,
  });
}

const invalidGrant = (description: string) =>
  Reply.json({ error: "invalid_grant", error_description: description }, { status: 400 });

const invalidClient = () =>
  Reply.json({ error: "invalid_client", error_description: "Bad client credentials" }, { status: 401 });
