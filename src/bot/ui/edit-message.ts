import type { MessageEntity } from "grammy/types";
import { GrammyError, InlineKeyboard } from "grammy/web";
import { RetryLaterError } from "../../lib/errors.ts";
import { isUnchanged } from "../telegram/errors.ts";
import type { BotContext } from "./context.ts";

/** Resolves to the id of the message, which is a new one if the old one can't be edited any more. */
export async function editOrReply(
  ctx: BotContext,
  text: string,
  keyboard = new InlineKeyboard(),
  entities?: MessageEntity[],
): Promise<number> {
  const options = { reply_markup: keyboard, ...(entities && { entities }) };
  const shown = ctx.callbackQuery?.message?.message_id ?? 0;
  try {
    await ctx.editMessageText(text, options);
    return shown;
  } catch (error) {
    if (isUnchanged(error)) return shown;
    if (!(error instanceof GrammyError) || error.error_code !== 400) throw error;
    const { message_id } = await ctx.reply(text, options);
    return message_id;
  }
}

/** Removes the button that was tapped, and leaves the others. */
export async function removeTapped(ctx: BotContext): Promise<void> {
  const { data, message } = ctx.callbackQuery ?? {};
  const rows = message?.reply_markup?.inline_keyboard ?? [];
  const left = rows.map((row) => row.filter((it) => !("callback_data" in it) || it.callback_data !== data));
  const inline_keyboard = left.filter((row) => row.length > 0);
  await ctx.editMessageReplyMarkup({ reply_markup: { inline_keyboard } }).catch(() => undefined);
}

/** Answers a tap with a text that shows for a moment. If the tap is too old to be answered, nothing is lost. */
export async function answerCallback(ctx: BotContext, text?: string): Promise<void> {
  ctx.isTapAnswered = true;
  await ctx.answerCallbackQuery(text === undefined ? {} : { text: text.slice(0, 200) }).catch(() => undefined);
}

/** Does what a tap asks for. Undefined if it has to be tried later, for instance while a run is at work: the tap says so. */
export async function orLater<T>(ctx: BotContext, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof RetryLaterError)) throw error;
    await answerCallback(ctx, ctx.words.later);
    return undefined;
  }
}
