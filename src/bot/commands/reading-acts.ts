import { RetryLaterError } from "../../lib/errors.ts";
import type { Account } from "../../sync/model/account.ts";
import type { Act, ActTogether, GoneAct, HandOnAct, ReadingJob } from "../../sync/model/jobs.ts";
import type { LedgerEntry } from "../../sync/model/ledger.ts";
import { readingId } from "../../sync/model/reading.ts";
import type { BotContext } from "../ui/context.ts";
import { editOrReply, removeTapped } from "../ui/edit-message.ts";
import type { LongAnswers } from "../ui/long-answers.ts";
import { undoAllButton } from "../ui/question-buttons.ts";
import { retryButton } from "../ui/reading-buttons.ts";
import { type Words, wordsOf } from "../words/words.ts";
import type { Answer } from "./asked-again.ts";
import type { HandOnDeps } from "./hand-on-answers.ts";

/** While another run is at work, the job comes again this often, over half an hour in all. Then the tap has failed. */
const MOST_ATTEMPTS = 6;

export type ReadingActs = ReturnType<typeof createReadingActs>;

/** What a tap does with one reading. A job does it, so Garmin is asked outside of the update, and a run at work is waited for. */
export function createReadingActs(answers: LongAnswers, deps: HandOnDeps) {
  const { overview, queue, clock } = deps;

  const wordsAt = async (account: Account): Promise<Words> =>
    wordsOf(account, { timezone: (await overview(account)).timezone, now: clock.now() });

  /** The words first: a job that is done sooner must not be overwritten by them. */
  async function queued(ctx: BotContext, first: string | undefined, what: NewAct, failed: () => Answer): Promise<void> {
    const messageId = first ? await editOrReply(ctx, first) : (ctx.callbackQuery?.message?.message_id ?? 0);
    await putIn(ctx, messageId, what, failed);
  }

  async function putIn(ctx: BotContext, messageId: number, what: NewAct, failed: () => Answer): Promise<void> {
    const job = { ...what, account: ctx.account.telegramUserId, messageId, dueAt: clock.now() };
    await queue.put([job]).catch(async (error: unknown) => {
      // The message promises an answer that won't come.
      const { text, keyboard } = failed();
      const options = keyboard && { reply_markup: keyboard };
      await ctx.api.editMessageText(ctx.account.telegramUserId, messageId, text, options);
      throw error;
    });
  }

  return {
    wordsAt,
    queued,

    begin(ctx: BotContext, act: Act, entry: LedgerEntry, words: Words): Promise<void> {
      const reading = readingId(entry);
      const failed = () => ({ text: words.undo.failed(entry), keyboard: retryButton(act, reading, words) });
      return queued(ctx, firstWords(act, entry, words), { reason: "reading", act, reading }, failed);
    },

    /** The same with all that were asked about together. */
    async beginTogether(ctx: BotContext, act: GoneAct, askedAt: Date, words: Words): Promise<void> {
      const { failedTogether, firstWordsTogether } = await import("./gone-together.ts");
      const failed = () => failedTogether({ act, askedAt, words });
      return queued(ctx, firstWordsTogether(act, words), { reason: "readings", act, askedAt }, failed);
    },

    /** Takes it out in a message of its own: the one with the button says other things too. */
    async takeOutBeside(ctx: BotContext, entry: LedgerEntry, words: Words): Promise<void> {
      const { message_id: messageId } = await ctx.reply(words.undo.taking(entry));
      const reading = readingId(entry);
      const failed = () => ({ text: words.undo.failed(entry), keyboard: retryButton("take_out", reading, words) });
      await putIn(ctx, messageId, { reason: "reading", act: "take_out", reading }, failed);
      await removeTapped(ctx);
    },

    /** Takes back an answer about several held readings. */
    askAllAgain(ctx: BotContext, askedAt: Date, words: Words): Promise<void> {
      const failed = () => ({ text: words.later, keyboard: undoAllButton(askedAt, words) });
      return queued(ctx, words.question.list.undoing, { reason: "readings", act: "ask_again", askedAt }, failed);
    },

    /** Throws `RetryLaterError` if it has to be tried again later: nothing has happened then, or it's safe to repeat. */
    async write(account: Account, job: ReadingJob): Promise<void> {
      const { messageId, attempts } = job;
      const words = await wordsAt(account);
      const { first, answer, failed, isPatient } = await planFor(deps, account, job, words);
      let later: RetryLaterError | undefined;
      await answers.write(
        { account: account.telegramUserId, messageId, first },
        { words: () => words, failure: "reading_act_failed" },
        async (message) => {
          try {
            const done = await answer();
            if (done) await message.finish(done.text, done.keyboard, done.entities);
          } catch (error) {
            if (!(error instanceof RetryLaterError)) throw error;
            if (isPatient || attempts < MOST_ATTEMPTS) later = error;
            else await message.finish(failed.text, failed.keyboard);
          }
        },
      );
      if (later) throw later;
    },
  };
}

type NewAct =
  | { reason: "reading"; act: Act; reading: string }
  | { reason: "readings"; act: ActTogether; askedAt: Date }
  | { reason: "handed_on"; act: HandOnAct; reading: string; other: number };

interface Plan {
  first: string;
  /** Without one, the message stays as it is. */
  answer: () => Promise<Answer | undefined>;
  failed: Answer;
  /** Nobody has tapped for it, so nobody would again. */
  isPatient?: boolean;
}

async function planFor(deps: HandOnDeps, account: Account, job: ReadingJob, words: Words): Promise<Plan> {
  if (job.reason === "reading") {
    const { act, reading: id } = job;
    const entry = await deps.entryOf(account, id);
    const { answerTo } = await import("./reading-answers.ts");
    return {
      first: (entry && firstWords(act, entry, words)) ?? "",
      answer: () => answerTo(deps, { act, account, id, words }),
      failed: { text: entry ? words.undo.failed(entry) : words.later, keyboard: retryButton(act, id, words) },
    };
  }
  if (job.reason === "handed_on") {
    const { failedAnswer, handOnAnswer } = await import("./hand-on-answers.ts");
    const task = { account, job, words };
    return {
      first: "",
      answer: () => handOnAnswer(deps, task),
      failed: await failedAnswer(deps, task),
      isPatient: job.act === "heard" || job.act === "expire" || job.act === "settled",
    };
  }
  const { act, askedAt } = job;
  if (act === "ask_again") {
    const { askAllAgain } = await import("./held-together.ts");
    return {
      first: words.question.list.undoing,
      answer: () => askAllAgain(deps, { account, askedAt, words }),
      failed: { text: words.later, keyboard: undoAllButton(askedAt, words) },
    };
  }
  const { answerTogether, failedTogether, firstWordsTogether } = await import("./gone-together.ts");
  return {
    first: firstWordsTogether(act, words) ?? "",
    answer: () => answerTogether(deps, { act, account, askedAt, words }),
    failed: failedTogether({ act, askedAt, words }),
  };
}

function firstWords(act: Act, entry: LedgerEntry, { undo: say }: Words): string | undefined {
  if (act === "take_out") return say.taking(entry);
  if (act === "restore" || act === "mine") return say.sending(entry);
  return act === "undo" && entry.fate.state !== "skipped" ? say.taking(entry) : undefined;
}
