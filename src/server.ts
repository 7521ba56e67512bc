import { type App, createApp } from "./app/app.ts";
import { createOwnerAlarms } from "./app/owner-alarms.ts";
import { createRunFiles } from "./app/run-files.ts";
import { SelfMonitor } from "./app/self-monitor.ts";
import { createService, type ServiceConfig } from "./app/service.ts";
import { StoreGuard } from "./app/store-guard.ts";
import { lastWordOf, startWatchdog } from "./app/watchdog.ts";
import type { TelegramBot } from "./bot/bot.ts";
import { ALARM_WORDS } from "./bot/words/alarms.ts";
import { TELEGRAM_PATH } from "./config/paths.ts";
import { listen } from "./http/node-server.ts";
import type { Clock } from "./lib/clock.ts";
import { UsageError } from "./lib/errors.ts";
import { type RepeatedTask, runEvery } from "./lib/interval.ts";
import { errorFacts, type Log } from "./lib/log.ts";
import { sweep } from "./sync/jobs/sweep.ts";
import { startWorker, type Worker } from "./sync/jobs/worker.ts";
import type { JobQueue } from "./sync/model/jobs.ts";
import { VENDORS } from "./sync/model/link.ts";

/** A run under way may need this long to come to a good end; what is left of it, the ledger knows. */
export const STOP_SECONDS = 90;
export const LAST_WORD_SECONDS = 5;
/** The number of starts within an hour, without an orderly end, after which the owner is told. */
const STARTS_UNTIL_TOLD = 4;
const SWEEP_MINUTES = 1;
const WATCH_MINUTES = 1;

export interface Server {
  app: App;
  telegram: TelegramBot;
  /** Where it listens, if it does. */
  port: number | undefined;
  /** Rejects if the bot cannot start. Later trouble does not end it. */
  polling: Promise<void>;
  /** Rejects when no sweep has ended for 15 minutes: something hangs that only a restart can fix. */
  stuck: Promise<never>;
  /** Looks now at whether Telegram delivers here, at who is due, and then at what is wrong. Resolves when all was looked at. */
  wake(): Promise<void>;
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
    /** How long another program that polls has to be there before it is told. Shorter in the demo. */
    conflictSeconds?: () => number;
    /** The store is meant to be empty, although the bot was used with another one. */
    isNew?: boolean;
    /** Called after each sweep, successful or not. */
    onSweep?: () => void;
    /** How often the watchdog looks. Shorter in tests. */
    watchdogSeconds?: number;
    /** How many starts there were within an hour, this one included, without an orderly end in between. */
    starts?: number;
  },
): Promise<Server> {
  const { clock, paced = true, conflictSeconds, isNew = false, onSweep, watchdogSeconds, starts = 1 } = deps;
  const [owner = 0] = config.telegram.allowedIds;
  const files = createRunFiles(config.store, clock);
  const monitor = new SelfMonitor({ clock, log: deps.log, owner, offSince: files.offSince() });
  const { log, isWell } = monitor;
  if (starts >= STARTS_UNTIL_TOLD && !files.isTold("crashes")) {
    const message = `I was started ${starts} times within an hour, because I crashed or was killed each time. My log says more.`;
    log.error("earlier_runs_failed", errorFacts(new UsageError(message)));
  }
  const app = await createApp(config, { clock, log, paced, wakeAt: (at) => sweeps?.wakeAt(at) });
  const { accounts, schedule, jobs, identity, claims } = app.store;
  let worker: Worker | undefined;
  let sweeps: RepeatedTask | undefined;
  const queue: JobQueue = {
    async put(jobs) {
      await app.store.jobs.put(jobs);
      worker?.wake();
    },
  };
  const { chat, http, work, webhookSecret, settled } = createService(config, app, {
    queue,
    isWell,
    keepsTelegram: true,
    runsAlone: true,
    paced,
    conflictSeconds,
  });
  const { telegram } = chat;
  // First of all: a port that is taken shall end the program before it has begun anything.
  const listener =
    config.web?.listen &&
    (await listen(http, { ...config.web.listen, log }).catch(async (error: unknown) => {
      await telegram.close();
      await app.close();
      throw error;
    }));

  const ownerAccount = () => accounts.find(owner);
  const alarms = createOwnerAlarms(config, { owner, ownerAccount, clock, log });
  const { language = "en", blockedAt } = (await ownerAccount().catch(() => undefined)) ?? {};
  // Otherwise nobody outside would hear of it again after a restart.
  if (blockedAt) log.info("owner_does_not_listen", { account: owner });
  const storeGuard = new StoreGuard(config.store, {
    ...{ identity, claims, api: telegram.bot.api, isNew, ownerAccount, alarms, log },
  });
  let hasStarted = false;
  const greet = async (username: string) => {
    await storeGuard.look();
    hasStarted = true;
    files.forget("why-not");
    log.info("bot_started", { username });
    await telegram.registerCommands().catch((error: unknown) => log.warn("commands_not_set", errorFacts(error)));
  };
  const publicUrl = config.web?.publicUrl;
  // A wrong token or address ends the program only if there is nobody to sync for.
  const mayEnd = async () => !(await anybodyIsLinked(app.store));
  const polling =
    publicUrl === undefined
      ? telegram.poll(greet, mayEnd)
      : telegram.serveWebhook({ url: publicUrl + TELEGRAM_PATH, secretToken: webhookSecret }, greet, mayEnd);
  let hasWorkerLooked = false;
  worker = startWorker({ jobs, work, onLook: () => (hasWorkerLooked = true), clock, log });
  const watchdog = startWatchdog({
    lastWord: lastWordOf({ ...config.telegram, owner, ...config.outside }, ALARM_WORDS[language].stuck),
    endSeconds: STOP_SECONDS + LAST_WORD_SECONDS,
    ...(watchdogSeconds !== undefined && { checkSeconds: watchdogSeconds }),
    log,
  });
  sweeps = runEvery({
    minutes: SWEEP_MINUTES,
    round: async () => {
      await sweep({ schedule, queue, clock, log }).finally(() => {
        // A worker that no longer takes jobs is as bad as no sweep.
        if (hasWorkerLooked) {
          watchdog.sweepEnded();
          onSweep?.();
        }
        hasWorkerLooked = false;
      });
      monitor.onSweep();
      files.swept();
      void alarms.outside.beat();
      // The first account was just added: from now on Telegram remembers this store.
      if (hasStarted && !storeGuard.isKnown && !(await identity.isEmpty())) await storeGuard.look();
    },
    clock,
    log,
  });
  const looks = runEvery({ minutes: WATCH_MINUTES, round: () => monitor.check(alarms.tellers), clock, log });

  return {
    app,
    telegram,
    polling,
    stuck: watchdog.stuck,
    port: listener?.port,
    async wake() {
      worker?.wake();
      await Promise.all([sweeps?.wake(), telegram.look()]);
      await looks.wake();
    },
    async stop() {
      await Promise.all([telegram.stop(), sweeps?.stop(), looks.stop(), worker?.stop()]);
      await settled();
      // After the jobs: Withings calls this address while one of them subscribes, and would find nobody.
      await listener?.close();
      // Last, because a job that was under way may have had something to tell.
      await Promise.all([telegram.close(), alarms.close()]);
      await app.close();
      // Last of all: what hangs before it is ended by force.
      await watchdog.stop();
    },
  };
}

/** If in doubt, yes: a store that cannot be read may be readable again soon. */
async function anybodyIsLinked({ accounts, links }: App["store"]): Promise<boolean> {
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
