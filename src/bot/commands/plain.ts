import { Composer } from "grammy/web";
import type { Look } from "../../sync/model/jobs.ts";
import type { ReadingKind } from "../../sync/model/reading.ts";
import type { BotContext, Chat } from "../ui/context.ts";
import { CALLBACK, MISSING_TAP } from "../ui/keyboards.ts";
import type { LongAnswers } from "../ui/long-answers.ts";
import type { PlainDeps } from "./plain-answers.ts";

/** /help, /privacy, questions in plain words, and whatever nobody else understands. Loaded on demand: most updates are none of these. */
export function createPlain(answers: LongAnswers, deps: PlainDeps) {
  const load = () => import("./plain-answers.ts");
  const commands = new Composer<BotContext>();
  const anythingElse = new Composer<BotContext>();

  commands.command("help", async (ctx) => (await load()).help(ctx));
  commands.command("privacy", async (ctx) => (await load()).privacy(deps, ctx));
  commands.callbackQuery(CALLBACK.help, async (ctx) => (await load()).help(ctx));
  commands.callbackQuery(CALLBACK.sent, async (ctx) => (await load()).tellWhatIsSent(ctx));
  commands.callbackQuery(MISSING_TAP, async (ctx) =>
    (await load()).startLook(answers, ctx, `${ctx.match[1] as ReadingKind}_missing`),
  );
  anythingElse.on("message", async (ctx) => (await load()).answer(answers, deps, ctx));

  return {
    commands,
    /** Must be last. */
    anythingElse,
    /** Does a look, and writes what it found into the message. */
    async write(
      chat: Pick<Chat, "account" | "words">,
      messageId: number,
      about: { what: Exclude<Look, "doctor">; isOwner: boolean },
    ): Promise<void> {
      await (await load()).write(answers, deps, { chat, messageId, ...about });
    },
  };
}
