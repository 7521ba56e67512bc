import { GrammyError } from "grammy/web";

/** The recipient has blocked the bot or never started it, or the group does not let it write. We cannot fix that. */
export function isBlocked(error: unknown): boolean {
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
