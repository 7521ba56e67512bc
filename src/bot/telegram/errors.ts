import { GrammyError } from "grammy/web";

/** The recipient blocked the bot or never started it, or the group does not let it write. */
export function isBlocked(error: unknown): boolean {
  if (!(error instanceof GrammyError)) return false;
  return error.error_code === 403 || /chat not found|not? (enough )?rights/.test(error.description);
}

/** Telegram refuses everything. That has another alarm. */
export function isTelegramAway(error: unknown): boolean {
  if (!(error instanceof GrammyError)) return false;
  return error.error_code === 401 || error.error_code === 429 || error.error_code >= 500;
}

/** The person blocked the bot, deleted their account or never opened the chat. Any other 403 says nothing about them. */
export function isGone(error: unknown): boolean {
  if (!(error instanceof GrammyError)) return false;
  return /bot was blocked|user is deactivated|chat not found|can't initiate conversation/.test(error.description);
}
