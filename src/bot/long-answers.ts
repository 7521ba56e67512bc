import { randomUUID } from "node:crypto";
import type { Api } from "grammy/web";
import type { Clock } from "../clock.ts";
import { errorFacts, type Log } from "../log.ts";
import { createProgressMessage, type ProgressMessage } from "./progress-message.ts";
import type { Words } from "./words/words.ts";

/** Answers that take a while: one message each, there at once and edited until it is done. No update waits for them. */
export function createLongAnswers(api: Api, { clock, log }: { clock: Clock; log: Log }) {
  /** They outlive the update that began them. */
  const running = new Set<Promise<void>>();

  return {
    /** Resolves as soon as the `first` words stand in the chat. Should the work fail, the message says so. */
    async begin(
      chatId: number,
      { first, words, failure }: { first: string; words: () => Words; failure: string },
      work: (message: ProgressMessage) => Promise<void>,
    ): Promise<void> {
      const { message_id } = await api.sendMessage(chatId, first);
      const message = createProgressMessage(
        {
          edit: (text, keyboard) =>
            api.editMessageText(chatId, message_id, text, { ...(keyboard && { reply_markup: keyboard }) }),
          send: (text, keyboard) => api.sendMessage(chatId, text, { ...(keyboard && { reply_markup: keyboard }) }),
        },
        first,
        clock,
        log,
      );
      const whole = work(message)
        .catch(async (error: unknown) => {
          const reportId = randomUUID().slice(0, 8);
          log.error(failure, { reportId, ...errorFacts(error) });
          await message.finish(words().brokeOnMySide(reportId));
        })
        .finally(() => running.delete(whole));
      running.add(whole);
    },

    /** Resolves when everything that was begun has ended. */
    async settled() {
      await Promise.all(running);
    },
  };
}
export type LongAnswers = ReturnType<typeof createLongAnswers>;
