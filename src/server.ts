import { GrammyError } from "grammy/web";
import { type App, createApp } from "./app.ts";
import { createBot, type TelegramBot } from "./bot/bot.ts";
import { messages } from "./bot/messages.ts";
import { createNotifier } from "./bot/notifier.ts";
import type { Clock } from "./clock.ts";
import { type Config, type Environment, readConfig } from "./config.ts";
import { UsageError } from "./errors.ts";
import { errorFacts, type Log } from "./log.ts";
import { type Schedule, startSchedule } from "./schedule.ts";
import type { Account } from "./sync/account.ts";
import { noticesOf, type Trouble, troubleAfter } from "./sync/notice.ts";
import { type Overview, overviewOf } from "./sync/overview.ts";
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
  /** By account. Forgotten at a restart, which may say a trouble twice, and never hides one. */
  const troubles = new Map<number, Trouble | undefined>();

  const telegram = createBot(config.telegram, {
    accounts: app.accounts,
    claims: app.claims,
    sync: (account, options) => syncAccount(app.run, account, options),
    overview,
    nextRunAt: () => schedule?.nextRunAt(),
    clock,
    log,
  });

  const notify = createNotifier(telegram.tell, log);

  async function syncQuietly(account: Account) {
    const { telegramUserId } = account;
    const before = await lookAt(account);
    const known = troubleAfter(before.lastRun?.outcome, troubles.get(telegramUserId));
    const report = await syncAccount(app.run, account);
    const after = await lookAt(account);
    const notices = noticesOf(before, after, report, known);
    if (!report.busy) troubles.set(telegramUserId, troubleAfter(report, known));
    await notify(
      telegramUserId,
      notices.map((notice) => messages.notice(notice, after.timezone, clock.now())),
    );
  }

  /** What cannot be read, with another sealing key for instance, must not keep the run from saying so. */
  async function lookAt(account: Account): Promise<Overview> {
    try {
      return await overview(account);
    } catch (error) {
      log.error("account_unreadable", errorFacts(error));
      const { telegramUserId, timezone = "UTC" } = account;
      const lastRun = await app.accounts.lastRun(telegramUserId);
      return { account, links: {}, lastReadings: {}, attention: [], timezone, lastRun };
    }
  }

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
        await syncQuietly(account).catch((error: unknown) => log.error("account_failed", errorFacts(error)));
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
