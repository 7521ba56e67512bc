import type { Context } from "aws-lambda";
import { Api } from "grammy/web";
import { openStore } from "../app/open-stores.ts";
import { createTelegramFetch } from "../bot/telegram/fetch.ts";
import { lookAfterStore } from "../bot/telegram/store-mark.ts";
import { isHopeless, keepWebhook } from "../bot/telegram/webhook.ts";
import { readConfig } from "../config/config.ts";
import { TELEGRAM_PATH } from "../config/paths.ts";
import { errorFacts, type Log } from "../lib/log.ts";
import { sweep } from "../sync/jobs/sweep.ts";
import { clock, deadlineOf, environmentOf, kept, logOf } from "./invocation.ts";
import { createSqsQueue } from "./sqs-queue.ts";

const ready = kept(
  async () => {
    const env = await environmentOf("sweep");
    const log = logOf(env);
    const config = readConfig(env, ["store", "telegram", "web", "queue"]);
    const { schedule, accounts, identity, claims } = await openStore(config.store, { clock, log });
    const { botToken, apiRoot, webhookSecret: secretToken, allowedIds } = config.telegram;
    const { publicUrl } = config.web;
    const api = new Api(botToken, { apiRoot, fetch: createTelegramFetch(clock).fetch });
    const [owner = 0] = allowedIds;
    const where = `table ${config.store.tableName} in DynamoDB`;
    const lookAtStore = () =>
      lookAfterStore({
        ...{ api, store: identity, isNew: false, once: claims.once, log },
        tell: async (verdict) => {
          // Until its owner has opened the chat, a new deployment is supposed to be empty.
          if (verdict === "empty") return;
          const { language = "en" } = (await accounts.find(owner)) ?? {};
          const { ALARM_WORDS } = await import("../bot/words/alarms.ts");
          await api.sendMessage(owner, ALARM_WORDS[language].store(verdict, where, undefined));
        },
      });
    return {
      lookAtStore,
      deps: { schedule, queue: createSqsQueue({ ...config.queue, clock }), clock, log },
      api,
      // A first deployment begins to sweep before its own address is written down.
      webhook: publicUrl === undefined ? undefined : { url: publicUrl + TELEGRAM_PATH, secretToken },
    };
  },
  ({ webhook }) => webhook?.secretToken !== undefined,
);

/** Every few minutes: who is due is queued, and the way from Telegram to here is looked at. */
export async function handler(_event: unknown, context: Context): Promise<void> {
  const { deps, api, webhook, lookAtStore } = await ready();
  const { log } = deps;
  log.info("swept", { ...(await sweep(deps, deadlineOf(context))) });
  if (webhook) await lookAt(api, webhook, log);
  if (!isStoreKnown) {
    const verdict = await lookAtStore();
    isStoreKnown = verdict === "known" || verdict === "used_elsewhere_too";
  }
}

/** Whether this process has already seen that the bot was last used with this table. */
let isStoreKnown = false;

/**
 * A webhook that was taken away is set again. One that lets nothing in is logged as failing, which raises an alarm:
 * Telegram cannot call it or no longer knows the bot, or our secret for it is missing.
 */
async function lookAt(api: Api, { url, secretToken }: { url: string; secretToken: string | undefined }, log: Log) {
  if (secretToken === undefined) return log.warn("webhook_failing", { message: "TELEGRAM_WEBHOOK_SECRET is missing" });
  await keepWebhook(api, { url, secretToken, clock, log }).catch((error: unknown) =>
    log.warn(isHopeless(error) ? "webhook_failing" : "webhook_not_kept", errorFacts(error)),
  );
}
