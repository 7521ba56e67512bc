import { Composer } from "grammy/web";
import { errorFacts, type Log } from "../../lib/log.ts";
import type { GarminSignIn } from "../../sync/links/garmin-sign-in.ts";
import type { WithingsLinking } from "../../sync/links/withings-consent.ts";
import { GARMIN_DIALOG } from "../conversations/garmin-sign-in.ts";
import type { BotContext } from "../ui/context.ts";

const REDACTED = "•";

/** Must run right after `conversations()`, or a dialog would store what was typed. */
export function redactSecrets(deps: {
  garminSignIn: Pick<GarminSignIn, "isPasted">;
  withingsLinking: Pick<WithingsLinking, "isPasted">;
  commands: string[];
  log: Log;
}): Composer<BotContext> {
  const { garminSignIn, withingsLinking, commands, log } = deps;
  const composer = new Composer<BotContext>();

  composer.on(["message:text", "message:caption"], async (ctx, next) => {
    const text = ctx.message.text ?? ctx.message.caption ?? "";
    // A password may start with a slash, so only existing commands count as commands.
    const isCommand = ctx.hasCommand(commands);
    const isTyped = ctx.conversation.active(GARMIN_DIALOG) > 0 && !isCommand;
    if (!isTyped && !garminSignIn.isPasted(text) && !withingsLinking.isPasted(text)) return next();
    // A caption, a quote or a preview may repeat the secret.
    const { message_id, date, chat, from } = ctx.message;
    ctx.update.message = { message_id, date, chat, from, text: REDACTED };
    const isDeleted = await ctx.deleteMessage().catch((error: unknown) => {
      log.warn("secret_not_deleted", errorFacts(error));
      return false;
    });
    ctx.secret = { text, isDeleted };
    await next();
  });

  return composer;
}
