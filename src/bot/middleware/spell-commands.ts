import { Composer } from "grammy/web";
import type { BotContext } from "../ui/context.ts";

/** Typed alone, these count as commands even without a slash. They are too short to be Garmin passwords. */
const BARE_WORDS: Record<string, string> = {
  ...{ start: "start", sync: "sync", status: "status", help: "help", cancel: "cancel" },
  ...{ hilfe: "help", abbrechen: "cancel" },
};
const IN_GERMAN: Record<string, string> = {
  hilfe: "help",
  abbrechen: "cancel",
  einstellungen: "settings",
  verbinden: "connect",
  trennen: "disconnect",
  ziel: "goal",
};

/** Phones capitalise and people add full stops, but a command must never be taken for a password. */
function commandIn(text: string, commands: string[], username: string): string | undefined {
  const typed = text.trim();
  const [whole, name = "", addressee = username] = /^\/(\w+)(?:@(\w+))?/.exec(typed) ?? [];
  if (whole !== undefined) {
    const isForUs = addressee.toLowerCase() === username.toLowerCase();
    const asked = name.toLowerCase();
    const command = Object.hasOwn(IN_GERMAN, asked) ? IN_GERMAN[asked] : asked;
    return isForUs && command && commands.includes(command) ? `/${command}${typed.slice(whole.length)}` : undefined;
  }
  const word = /^(\p{L}+)\s*[.!?]?$/u.exec(typed)?.[1]?.toLowerCase() ?? "";
  const command = Object.hasOwn(BARE_WORDS, word) ? BARE_WORDS[word] : undefined;
  return command && `/${command}`;
}

/** Must run before the command handlers and before secrets are hidden. */
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
