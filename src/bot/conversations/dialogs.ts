import { type ConversationData, conversations, type VersionedStateStorage } from "@grammyjs/conversations";
import type { Context, MiddlewareFn } from "grammy/web";
import type { BotContext, DialogStore } from "../ui/context.ts";
import type { Questions } from "../ui/questions.ts";
import { GARMIN_DIALOG } from "./garmin-sign-in.ts";
import { TIMEZONE_DIALOG } from "./timezone.ts";

/** Of the stored log. While a dialog's log is `external, wait, external, …`, this number can stay. */
const DIALOG_VERSION = 1;

export function dialogStorage(dialogs: DialogStore): MiddlewareFn<BotContext> {
  // We use the plugin's storage, not its replay.
  return conversations<BotContext, Context>({
    storage: { type: "context", version: DIALOG_VERSION, adapter: adapterOf(dialogs) },
  });
}

/** With most updates no dialog is open, and the turn says so: then none is read. */
function adapterOf(dialogs: DialogStore): VersionedStateStorage<BotContext, ConversationData> {
  const chatOf = ({ chat }: BotContext) => String(chat?.id);
  const note = ({ turn }: BotContext, hasDialog: boolean) => {
    if (turn) turn.hasDialog = hasDialog;
  };
  return {
    async read(ctx) {
      if (ctx.turn?.hasDialog === false) return undefined;
      const state = await dialogs.read(chatOf(ctx));
      note(ctx, state !== undefined);
      return state as Awaited<ReturnType<VersionedStateStorage<BotContext, ConversationData>["read"]>>;
    },
    async write(ctx, state) {
      note(ctx, true);
      await dialogs.write(chatOf(ctx), state);
    },
    async delete(ctx) {
      await dialogs.delete(chatOf(ctx));
      note(ctx, false);
    },
  };
}

/** Any command ends an open dialog; `/cancel` does only that. */
export function endDialogOnCommand(questions: Questions): MiddlewareFn<BotContext> {
  return async (ctx, next) => {
    const open = Object.keys(ctx.conversation.active());
    await ctx.conversation.exitAll();
    const isCancel = /^\/cancel\b/.test(ctx.msg?.text ?? "");
    if (isCancel) await ctx.reply(open.length > 0 ? ctx.words.cancelled : ctx.words.nothingToCancel);
    else if (open.includes(GARMIN_DIALOG)) await ctx.reply(ctx.words.signInLeft);
    else if (open.includes(TIMEZONE_DIALOG)) await ctx.reply(ctx.words.zoneLeft);
    if (open.includes(GARMIN_DIALOG)) await questions.close(ctx.account, "garmin");
    if (open.includes(TIMEZONE_DIALOG)) await questions.close(ctx.account, "zone");
    if (!isCancel) await next();
  };
}
