import { GrammyError } from "grammy/web";
import { type App, createApp } from "./app.ts";
import { createBot, type TelegramBot } from "./bot/bot.ts";
import { createNotifier } from "./bot/notifier.ts";
import type { Clock } from "./clock.ts";
import { type Config, type Environment, readConfig } from "./config.ts";
import { UsageError } from "./errors.ts";
import { errorFacts, type Log } from "./log.ts";
import { type Schedule, startSchedule } from "./schedule.ts";
import type { Account } from "./sync/account.ts";
import { overviewOf } from "./sync/overview.ts";
import { syncAccount } from "./sync/run.ts";

/** A run under way may need this long to come to a good end; what is left of it, the ledger knows. */
const STOP_SECONDS = 90;

export interface Server {
  app: App;
  telegram: TelegramBot;
  /** Rejects when the bot cannot go on. */
  polling: Promise<void>;
  stop(): Promise<void>;
}

/** The whole program on one machine: the bot by long polling, and a sync of all accounts every few minutes. */
export async function startServer(
  config: Pick<Config, "store" | "sealing" | "withings" | "garmin" | "telegram" | "schedule">,
  deps: { clock: Clock; log: Log },
): Promise<Server> {
  const { clock, log } = deps;
  const app = await createApp(config, deps);
  const overview = (account: Account) => overviewOf({ ...app, now: clock.now() }, account);
  let schedule: Schedule | undefined;
  let isStopping = false;

  const telegram = createBot(config.telegram, {
    accounts: app.accounts,
    claims: app.claims,
    sync: (account, options) => syncAccount(app.run, account, options),
    afterSync: (account, report, wasShown) =>
      wasShown ? notifier.afterAnswer(account, report) : notifier.afterRun(account, report),
    overview,
    nextRunAt: () => schedule?.nextRunAt(),
    clock,
    log,
  });

  const notifier = createNotifier({
    health: app.health,
    overview,
    send: (telegramUserId, text, { isQuiet }) =>
      telegram.bot.api.sendMessage(telegramUserId, text, { disable_notification: isQuiet }),
    clock,
    log,
  });

  const polling = telegram.poll(async (username) => {
    log.info("bot_started", { username });
    await telegram.registerCommands().catch((error: unknown) => log.warn("commands_not_set", errorFacts(error)));
  });
  schedule = startSchedule({
    minutes: config.schedule.syncIntervalMinutes,
    round: async () => {
      for (const account of await app.accounts.list()) {
        if (isStopping) return;
        // One account's trouble is not the next one's.
        await syncAccount(app.run, account)
          .then((report) => notifier.afterRun(account, report))
          .catch((error: unknown) => log.error("account_failed", errorFacts(error)));
      }
    },
    clock,
    log,
  });

  return {
    app,
    telegram,
    polling,
    async stop() {
      isStopping = true;
      await Promise.all([telegram.stop(), schedule?.stop()]);
      // Last, because the round that was under way may have had something to tell.
      await telegram.close();
      await app.close();
    },
  };
}

/** Runs until it is told to stop, or until Telegram says that it cannot. */
export async function runServer(env: Environment, deps: { clock: Clock; log: Log }): Promise<number> {
  const config = readConfig(env, ["store", "sealing", "withings", "garmin", "telegram", "schedule"]);
  // Listened for from the start, so that nothing is cut off half-way while it begins.
  const end = asked();
  const server = await startServer(config, deps);
  try {
    await Promise.race([server.polling, end]);
  } catch (error) {
    throw explainTelegram(error);
  } finally {
    deps.log.info("stopping");
    await Promise.race([server.stop(), new Promise((resolve) => setTimeout(resolve, STOP_SECONDS * 1000).unref())]);
  }
  return 0;
}

/** Resolves when a person or the system asks the program to stop. */
export function asked(): Promise<void> {
  return new Promise((resolve) => {
    process.once("SIGINT", () => resolve());
    process.once("SIGTERM", () => resolve());
  });
}

function explainTelegram(error: unknown): unknown {
  if (!(error instanceof GrammyError)) return error;
  if (error.error_code === 401 || error.error_code === 404) {
    return new UsageError("Telegram does not know TELEGRAM_BOT_TOKEN. Copy it anew from @BotFather.");
  }
  if (error.error_code === 409) {
    return new UsageError("Another copy of this bot is running with the same TELEGRAM_BOT_TOKEN. Stop it first.");
  }
  return error;
}
