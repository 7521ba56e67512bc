import { GrammyError, InlineKeyboard } from "grammy/web";
import type { BotContext } from "./context.ts";

/**
 * Puts the message whose button was tapped into its new shape. Where it stands so already that is well; where it can not be
 * edited any more, for instance because it is too old, a new one takes its place. Resolves to the id of the message.
 */
export async function editOrReply(ctx: BotContext, text: string, keyboard = new InlineKeyboard()): Promise<number> {
  const shown = ctx.callbackQuery?.message?.message_id ?? 0;
  try {
    await ctx.editMessageText(text, { reply_markup: keyboard });
    return shown;
  } catch (error) {
    if (!(error instanceof GrammyError) || error.error_code !== 400) throw error;
    if (error.description.includes("message is not modified")) return shown;
    const { message_id } = await ctx.reply(text, { reply_markup: keyboard });
    return message_id;
  }
}

/** Answers a tap with a word that shows for a moment. What comes too late for it is not worth an error. */
export async function answerCallback(ctx: BotContext, text?: string): Promise<void> {
  ctx.isTapAnswered = true;
  await ctx.answerCallbackQuery(text === undefined ? {} : { text: text.slice(0, 200) }).catch(() => undefined);
}
