import { Composer } from "grammy/web";
import type { BotContext } from "./context.ts";

/** Typed alone, these are commands without their slash too. Garmin takes none of them for a password: they are too short. */
const BARE_WORDS: Record<string, string> = {
  ...{ sync: "sync", status: "status", help: "help", cancel: "cancel" },
  ...{ hilfe: "help", abbrechen: "cancel" },
};

/**
 * The command that a text begins with, in the one spelling that handlers know, with what stands behind it. Phones capitalise,
 * people add a full stop, and groups teach to add the bot's name: in whatever spelling, it must never pass for a password.
 */
export function commandIn(text: string, commands: string[], username: string): string | undefined {
  const typed = text.trim();
  const [whole, name = "", addressee = username] = /^\/(\w+)(?:@(\w+))?/.exec(typed) ?? [];
  if (whole !== undefined) {
    const isForUs = addressee.toLowerCase() === username.toLowerCase();
    return isForUs && commands.includes(name.toLowerCase())
      ? `/${name.toLowerCase()}${typed.slice(whole.length)}`
      : undefined;
  }
  const word = /^(\p{L}+)\s*[.!?]?$/u.exec(typed)?.[1]?.toLowerCase() ?? "";
  const command = Object.hasOwn(BARE_WORDS, word) ? BARE_WORDS[word] : undefined;
  return command && `/${command}`;
}

/** Has to come before whatever looks for commands, and before what hides secrets. */
export function spellCommands(commands: string[]): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  composer.on(["message:text", "message:caption"], async (ctx, next) => {
    const text = commandIn(ctx.message.text ?? ctx.message.caption ?? "", commands, ctx.me.username);
    if (text !== undefined) {
      const length = /^\/\w+/.exec(text)?.[0].length ?? 0;
      const { caption: _, caption_entities: __, ...message } = ctx.message;
      const entities = [{ type: "bot_command" as const, offset: 0, length }];
      ctx.update.message = { ...message, text, entities } as typeof ctx.message;
    }
    await next();
  });
  return composer;
}
