import { Composer } from "grammy/web";
import { createTimezoneDialog, TIMEZONE_DIALOG } from "../conversations/timezone.ts";
import type { BotContext } from "../ui/context.ts";
import type { SettingsDeps } from "./settings-answers.ts";

/**
 * /settings, loaded on demand: few messages are about them. A button names the value that it sets, so tapping it twice, or on an old
 * keyboard, does what it says.
 */
export function createSettings(deps: SettingsDeps) {
  const { accounts, questions, clock } = deps;
  const load = () => import("./settings-answers.ts");
  const commands = new Composer<BotContext>();

  commands.command("settings", async (ctx) => (await load()).sendScreen(deps, ctx, ctx.account, "top"));
  commands.callbackQuery("set:zone:type", async (ctx) => {
    await ctx.conversation.exitAll();
    await ctx.conversation.enter(TIMEZONE_DIALOG);
  });
  commands.callbackQuery(/^zone:(.*)$/, async (ctx) => {
    await questions.close(ctx.account, "zone", { redrawn: true });
    await (await load()).takeTap(deps, ctx, ctx.match[1] ? `zone:${ctx.match[1]}` : "zone");
  });
  commands.callbackQuery(/^set(?::(.+))?$/, async (ctx) => {
    if (ctx.conversation.active(TIMEZONE_DIALOG) > 0) await questions.close(ctx.account, "zone");
    await (await load()).takeTap(deps, ctx, ctx.match[1] ?? "top");
  });

  const dialog = createTimezoneDialog({
    choose: async (ctx, timezone) => {
      const account = await accounts.save(ctx.account.telegramUserId, { timezone });
      const { sendScreen, sendWaiting } = await load();
      await sendScreen(deps, ctx, account, "zone");
      await sendWaiting(deps, account);
    },
    clock,
    questions,
  });
  return { dialog, commands };
}
