import { Composer } from "grammy/web";
import type { BotContext } from "../ui/context.ts";
import { CALLBACK } from "../ui/keyboards.ts";
import type { HeightDeps } from "./height-answers.ts";

/** The answer to the question how tall the owner is, loaded on demand. A text that isn't one is left to the others. */
export function createHeight(deps: HeightDeps): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  const answers = () => import("./height-answers.ts");
  composer.on("message:text", async (ctx, next) => {
    const mayBeAnswer = ctx.account.questions?.height?.isOpen && /\d/.test(ctx.message.text);
    if (!mayBeAnswer || !(await (await answers()).takeHeight(deps, ctx, ctx.message.text))) await next();
  });
  composer.callbackQuery(CALLBACK.noHeight, async (ctx) => (await answers()).leaveHeight(deps, ctx, "left"));
  composer.callbackQuery("height:cancel", async (ctx) => (await answers()).leaveHeight(deps, ctx, "asBefore"));
  composer.callbackQuery("set:height:type", async (ctx) => {
    await ctx.conversation.exitAll();
    await (await answers()).askHeight(deps, ctx);
  });
  return composer;
}
