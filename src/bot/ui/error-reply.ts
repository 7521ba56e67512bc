import type { InlineKeyboard } from "grammy/web";
import { ActionNeededError, RetryLaterError, UnexpectedAnswerError, UsageError } from "../../lib/errors.ts";
import { BusyError } from "../../sync/links/with-lease.ts";
import type { Words } from "../words/words.ts";
import { withFixes } from "./keyboards.ts";

/** What stopped an update, for the one who waits for it. Undefined where it is ours to fix. */
export function failureInWords(
  error: unknown,
  { words, isOwner, signInPageUrl }: { words: Words; isOwner: boolean; signInPageUrl: string },
): { text: string; keyboard?: InlineKeyboard | undefined } | undefined {
  if (error instanceof ActionNeededError) {
    return withFixes(words.action(error.action), [error.action], words, signInPageUrl);
  }
  // A run is at work, and done in a moment.
  if (error instanceof BusyError) return { text: words.later };
  if (error instanceof RetryLaterError) return { text: words.notNow(error.delayedBy) };
  if (error instanceof UnexpectedAnswerError) return { text: words.unexpectedNow(error.vendor) };
  // Something in the configuration or the store: whoever runs the program can fix it, and the log tells the rest.
  if (error instanceof UsageError && isOwner) return { text: words.doctor.setup(error.message) };
  return undefined;
}
