import type { CallbackQueryContext } from "grammy/web";
import type { Act, GoneAct } from "../../sync/model/jobs.ts";
import type { Gone } from "../../sync/model/ledger.ts";
import { goneQuestions } from "../../sync/status/gone.ts";
import type { BotContext } from "../ui/context.ts";
import { answerCallback } from "../ui/edit-message.ts";
import { GONE_TAP, goneButtons } from "../ui/gone-buttons.ts";
import { goneText } from "../views/gone.ts";
import { goneWords } from "../words/gone.ts";
import type { Words } from "../words/words.ts";
import type { ReadingActs } from "./reading-acts.ts";
import type { ReadingActsDeps } from "./reading-answers.ts";

export async function answerTap(
  acts: ReadingActs,
  deps: Pick<ReadingActsDeps, "overview" | "entryOf">,
  ctx: CallbackQueryContext<BotContext>,
): Promise<void> {
  const [, verb, id, ms] = GONE_TAP.exec(ctx.callbackQuery.data ?? "") ?? [];
  const words = await acts.wordsAt(ctx.account);
  if (!verb) return answerCallback(ctx, words.oldButton);
  if (verb === "ask")
    return askAgain(deps, ctx, words, (it) => (id ? it.id === id : it.askedAt?.getTime() === Number(ms)));
  if (!id) {
    await answerCallback(ctx);
    return acts.beginTogether(ctx, verb as GoneAct, new Date(Number(ms)), words);
  }
  const entry = await deps.entryOf(ctx.account, id);
  await answerCallback(ctx, entry ? undefined : words.undo.unknown);
  if (entry) await acts.begin(ctx, verb as Act, entry, words);
}

async function askAgain(
  { overview }: Pick<ReadingActsDeps, "overview">,
  ctx: CallbackQueryContext<BotContext>,
  words: Words,
  isMeant: (it: Gone) => boolean,
) {
  const { progress } = await overview(ctx.account);
  const question = goneQuestions(progress?.gone).find(({ items }) => items.some(isMeant));
  await answerCallback(ctx, question ? undefined : goneWords(words).nothingLeft);
  if (!question) return;
  const { text, entities } = goneText(question.items, words);
  await ctx.reply(text, { reply_markup: goneButtons(question.items, words), ...(entities && { entities }) });
}
