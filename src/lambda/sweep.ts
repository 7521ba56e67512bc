import type { Context } from "aws-lambda";
import { Api } from "grammy/web";
import { createTelegramFetch } from "../bot/telegram-fetch.ts";
import { isHopeless, keepWebhook } from "../bot/webhook.ts";
import { readConfig, TELEGRAM_PATH } from "../config.ts";
import { errorFacts, type Log } from "../log.ts";
import { createSqsQueue } from "../store/sqs.ts";
import { openStore } from "../stores.ts";
import { sweep } from "../sync/sweep.ts";
import { clock, deadlineOf, environmentOf, kept, logOf } from "./invocation.ts";

const ready = kept(
  async () => {
    const env = await environmentOf("sweep");
    const log = logOf(env);
    const config = readConfig(env, ["store", "telegram", "web", "queue"]);
    const { agenda } = await openStore(config.store, { clock, log });
    const { botToken, apiRoot, webhookSecret: secretToken } = config.telegram;
    const { publicUrl } = config.web;
    return {
      deps: { agenda, queue: createSqsQueue({ ...config.queue, clock }), clock, log },
      api: new Api(botToken, { apiRoot, fetch: createTelegramFetch(clock).fetch }),
      // A first deployment begins to sweep before its own address is written down.
      webhook: publicUrl === undefined ? undefined : { url: publicUrl + TELEGRAM_PATH, secretToken },
    };
  },
  ({ webhook }) => webhook?.secretToken !== undefined,
);

/** Every few minutes: who is due is queued, and the way from Telegram to here is looked at. */
export async function handler(_event: unknown, context: Context): Promise<void> {
  const { deps, api, webhook } = await ready();
  const { log } = deps;
  log.info("swept", { ...(await sweep(deps, deadlineOf(context))) });
  if (webhook) await lookAt(api, webhook, log);
}

/**
 * Whoever took the webhook away, it is set again. One by which nothing gets in is logged as failing, and rings: Telegram cannot
 * call it or does not know the bot any more, or what it shows there is lost.
 */
async function lookAt(api: Api, { url, secretToken }: { url: string; secretToken: string | undefined }, log: Log) {
  if (secretToken === undefined) return log.warn("webhook_failing", { message: "TELEGRAM_WEBHOOK_SECRET is missing" });
  await keepWebhook(api, { url, secretToken, clock, log }).catch((error: unknown) =>
    log.warn(isHopeless(error) ? "webhook_failing" : "webhook_not_kept", errorFacts(error)),
  );
}
