import type { CodeSent } from "../../sync/links/garmin-sign-in-result.ts";
import { GARMIN_PAGE_HEADING, type SignInEnd } from "./en-garmin.ts";

/** What only the page says; for every other end of a sign-in it has the chat's sentence. */
function instead(result: SignInEnd): string | undefined {
  switch (result.type) {
    case "wrong_code":
      return "That code isn’t right. Check it and enter it again, or ask for a new one.";
    case "profile_unknown":
      return "Garmin signed you in, but isn’t saying whose account it is right now. Nothing is lost: I’ll keep this sign-in for ten minutes. Look again in a moment.";
    case "taken":
      return `${result.displayName} at Garmin already belongs to somebody else here, and two people’s readings would get mixed up. If your browser still has them signed in, open Garmin’s page again below: it asks for e-mail and password anyway.`;
    case "client_refused":
      return `Garmin doesn’t let this account sign in the way I tried (error 427). ${result.next ? "Enter your password again and I’ll try as Garmin’s Android app, or sign in on Garmin’s own page." : "Sign in on Garmin’s own page."}`;
    case "access_refused":
      return `Garmin signed you in, then didn’t accept the access it had just given. That happens with some accounts, and another way often works: ${{ ios: "sign in with e-mail and password.", android: "enter your password again and I’ll sign in as Garmin’s Android app, or use Garmin’s own page.", page: "use Garmin’s own page." }[result.next ?? "page"]}`;
    case "ticket_refused":
      return "Garmin doesn’t accept that sign-in: each one works once, for about a minute. Open Garmin’s page again, and paste the address it ends on.";
    case "spent_ticket":
      return "That address is from Garmin Connect itself, which has already used the sign-in. Open Garmin’s page from here, and paste the address it ends on.";
    case "account_removed":
      return "You removed everything in the chat before Garmin answered, so nothing was linked.";
    default:
      return undefined;
  }
}

/** Apart from the words of the chat, because only the page loads them. */
export const SIGN_IN_PAGE_IN_ENGLISH = {
  instead,
  title: "Sign in to Garmin",
  forPerson: (name: string) => `For ${name} in Telegram`,
  opening: "One moment…",
  withPassword: "With e-mail and password",
  passwordOnce: "I use your password once, for this sign-in, and don’t keep it.",
  passwordInCloud: "Garmin often refuses this from Amazon’s network, where I run. Its own page works.",
  email: "E-mail at Garmin",
  password: "Password",
  notAnEmail: "That isn’t an e-mail address.",
  signIn: "Sign in",
  onGarminsPage: "On Garmin’s page",
  garminAlone: "Only Garmin sees your password.",
  garminOpen: "Open Garmin’s page, and sign in there.",
  garminLink: "Open Garmin’s page",
  garminEnd: `It ends on a page headed “${GARMIN_PAGE_HEADING}”. That’s expected: you’re signed in.`,
  pictureOf:
    "A browser on Garmin’s last page. Its address ends in “ticket=ST-” and some letters, and is marked to be copied as a whole. The page says ERROR.",
  pictureCopy: "Copy all of it",
  garminPaste: "Copy the whole address of that page, and paste it here within a minute.",
  address: "Address of Garmin’s last page",
  useAddress: "Use this address",
  code: "Code from Garmin",
  noCodeIn: "There’s no code in that. Enter the digits that Garmin sent you.",
  confirm: "Confirm",
  newCode: "Send a new code",
  startOver: "Start over",
  codeSent: ({ sentBy, sentTo }: CodeSent) =>
    sentBy === "other"
      ? "Garmin wants a code, from your authenticator app or however you chose to get it."
      : `Garmin sent a code${sentTo ? ` to ${sentTo}` : ""}. It may take a minute to arrive.`,
  lookAgain: "Look again",
  switchProfile: "Yes, switch",
  keepProfile: "No, keep the link",
  kept: "Nothing has changed.",
  linkedAs: (displayName: string) => `You’re signed in as ${displayName}. You can sign in again here.`,
  signedInSince: "You’ve signed in to Garmin since you opened this page.",
  goesOn: "I’ll carry on in the chat.",
  close: "Close",
  busy: "One moment: your last try is still running.",
  over: "This page works for a quarter of an hour. Open it again with the button in the chat.",
  notServed: "This page is only for people who use the bot. Send it /start first.",
  outside: "Open this page with its button in your chat with the bot.",
  noAnswer: "No answer. Check your connection and try again.",
  noScript: "This page needs JavaScript. You can also sign in in the chat.",
};
export type SignInPageWords = typeof SIGN_IN_PAGE_IN_ENGLISH;
