import { Api } from "grammy/web";
import { type App, createApp } from "../../src/app/app.ts";
import { createSummaries } from "../../src/bot/notifications/daily-summary.ts";
import { createNotifier } from "../../src/bot/notifications/notifier.ts";
import { readConfig } from "../../src/config/config.ts";
import type { Environment } from "../../src/config/environment.ts";
import type { Clock } from "../../src/lib/clock.ts";
import type { Transport } from "../../src/lib/http-client.ts";
import type { Log } from "../../src/lib/log.ts";
import type { Table } from "../../src/store/table.ts";
import type { RunOptions, RunReport } from "../../src/sync/engine/run.ts";
import type { EngineDeps } from "../../src/sync/engine.ts";
import { createJobHandler } from "../../src/sync/jobs/handler.ts";
import { queueDue, sweep } from "../../src/sync/jobs/sweep.ts";
import type { Account } from "../../src/sync/model/account.ts";
import type { Job } from "../../src/sync/model/jobs.ts";
import type { Leases } from "../../src/sync/model/leases.ts";
import type { Decision } from "../../src/sync/model/ledger.ts";
import { KINDS } from "../../src/sync/model/reading.ts";
import { nextSummaryAt } from "../../src/sync/status/summary.ts";
import type { AccountId, HandOnAnswer } from "./steps.ts";

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
  run?: (deps: EngineDeps) => Partial<EngineDeps>;
  send?: (send: Transport) => Transport;
  /** Messages never leave. */
  isMute?: true;
}

interface ProgramDeps {
  log: Log;
  onReport: (account: number, report: RunReport) => void;
  /** A run got its lease, or gives it back. */
  onRun?: (account: number, what: "begins" | "ends") => void;
}

const SECTIONS = ["store", "sealing", "withings", "withingsLogin", "garmin", "web", "telegram"] as const;

/** One copy of the real program, put together as in `service.ts`, without long polling, a port or timers. */
export async function startProgram(env: Environment, outside: Outside, deps: ProgramDeps): Promise<Program> {
  const { clock, plant, wrapSend = (send) => send } = outside;
  const { log, onRun = () => {} } = deps;
  const config = readConfig(env, SECTIONS);
  const app = await createApp(config, {
    clock,
    log,
    paced: false,
    wrapTable: (table) => throughOutside(table, outside, { isAtomic: config.store.engine === "sqlite" }),
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
  return new Program(app, { ...deps, outside, api, runsAlone: config.store.engine === "sqlite" });
}

export class Program {
  readonly app: App;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #onReport: ProgramDeps["onReport"];
  readonly #notifier: ReturnType<typeof createNotifier>;
  readonly #work: ReturnType<typeof createJobHandler>;

  constructor(app: App, deps: ProgramDeps & { outside: Outside; api: Api; runsAlone: boolean }) {
    const { log, onReport, api, runsAlone } = deps;
    const { clock, plant } = deps.outside;
    this.app = app;
    this.#clock = clock;
    this.#log = log;
    this.#onReport = onReport;
    const { accounts, health, summary, leases, schedule } = app.store;
    const overview = app.overviews.of;
    this.#notifier = createNotifier({
      ...{ accounts, health, summary, overview, garminSignIn: app.garminSignIn, others: async () => [] },
      onUnanswered: async (account, handedOn) => {
        for (const { id } of handedOn)
          await (await app.sync.handOn()).settle({ telegramUserId: account }, id, "expired");
      },
      send: async (telegramUserId, text, { isQuiet, keyboard }) =>
        plant?.isMute ||
        api.sendMessage(telegramUserId, text, {
          disable_notification: isQuiet,
          ...(keyboard && { reply_markup: keyboard }),
        }),
      clock,
      log,
    });
    this.#work = createJobHandler({
      ...{ accounts, schedule, runsAlone, clock, log },
      ...{ snapshots: app.store.snapshots, alone: app.sync.alone },
      sync: (account, options) => this.#run(account, options),
      notify: this.#notifier.afterRun,
      answerSync: never,
      answerLook: never,
      answerPicture: never,
      answerReading: never,
      confirmUnlink: never,
      keepSubscriptions: async ({ telegramUserId }) => {
        await app.subscriptions.keep(telegramUserId);
      },
      summarize: createSummaries({
        summary,
        leases,
        overview,
        deliver: this.#notifier.deliver,
        edit: async () => false,
        clock,
      }),
      queueDue: () => queueDue({ schedule, queue: app.store.jobs, intervalMinutes: INTERVAL_MINUTES, clock }),
      nextSummaryAt,
      intervalMinutes: INTERVAL_MINUTES,
    });
  }

  /** What happens every minute: due accounts are queued, and queued jobs run, one after another. */
  async round(): Promise<void> {
    const { schedule, jobs } = this.app.store;
    try {
      await sweep({ schedule, queue: jobs, intervalMinutes: INTERVAL_MINUTES, clock: this.#clock, log: this.#log });
      for (const job of await jobs.list()) {
        if (job.value.dueAt <= this.#clock.now()) await this.#perform(job);
      }
    } catch (error) {
      this.#log.warn("round_failed", { error: String(error) });
    }
  }

  /** A run from the terminal, due or not. */
  async sync(account: number, options: RunOptions = {}): Promise<void> {
    const found = await this.app.store.accounts.find(account).catch(() => undefined);
    if (found) await this.#notifier.afterRun(found, await this.#run(found, { looksEarly: true, ...options }));
  }

  async decideHeld(account: number, readingIds: string[], word: Decision) {
    const found = await this.app.store.accounts.find(account);
    return found && (await this.app.sync.decideHeld(found, readingIds, word)).type;
  }

  /** What was answered about several readings at once, at this time. */
  async askAllAgain(account: number, at: Date) {
    const found = await this.app.store.accounts.find(account);
    return found && (await this.app.sync.askAllAgain(found, at)).type;
  }

  async takeOut(account: number, readingId: string) {
    const found = await this.app.store.accounts.find(account);
    return found && (await this.app.sync.takeOut(found, readingId)).type;
  }

  async restore(account: number, readingId: string) {
    const found = await this.app.store.accounts.find(account);
    return found && (await this.app.sync.restore(found, readingId)).type;
  }

  /** `which`: one reading, or those that were asked about together. */
  async answerGone(account: number, which: string | Date, answer: "keep" | "remove"): Promise<string | undefined> {
    const found = await this.app.store.accounts.find(account);
    if (!found) return undefined;
    if (answer === "keep") await this.app.sync.keepGone(found, which);
    else if (typeof which === "string") return (await this.app.sync.takeOut(found, which)).type;
    else await this.app.sync.takeOutGone(found, which);
    return answer === "keep" ? "kept" : "removed";
  }

  /** `to`: whose answer it is. */
  async answerOffer(from: AccountId, to: AccountId, readingId: string, answer: Exclude<HandOnAnswer, "sync">) {
    const handOn = await this.app.sync.handOn();
    const other = await this.app.store.accounts.find(to);
    if (!other) return undefined;
    if (answer === "yes") return (await handOn.accept(other, from, readingId)).type;
    if (answer === "no") return (await handOn.decline(other, from, readingId)).type;
    if (answer === "undo") return (await handOn.reconsider(other, from, readingId)).type;
    if (answer === "withdraw") return (await handOn.settle({ telegramUserId: from }, readingId, "withdrawn")).type;
    return this.decideHeld(from, [readingId], "mine");
  }

  /** The owner accepts what Garmin changed, if the bot asked. */
  async resume(account: number): Promise<void> {
    const found = await this.app.store.accounts.find(account);
    if (found) for (const kind of KINDS) await this.app.sync.resume(found, kind);
  }

  async close(): Promise<void> {
    await this.app.close();
  }

  async #run(account: Account, options: RunOptions = {}) {
    const report = await this.app.sync.run(account, options);
    this.#onReport(account.telegramUserId, report);
    return report;
  }

  /** Like the worker. Doesn't throw: a job is still due if a failing store didn't record its end. */
  async #perform(job: { value: Job; version: string }) {
    const { jobs } = this.app.store;
    try {
      await this.#work(job.value);
      await jobs.finish(job);
    } catch (error) {
      this.#log.warn("job_failed", { error: String(error) });
      await jobs.postpone(job, new Date(this.#clock.now().getTime() + 60_000)).catch(() => undefined);
    }
  }
}

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

function throughOutside(table: Table, { call }: Outside, { isAtomic }: { isAtomic: boolean }): Table {
  return {
    get: (key) => call(() => table.get(key)),
    list: (pk, range) => call(() => table.list(pk, range)),
    put: (key, value, options) => call(() => table.put(key, value, options)),
    async putAll(writes) {
      if (isAtomic) return call(() => table.putAll(writes));
      // In DynamoDB each is a request of its own, and a process that dies leaves any part of them written.
      return (await Promise.all(writes.map((write) => call(() => table.putAll([write]))))).flat();
    },
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
