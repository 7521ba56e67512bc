import { randomUUID } from "node:crypto";
import type { Api } from "grammy/web";
import type { Clock } from "../../lib/clock.ts";
import { errorFacts, type Log } from "../../lib/log.ts";
import type { JobQueue, Look, PictureJob } from "../../sync/model/jobs.ts";
import type { Words } from "../words/words.ts";
import { createProgressMessage, type Place, type ProgressMessage } from "./progress-message.ts";

type Wanted = { reason: "requested" | Look } | Pick<PictureJob, "reason" | "picture" | "range">;

export type LongAnswers = ReturnType<typeof createLongAnswers>;

/** Answers that take a while: one message each, sent at once and edited until a job is done. No update waits for it. */
export function createLongAnswers(api: Api, { queue, clock, log }: { queue: JobQueue; clock: Clock; log: Log }) {
  return {
    /** Resolves when the job is queued. If the `first` words can't be shown, it runs `instead` and throws. */
    async start(
      account: number,
      first: string,
      wanted: Wanted,
      instead: () => Promise<void> = async () => {},
    ): Promise<void> {
      const { message_id: messageId } = await api.sendMessage(account, first).catch(async (error: unknown) => {
        await instead();
        throw error;
      });
      try {
        await queue.put([{ ...wanted, account, messageId, dueAt: clock.now() }]);
      } catch (error) {
        // The message promises an answer that won't come.
        await api.deleteMessage(account, messageId).catch(() => undefined);
        throw error;
      }
    },

    /** The same in a message that is there. */
    async startIn(account: number, messageId: number, first: string, reason: "requested" | "doctor"): Promise<void> {
      // Before the job is queued, which edits it too.
      await api.editMessageText(account, messageId, first).catch(() => undefined);
      await queue.put([{ account, reason, messageId, dueAt: clock.now() }]);
    },

    /** Writes the answer into the message. If the work fails, the message says so, and nothing is thrown. */
    async write(
      place: Place,
      { words, failure }: { words: () => Words; failure: string },
      work: (message: ProgressMessage) => Promise<void>,
    ): Promise<void> {
      const message = createProgressMessage(place, { api, clock, log });
      await work(message).catch(async (error: unknown) => {
        const reportId = randomUUID().slice(0, 8);
        log.error(failure, { reportId, ...errorFacts(error) });
        await message.finish(words().brokeOnMySide(reportId));
      });
    },
  };
}
