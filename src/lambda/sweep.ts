import { Api } from "grammy/web";
import { openStore } from "../app/open-stores.ts";
import { createTelegramFetch } from "../bot/telegram/fetch.ts";
import { lookAfterStore } from "../bot/telegram/store-mark.ts";
import { isHopeless, keepWebhook } from "../bot/telegram/webhook.ts";
import { readConfig } from "../config/config.ts";
import { TELEGRAM_PATH } from "../config/paths.ts";
import { errorFacts, type Log } from "../lib/log.ts";
import { sweep } from "../sync/jobs/sweep.ts";
import { clock, functionEnvironment, kept, logOf } from "./invocation.ts";
import { createSqsQueue } from "./sqs-queue.ts";

const ready = kept(
  async () => {
    const env = await functionEnvironment("sweep");
    const log = logOf(env);
    const config = readConfig(env, ["store", "telegram", "web", "queue", "schedule"]);
    const { schedule, accounts, identity, once } = await openStore(config.store, { clock, log });
    const { botToken, apiRoot, webhookSecret: secretToken, allowedIds } = config.telegram;
    const { publicUrl } = config.web;
    const api = new Api(botToken, { apiRoot, fetch: createTelegramFetch(clock).fetch });
    const [owner = 0] = allowedIds;
    const where = `table ${config.store.tableName} in DynamoDB`;
    const ownerLanguage = async () => (await accounts.find(owner))?.language;
    const lookAtStore = () =>
      lookAfterStore({
        ...{ api, store: identity, isNew: false, ownerLanguage, once, log },
        tell: async (verdict) => {
          // A new deployment is empty until its owner opens the chat.
          if (verdict === "empty") return;
          const { ALARM_WORDS } = await import("../bot/words/alarms.ts");
          await api.sendMessage(owner, ALARM_WORDS[(await ownerLanguage()) ?? "en"].store(verdict, where, undefined));
        },
      });
    return {
      lookAtStore,
      deps: {
        ...{ schedule, queue: createSqsQueue({ ...config.queue, clock }), clock, log },
        intervalMinutes: config.schedule.syncIntervalMinutes,
      },
      api,
      // The first sweep can come before the deployment has written down its address.
      webhook: publicUrl === undefined ? undefined : { url: publicUrl + TELEGRAM_PATH, secretToken },
    };
  },
  ({ webhook }) => webhook?.secretToken !== undefined,
);

/** Queues the accounts that are due, and checks Telegram's webhook and the store. */
export async function handler(): Promise<void> {
  const { deps, api, webhook, lookAtStore } = await ready();
  const { log } = deps;
  log.info("swept", { ...(await sweep(deps)) });
  if (webhook) await lookAt(api, webhook, log);
  if (!isStoreKnown) {
    const verdict = await lookAtStore();
    isStoreKnown = verdict === "known" || verdict === "used_elsewhere_too";
  }
}

/** Whether the bot was last used with this table, as this process has seen. */
let isStoreKnown = false;

/** Sets a webhook again that somebody removed. `webhook_failing` raises an alarm: nothing Telegram sends gets in. */
async function lookAt(api: Api, { url, secretToken }: { url: string; secretToken: string | undefined }, log: Log) {
  if (secretToken === undefined) return log.warn("webhook_failing", { message: "TELEGRAM_WEBHOOK_SECRET is missing" });
  await keepWebhook(api, { url, secretToken, clock, log }).catch((error: unknown) =>
    log.warn(isHopeless(error) ? "webhook_failing" : "webhook_not_kept", errorFacts(error)),
  );
}
