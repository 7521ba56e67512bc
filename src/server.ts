import { type App, createApp } from "./app/app.ts";
import { createOwnerAlarms } from "./app/owner-alarms.ts";
import { createRunFiles } from "./app/run-files.ts";
import { SelfMonitor } from "./app/self-monitor.ts";
import { createService, type ServiceConfig } from "./app/service.ts";
import { createStoreGuard } from "./app/store-guard.ts";
import { lastWordOf, startWatchdog } from "./app/watchdog.ts";
import type { TelegramBot } from "./bot/bot.ts";
import { ALARM_WORDS } from "./bot/words/alarms.ts";
import { TELEGRAM_PATH } from "./config/paths.ts";
import { listen } from "./http/node-server.ts";
import type { Clock } from "./lib/clock.ts";
import { UsageError } from "./lib/errors.ts";
import { createRounds, createWaker, runEvery, type Waker } from "./lib/interval.ts";
import { errorFacts, type Log } from "./lib/log.ts";
import { sweep } from "./sync/jobs/sweep.ts";
import { startWorker, type Worker } from "./sync/jobs/worker.ts";
import type { JobQueue } from "./sync/model/jobs.ts";
import { VENDORS } from "./sync/model/link.ts";

/** A run under way may need this long to end well. The ledger knows what is left of it. */
export const STOP_SECONDS = 90;
export const LAST_WORD_SECONDS = 5;
/** After this many starts within an hour, the owner is notified. */
const STARTS_UNTIL_TOLD = 4;
const ROUND_MINUTES = 1;

interface ServerDeps {
  clock: Clock;
  log: Log;
  /** False with a manual clock: requests then leave without pauses. */
  paced?: boolean;
  /** How long another program has to poll before the owner is notified. Shorter in the demo. */
  conflictSeconds?: () => number;
  /** The store may be empty although the bot was used with another one. */
  isNew?: boolean;
  /** Called after each sweep, successful or not. */
  onSweep?: () => void;
  /** Shorter in tests. */
  watchdogSeconds?: number;
  /** How many starts there were within an hour, this one included, without an orderly end in between. */
  starts?: number;
}

export interface Server {
  app: App;
  telegram: TelegramBot;
  /** Undefined: it doesn't listen. */
  port: number | undefined;
  /** Rejects if the bot can't start. Later trouble doesn't end it. */
  polling: Promise<void>;
  /** Rejects when no sweep has ended for 15 minutes: something hangs that only a restart can fix. */
  stuck: Promise<never>;
  /** Checks Telegram's deliveries, sweeps, and then raises alarms, all now. Resolves when that is done. */
  wake(): Promise<void>;
  stop(): Promise<void>;
}

/** The whole program on one machine. It uses long polling, or a webhook if it has a public address. */
export async function startServer(config: ServiceConfig, deps: ServerDeps): Promise<Server> {
  const { clock, isNew = false, onSweep, watchdogSeconds, starts = 1 } = deps;
  const [owner = 0] = config.telegram.allowedIds;
  const files = createRunFiles(config.store, clock);
  const monitor = new SelfMonitor({ clock, log: deps.log, owner, offSince: files.offSince() });
  const { log, isWell } = monitor;
  if (starts >= STARTS_UNTIL_TOLD && !files.isTold("crashes")) log.error("earlier_runs_failed", crashes(starts));
  let worker: Worker | undefined;
  let waker: Waker | undefined;
  const { app, queue, service, listener } = await openService(config, deps, {
    ...{ log, isWell },
    wakeWorker: () => worker?.wake(),
    wakeAt: (at) => waker?.wakeAt(at),
  });
  const { accounts, schedule, jobs } = app.store;
  const { work, webhookSecret } = service;
  const { telegram } = service.chat;

  const ownerAccount = () => accounts.find(owner);
  const alarms = createOwnerAlarms(config, { owner, ownerAccount, clock, log });
  const { language = "en", blockedAt } = (await ownerAccount().catch(() => undefined)) ?? {};
  // So that ALARM_URL still hears of it after a restart.
  if (blockedAt) log.info("owner_does_not_listen", { account: owner });
  const api = telegram.bot.api;
  const storeGuard = createStoreGuard(config.store, { ...app.store, api, isNew, ownerAccount, alarms, log });
  const polling = hearTelegram(config, { telegram, webhookSecret, storeGuard, files, store: app.store, log });
  const watchdog = startWatchdog({
    lastWord: lastWordOf({ ...config.telegram, owner, ...config.outside }, ALARM_WORDS[language].stuck),
    endSeconds: STOP_SECONDS + LAST_WORD_SECONDS,
    ...(watchdogSeconds !== undefined && { checkSeconds: watchdogSeconds }),
    log,
  });
  const sweeps = createSweeps({
    sweep: () => sweep({ schedule, queue, intervalMinutes: config.schedule.syncIntervalMinutes, clock, log }),
    onAlive: () => {
      watchdog.sweepEnded();
      onSweep?.();
    },
    async afterwards() {
      monitor.onSweep();
      files.swept();
      void alarms.outside.beat();
      await storeGuard.checkAgain();
    },
    log,
  });
  worker = startWorker({ jobs, work, onLook: sweeps.workerLooked, clock, log });
  // Apart from the sweeps: one that hangs must not keep the owner from hearing of it.
  const checks = createRounds(() => monitor.check(alarms.tellers), log);
  waker = createWaker(sweeps.run, clock);
  const interval = runEvery({ minutes: ROUND_MINUTES, tasks: [worker.wake, sweeps.run, checks.run] });

  return {
    ...{ app, telegram, polling, stuck: watchdog.stuck, port: listener?.port },
    async wake() {
      worker?.wake();
      await Promise.all([sweeps.run(), telegram.look()]);
      await checks.run();
    },
    async stop() {
      interval.stop();
      waker?.stop();
      await Promise.all([telegram.stop(), sweeps.stop(), checks.stop(), worker?.stop()]);
      await service.settled();
      // After the jobs, because Withings calls this address while one of them subscribes.
      await listener?.close();
      // After the jobs, which may still have something to say.
      await Promise.all([telegram.close(), alarms.close()]);
      await app.close();
      // Last, because it kills whatever hangs before it.
      await watchdog.stop();
    },
  };
}

/**
 * Calls `onAlive` after each sweep, successful or not, if the worker has looked for jobs since the last one: a worker that has
 * stopped looking is as bad as no sweep.
 */
function createSweeps(deps: {
  sweep: () => Promise<unknown>;
  onAlive: () => void;
  afterwards: () => Promise<void>;
  log: Log;
}) {
  let hasWorkerLooked = false;
  const rounds = createRounds(async () => {
    await deps.sweep().finally(() => {
      if (hasWorkerLooked) deps.onAlive();
      hasWorkerLooked = false;
    });
    await deps.afterwards();
  }, deps.log);
  return { ...rounds, workerLooked: () => (hasWorkerLooked = true) };
}

/** A port in use ends the program here, before it has done anything. */
async function openService(
  config: ServiceConfig,
  { clock, paced = true, conflictSeconds }: ServerDeps,
  by: { log: Log; isWell: SelfMonitor["isWell"]; wakeWorker: () => void; wakeAt: (at: Date) => void },
) {
  const { log, isWell } = by;
  const app = await createApp(config, { clock, log, paced, wakeAt: by.wakeAt });
  const queue = queueThatWakes(app.store.jobs, by.wakeWorker);
  const serviceDeps = { queue, isWell, reportsTelegram: true, runsAlone: true, paced, conflictSeconds };
  const service = createService(config, app, serviceDeps);
  const { web } = config;
  try {
    const listener = web?.listen && (await listen(service.http, { ...web.listen, log }));
    return { app, queue, service, listener };
  } catch (error) {
    await service.chat.telegram.close();
    await app.close();
    throw error;
  }
}

function queueThatWakes(jobs: JobQueue, wake: () => void): JobQueue {
  return {
    async put(wanted) {
      await jobs.put(wanted);
      wake();
    },
  };
}

function crashes(starts: number) {
  const often = `I was started ${starts} times within an hour, because I crashed or was killed each time.`;
  return errorFacts(new UsageError(`${often} My log says more.`));
}

/** Rejects if the bot can't start. */
function hearTelegram(
  { web }: ServiceConfig,
  deps: {
    telegram: TelegramBot;
    webhookSecret: string;
    storeGuard: ReturnType<typeof createStoreGuard>;
    files: ReturnType<typeof createRunFiles>;
    store: App["store"];
    log: Log;
  },
): Promise<void> {
  const { telegram, webhookSecret: secretToken, storeGuard, files, store, log } = deps;
  const onStart = async () => {
    await storeGuard.check();
    files.forget("why-not");
  };
  const greet = async (username: string) => {
    log.info("bot_started", { username });
    await telegram.keepProfile().catch((error: unknown) => log.warn("profile_not_set", errorFacts(error)));
  };
  // A wrong token or address ends the program only if there is nobody to sync for.
  const mayEnd = async () => !(await anybodyIsLinked(store));
  if (web?.publicUrl === undefined) return telegram.poll({ onStart, greet, mayEnd });
  return telegram.serveWebhook({ url: web.publicUrl + TELEGRAM_PATH, secretToken }, { onStart, greet, mayEnd });
}

/** If in doubt, yes: the store may be readable again soon. */
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
