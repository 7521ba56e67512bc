import type { InlineKeyboard } from "grammy/web";
import { UnexpectedAnswerError, whoActs } from "../../lib/errors.ts";
import { BusyError } from "../../sync/links/with-lease.ts";
import { notNowText } from "../views/delay.ts";
import type { Words } from "../words/words.ts";
import { withFixes } from "./keyboards.ts";

/** What stopped an update, for the one who waits for it. Undefined where it is ours to fix. */
export function failureInWords(
  error: unknown,
  { words, isOwner, signInPageUrl }: { words: Words; isOwner: boolean; signInPageUrl: string },
): { text: string; keyboard?: InlineKeyboard | undefined } | undefined {
  const acting = whoActs(error);
  switch (acting.who) {
    case "owner": {
      const { action } = acting.error;
      return withFixes(words.action(action), [action], words, signInPageUrl);
    }
    case "time":
      // A run is at work, and done in a moment.
      return { text: acting.error instanceof BusyError ? words.later : notNowText(acting.error.delayedBy, words) };
    case "operator":
      return isOwner ? { text: words.doctor.setup(acting.error.message) } : undefined;
    case "us":
      return error instanceof UnexpectedAnswerError ? { text: words.delays.unexpectedNow(error.vendor) } : undefined;
  }
}
