import { Composer } from "grammy/web";
import type { Account } from "../../sync/model/account.ts";
import type { Act } from "../../sync/model/jobs.ts";
import type { LedgerEntry } from "../../sync/model/ledger.ts";
import { readingId } from "../../sync/model/reading.ts";
import type { BotContext } from "../ui/context.ts";
import { answerCallback, editOrReply } from "../ui/edit-message.ts";
import { CAME_TAP, READING_TAP, takeOutButtons } from "../ui/reading-buttons.ts";
import { takeOutQuestion } from "../views/undo.ts";
import { wordsOf } from "../words/words.ts";
import type { ReadingActs } from "./reading-acts.ts";
import type { ReadingActsDeps } from "./reading-answers.ts";

export interface UndoDeps extends Pick<ReadingActsDeps, "entryOf" | "overview" | "clock"> {
  lastSent: (account: Account) => Promise<LedgerEntry | undefined>;
}

/** /undo, and the buttons below a reading that was sent or taken out. */
export function createUndo(
  { wordsAt, begin, takeOutBeside }: ReadingActs,
  { lastSent, entryOf, overview, clock }: UndoDeps,
): Composer<BotContext> {
  const composer = new Composer<BotContext>();

  composer.command("undo", async (ctx) => {
    const entry = await lastSent(ctx.account);
    if (!entry) return void (await ctx.reply(ctx.words.undo.nothing));
    const words = await wordsAt(ctx.account);
    await ctx.reply(takeOutQuestion(entry, words), { reply_markup: takeOutButtons(readingId(entry), words) });
  });

  composer.callbackQuery(READING_TAP, async (ctx) => {
    const [, verb, id = ""] = ctx.match;
    const words = await wordsAt(ctx.account);
    const entry = await entryOf(ctx.account, id);
    if (!entry) return answerCallback(ctx, words.undo.unknown);
    if (verb === "ask") return (await import("./undo-list.ts")).askAboutOne(ctx, entry, words);
    await answerCallback(ctx);
    if (verb === "beside") return takeOutBeside(ctx, entry, words);
    if (verb !== "keep") return begin(ctx, verb as Act, entry, words);
    await editOrReply(ctx, words.undo.stays(entry));
  });

  composer.callbackQuery(CAME_TAP, async (ctx) => {
    const { progress, timezone } = await overview(ctx.account);
    const words = wordsOf(ctx.account, { timezone, now: clock.now() });
    await (await import("./undo-list.ts")).showCame(ctx, progress?.arrived ?? [], words);
  });

  return composer;
}
