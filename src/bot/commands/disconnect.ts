import { Composer, InlineKeyboard } from "grammy/web";
import { RetryLaterError } from "../../lib/errors.ts";
import type { Disconnected } from "../../sync/links/disconnect.ts";
import type { Account } from "../../sync/model/account.ts";
import { VENDORS } from "../../sync/model/link.ts";
import type { Overview } from "../../sync/status/overview.ts";
import type { BotContext } from "../ui/context.ts";
import { editOrReply } from "../ui/edit-message.ts";
import type { Questions } from "../ui/questions.ts";

const WHAT = ["withings", "garmin", "everything"] as const;

/** /disconnect: one link or everything, after one question. */
export function createDisconnect(deps: {
  overview: (account: Account) => Promise<Overview>;
  disconnect: (account: Account, what: Disconnected) => Promise<void>;
  questions: Questions;
}): Composer<BotContext> {
  const { overview, disconnect, questions } = deps;
  const composer = new Composer<BotContext>();
  const linkedNow = async ({ account }: BotContext) => {
    const { links } = await overview(account);
    return VENDORS.filter((vendor) => links[vendor]);
  };

  composer.command("disconnect", async (ctx) => {
    const linked = await linkedNow(ctx);
    const keyboard = new InlineKeyboard();
    for (const what of WHAT) {
      if (what !== "everything" && !linked.includes(what)) continue;
      keyboard.text(ctx.words.disconnectChoice[what], `disconnect:${what}`).row();
    }
    keyboard.text(ctx.words.button.keepAll, "disconnect:no");
    await questions.ask(ctx, "disconnect", ctx.words.disconnectAsk, keyboard);
  });
  composer.callbackQuery("disconnect:no", async (ctx) => {
    await editOrReply(ctx, ctx.words.cancelled);
    await questions.close(ctx.account, "disconnect", { redrawn: true });
  });
  for (const what of WHAT) {
    composer.callbackQuery(`disconnect:${what}`, async (ctx) => {
      const keyboard = new InlineKeyboard()
        .text(ctx.words.button.yesRemove, `disconnect:${what}:yes`)
        .text(ctx.words.button.keep, "disconnect:no");
      const say = ctx.words.disconnectSure;
      const text = what === "everything" ? say.everything(await linkedNow(ctx)) : say[what];
      const messageId = await editOrReply(ctx, text, keyboard);
      await questions.asked(ctx.account, "disconnect", messageId);
    });
    composer.callbackQuery(`disconnect:${what}:yes`, async (ctx) => {
      try {
        const say = ctx.words.disconnected;
        const text = what === "everything" ? say.everything(await linkedNow(ctx)) : say[what];
        await ctx.conversation.exitAll();
        // Before the account may be gone, because nothing can be saved for it then.
        await questions.close(ctx.account, "disconnect", { redrawn: true });
        await disconnect(ctx.account, what);
        await editOrReply(ctx, text);
      } catch (error) {
        if (!(error instanceof RetryLaterError)) throw error;
        await editOrReply(ctx, ctx.words.later);
      }
    });
  }
  return composer;
}
