import type { InlineKeyboard } from "grammy/web";
import { UnexpectedAnswerError, whoActs } from "../../lib/errors.ts";
import type { SignInPages } from "../../sync/links/garmin-sign-in.ts";
import { BusyError } from "../../sync/links/with-lease.ts";
import { notNowText } from "../views/delay.ts";
import type { Words } from "../words/words.ts";
import { withFixes } from "./keyboards.ts";

/** What stopped an update, for its sender. `reportId` finds in the log what only we can fix. */
export function failureMessage(
  error: unknown,
  deps: { words: Words; isOwner: boolean; garminSignIn: SignInPages; reportId: string },
): { text: string; keyboard?: InlineKeyboard } {
  const { words, isOwner, garminSignIn, reportId } = deps;
  const acting = whoActs(error);
  if (acting.who === "owner") {
    const { action } = acting.error;
    return withFixes(words.action(action), [action], words, garminSignIn);
  }
  if (acting.who === "time") {
    return { text: acting.error instanceof BusyError ? words.later : notNowText(acting.error.delayedBy, words) };
  }
  if (acting.who === "operator" && isOwner) return { text: words.setup(acting.error.message) };
  if (error instanceof UnexpectedAnswerError) return { text: words.delays.unexpectedNow(error.vendor) };
  return { text: words.brokeOnMySide(reportId) };
}
