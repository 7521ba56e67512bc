import { UsageError } from "../../errors.ts";
import { MOBILE_SERVICE } from "./sso.ts";

export interface ServiceTicket {
  ticket: string;
  /** The exact service it was issued for; the exchange has to name the same. */
  service: string;
}

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
 * The ticket in what the owner pasted: the address, the bare ticket, or the text of the page.
 * @throws UsageError in words when there is none, or one that cannot work any more.
 */
export function ticketFromPasted(pasted: string, ssoUrl: string): ServiceTicket {
  const ticket = pasted.match(/ST-[A-Za-z0-9]+-[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*/)?.[0];
  if (!ticket) {
    throw new UsageError(
      "There is no ticket in that. Sign in on Garmin's page, then paste the whole address the browser shows (it contains “ticket=ST-”).",
    );
  }
  if (pasted.includes("//connect.garmin.com/")) {
    throw new UsageError(
      "That address is from Garmin Connect itself, which has already used the ticket. Open the address printed above and paste where that one ends.",
    );
  }
  const mobile = pasted.match(/https:\/\/mobile\.integration\.garmin\.com\/gcm\/(?:ios|android)/)?.[0];
  if (mobile) return { ticket, service: mobile };
  // A bare ticket tells by its ending which door it came from: "cas" the web page, "sso" the phone app.
  return { ticket, service: ticket.endsWith("-sso") ? MOBILE_SERVICE : embedUrl(ssoUrl) };
}
