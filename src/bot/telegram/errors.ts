import { GrammyError } from "grammy/web";

/** The recipient blocked the bot or never started it, or the group does not let it write. */
export const isBlocked = (error: unknown) =>
  error instanceof GrammyError &&
  (error.error_code === 403 || /chat not found|not? (enough )?rights/.test(error.description));

/** Telegram refuses everything. That has another alarm. */
export const isTelegramAway = (error: unknown) =>
  error instanceof GrammyError && (error.error_code === 401 || error.error_code === 429 || error.error_code >= 500);

/** The person blocked the bot, deleted their account or never opened the chat. Any other 403 says nothing about them. */
export const isGone = (error: unknown) =>
  error instanceof GrammyError &&
  /bot was blocked|user is deactivated|chat not found|can't initiate conversation/.test(error.description);

/** An edit that would change nothing. */
export const isUnchanged = (error: unknown) =>
  error instanceof GrammyError && error.description.includes("message is not modified");
