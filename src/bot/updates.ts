import type { Update, UserFromGetMe } from "grammy/types";
import { type Bot, BotError, HttpError } from "grammy/web";
import type { Clock } from "../lib/clock.ts";
import { RetryLaterError } from "../lib/errors.ts";
import { errorFacts, type Log } from "../lib/log.ts";
import type { TelegramHealth } from "./telegram/health.ts";
import { serveByPolling } from "./telegram/polling.ts";
import { createCheckRequests, serveByWebhook, type WebhookTarget } from "./telegram/webhook.ts";
import type { BotContext } from "./ui/context.ts";

/** Telegram waits a minute for an answer, and redelivers a refused update. Waiting longer here may cost money. */
const WEBHOOK_WAIT_SECONDS = 5;

export type Updates = ReturnType<typeof createUpdates>;

export function createUpdates(bot: Bot<BotContext>, deps: { health: TelegramHealth; clock: Clock; log: Log }) {
  const stopping = new AbortController();
  const checks = createCheckRequests();
  let serving: Promise<void> = Promise.resolve();
  const delivered = new WeakSet<Update>();
  const underWay = new Set<Promise<void>>();

  const shared = (onStart: (username: string) => Promise<void>, mayEnd = async () => true) => ({
    onStart: async () => onStart((await identity(bot)).username),
    ...{ mayEnd, stopping: stopping.signal, ...deps },
  });

  return {
    stopping: stopping.signal,
    maxWaitSeconds: (update: Update) => (delivered.has(update) ? WEBHOOK_WAIT_SECONDS : Number.POSITIVE_INFINITY),
    /** Checks now whether Telegram still delivers to our address, if there is one. Resolves when that is done. */
    look: () => checks.request(),
    /** Rejects only at the start: if the token is unknown and `mayEnd`, or if `onStart` throws a `UsageError`. */
    poll(onStart: (username: string) => Promise<void>, mayEnd?: () => Promise<boolean>): Promise<void> {
      serving = serveByPolling(bot.api, {
        handle: (update) =>
          handle(bot, update).catch((error: unknown) =>
            deps.log.error("update_failed", { update: update.update_id, ...errorFacts(error) }),
          ),
        ...shared(onStart, mayEnd),
      });
      return serving;
    },
    /** Rejects as `poll` does, and if Telegram never calls such an address. It calls `handleUpdate`. */
    serveWebhook(
      target: WebhookTarget,
      onStart: (username: string) => Promise<void>,
      mayEnd?: () => Promise<boolean>,
    ): Promise<void> {
      serving = serveByWebhook(bot.api, target, { checks, ...shared(onStart, mayEnd) });
      return serving;
    },
    /** Resolves when the update needs to come no more. Throws `RetryLaterError` only if nothing was done. */
    async handleUpdate(received: { update_id: number }): Promise<void> {
      if (stopping.signal.aborted) throw new RetryLaterError("the program is stopping");
      const update = received as Update;
      delivered.add(update);
      const work = handle(bot, update);
      const ended = work.catch(() => undefined).finally(() => underWay.delete(ended));
      underWay.add(ended);
      await work;
    },
    async stop() {
      stopping.abort();
      await serving.catch(() => undefined);
      await Promise.all(underWay);
    },
  };
}

async function identity(bot: Bot<BotContext>): Promise<UserFromGetMe> {
  if (!bot.isInited()) bot.botInfo = await bot.api.getMe();
  return bot.botInfo;
}

async function handle(bot: Bot<BotContext>, update: Update): Promise<void> {
  await identity(bot).catch((cause: unknown) => {
    if (!(cause instanceof HttpError)) throw cause;
    throw new RetryLaterError("Telegram does not say who the bot is", { cause });
  });
  try {
    await bot.handleUpdate(update);
  } catch (error) {
    throw error instanceof BotError ? error.error : error;
  }
}
