import { GrammyError, InlineKeyboard, InputFile } from "grammy/web";
import type { BotContext } from "../ui/context.ts";
import { qrCode } from "../ui/qr-code.ts";
import { ABOUT } from "../words/about.ts";

/** A card to pass on: who invites, that data stay apart, and the link, also as a QR code and by a button that shares it. */
export async function sendInvitation(ctx: BotContext, token: string): Promise<void> {
  const say = ABOUT[ctx.words.language];
  const inviter = ctx.from?.first_name ?? say.somebody;
  const link = `https://t.me/${ctx.me.username}?start=${token}`;
  const shared = new URLSearchParams({ url: link, text: say.shared(inviter) });
  const keyboard = new InlineKeyboard().url(say.share, `https://t.me/share/url?${shared}`);
  const caption = say.invitation(inviter, `@${ctx.me.username}`, link);
  await ctx.reply(say.passOn);
  try {
    await ctx.replyWithPhoto(new InputFile(qrCode(link), "invitation.png"), { caption, reply_markup: keyboard });
  } catch (error) {
    if (!(error instanceof GrammyError)) throw error;
    // Without its picture. A preview would make Telegram open a link that works once.
    await ctx.reply(caption, { reply_markup: keyboard, link_preview_options: { is_disabled: true } });
  }
}
