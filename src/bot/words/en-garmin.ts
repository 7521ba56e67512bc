import type { SignInResult } from "../../sync/links/garmin-sign-in.ts";
import type { CodeSent } from "../../sync/links/garmin-sign-in-result.ts";
import type { GarminProfile } from "../../sync/model/garmin-sign-in.ts";
import type { Format } from "./format.ts";

export type SignInEnd = Exclude<SignInResult, { type: "mfa_required" }>;

/** The heading of the page a Garmin sign-in ends on (recorded in 2023, quoted again in 2026). */
export const GARMIN_PAGE_HEADING = "ERROR: clientId parameter must be specified";

const OTHER_WAY = {
  ios: "sign in here in the chat.",
  android: "sign in on Garmin’s own page, or let me try as Garmin’s Android app.",
  page: "sign in on Garmin’s own page.",
};
const profile = ({ displayName, profileId }: GarminProfile) => `${displayName} (profile ${profileId})`;

function signInText(result: SignInEnd, { time }: Format): string {
  switch (result.type) {
    case "signed_in":
      return `Signed in to Garmin as ${result.displayName}.`;
    case "profile_unknown":
      return "Garmin signed you in, but isn’t saying whose account it is right now. Nothing is lost: I’ll keep this sign-in for ten minutes. Press the button in a moment, or send /connect.";
    case "other_profile":
      return `You’re linked to ${profile(result.linked)} at Garmin. This sign-in is for ${profile(result.profile)}. Nothing has changed yet. Do you want me to send your readings to ${result.profile.displayName} from now on? You have 10 minutes to answer.`;
    case "sign_in_forgotten":
      return "That sign-in expired after ten minutes. Nothing has changed. Please sign in again.";
    case "taken":
      return `${result.displayName} at Garmin already belongs to somebody else here, and two people’s readings would get mixed up. If your browser still has them signed in, use this button: it asks for e-mail and password anyway.`;
    case "account_removed":
      return "You removed everything here before Garmin answered, so nothing was linked.";
    case "wrong_code":
      return "That code isn’t right. Check it and send it again, or ask for a new one.";
    case "code_sent":
      return `Garmin sent a new code${result.sentTo ? ` to ${result.sentTo}` : ""}. Only the new one counts.`;
    case "code_too_soon":
      return "Garmin sends a new code only every half minute. Try again in a moment.";
    case "expired":
      return "That took too long, so Garmin has closed the sign-in. Let’s start again.";
    case "code_tries_over":
      return "That was the third wrong code, so I’ve stopped: after a few more, Garmin accepts none for a day. Sign in again when you have the right one at hand.";
    case "too_many_codes":
      return "Garmin accepts no more codes for now. Wait a day, or sign in on Garmin’s own page.";
    case "resting":
      return `Garmin is limiting sign-ins to this account, and every further try makes that last longer. So I won’t try again until ${time(result.until)}. You can still sign in on Garmin’s own page.`;
    case "network_limited":
      return "Garmin is limiting sign-ins from the network I run in. Your account isn’t the cause. Sign in on Garmin’s own page, or try again here in an hour.";
    case "password_expired":
      return "Garmin wants you to set a new password first. Do that at garmin.com, then sign in on Garmin’s own page.";
    case "terms_changed":
      return "Garmin wants you to accept its terms first. Sign in at connect.garmin.com and accept them, then sign in on Garmin’s own page.";
    case "account_disabled":
      return "Garmin says this account is disabled. Only Garmin’s support can change that; its own page may tell you more.";
    case "client_refused":
      return `Garmin doesn’t let this account sign in the way I tried (error 427). Sign in on Garmin’s own page${result.next ? ", or let me try as Garmin’s Android app" : ""}.`;
    case "chinese_account":
      return "That address is from garmin.cn. Garmin keeps accounts from mainland China apart, and I don’t support them yet. An account at garmin.com works.";
    case "wrong_password":
      return "Garmin doesn’t know this e-mail and password. Check both: after a few wrong tries, Garmin accepts no sign-in for hours.";
    case "captcha":
      return "Garmin wants to check that you’re not a robot. That only works on its own page.";
    case "account_locked":
      return "Garmin has locked this account. Unlock it at garmin.com, then sign in on Garmin’s own page.";
    case "blocked":
      return "Garmin refuses sign-ins from the network I run in. Sign in on Garmin’s own page, in your browser.";
    case "ticket_refused":
      return "Garmin doesn’t accept that sign-in: each one works once, for about a minute. Open the page again and send me the address it ends on.";
    case "access_refused":
      return `Garmin signed you in, then didn’t accept the access it had just given. That happens with some accounts, and another way often works: ${OTHER_WAY[result.next ?? "page"]}`;
    case "no_ticket":
      return "There’s no sign-in in that address. Sign in on Garmin’s page, then copy the whole address it ends on (it contains “ticket=ST-”).";
    case "spent_ticket":
      return "That address is from Garmin Connect itself, which has already used the sign-in. Open the page with the button below, and send me the address it ends on.";
    case "unclear":
      return "Garmin answered in a way I don’t recognise. Sign in on its own page.";
  }
}

export function garminInEnglish(format: Format) {
  return {
    garminSignInChoice: (isInCloud: boolean, hasOwnPage: boolean) =>
      `${hasOwnPage ? "Three ways to sign in to Garmin:\n\nOn my sign-in page: a form outside this chat, with a picture of how Garmin’s own page ends." : "Two ways to sign in to Garmin:"}\n\nOn Garmin’s page: your password stays in your browser.\n\nHere in the chat: you send me your e-mail, password and code. I delete them here at once and never store the password.${isInCloud ? " This may not work: Garmin often refuses sign-ins from Amazon’s network, where I run." : ""}`,
    garminPageEnd: `Garmin’s last page is headed “${GARMIN_PAGE_HEADING}”. That’s expected: you’re signed in. Copy the whole address of that page and send it to me within a minute. (If it opens inside Telegram, choose “Open in browser” first.)`,
    askEmail: "Which e-mail address do you use at Garmin? I delete what you send me here as soon as I’ve read it.",
    askPassword: (email: string) => `And the password for ${email}? I’ll use it once and won’t keep it.`,
    notAnEmail: "That isn’t an e-mail address. Please send it again.",
    askCode: ({ sentBy, sentTo }: CodeSent) =>
      sentBy === "other"
        ? "Garmin wants a code, from your authenticator app or however you chose to get it. Send it to me."
        : `Garmin sent a code${sentTo ? ` to ${sentTo}` : ""}. Send it to me; it may take a minute to arrive.`,
    noCodeIn: "I found no code in that. Send me the digits that Garmin sent you.",
    passwordAgain: "Send me the password again, or choose another e-mail address.",
    codeAwaited: "I’m waiting for the code Garmin sent you. Send it to me.",
    signIn: (result: SignInEnd) => signInText(result, format),
    /** `isLinked`: there is a link already, so syncing continues without a sign-in. */
    signInRests: (until: Date, isLinked: boolean): string =>
      `Garmin is limiting sign-ins to this account, so I won’t try a password or code until ${format.moment(until)}. You can still sign in on Garmin’s own page.${isLinked ? " Syncing continues: your link works without a new sign-in." : ""}`,
    consentGiven: "Garmin’s settings show your consent. The next upload will show whether it worked.",
    consentStillMissing: "Garmin still refuses. After you allow it, the change may take a minute.",
  };
}
export type GarminWords = ReturnType<typeof garminInEnglish>;
