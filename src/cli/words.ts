import { GARMIN_PAGE_HEADING } from "../bot/words/en-garmin.ts";
import { type Words, wordsFor } from "../bot/words/words.ts";
import { type Action, whoActs } from "../lib/errors.ts";
import type { SignInResult } from "../sync/links/garmin-sign-in.ts";
import type { Vendor } from "../sync/model/link.ts";

export function terminalWords(timezone: string, now: Date): Words {
  return wordsFor({ language: "en", units: "kg", timezone, now });
}

const WORDS = terminalWords("UTC", new Date(0));

function login(vendor: Vendor, account: number | undefined): string {
  const option = vendor === "garmin" ? " --ticket" : "";
  return `npx weighbridge login ${vendor}${account === undefined ? "" : ` --account ${account}`}${option}`;
}

export function needed(action: Action, account?: number): string {
  switch (action) {
    case "add_account":
      return "There is no account yet. Press Start in the chat with your bot. Or add one here, with your own Telegram user id for 123456789: npx weighbridge account add --telegram-id 123456789";
    case "link_withings":
    case "relink_withings":
      return `${WORDS.action(action)} In a terminal: ${login("withings", account)}`;
    case "link_garmin":
    case "relink_garmin":
    case "use_garmin_page":
      return `${WORDS.action(action)} In a terminal: ${login("garmin", account)}`;
    case "fix_withings_application":
      return "Withings doesn’t accept WITHINGS_CLIENT_ID with WITHINGS_CLIENT_SECRET. Nothing is lost. Copy both again from your application on developer.withings.com.";
    case "fix_withings_callback":
      return "Withings doesn’t accept the callback address. Enter it in your application on developer.withings.com, exactly as in WITHINGS_REDIRECT_URL, or, if PUBLIC_URL is set, as that address followed by /withings/callback.";
    case "fix_garmin_client_id":
      return `Garmin no longer accepts the client id this program signs in with. Nothing is lost. Put a current one into GARMIN_CLIENT_ID; then sign in to Garmin again: ${login("garmin", account)}`;
    case "grant_garmin_upload":
    case "unlock_garmin_account":
    case "fix_clock":
      return WORDS.action(action);
  }
}

export function garminPage(signInPageUrl: string): string {
  return `Open this address in a new tab of your browser and sign in:\n\n${signInPageUrl}\n\nThe last page is headed “${GARMIN_PAGE_HEADING}”. That’s expected: you’re signed in, and I need that page’s address.\n`;
}

export function signInWords(result: SignInResult, words: Words, account: number): string {
  const page = login("garmin", account);
  const password = `npx weighbridge login garmin --account ${account}`;
  switch (result.type) {
    case "mfa_required":
      if (result.sentBy === "other")
        return "Garmin wants a code, from your authenticator app or however you chose to get it.";
      return `Garmin sent a code${result.sentTo ? ` to ${result.sentTo}` : ""}.`;
    case "wrong_code":
      return "That code isn’t right.";
    case "code_tries_over":
      return "That was the third wrong code. After a few more, Garmin blocks codes for a day. Please start again.";
    case "expired":
      return "That sign-in took too long. Please start again.";
    case "wrong_password":
      return "Garmin doesn’t know this e-mail and password.";
    case "signed_in": {
      const consent = result.uploadConsent === false ? ` ${words.action("grant_garmin_upload")}` : "";
      return `${words.signIn(result)}${consent}`;
    }
    case "profile_unknown":
      return `Garmin signed you in, but isn’t saying right now whose account it is. Nothing is lost: this sign-in is kept for ten minutes. In a moment, run this; it asks for nothing: ${password}`;
    case "taken":
      return `${result.displayName} at Garmin already belongs to another account here. Sign in as yourself. If your browser still has them signed in: ${page} --as-somebody-else`;
    case "spent_ticket":
      return `That address is from Garmin Connect itself, which has already used the sign-in. Run this, open the address it prints, and paste where that one ends: ${page}`;
    case "client_refused":
    case "access_refused": {
      const also = {
        ios: ` Or with a password: ${password}`,
        android: ` Or as its Android app: ${password} --android`,
      };
      return `${words.signIn(result)} In a terminal: ${page}${result.next ? `.${also[result.next]}` : ""}`;
    }
    case "resting":
    case "network_limited":
    case "too_many_codes":
    case "captcha":
    case "account_locked":
    case "blocked":
    case "password_expired":
    case "terms_changed":
    case "account_disabled":
    case "unclear":
      return `${words.signIn(result)} In a terminal: ${page}`;
    default:
      return words.signIn(result);
  }
}

/** An error that isn't meant for people becomes one sentence without details. */
export function explainSentence(error: unknown, account?: number): string {
  const acting = whoActs(error);
  switch (acting.who) {
    case "operator":
      return acting.error.message;
    case "owner":
      return needed(acting.error.action, account);
    case "time":
      return `That didn’t work just now: ${acting.error.message}. Try again later.`;
    case "us":
      return "Something broke on my side. Nothing is lost. The log says what to report.";
  }
}
