import { RetryLaterError } from "../../lib/errors.ts";
import type { Account } from "../../sync/model/account.ts";
import type { Act, ReadingJob } from "../../sync/model/jobs.ts";
import type { LedgerEntry } from "../../sync/model/ledger.ts";
import { readingId } from "../../sync/model/reading.ts";
import type { BotContext } from "../ui/context.ts";
import { editOrReply } from "../ui/edit-message.ts";
import type { LongAnswers } from "../ui/long-answers.ts";
import { retryButton } from "../ui/reading-buttons.ts";
import { type Words, wordsOf } from "../words/words.ts";
import type { ReadingActsDeps } from "./reading-answers.ts";

/** While another run is at work, the job comes again this often, over half an hour in all. Then the tap has failed. */
const MOST_ATTEMPTS = 6;

export type ReadingActs = ReturnType<typeof createReadingActs>;

/** What a tap does with one reading. A job does it, so Garmin is asked outside of the update, and a run at work is waited for. */
export function createReadingActs(answers: LongAnswers, deps: ReadingActsDeps) {
  const { overview, entryOf, queue, clock } = deps;

  async function wordsAt(account: Account): Promise<Words> {
    const { timezone } = await overview(account);
    return wordsOf(account, { timezone, now: clock.now() });
  }

  /** The words first: a job that is done sooner must not be overwritten by them. */
  async function begin(ctx: BotContext, act: Act, entry: LedgerEntry, words: Words): Promise<void> {
    const reading = readingId(entry);
    const first = firstWords(act, entry, words);
    const messageId = first ? await editOrReply(ctx, first) : (ctx.callbackQuery?.message?.message_id ?? 0);
    const account = ctx.account.telegramUserId;
    const job = { account, reason: "reading", act, reading, messageId, dueAt: clock.now() } as const;
    await queue.put([job]).catch(async (error: unknown) => {
      // The message promises an answer that won't come.
      await editOrReply(ctx, words.undo.failed(entry), retryButton(act, reading, words));
      throw error;
    });
  }

  return {
    wordsAt,
    begin,

    /** Throws `RetryLaterError` if it has to be tried again later: nothing has happened then, or it's safe to repeat. */
    async write(account: Account, { act, reading, messageId, attempts }: ReadingJob): Promise<void> {
      const words = await wordsAt(account);
      const entry = await entryOf(account, reading);
      let later: RetryLaterError | undefined;
      await answers.write(
        { account: account.telegramUserId, messageId, first: (entry && firstWords(act, entry, words)) ?? "" },
        { words: () => words, failure: "reading_act_failed" },
        async (message) => {
          try {
            const { text, keyboard, entities } = await (await import("./reading-answers.ts")).answerTo(deps, {
              act,
              account,
              id: reading,
              words,
            });
            await message.finish(text, keyboard, entities);
          } catch (error) {
            if (!(error instanceof RetryLaterError)) throw error;
            if (attempts < MOST_ATTEMPTS) later = error;
            else {
              const text = entry ? words.undo.failed(entry) : words.later;
              await message.finish(text, retryButton(act, reading, words));
            }
          }
        },
      );
      if (later) throw later;
    },
  };
}

function firstWords(act: Act, entry: LedgerEntry, { undo: say }: Words): string | undefined {
  if (act === "take_out") return say.taking(entry);
  if (act === "restore" || act === "mine") return say.sending(entry);
  return act === "undo" && entry.fate.state !== "skipped" ? say.taking(entry) : undefined;
}
