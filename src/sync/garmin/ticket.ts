import type { PastedTicket } from "../sign-in-ports.ts";
import { MOBILE_SERVICE } from "./sso.ts";

const embedUrl = (ssoUrl: string) => `${ssoUrl.replace(/\/+$/, "")}/sso/embed`;

/** Garmin's own sign-in page. It ends on an almost empty page whose address carries the ticket, and does not spend it. */
export function signInPageUrl(ssoUrl: string): string {
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
  }).toString();
  return url.href;
}

/**
 * The ticket in what the owner pasted: the address, the bare ticket, or the text of the page; and the exact service it was
 * issued for, which the exchange has to name again.
 */
export function ticketFromPasted(pasted: string, ssoUrl: string): PastedTicket {
  const ticket = pasted.match(/ST-[A-Za-z0-9]+-[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*/)?.[0];
  if (!ticket) return { type: "no_ticket" };
  // Garmin Connect has used it up before anybody could copy it.
  if (pasted.includes("//connect.garmin.com/")) return { type: "spent_ticket" };
  const mobile = pasted.match(/https:\/\/mobile\.integration\.garmin\.com\/gcm\/(?:ios|android)/)?.[0];
  if (mobile) return { type: "ticket", ticket, service: mobile };
  // A bare ticket tells by its ending which door it came from: "cas" the web page, "sso" the phone app.
  return { type: "ticket", ticket, service: ticket.endsWith("-sso") ? MOBILE_SERVICE : embedUrl(ssoUrl) };
}

/** Whether it is an address of Garmin's, and nothing else: people copy the one that their browser shows too early. */
export function isGarminsAddress(text: string, ssoUrl: string): boolean {
  const trimmed = text.trim();
  if (!/^https?:/.test(trimmed) || !URL.canParse(trimmed)) return false;
  const { origin, hostname } = new URL(trimmed);
  return origin === new URL(ssoUrl).origin || /(^|\.)garmin\.com$/.test(hostname);
}
