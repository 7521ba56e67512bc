import type { UserFromGetMe } from "grammy/types";
import { Bot, type Context } from "grammy/web";
import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import { type AnswerLog, noteAnswer } from "./answers.ts";
import { createTelegramFetch } from "./fetch.ts";
import { limitMessages } from "./message-limits.ts";

export interface ClientConfig {
  botToken: string;
  apiRoot: string;
  botInfo?: UserFromGetMe | undefined;
}

/** grammY's bot with our HTTP client and our limits. Close it after its last message. */
export function createTelegramClient<C extends Context>(
  config: ClientConfig,
  deps: { answers: AnswerLog; paced: boolean; clock: Clock; log: Log },
): { bot: Bot<C>; close(): Promise<void> } {
  const { answers, paced, clock, log } = deps;
  const onReach = (isReached: boolean) =>
    isReached
      ? log.info("telegram_reachable")
      : log.warn("telegram_unreachable", { next: "it is tried again until it answers" });
  const http = createTelegramFetch(clock, onReach, (method, answer) => noteAnswer(answers, method, answer));
  const bot = new Bot<C>(config.botToken, {
    client: { apiRoot: config.apiRoot, fetch: http.fetch },
    ...(config.botInfo && { botInfo: config.botInfo }),
  });
  // Telegram would call the first address in a text to show what is there, and an invitation works once.
  bot.api.config.use((call, method, payload, signal) => {
    const isText = method === "sendMessage" || method === "editMessageText";
    return call(method, isText ? { ...payload, link_preview_options: { is_disabled: true } } : payload, signal);
  });
  const limits = limitMessages(bot.api, { paced });
  return {
    bot,
    async close() {
      limits.close();
      await http.close();
    },
  };
}
