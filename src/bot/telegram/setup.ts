import type { UserFromGetMe } from "grammy/types";
import { Api, GrammyError } from "grammy/web";
import type { Clock } from "../../lib/clock.ts";
import { RetryLaterError } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import type { Language } from "../../sync/model/account.ts";
import { hostOf } from "./check.ts";
import { registerCommands } from "./command-menu.ts";
import { createTelegramFetch } from "./fetch.ts";
import { keepWebhook } from "./webhook.ts";

/** One look lasts so long at most; Telegram answers at once when somebody writes. */
const LOOK_SECONDS = 25;

export type TelegramSetup = ReturnType<typeof createTelegramSetup>;

/** What is asked and said at Telegram in the name of a bot that does not run yet. Close it at the end. */
export function createTelegramSetup({ botToken, apiRoot }: { botToken: string; apiRoot: string }, clock: Clock) {
  const http = createTelegramFetch(clock);
  const api = new Api(botToken, { apiRoot, fetch: http.fetch });

  return {
    /** Who the bot is; undefined when Telegram does not know the token. */
    async bot(): Promise<UserFromGetMe | undefined> {
      try {
        return await answered(api.getMe());
      } catch (error) {
        if (isRefused(error, 401, 404)) return undefined;
        throw error;
      }
    },

    /** The host to which Telegram brings what people write just now; undefined where somebody has to fetch it. */
    async listener(): Promise<string | undefined> {
      const { url } = await answered(api.getWebhookInfo());
      return url ? hostOf(url) : undefined;
    },

    /**
     * Who writes to the bot in the next minutes; undefined when nobody does. What they wrote stays with Telegram, for the bot
     * to answer. "elsewhere": the messages of this bot go to a program that runs already.
     */
    async writer(patienceMinutes: number): Promise<{ id: number; firstName: string } | "elsewhere" | undefined> {
      const endsAt = clock.now().getTime() + patienceMinutes * 60_000;
      let offset: number | undefined;
      try {
        while (clock.now().getTime() < endsAt) {
          const updates = await answered(
            api.getUpdates({ timeout: LOOK_SECONDS, allowed_updates: ["message"], ...(offset && { offset }) }),
          );
          const person = updates.findLast(({ message }) => message?.chat.type === "private")?.message?.from;
          if (person) return { id: person.id, firstName: person.first_name };
          // Of groups: it would come again and again, and the bot has nothing to say there.
          offset = updates.at(-1) ? (updates.at(-1)?.update_id ?? 0) + 1 : offset;
        }
        return undefined;
      } catch (error) {
        if (isRefused(error, 409)) return "elsewhere";
        throw error;
      }
    },

    /** Telegram brings to this address from now on what people write, with this secret, whatever it had before. */
    listenAt: (url: string, secretToken: string, log: Log) =>
      answered(keepWebhook(api, { url, secretToken, force: true, clock, log })),

    /** What is written from now on waits with Telegram for a day. */
    listenNoMore: () => answered(api.deleteWebhook()),

    offerCommands: (owner: { telegramUserId: number; language: Language | undefined } | undefined, log: Log) =>
      answered(registerCommands(api, owner, log)),

    close: () => http.close(),
  };
}

async function answered<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof GrammyError && error.error_code < 500 && error.error_code !== 429) throw error;
    // Without its cause: the address that was called holds the token.
    throw new RetryLaterError("Telegram does not answer");
  }
}

const isRefused = (error: unknown, ...codes: number[]) =>
  error instanceof GrammyError && codes.includes(error.error_code);
