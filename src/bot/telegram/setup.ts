import type { UserFromGetMe } from "grammy/types";
import { Api, GrammyError } from "grammy/web";
import type { Clock } from "../../lib/clock.ts";
import { RetryLaterError } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import { hostOf } from "./check.ts";
import { createTelegramFetch } from "./fetch.ts";
import { keepProfile, type Owner } from "./profile.ts";
import { keepWebhook } from "./webhook.ts";

const POLL_SECONDS = 25;

export type TelegramSetup = ReturnType<typeof createTelegramSetup>;

/** What the deployment asks of Telegram for a bot that doesn't run yet. Close it at the end. */
export function createTelegramSetup({ botToken, apiRoot }: { botToken: string; apiRoot: string }, clock: Clock) {
  const http = createTelegramFetch(clock);
  const api = new Api(botToken, { apiRoot, fetch: http.fetch });

  return {
    /** Undefined if Telegram does not know the token. */
    bot: (): Promise<UserFromGetMe | undefined> =>
      answered(api.getMe()).catch((error: unknown) => {
        if (!isRefused(error, 401, 404)) throw error;
        return undefined;
      }),

    async listener(): Promise<string | undefined> {
      const { url } = await answered(api.getWebhookInfo());
      return url ? hostOf(url) : undefined;
    },

    /** Their message stays with Telegram, for the bot to answer. "elsewhere": another program reads this bot's messages. */
    async writer(patienceMinutes: number): Promise<{ id: number; firstName: string } | "elsewhere" | undefined> {
      const endsAt = clock.now().getTime() + patienceMinutes * 60_000;
      let offset: number | undefined;
      try {
        while (clock.now().getTime() < endsAt) {
          const updates = await answered(
            api.getUpdates({ timeout: POLL_SECONDS, allowed_updates: ["message"], ...(offset && { offset }) }),
          );
          const person = updates.findLast(({ message }) => message?.chat.type === "private")?.message?.from;
          if (person) return { id: person.id, firstName: person.first_name };
          // Messages of groups only are confirmed, or they would come again and again.
          const last = updates.at(-1);
          if (last) offset = last.update_id + 1;
        }
        return undefined;
      } catch (error) {
        if (isRefused(error, 409)) return "elsewhere";
        throw error;
      }
    },

    listenAt: (url: string, secretToken: string, log: Log) =>
      answered(keepWebhook(api, { url, secretToken, force: true, clock, log })),

    listenNoMore: () => answered(api.deleteWebhook()),

    keepProfile: (owner: Owner | undefined, log: Log) => answered(keepProfile(api, owner, log)),

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
