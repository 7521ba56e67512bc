import { GrammyError } from "grammy/web";
import { errorFacts, type Log } from "../log.ts";

/**
 * Tells owners what they did not ask for, in order. What Telegram could not take is kept and told the next time, before
 * anything newer: a notice is said once, and an outage just then would make a silent failure of it.
 */
export function createNotifier(send: (telegramUserId: number, text: string) => Promise<unknown>, log: Log) {
  const waiting = new Map<number, string[]>();

  return async (telegramUserId: number, texts: string[]) => {
    const queue = [...(waiting.get(telegramUserId) ?? []), ...texts];
    waiting.set(telegramUserId, queue);
    for (let text = queue[0]; text !== undefined; text = queue[0]) {
      try {
        await send(telegramUserId, text);
      } catch (error) {
        log.error("notice_not_delivered", errorFacts(error));
        if (!isFinal(error)) return;
      }
      queue.shift();
    }
  };
}

/** The owner has blocked the bot or never met it: the same message will never get through. */
function isFinal(error: unknown): boolean {
  return error instanceof GrammyError && [400, 403].includes(error.error_code);
}
