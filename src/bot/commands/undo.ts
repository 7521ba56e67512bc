import { type CallbackQueryContext, Composer, type InlineKeyboard } from "grammy/web";
import type { Clock } from "../../lib/clock.ts";
import { RetryLaterError } from "../../lib/errors.ts";
import type { RunOptions, RunReport } from "../../sync/engine/run.ts";
import type { TakenBack } from "../../sync/engine/take-back.ts";
import type { Account } from "../../sync/model/account.ts";
import type { Act, JobQueue, ReadingJob } from "../../sync/model/jobs.ts";
import type { LedgerEntry } from "../../sync/model/ledger.ts";
import { readingId } from "../../sync/model/reading.ts";
import type { Overview } from "../../sync/status/overview.ts";
import type { Conclusion } from "../notifications/notifier.ts";
import type { BotContext } from "../ui/context.ts";
import { answerCallback, editOrReply } from "../ui/edit-message.ts";
import type { LongAnswers } from "../ui/long-answers.ts";
import { READING_TAP, restoreButton, retryButton, takeOutButtons, undoButton } from "../ui/reading-buttons.ts";
import { takenBackText, takeOutQuestion } from "../views/undo.ts";
import { type Words, wordsOf } from "../words/words.ts";

/** While another run is at work, the job comes again this often, over half an hour in all. Then the tap has failed. */
const MOST_ATTEMPTS = 6;

export interface UndoDeps {
  overview: (account: Account) => Promise<Overview>;
  lastSent: (account: Account) => Promise<LedgerEntry | undefined>;
  entryOf: (account: Account, readingId: string) => Promise<LedgerEntry | undefined>;
  takeOut: (account: Account, readingId: string) => Promise<TakenBack>;
  restore: (account: Account, readingId: string) => Promise<TakenBack>;
  sync: (account: Account, options: RunOptions) => Promise<RunReport>;
  conclude: (account: Account, report: RunReport) => Promise<Conclusion>;
  runSoon: (account: number) => Promise<void>;
  queue: JobQueue;
  clock: Clock;
}

/** /undo, and the buttons below a reading that was sent or taken out. Garmin is asked by a job, not by the update. */
export function createUndo(answers: LongAnswers, deps: UndoDeps) {
  const { overview, lastSent, queue, clock } = deps;
  const commands = new Composer<BotContext>();
  const wordsAt = async (account: Account) => {
    const { timezone } = await overview(account);
    return wordsOf(account, { timezone, now: clock.now() });
  };

  commands.command("undo", async (ctx) => {
    const entry = await lastSent(ctx.account);
    if (!entry) return void (await ctx.reply(ctx.words.undo.nothing));
    const words = await wordsAt(ctx.account);
    await ctx.reply(takeOutQuestion(entry, words), { reply_markup: takeOutButtons(readingId(entry), words) });
  });

  commands.callbackQuery(READING_TAP, async (ctx) => {
    const [, verb, id = ""] = ctx.match;
    const words = await wordsAt(ctx.account);
    const entry = await deps.entryOf(ctx.account, id);
    if (!entry) return void (await answerCallback(ctx, words.undo.unknown));
    await answerCallback(ctx);
    if (verb === "keep") return void (await editOrReply(ctx, words.undo.stays(entry)));
    await begin(ctx, { act: verb as Act, entry, words });
  });

  /** The words first: a job that is done sooner must not be overwritten by them. */
  async function begin(ctx: CallbackQueryContext<BotContext>, tap: { act: Act; entry: LedgerEntry; words: Words }) {
    const { act, entry, words } = tap;
    const reading = readingId(entry);
    const messageId = await editOrReply(ctx, firstWords(act, entry, words));
    const account = ctx.account.telegramUserId;
    await queue
      .put([{ account, reason: "reading", act, reading, messageId, dueAt: clock.now() }])
      .catch(async (error) => {
        // The message promises an answer that won't come.
        await editOrReply(ctx, words.undo.failed(entry), retryButton(act, reading, words));
        throw error;
      });
  }

  return {
    commands,

    /** Throws `RetryLaterError` if it has to be tried again later: nothing has happened then, or it's safe to repeat. */
    async write(account: Account, { act, reading, messageId, attempts }: ReadingJob): Promise<void> {
      const words = await wordsAt(account);
      const entry = await deps.entryOf(account, reading);
      const first = entry ? firstWords(act, entry, words) : "";
      let later: RetryLaterError | undefined;
      await answers.write(
        { account: account.telegramUserId, messageId, first },
        { words: () => words, failure: "reading_act_failed" },
        async (message) => {
          try {
            const { text, keyboard } = await answerTo(act, account, reading, words);
            await message.finish(text, keyboard);
          } catch (error) {
            if (!(error instanceof RetryLaterError)) throw error;
            if (attempts < MOST_ATTEMPTS) later = error;
            else await message.finish(entry ? words.undo.failed(entry) : words.later, retryButton(act, reading, words));
          }
        },
      );
      if (later) throw later;
    },
  };

  async function answerTo(act: Act, account: Account, id: string, words: Words): Promise<Answer> {
    const outcome = await (act === "restore" ? deps.restore : deps.takeOut)(account, id);
    if (outcome.type === "restoring") return afterSync(account, id, words);
    const text = takenBackText(outcome, words);
    return {
      text,
      keyboard: outcome.type === "removed" || outcome.type === "pending" ? restoreButton(id, words) : undefined,
    };
  }

  /** Brings it to Garmin, and says what became of it. */
  async function afterSync(account: Account, id: string, words: Words): Promise<Answer> {
    const report = await deps.sync(account, {});
    if (report.busy) throw new RetryLaterError("another run is at work");
    const { answered } = await deps.conclude(account, report);
    await answered(false);
    const entry = await deps.entryOf(account, id);
    if (!entry) return { text: words.undo.unknown };
    if (entry.fate.state === "seen") return { text: words.undo.inGarmin(entry), keyboard: undoButton(id, words) };
    if (entry.fate.state === "skipped") return { text: words.undo.inGarmin(entry) };
    await deps.runSoon(account.telegramUserId);
    return { text: words.undo.willBeSent(entry), keyboard: undoButton(id, words) };
  }
}

interface Answer {
  text: string;
  keyboard?: InlineKeyboard | undefined;
}

const firstWords = (act: Act, entry: LedgerEntry, { undo: say }: Words) =>
  act === "take_out" ? say.taking(entry) : say.sending(entry);
