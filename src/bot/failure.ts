import { GrammyError, type InlineKeyboard } from "grammy/web";
import { ActionNeededError, RetryLaterError, UsageError } from "../errors.ts";
import { BusyError } from "../sync/lease-keeper.ts";
import { withFixes } from "./buttons.ts";
import type { Words } from "./words/words.ts";

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
  // Something in the configuration or the store: whoever runs the program can fix it, and the log tells the rest.
  if (error instanceof UsageError && isOwner) return { text: words.doctor.setup(error.message) };
  return undefined;
}

/** Whoever it was for has blocked the bot or never met it, or nobody lets it speak in that group. Nobody can fix that here. */
export function isUnwelcome(error: unknown): boolean {
  if (!(error instanceof GrammyError)) return false;
  return error.error_code === 403 || /chat not found|not? (enough )?rights/.test(error.description);
}

/** Telegram takes nothing from anybody: that has an alarm of its own, which names it. */
export function isTelegramAway(error: unknown): boolean {
  if (!(error instanceof GrammyError)) return false;
  return error.error_code === 401 || error.error_code === 429 || error.error_code >= 500;
}

/**
 * Whether the person cannot be reached: they blocked it, deleted their account, or never opened
 * the chat. Any other 403 says nothing about the person.
 */
export function isGone(error: unknown): boolean {
  if (!(error instanceof GrammyError)) return false;
  return /bot was blocked|user is deactivated|chat not found|can't initiate conversation/.test(error.description);
}
