import { Api } from "grammy/web";
import { createApp } from "../../src/app/app.ts";
import { createSummaries } from "../../src/bot/notifications/daily-summary.ts";
import { createNotifier } from "../../src/bot/notifications/notifier.ts";
import { readConfig } from "../../src/config/config.ts";
import type { Environment } from "../../src/config/environment.ts";
import type { Clock } from "../../src/lib/clock.ts";
import type { Transport } from "../../src/lib/http-client.ts";
import type { Log } from "../../src/lib/log.ts";
import type { Table } from "../../src/store/table.ts";
import type { RunDeps, RunOptions, RunReport } from "../../src/sync/engine/run.ts";
import { createJobHandler } from "../../src/sync/jobs/handler.ts";
import { sweep } from "../../src/sync/jobs/sweep.ts";
import type { Account } from "../../src/sync/model/account.ts";
import type { Job } from "../../src/sync/model/jobs.ts";
import type { Leases } from "../../src/sync/model/leases.ts";
import type { Decision } from "../../src/sync/model/ledger.ts";
import { KINDS } from "../../src/sync/model/reading.ts";

export const INTERVAL_MINUTES = 30;

export interface Outside {
  clock: Clock;
  /** Every HTTP request and every store call passes through here. */
  call<T>(work: () => Promise<T>): Promise<T>;
  wrapSend?: ((send: Transport) => Transport) | undefined;
  plant?: Plant | undefined;
}

/** A bug on purpose. */
export interface Plant {
  /** What is broken, in a full sentence. */
  says: string;
  run?: (deps: RunDeps) => Partial<RunDeps>;
  send?: (send: Transport) => Transport;
  /** Messages never leave. */
  isMute?: true;
}

/** One copy of the real program, put together as in `service.ts`, without long polling, a port or timers. */
export async function startProgram(
  env: Environment,
  outside: Outside,
  deps: {
    log: Log;
    onReport: (account: number, report: RunReport) => void;
    /** A run got its lease, or gives it back. */
    onRun?: (account: number, what: "begins" | "ends") => void;
  },
) {
  const { clock, plant } = outside;
  const { log, onReport, onRun = () => {} } = deps;
  const config = readConfig(env, ["store", "sealing", "withings", "withingsLogin", "garmin", "web", "telegram"]);
  const { wrapSend = (send) => send } = outside;
  const app = await createApp(config, {
    clock,
    log,
    paced: false,
    wrapTable: (table) => throughOutside(table, outside),
    wrapSync: (sync) => {
      const planted = { ...sync, ...plant?.run?.(sync) };
      return { ...planted, leases: watched(planted.leases, onRun) };
    },
    wrapSend: (send) => {
      const sends = wrapSend((request) => outside.call(() => send(request)));
      return plant?.send?.(sends) ?? sends;
    },
  });
  const { botToken, apiRoot } = config.telegram;
  const api = new Api(botToken, { apiRoot, fetch: fetchThrough(outside) });
  const { accounts, health, summary, leases, schedule, jobs } = app.store;
  const overview = app.overviews.of;
  const notifier = createNotifier({
    ...{ accounts, health, overview, garminSignIn: app.garminSignIn },
    send: async (telegramUserId, text, { isQuiet, keyboard }) =>
      plant?.isMute ||
      api.sendMessage(telegramUserId, text, {
        disable_notification: isQuiet,
        ...(keyboard && { reply_markup: keyboard }),
      }),
    clock,
    log,
  });

  async function sync(account: Account, options: RunOptions = {}) {
    const report = await app.sync.run(account, options);
    onReport(account.telegramUserId, report);
    await notifier.afterRun(account, report);
    return report;
  }

  const work = createJobHandler({
    ...{ accounts, schedule, sync },
    answerSync: never,
    answerDoctor: never,
    confirmUnlink: never,
    keepSubscriptions: async ({ telegramUserId }) => {
      await app.subscriptions.keep(telegramUserId);
    },
    summarize: createSummaries({ summary, leases, overview, deliver: notifier.deliver, clock }),
    intervalMinutes: INTERVAL_MINUTES,
    runsAlone: config.store.engine === "sqlite",
    clock,
    log,
  });

  /** Like the worker. Doesn't throw: a job is still due if a failing store didn't record its end. */
  async function perform(job: { value: Job; version: string }) {
    try {
      await work(job.value);
      await app.store.jobs.finish(job);
    } catch (error) {
      log.warn("job_failed", { error: String(error) });
      await app.store.jobs.postpone(job, new Date(clock.now().getTime() + 60_000)).catch(() => undefined);
    }
  }

  return {
    app,

    /** What happens every minute: due accounts are queued, and queued jobs run, one after another. */
    async round(): Promise<void> {
      try {
        await sweep({ schedule, queue: jobs, clock, log });
        for (const job of await app.store.jobs.list()) {
          if (job.value.dueAt <= clock.now()) await perform(job);
        }
      } catch (error) {
        log.warn("round_failed", { error: String(error) });
      }
    },

    /** A requested run, due or not. */
    async sync(account: number, options: RunOptions = {}): Promise<void> {
      const found = await app.store.accounts.find(account).catch(() => undefined);
      if (found) await sync(found, options);
    },

    async decideHeld(account: number, readingId: string, word: Decision) {
      const found = await app.store.accounts.find(account);
      return found && (await app.sync.decideHeld(found, [readingId], word)).type;
    },

    /** The owner accepts what Garmin changed, if the bot asked. */
    async resume(account: number): Promise<void> {
      const found = await app.store.accounts.find(account);
      if (found) for (const kind of KINDS) await app.sync.resume(found, kind);
    },

    close: () => app.close(),
  };
}
export type Program = Awaited<ReturnType<typeof startProgram>>;

function watched(leases: Leases, onRun: (account: number, what: "begins" | "ends") => void): Leases {
  return {
    async acquire(name, seconds) {
      const lease = await leases.acquire(name, seconds);
      const account = Number(/^account#(\d+)$/.exec(name)?.[1]);
      if (!lease || !account) return lease;
      onRun(account, "begins");
      const release = () => {
        onRun(account, "ends");
        return lease.release();
      };
      return { remainingSeconds: () => lease.remainingSeconds(), renew: (to) => lease.renew(to), release };
    },
  };
}

function throughOutside(table: Table, { call }: Outside): Table {
  return {
    get: (key) => call(() => table.get(key)),
    list: (pk, range) => call(() => table.list(pk, range)),
    put: (key, value, options) => call(() => table.put(key, value, options)),
    delete: (key, options) => call(() => table.delete(key, options)),
    purge: () => table.purge(),
    close: () => table.close(),
  };
}

function fetchThrough({ call }: Outside): typeof globalThis.fetch {
  const send = async (address: string, { method, headers, body }: { method: string; headers: Headers; body: string }) =>
    call(async () => {
      const answer = await fetch(address, { method, headers, body });
      const text = await answer.text();
      return { status: answer.status, json: async () => JSON.parse(text) };
    });
  return send as unknown as typeof globalThis.fetch;
}

async function never(): Promise<never> {
  throw new Error("nobody asks for this here");
}
