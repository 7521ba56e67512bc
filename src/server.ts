import { readFileSync } from "node:fs";
import { GrammyError } from "grammy/web";
import { type App, createApp } from "./app.ts";
import type { TelegramBot } from "./bot/bot.ts";
import { wordsIn } from "./bot/words/words.ts";
import { createChat } from "./chat.ts";
import { createDoctor } from "./checks.ts";
import type { Clock } from "./clock.ts";
import { type Config, type Environment, readConfig, WITHINGS_PATHS } from "./config.ts";
import { UsageError } from "./errors.ts";
import { createHttp } from "./http.ts";
import { errorFacts, type Log } from "./log.ts";
import { listen } from "./node-http.ts";
import { type Schedule, startSchedule } from "./schedule.ts";
import type { Account } from "./sync/account.ts";
import { createWork, jobOf, startWorker, type Worker } from "./sync/jobs.ts";
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
  let schedule: Schedule | undefined;
  let chores: Schedule | undefined;
  let worker: Worker | undefined;
  let isStopping = false;

  const http = createHttp({
    withCallback: app.withingsLinking.withCallback,
    onLinked: (account, result) => void chat.onConsent(account, result).catch(logged("consent_not_told")),
    words: (outcome, language) => wordsIn(language).callbackPage[outcome],
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

  const chat = createChat(config.telegram, app, {
    answersByItself: isOurs(config),
    onWithingsLinked: () => chores?.wake(),
    doctor: createDoctor({ ...config, ...config.schedule, app, clock, log }),
    nextRunAt: () => schedule?.nextRunAt(),
    version: ownVersion(),
    clock,
    log,
  });
  const { telegram, notifier } = chat;
  const logged = (event: string) => (error: unknown) => log.error(event, errorFacts(error));

  const polling = telegram.poll(async (username) => {
    log.info("bot_started", { username });
    await telegram.registerCommands().catch((error: unknown) => log.warn("commands_not_set", errorFacts(error)));
  });
  schedule = startSchedule({
    minutes: config.schedule.syncIntervalMinutes,
    round: () => forEachAccount(async (account) => void (await syncAndTell(account)), "account_failed"),
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

  /** One account's trouble is not the next one's. */
  async function forEachAccount(work: (account: Account) => Promise<void>, failure: string) {
    for (const { telegramUserId } of await app.accounts.list()) {
      if (isStopping) return;
      // Read again: the ones before took their time, and meanwhile this one may have chosen otherwise, or be gone.
      await app.accounts
        .find(telegramUserId)
        .then((account) => account && work(account))
        .catch(logged(failure));
    }
  }

  async function syncAndTell(account: Account) {
    const report = await syncAccount(app.run, account);
    await notifier.afterRun(account, report);
    return report;
  }

  function unlink(account: number) {
    const { onUnlinked } = chat;
    return settleUnlinked({ ...app, source: app.run.source, onUnlinked, now: clock.now(), log }, account);
  }

  /** Each looks by itself whether it is due, and costs next to nothing where it is not. */
  async function doChores() {
    await forEachAccount(keepSubscriptions, "chore_failed");
    await forEachAccount(chat.summarize, "chore_failed");
  }

  async function keepSubscriptions({ telegramUserId }: Account) {
    const check = await app.subscriptions.keep(telegramUserId);
    if (check.type === "callback_unreachable") log.warn(check.type, { account: telegramUserId });
    if (check.type === "restored") await chat.onRestored(telegramUserId, check.applis);
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

/** Whether Withings sends the owner's browser to this program itself. */
function isOurs({ web, withingsLogin }: Partial<Pick<Config, "web" | "withingsLogin">>): boolean {
  return web?.publicUrl !== undefined && withingsLogin?.redirectUrl === `${web.publicUrl}${WITHINGS_PATHS.callback}`;
}

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
