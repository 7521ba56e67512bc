import { execFile } from "node:child_process";
import { rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { GrammyError } from "grammy/web";
import { type App, createApp } from "./app.ts";
import { createAlarmSend } from "./bot/alarm-send.ts";
import { createMachineAlarmTeller } from "./bot/alarms.ts";
import type { TelegramBot } from "./bot/bot.ts";
import { lookAfterStore } from "./bot/store-mark.ts";
import { isUncallable } from "./bot/webhook.ts";
import { wordsIn } from "./bot/words/words.ts";
import type { Clock } from "./clock.ts";
import { type Environment, readConfig, type StoreConfig, TABLE_NAME_VARIABLE, TELEGRAM_PATH } from "./config.ts";
import { UsageError } from "./errors.ts";
import { errorFacts, type Log } from "./log.ts";
import { listen } from "./node-http.ts";
import { type Schedule, startSchedule } from "./schedule.ts";
import { createService, SERVICE_SECTIONS, type ServiceConfig } from "./service.ts";
import { startWorker, type Worker } from "./sync/jobs.ts";
import { VENDORS } from "./sync/ports.ts";
import { createWakingAgenda, sweep } from "./sync/sweep.ts";
import type { JobQueue } from "./sync/web-ports.ts";
import { createWatch } from "./watch.ts";

/** A run under way may need this long to come to a good end; what is left of it, the ledger knows. */
const STOP_SECONDS = 90;
const LAST_WORD_SECONDS = 5;
const TOLD_FILE = "told-why-not";
const A_DAY_MS = 24 * 3600 * 1000;
const SWEEP_MINUTES = 1;
/** The settings that decide where the store is. */
const STORE_SETTINGS = `DATA_DIR, ${TABLE_NAME_VARIABLE}`;
const WATCH_MINUTES = 1;

export interface Server {
  app: App;
  telegram: TelegramBot;
  /** Where it listens, if it does. */
  port: number | undefined;
  /** Rejects if the bot cannot start. Later trouble does not end it. */
  polling: Promise<void>;
  /** Rejects when no sweep has ended for a quarter of an hour: something hangs that a restart may fix. */
  stuck: Promise<never>;
  /** Looks now at who is due and what is wrong, rather than within the minute. */
  wake(): void;
  stop(): Promise<void>;
}

/**
 * The whole program on one machine: the bot by long polling or, where it has an address, by
 * webhook; a look at who is due every minute; the jobs that come of both; what comes in at that address; and a watch over all.
 */
export async function startServer(
  config: ServiceConfig,
  deps: {
    clock: Clock;
    log: Log;
    /** False with a manual clock: requests are then not spaced. */
    paced?: boolean;
    /** The store is meant to be empty, although the bot was used with another one. */
    isNew?: boolean;
    /** Called every minute unless the program hangs. */
    isAlive?: () => void;
  },
): Promise<Server> {
  const { clock, paced = true, isNew = false } = deps;
  const watch = createWatch(deps);
  const { log, isWell } = watch;
  const app = await createApp(config, { clock, log, paced });
  let worker: Worker | undefined;
  let sweeps: Schedule | undefined;
  const agenda = createWakingAgenda(app.agenda, clock, (at) => sweeps?.wakeAt(at));
  const queue: JobQueue = {
    async put(jobs) {
      await app.jobs.put(jobs);
      worker?.wake();
    },
  };
  const { chat, http, work, webhookSecret, settled } = createService(
    config,
    { ...app, agenda },
    {
      ...{ queue, isWell, keepsTelegram: true, runsAlone: true },
      ...{ paced, clock, log },
    },
  );
  const { telegram } = chat;
  // First of all: a port that is taken shall end the program before it has begun anything.
  const listener =
    config.web?.listen &&
    (await listen(http, { ...config.web.listen, log }).catch(async (error: unknown) => {
      await telegram.close();
      await app.close();
      throw error;
    }));

  const [owner = 0] = config.telegram.allowedIds;
  const alarms = createAlarmSend({ ...config.telegram, owner }, clock);
  const languageOf = async () => (await app.accounts.find(owner))?.language;
  const where = placeOf(config.store);
  let hasStarted = false;
  let isStoreKnown = false;
  const lookAtStore = async () => {
    const verdict = await lookAfterStore({
      ...{ api: telegram.bot.api, store: app.identity, isNew, once: app.claims.once, log },
      tell: async (it) =>
        alarms.send({
          text: wordsIn((await languageOf()) ?? "en").alarms.store(it, where, STORE_SETTINGS),
          isQuiet: false,
        }),
    });
    isStoreKnown = verdict === "known" || verdict === "used_elsewhere_too";
    if (verdict === "empty_and_used_elsewhere")
      throw new UsageError(wordsIn("en").alarms.store(verdict, where, STORE_SETTINGS));
  };
  const greet = async (username: string) => {
    await lookAtStore();
    hasStarted = true;
    log.info("bot_started", { username });
    await telegram.registerCommands().catch((error: unknown) => log.warn("commands_not_set", errorFacts(error)));
  };
  const publicUrl = config.web?.publicUrl;
  // A wrong token or address ends the program only if there is nobody to sync for.
  const mayEnd = async () => !(await anybodyIsLinked(app));
  const polling =
    publicUrl === undefined
      ? telegram.poll(greet, mayEnd)
      : telegram.serveWebhook({ url: publicUrl + TELEGRAM_PATH, secretToken: webhookSecret }, greet, mayEnd);
  worker = startWorker({ jobs: app.jobs, work, clock, log });
  sweeps = startSchedule({
    minutes: SWEEP_MINUTES,
    round: async () => {
      await sweep({ ...app, queue, clock, log }).finally(() => watch.roundEnded());
      watch.swept();
      // The first account was just added: from now on Telegram remembers this store.
      if (hasStarted && !isStoreKnown && !(await app.identity.isEmpty())) await lookAtStore();
    },
    clock,
    log,
  });
  const tell = createMachineAlarmTeller({ send: alarms.send, languageOf, clock, log });
  const stuck = Promise.withResolvers<never>();
  stuck.promise.catch(() => undefined);
  const look = async () => {
    await watch.look(tell);
    if (watch.hangs()) stuck.reject(new Error("no sweep has ended for a quarter of an hour"));
    else deps.isAlive?.();
  };
  const looks = startSchedule({ minutes: WATCH_MINUTES, round: look, clock, log });

  return {
    app,
    telegram,
    polling,
    stuck: stuck.promise,
    port: listener?.port,
    wake() {
      sweeps?.wake();
      looks.wake();
    },
    async stop() {
      await Promise.all([listener?.close(), telegram.stop(), sweeps?.stop(), looks.stop(), worker?.stop()]);
      await settled();
      // Last, because a job that was under way may have had something to tell.
      await Promise.all([telegram.close(), alarms.close()]);
      await app.close();
    },
  };
}

const placeOf = (store: StoreConfig) =>
  `table ${store.tableName} in ${store.engine === "sqlite" ? store.dataDir : "DynamoDB"}`;

/** If in doubt, yes: a store that cannot be read may be readable again soon. */
async function anybodyIsLinked({ accounts, links }: App): Promise<boolean> {
  try {
    for (const { telegramUserId } of await accounts.list()) {
      const both = await Promise.all(VENDORS.map((vendor) => links.facts(telegramUserId, vendor)));
      if (both.every((link) => link !== undefined)) return true;
    }
    return false;
  } catch {
    return true;
  }
}

/** Runs until it is told to stop, or ends at the start if it cannot do anything. */
export async function runServer(env: Environment, deps: { clock: Clock; log: Log; isNew: boolean }): Promise<number> {
  const config = readConfig(env, SERVICE_SECTIONS);
  // Listened for from the start, so that nothing is cut off half-way while it begins.
  const end = asked();
  const isAlive = env.NOTIFY_SOCKET === undefined ? {} : { isAlive: tellSystemd(deps.log) };
  const server = await startServer(config, { ...deps, ...isAlive }).catch(async (error: unknown) => {
    if (error instanceof UsageError) await tellWhyNot(error, config, deps);
    throw error;
  });
  if (config.store.engine === "sqlite") rmSync(path.join(config.store.dataDir, TOLD_FILE), { force: true });
  try {
    await Promise.race([server.polling, server.stuck, end]);
  } catch (error) {
    throw explainTelegram(error);
  } finally {
    deps.log.info("stopping");
    await Promise.race([server.stop(), new Promise((resolve) => setTimeout(resolve, STOP_SECONDS * 1000).unref())]);
    // Something that hangs may otherwise keep the process open.
    setTimeout(() => process.exit(), LAST_WORD_SECONDS * 1000).unref();
  }
  return 0;
}

/**
 * Tells the owner, once a day, why the program cannot start, for instance because of a full disk. An empty file next to the data
 * remembers that, because a supervisor restarts the program every half minute and the store itself may be broken.
 */
async function tellWhyNot(cause: UsageError, { store, telegram }: ServiceConfig, deps: { clock: Clock; log: Log }) {
  if (store.engine !== "sqlite") return;
  const told = path.join(store.dataDir, TOLD_FILE);
  const [owner = 0] = telegram.allowedIds;
  const alarms = createAlarmSend({ ...telegram, owner }, deps.clock);
  try {
    const before = statSync(told, { throwIfNoEntry: false })?.mtime;
    if (before && deps.clock.now().getTime() - before.getTime() < A_DAY_MS) return;
    writeFileSync(told, "", { mode: 0o600 });
    const tell = createMachineAlarmTeller({ send: alarms.send, languageOf: async () => undefined, ...deps });
    await tell({ key: "broken", isOver: false, cause: cause.message });
  } catch (error) {
    deps.log.warn("owner_not_told", errorFacts(error));
  } finally {
    await alarms.close();
  }
}

/** For WatchdogSec in the unit. Uses systemd's own program, because Node has no Unix datagram sockets. */
const tellSystemd = (log: Log) => () =>
  void execFile("systemd-notify", ["WATCHDOG=1"], (error) => {
    if (error) log.warn("systemd_not_told", errorFacts(error));
  });

/** Resolves when a person or the system asks the program to stop. */
export function asked(): Promise<void> {
  return new Promise((resolve) => {
    process.once("SIGINT", () => resolve());
    process.once("SIGTERM", () => resolve());
  });
}

function explainTelegram(error: unknown): unknown {
  if (!(error instanceof GrammyError)) return error;
  if (isUncallable(error)) {
    return new UsageError(
      "Telegram does not call PUBLIC_URL: it must be https, on port 443, 80, 88 or 8443. Correct it, or leave it out.",
    );
  }
  if (error.error_code === 401 || error.error_code === 404) {
    return new UsageError("Telegram does not know TELEGRAM_BOT_TOKEN. Copy it again from @BotFather.");
  }
  return error;
}
