import { readFileSync } from "node:fs";
import { GrammyError } from "grammy/web";
import { type App, createApp } from "./app.ts";
import { createBot, type TelegramBot } from "./bot/bot.ts";
import { callbackWords } from "./bot/callback-page.ts";
import { createNotifier } from "./bot/notifier.ts";
import type { Clock } from "./clock.ts";
import { type Config, type Environment, readConfig } from "./config.ts";
import { UsageError } from "./errors.ts";
import { createHttp } from "./http.ts";
import { errorFacts, type Log } from "./log.ts";
import { listen } from "./node-http.ts";
import { type Schedule, startSchedule } from "./schedule.ts";
import type { Account } from "./sync/account.ts";
import { createWork, jobOf, startWorker, type Worker } from "./sync/jobs.ts";
import type { LinkResult } from "./sync/link-withings.ts";
import { overviewOf } from "./sync/overview.ts";
import { syncAccount } from "./sync/run.ts";
import { settleUnlinked } from "./sync/unlinked.ts";

/** A run under way may need this long to come to a good end; what is left of it, the ledger knows. */
const STOP_SECONDS = 90;
const CHORE_MINUTES = 1;

export interface Server {
  app: App;
  telegram: TelegramBot;
  /** Where it listens, if it does. */
  port: number | undefined;
  /** Rejects when the bot cannot go on. */
  polling: Promise<void>;
  stop(): Promise<void>;
}

/**
 * The whole program on one machine: the bot by long polling, a sync of all accounts every few minutes, and, where it has
 * an address, what comes in there.
 */
export async function startServer(
  config: Pick<Config, "store" | "sealing" | "withings" | "garmin" | "telegram" | "schedule"> &
    Partial<Pick<Config, "withingsLogin" | "web">>,
  deps: { clock: Clock; log: Log },
): Promise<Server> {
  const { clock, log } = deps;
  const app = await createApp(config, deps);
  const overview = (account: Account) => overviewOf({ ...app, now: clock.now() }, account);
  let schedule: Schedule | undefined;
  let chores: Schedule | undefined;
  let worker: Worker | undefined;
  let isStopping = false;

  /** What is told beside the outcome of a run. */
  const hooks = {
    onLinked(account: number, result: LinkResult) {
      log.info("consent_answered", { account, result: result.type });
      chores?.wake();
    },
    async onUnlinked(account: number) {
      log.info("unlinked_at_withings", { account });
    },
    async onRestored(account: number, applis: number[]) {
      log.info("subscriptions_restored", { account, applis: applis.join(",") });
    },
  };

  const http = createHttp({
    withCallback: app.withingsLinking.withCallback,
    onLinked: hooks.onLinked,
    words: callbackWords,
    notifyKey: app.notifyKey,
    accountOf: app.withingsUsers.accountOf,
    queue: async (account, reason) => {
      await app.jobs.put(jobOf(account, reason, clock.now()));
      worker?.wake();
    },
    version: ownVersion(),
    log,
  });
  // First of all: a port that is taken shall end the program before it has begun anything.
  const listener =
    config.web?.listen &&
    (await listen(http, { ...config.web.listen, log }).catch(async (error: unknown) => {
      await app.close();
      throw error;
    }));

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
        await syncAndTell(account).catch((error: unknown) => log.error("account_failed", errorFacts(error)));
      }
    },
    clock,
    log,
  });
  chores = startSchedule({ minutes: CHORE_MINUTES, round: doChores, clock, log });
  worker = startWorker({
    jobs: app.jobs,
    work: createWork({ accounts: app.accounts, sync: syncAndTell, settleUnlinked: (account) => unlink(account) }),
    clock,
    log,
  });

  async function syncAndTell(account: Account) {
    const report = await syncAccount(app.run, account);
    await notifier.afterRun(account, report);
    return report;
  }

  function unlink(account: number) {
    const { onUnlinked } = hooks;
    return settleUnlinked({ ...app, source: app.run.source, onUnlinked, now: clock.now(), log }, account);
  }

  /** Each looks by itself whether it is due, and costs next to nothing where it is not. */
  async function doChores() {
    for (const account of await app.accounts.list()) {
      if (isStopping) return;
      await keepSubscriptions(account).catch((error: unknown) => log.error("chore_failed", errorFacts(error)));
    }
  }

  async function keepSubscriptions({ telegramUserId }: Account) {
    const check = await app.subscriptions.keep(telegramUserId);
    if (check.type === "callback_unreachable") log.warn(check.type, { account: telegramUserId });
    if (check.type === "restored") await hooks.onRestored(telegramUserId, check.applis);
  }

  return {
    app,
    telegram,
    polling,
    port: listener?.port,
    async stop() {
      isStopping = true;
      await Promise.all([listener?.close(), telegram.stop(), schedule?.stop(), chores?.stop(), worker?.stop()]);
      // Last, because the round that was under way may have had something to tell.
      await telegram.close();
      await app.close();
    },
  };
}

const SECTIONS = ["store", "sealing", "withings", "withingsLogin", "garmin", "telegram", "schedule", "web"] as const;

/** Runs until it is told to stop, or until Telegram says that it cannot. */
export async function runServer(env: Environment, deps: { clock: Clock; log: Log }): Promise<number> {
  const config = readConfig(env, SECTIONS);
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

function ownVersion(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return String(JSON.parse(text).version);
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
