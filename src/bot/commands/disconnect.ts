import { Composer, InlineKeyboard } from "grammy/web";
import { RetryLaterError } from "../../lib/errors.ts";
import type { Disconnected } from "../../sync/links/disconnect.ts";
import type { Account } from "../../sync/model/account.ts";
import type { Overview } from "../../sync/status/overview.ts";
import type { BotContext } from "../ui/context.ts";
import { editOrReply } from "../ui/edit-message.ts";
import type { Questions } from "../ui/questions.ts";

/** /disconnect: one link or everything, after one question. */
export function createDisconnect(deps: {
  overview: (account: Account) => Promise<Overview>;
  disconnect: (account: Account, what: Disconnected) => Promise<void>;
  questions: Questions;
}): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  const WHAT = ["withings", "garmin", "everything"] as const;

  composer.command("disconnect", async (ctx) => {
    const { links } = await deps.overview(ctx.account);
    const keyboard = new InlineKeyboard();
    for (const what of WHAT) {
      if (what !== "everything" && !links[what]) continue;
      keyboard.text(ctx.words.disconnectChoice[what], `disconnect:${what}`).row();
    }
    keyboard.text(ctx.words.button.keep, "disconnect:no");
    await deps.questions.ask(ctx, "disconnect", ctx.words.disconnectAsk, keyboard);
  });

  composer.callbackQuery("disconnect:no", async (ctx) => {
    await editOrReply(ctx, ctx.words.cancelled);
    await deps.questions.close(ctx.account, "disconnect", { redrawn: true });
  });
  for (const what of WHAT) {
    composer.callbackQuery(`disconnect:${what}`, async (ctx) => {
      const keyboard = new InlineKeyboard()
        .text(ctx.words.button.yesRemove, `disconnect:${what}:yes`)
        .text(ctx.words.button.keep, "disconnect:no");
      const messageId = await editOrReply(ctx, ctx.words.disconnectSure[what], keyboard);
      await deps.questions.asked(ctx.account, "disconnect", messageId);
    });
    composer.callbackQuery(`disconnect:${what}:yes`, async (ctx) => {
      try {
        await ctx.conversation.exitAll();
        // First: of an account that is gone nothing may be noted.
        await deps.questions.close(ctx.account, "disconnect", { redrawn: true });
        await deps.disconnect(ctx.account, what);
        await editOrReply(ctx, ctx.words.disconnected[what]);
      } catch (error) {
        if (!(error instanceof RetryLaterError)) throw error;
        // A run is at work on the account; it must not write into what is being taken away.
        await editOrReply(ctx, ctx.words.later);
      }
    });
  }
  return composer;
}
