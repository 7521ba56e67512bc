import type { PastedTicket, SignInPageOptions } from "../model/garmin-sign-in.ts";
import { MOBILE_SERVICE } from "./sso.ts";

const embedUrl = (ssoUrl: string) => `${ssoUrl.replace(/\/+$/, "")}/sso/embed`;

/**
 * With these parameters, Garmin's page ends with the unspent ticket in the address, under the heading "ERROR: clientId parameter
 * must be specified" (recorded in 2023, quoted again in 2026). A client id would change what the ticket is good for.
 */
export function signInPageUrl(ssoUrl: string, { asSomebodyElse = false }: SignInPageOptions = {}): string {
  const embed = embedUrl(ssoUrl);
  const url = new URL("/sso/signin", embed);
  url.search = new URLSearchParams({
    id: "gauth-widget",
    embedWidget: "true",
    gauthHost: embed,
    service: embed,
    source: embed,
    redirectAfterAccountLoginUrl: embed,
    redirectAfterAccountCreationUrl: embed,
    // "Shows the sign-in even if SSO remembers the user", says the page's own usage text.
    ...(asSomebodyElse && { reauth: "true" }),
  }).toString();
  return url.href;
}

/** Letters, digits and dashes, as far as recorded. A ticket after "%3D", in an address that was encoded twice, counts too. */
const TICKET = /(?:(?<!\w)|(?<=%3D))ST-\w[\w.~]*-[\w.~-]*\w/i;
const CHINESE = /(?:^|[/.@\s])garmin\.cn(?:$|[/?#:\s])/i;

/** The ticket in what the owner pasted, and the exact service it was issued for, which the exchange has to name again. */
export function ticketFromPasted(pasted: string, ssoUrl: string): PastedTicket {
  if (CHINESE.test(pasted)) return { type: "chinese_account" };
  const ticket = pasted.match(TICKET)?.[0];
  if (!ticket) return { type: "no_ticket" };
  // Garmin Connect used it before anybody could copy it.
  if (pasted.includes("//connect.garmin.com/")) return { type: "spent_ticket" };
  const mobile = pasted.match(/https:\/\/mobile\.integration\.garmin\.com\/gcm\/(?:ios|android)/)?.[0];
  if (mobile) return { type: "ticket", ticket, service: mobile };
  // The ending of a bare ticket tells which page it came from: "cas" the web page, "sso" the phone app.
  return { type: "ticket", ticket, service: ticket.endsWith("-sso") ? MOBILE_SERVICE : embedUrl(ssoUrl) };
}

/** An address of Garmin's, and nothing else: people copy the one that their browser shows too early. */
export function isGarminsAddress(text: string, ssoUrl: string): boolean {
  const trimmed = text.trim();
  if (!/^https?:/.test(trimmed) || !URL.canParse(trimmed)) return false;
  const { origin, hostname } = new URL(trimmed);
  return origin === new URL(ssoUrl).origin || /(^|\.)garmin\.(com|cn)$/.test(hostname);
}
