import type { Api, Transformer } from "grammy/web";
import { createRateLimiter } from "../../lib/rate-limiter.ts";

/**
 * "Avoid sending more than one message per second" in a chat, "short bursts" aside, and no more than 30 a second over all
 * (https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this).
 */
const IN_A_CHAT = { burst: 5, everySeconds: 1 };
const OVER_ALL = { burst: 10, everySeconds: 0.05 };

/** Telegram counts an edit like a message. */
const COUNTED = /^(?:send(?!ChatAction)|edit|copyMessage|forwardMessage)/;

/** Spaces the messages of this process. Each chat keeps its order, so a 429 holds up its own chat only. */
export function limitMessages(api: Api, { paced }: { paced: boolean }): { close(): void } {
  const inChat = createRateLimiter(paced ? IN_A_CHAT : undefined);
  const overAll = createRateLimiter(paced ? OVER_ALL : undefined);
  const limited: Transformer = (call, method, payload, signal) => {
    const chat = "chat_id" in payload ? payload.chat_id : undefined;
    if (chat === undefined || !COUNTED.test(method)) return call(method, payload, signal);
    return inChat.schedule(
      async () => {
        // Only the start is spaced, so other chats don't wait for the answer.
        await overAll.schedule(async () => {});
        return call(method, payload, signal);
      },
      { key: String(chat) },
    );
  };
  api.config.use(limited);
  return {
    close() {
      inChat.close();
      overAll.close();
    },
  };
}
