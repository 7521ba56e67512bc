import { setTimeout as wait } from "node:timers/promises";
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
const GREET_AGAIN_SECONDS = 30;

interface Beginning {
  /** Called when Telegram first answers. If it throws a `UsageError`, serving ends. */
  onStart: () => Promise<void>;
  /** What nobody waits for: called after `onStart`, when Telegram has said who the bot is. */
  greet: (username: string) => Promise<void>;
  /** Called if retrying is pointless at the very start: whether to end. */
  mayEnd?: () => Promise<boolean>;
}

export type Updates = ReturnType<typeof createUpdates>;

export function createUpdates(bot: Bot<BotContext>, deps: { health: TelegramHealth; clock: Clock; log: Log }) {
  const identity = createIdentity(bot);
  const stopping = new AbortController();
  const checks = createCheckRequests();
  let serving: Promise<void> = Promise.resolve();
  const delivered = new WeakSet<Update>();
  const underWay = new Set<Promise<void>>();

  const shared = ({ onStart, greet, mayEnd = async () => true }: Beginning) => ({
    async onStart() {
      await onStart();
      track(greetSoon(greet));
    },
    ...{ mayEnd, stopping: stopping.signal, ...deps },
  });

  function track(work: Promise<void>) {
    const ended = work.catch(() => undefined).finally(() => underWay.delete(ended));
    underWay.add(ended);
  }

  async function greetSoon(greet: Beginning["greet"]): Promise<void> {
    while (!stopping.signal.aborted) {
      const me = await identity().catch((error: unknown) => deps.log.warn("bot_not_known", errorFacts(error)));
      if (me) return greet(me.username);
      await wait(GREET_AGAIN_SECONDS * 1000, undefined, { signal: stopping.signal });
    }
  }

  return {
    stopping: stopping.signal,
    maxWaitSeconds: (update: Update) => (delivered.has(update) ? WEBHOOK_WAIT_SECONDS : Number.POSITIVE_INFINITY),
    /** Checks now whether Telegram still delivers to our address, if there is one. Resolves when that is done. */
    look: () => checks.request(),
    /** Rejects only at the start: if the token is unknown and `mayEnd`, or if `onStart` throws a `UsageError`. */
    poll(beginning: Beginning): Promise<void> {
      serving = serveByPolling(bot.api, {
        handle: (update) =>
          handle(bot, identity, update).catch((error: unknown) =>
            deps.log.error("update_failed", { update: update.update_id, ...errorFacts(error) }),
          ),
        ...shared(beginning),
      });
      return serving;
    },
    /** Rejects as `poll` does, and if Telegram never calls such an address. It calls `handleUpdate`. */
    serveWebhook(target: WebhookTarget, beginning: Beginning): Promise<void> {
      serving = serveByWebhook(bot.api, target, { checks, ...shared(beginning) });
      return serving;
    },
    /** Resolves when the update needs to come no more. Throws `RetryLaterError` only if nothing was done. */
    async handleUpdate(received: { update_id: number }): Promise<void> {
      if (stopping.signal.aborted) throw new RetryLaterError("the program is stopping");
      const update = received as Update;
      delivered.add(update);
      const work = handle(bot, identity, update);
      track(work);
      await work;
    },
    async stop() {
      stopping.abort();
      await serving.catch(() => undefined);
      await Promise.all(underWay);
    },
  };
}

/** Asks Telegram once who the bot is, however many want to know. */
function createIdentity(bot: Bot<BotContext>): () => Promise<UserFromGetMe> {
  let asking: Promise<UserFromGetMe> | undefined;
  async function ask() {
    try {
      bot.botInfo = await bot.api.getMe();
      return bot.botInfo;
    } finally {
      asking = undefined;
    }
  }
  return async () => {
    if (bot.isInited()) return bot.botInfo;
    asking ??= ask();
    return asking;
  };
}

async function handle(bot: Bot<BotContext>, identity: () => Promise<UserFromGetMe>, update: Update): Promise<void> {
  await identity().catch((cause: unknown) => {
    if (!(cause instanceof HttpError)) throw cause;
    throw new RetryLaterError("Telegram does not say who the bot is", { cause });
  });
  try {
    await bot.handleUpdate(update);
  } catch (error) {
    throw error instanceof BotError ? error.error : error;
  }
}
