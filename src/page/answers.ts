import type { SignInPageWords } from "../bot/words/sign-in-page.ts";
import type { Words } from "../bot/words/words.ts";
import type { SignInPages, SignInResult } from "../sync/links/garmin-sign-in.ts";
import type { MobileClient } from "../sync/model/garmin-sign-in.ts";

/** What the page shows next. Without a step it stays as it is. `script.js` reads it. */
export interface PageAnswer {
  step?: "ways" | "code" | "profile" | "look" | "done" | "over";
  text: string;
  isProblem?: boolean;
  /** Another request of this person is at work, in the chat or here. */
  isBusy?: boolean;
  /** For all further requests. */
  session?: string;
  /** For whom the page was opened: an address from somebody else would sign in for them. */
  person?: string;
  email?: string;
  /** The form for the password disappears: it would be typed for nothing. */
  isPasswordPointless?: boolean;
  /** As which app the next password is tried. */
  client?: MobileClient;
  canSendNewCode?: boolean;
  profileId?: string;
  garminPage?: string;
}

interface Say {
  words: Words;
  page: SignInPageWords;
}

export function answerTo(result: SignInResult, { words, page }: Say, pages: SignInPages): PageAnswer {
  if (result.type === "mfa_required") {
    // An authenticator app can't send a new code.
    return { step: "code", text: page.codeSent(result), canSendNewCode: result.sentBy !== "other" };
  }
  const text = page.instead(result) ?? words.signIn(result);
  switch (result.type) {
    case "signed_in":
      return { step: "done", text: `${text} ${page.goesOn}` };
    case "code_sent":
      return { step: "code", text };
    case "wrong_code":
    case "code_too_soon":
      return { step: "code", text, isProblem: true };
    case "other_profile":
      return { step: "profile", text, profileId: result.profile.profileId };
    case "profile_unknown":
      return { step: "look", text };
    case "account_removed":
      return { step: "over", text, isProblem: true };
    case "taken":
      return { step: "ways", text, isProblem: true, garminPage: pages.pageUrl({ asSomebodyElse: true }) };
    case "access_refused":
    case "client_refused":
      return { step: "ways", text, isProblem: true, ...(result.next ? { client: result.next } : POINTLESS) };
    case "wrong_password":
    case "expired":
    case "code_tries_over":
    case "ticket_refused":
    case "no_ticket":
    case "spent_ticket":
    case "sign_in_forgotten":
    case "chinese_account":
      return { step: "ways", text, isProblem: true };
    default:
      return { step: "ways", text, isProblem: true, ...POINTLESS };
  }
}

const POINTLESS = { isPasswordPointless: true };
