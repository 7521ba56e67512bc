import { InlineKeyboard } from "grammy/web";
import type { SignInPages, SignInResult } from "../../sync/links/garmin-sign-in.ts";
import { CALLBACK, type Message, withGarminPage, withSignInChoice } from "../ui/keyboards.ts";
import type { Words } from "../words/words.ts";

export type SignInEnd = Exclude<SignInResult, { type: "mfa_required" } | { type: "signed_in" }>;

export const SWITCH_PROFILE = /^garmin:switch:(.+)$/;

export function answerTo(result: SignInEnd, words: Words, garmin: SignInPages): Message {
  const text = words.signIn(result);
  switch (result.type) {
    case "account_removed":
    case "chinese_account":
      return { text, keyboard: new InlineKeyboard() };
    case "profile_unknown":
      return { text, keyboard: new InlineKeyboard().text(words.button.lookAgain, CALLBACK.garminLook) };
    case "other_profile":
      return {
        text,
        keyboard: new InlineKeyboard()
          .text(words.button.switchLink, `garmin:switch:${result.profile.profileId}`)
          .text(words.button.keepLink, CALLBACK.keepGarmin),
      };
    case "taken":
      return withSignInChoice(text, words, garmin, { asSomebodyElse: true });
    case "ticket_refused":
    case "no_ticket":
    case "spent_ticket":
    case "sign_in_forgotten":
    case "code_tries_over":
      return withSignInChoice(text, words, garmin);
    case "access_refused":
    case "client_refused": {
      if (result.next === "ios") return withSignInChoice(text, words, garmin);
      const message = withGarminPage(text, words, garmin);
      if (result.next) message.keyboard.row().text(words.button.asAndroid, CALLBACK.garminHereAndroid);
      return message;
    }
    default:
      return withGarminPage(text, words, garmin);
  }
}
