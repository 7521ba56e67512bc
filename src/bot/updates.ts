import type { Update, UserFromGetMe } from "grammy/types";
import { type Bot, BotError, HttpError } from "grammy/web";
import type { Clock } from "../lib/clock.ts";
import { RetryLaterError } from "../lib/errors.ts";
import { errorFacts, type Log } from "../lib/log.ts";
import type { TelegramHealth } from "./telegram/health.ts";
import { serveByPolling } from "./telegram/polling.ts";
import { createDoorbell, serveByWebhook, type WebhookTarget } from "./telegram/webhook.ts";
import type { BotContext } from "./ui/context.ts";

/**
 * Telegram holds the line for a minute and brings the update again when it is refused. Nobody waits for long here, where
 * waiting may cost money.
 */
const WEBHOOK_WAIT_SECONDS = 5;

export type Updates = ReturnType<typeof createUpdates>;

/** How updates come in: by long polling, by a webhook, or one by one. */
export function createUpdates(bot: Bot<BotContext>, deps: { health: TelegramHealth; clock: Clock; log: Log }) {
  const { health, clock, log } = deps;
  const stopping = new AbortController();
  const bell = createDoorbell();
  let serving: Promise<void> = Promise.resolve();
  /** Those that Telegram brought by itself, and brings again. */
  const delivered = new WeakSet<Update>();
  const underWay = new Set<Promise<void>>();

  /** Once, and remembered. */
  async function whoWeAre(): Promise<UserFromGetMe> {
    if (!bot.isInited()) bot.botInfo = await bot.api.getMe();
    return bot.botInfo;
  }

  async function handle(update: Update): Promise<void> {
    await whoWeAre().catch((cause: unknown) => {
      if (!(cause instanceof HttpError)) throw cause;
      throw new RetryLaterError("Telegram does not say who the bot is", { cause });
    });
    try {
      await bot.handleUpdate(update);
    } catch (error) {
      throw error instanceof BotError ? error.error : error;
    }
  }

  return {
    /** Aborted when no update is taken any more. */
    stopping: stopping.signal,
    maxWaitSeconds: (update: Update) => (delivered.has(update) ? WEBHOOK_WAIT_SECONDS : Number.POSITIVE_INFINITY),
    /** Looks now whether Telegram still delivers to its address, if it has one. Resolves when it has looked. */
    look: () => bell.ring(),
    /**
     * Long polling until `stop`. Rejects only at the start: when Telegram does not know the token and `mayEnd`, or when
     * `onStart` throws a `UsageError`.
     */
    poll(onStart: (username: string) => Promise<void>, mayEnd = async () => true): Promise<void> {
      serving = serveByPolling(bot.api, {
        onStart: async () => onStart((await whoWeAre()).username),
        handle: (update) =>
          handle(update).catch((error: unknown) =>
            log.error("update_failed", { update: update.update_id, ...errorFacts(error) }),
          ),
        ...{ mayEnd, stopping: stopping.signal, health, log },
      });
      return serving;
    },
    /**
     * Instead of `poll`: keeps Telegram delivering to an address, where `handleUpdate` is called, until `stop`. Rejects as
     * `poll` does, and when Telegram never calls such an address.
     */
    serveWebhook(
      target: WebhookTarget,
      onStart: (username: string) => Promise<void>,
      mayEnd = async () => true,
    ): Promise<void> {
      serving = serveByWebhook(bot.api, target, {
        onStart: async () => onStart((await whoWeAre()).username),
        ...{ mayEnd, stopping: stopping.signal, health, bell, clock, log },
      });
      return serving;
    },
    /**
     * One update that Telegram has brought. Resolves when it needs to come no more, also where something broke and its
     * sender was told. Throws `RetryLaterError` only when nothing was done and it has to come again.
     */
    async handleUpdate(received: { update_id: number }): Promise<void> {
      if (stopping.signal.aborted) throw new RetryLaterError("the program is stopping");
      const update = received as Update;
      delivered.add(update);
      const work = handle(update);
      const ended = work.catch(() => undefined).finally(() => underWay.delete(ended));
      underWay.add(ended);
      await work;
    },
    /** Takes no more updates, and lets those under way come to their end. */
    async stop() {
      stopping.abort();
      // `poll` and `serveWebhook` tell why they ended; here it only has to be over.
      await serving.catch(() => undefined);
      await Promise.all(underWay);
    },
  };
}
