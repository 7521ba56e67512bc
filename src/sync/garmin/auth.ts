import type { VendorTransport } from "../../lib/http-client.ts";
import type { GarminAuthApi } from "../model/garmin-sign-in.ts";
import type { WithAccess } from "../model/link.ts";
import type { NoteUnknown } from "../model/vendor-answers.ts";
import type { GarminCall } from "./client.ts";
import { socialProfile, uploadConsent } from "./profile.ts";
import { createGarminSso } from "./sso.ts";
import { isGarminsAddress, signInPageUrl, ticketFromPasted } from "./ticket.ts";
import { createDiTokens } from "./tokens.ts";

/** Everything about signing in at Garmin: its page, its apps' sign-in, the tokens, and whose account they are for. */
export function createGarminAuth(deps: {
  ssoUrl: string;
  diauthUrl: string;
  clientId: string;
  openGarmin: (withAccess: WithAccess) => GarminCall;
  send: VendorTransport;
  now: () => Date;
  onUnknown: NoteUnknown;
}): GarminAuthApi {
  const { ssoUrl, openGarmin } = deps;
  return {
    ...createGarminSso(deps),
    ...createDiTokens(deps),
    pageUrl: (options) => signInPageUrl(ssoUrl, options),
    isGarminsAddress: (text) => isGarminsAddress(text, ssoUrl),
    ticketFromPasted: (pasted) => ticketFromPasted(pasted, ssoUrl),
    socialProfile: (withAccess) => socialProfile(openGarmin(withAccess)),
    uploadConsent: (withAccess) => uploadConsent(openGarmin(withAccess)),
  };
}
