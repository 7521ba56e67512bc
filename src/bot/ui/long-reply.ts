import { randomUUID } from "node:crypto";
import { type Api, GrammyError } from "grammy/web";
import type { Clock } from "../../lib/clock.ts";
import { errorFacts, type Log } from "../../lib/log.ts";
import type { JobQueue } from "../../sync/model/jobs.ts";
import type { Words } from "../words/words.ts";
import { createProgressMessage, type ProgressMessage } from "./progress-message.ts";

/**
 * Answers that take a while: one message each, there at once and edited until it is done. What is behind them is a job, so
 * that no update waits for it, and that it is done whatever becomes of this process.
 */
export function createLongAnswers(api: Api, { queue, clock, log }: { queue: JobQueue; clock: Clock; log: Log }) {
  return {
    /**
     * Resolves when the `first` words are in the chat and the rest is sure to follow. If they cannot be shown, there is no
     * message to write the answer into: then it runs `instead` and throws the failure.
     */
    async begin(
      account: number,
      first: string,
      reason: "requested" | "doctor",
      instead: () => Promise<void> = async () => {},
    ): Promise<void> {
      const { message_id: messageId } = await api.sendMessage(account, first).catch(async (error: unknown) => {
        await instead();
        throw error;
      });
      try {
        await queue.put([{ account, reason, messageId, dueAt: clock.now() }]);
      } catch (error) {
        // It would promise what does not come.
        await api.deleteMessage(account, messageId).catch(() => undefined);
        throw error;
      }
    },

    /** Writes the answer into a message that was begun. Should the work fail, it says so, and the failure goes no further. */
    async write<T>(
      { account, messageId, first }: { account: number; messageId: number; first: string },
      { words, failure }: { words: () => Words; failure: string },
      work: (message: ProgressMessage) => Promise<T>,
    ): Promise<T | undefined> {
      const message = createProgressMessage(
        {
          edit: (text, keyboard) =>
            api
              .editMessageText(account, messageId, text, { ...(keyboard && { reply_markup: keyboard }) })
              .catch(unlessItStandsThere),
          send: (text, keyboard) => api.sendMessage(account, text, { ...(keyboard && { reply_markup: keyboard }) }),
        },
        first,
        clock,
        log,
      );
      try {
        return await work(message);
      } catch (error) {
        const reportId = randomUUID().slice(0, 8);
        log.error(failure, { reportId, ...errorFacts(error) });
        await message.finish(words().brokeOnMySide(reportId));
        return undefined;
      }
    },
  };
}
export type LongAnswers = ReturnType<typeof createLongAnswers>;

/** A job that is done twice writes the same twice. */
function unlessItStandsThere(error: unknown): void {
  if (!(error instanceof GrammyError && error.description.includes("message is not modified"))) throw error;
}
