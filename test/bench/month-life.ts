import { Api } from "grammy/web";
import { createService, SERVICE_SECTIONS } from "../../src/app/service.ts";
import { keepWebhook } from "../../src/bot/telegram/webhook.ts";
import { readConfig } from "../../src/config/config.ts";
import { TELEGRAM_PATH } from "../../src/config/paths.ts";
import { listen } from "../../src/http/node-server.ts";
import type { Http } from "../../src/http/routes.ts";
import { createLog } from "../../src/lib/log.ts";
import { sweep } from "../../src/sync/jobs/sweep.ts";
import type { NewJob } from "../../src/sync/model/jobs.ts";
import { ACCOUNT, startTestApp } from "../support/test-app.ts";
import { WEBHOOK_SECRET } from "./cloud.ts";
import { createMeter } from "./meter.ts";

export const DAYS = 30;
const SWEEP_MINUTES = 5;
const SWEEPS_A_DAY = (24 * 60) / SWEEP_MINUTES;
const START = new Date("2026-11-01T00:00:30Z");
const JOBS_A_CALL = 10;

export type Kind =
  | "run that finds nothing"
  | "run that brings a reading"
  | "other job"
  | "update"
  | "notification"
  | "sweep";

/** All invocations of one kind together. */
export interface Took {
  times: number;
  reads: number;
  writes: number;
  calls: number;
  withings: number;
  garmin: number;
  telegram: number;
  logBytes: number;
}

export interface Month {
  took: Map<Kind, Took>;
  storedBytes: number;
  /** Batches of jobs. Besides, each job is received once and deleted once. */
  sent: number;
  jobs: number;
  readings: number;
}

/**
 * A month of one household, with the real program on a metered table: a weigh-in every morning, blood pressure twice a week,
 * a few messages, and a sweep every five minutes.
 */
export async function liveAMonth(): Promise<Month> {
  let http: Http = async () => ({ status: 503, headers: {} });
  const quiet = createLog({ level: "error" });
  const listener = await listen((request) => http(request), { host: "127.0.0.1", port: 0, log: quiet });
  const url = `http://127.0.0.1:${listener.port}`;
  const harness = await startTestApp({
    at: START,
    linked: false,
    heightM: 1.75,
    env: {
      PUBLIC_URL: url,
      WITHINGS_REDIRECT_URL: "",
      TELEGRAM_ALLOWED_IDS: String(ACCOUNT),
      TELEGRAM_WEBHOOK_SECRET: WEBHOOK_SECRET,
    },
    sandbox: { withingsRedirectUrl: `${url}/withings/callback` },
  });
  const { clock, sandbox, person } = harness;
  const { telegram, withings, garmin } = sandbox;
  const owner = telegram.user({ id: ACCOUNT, firstName: "Owner", started: true });
  const meter = createMeter();
  let logBytes = 0;
  const log = createLog({
    level: "info",
    write(line) {
      logBytes += line.length;
    },
    now: clock.now,
  });
  const app = await harness.newApp({ wrapTable: meter.wrapTable });
  await harness.link();

  const month: Month = { took: new Map(), storedBytes: 0, sent: 0, jobs: 0, readings: 0 };
  const waiting: NewJob[] = [];
  const queue = {
    async put(jobs: readonly NewJob[]) {
      for (const job of jobs) {
        // Like the queue, it drops duplicates: one weigh-in is announced several times.
        if (job.reason === "withings_notified" && waiting.some(({ reason }) => reason === job.reason)) continue;
        waiting.push(job);
        month.jobs++;
      }
      month.sent += Math.ceil(jobs.length / JOBS_A_CALL);
    },
  };
  const config = readConfig(harness.env, SERVICE_SECTIONS);
  const service = createService(config, app, { queue, paced: false });
  const api = new Api(telegram.token, { apiRoot: telegram.apiRoot });
  const webhook = { url: `${url}/telegram`, secretToken: WEBHOOK_SECRET };
  const count = () => ({
    ...meter.units,
    withings: withings.requests.length,
    garmin: garmin.requests.length,
    telegram: telegram.outbox.length,
    logBytes: logBytes + sum(harness.logged),
  });
  /** Debug lines aren't written on AWS. */
  const sum = (lines: string[]) => lines.reduce((bytes, line) => bytes + line.length, 0);

  /** One invocation at a time, so that everything counted belongs to it. */
  let turn: Promise<unknown> = Promise.resolve();
  function invocation<T>(kindOf: Kind | ((took: { garmin: number }) => Kind), work: () => Promise<T>): Promise<T> {
    const mine = turn.then(async () => {
      const before = count();
      const result = await work();
      const after = count();
      const used = { times: 1, reads: 0, writes: 0, calls: 0, withings: 0, garmin: 0, telegram: 0, logBytes: 0 };
      for (const name of Object.keys(before) as Array<keyof typeof before>) used[name] = after[name] - before[name];
      const kind = typeof kindOf === "string" ? kindOf : kindOf(used);
      const total = month.took.get(kind);
      for (const name of Object.keys(used) as Array<keyof Took>) if (total) total[name] += used[name];
      if (!total) month.took.set(kind, used);
      return result;
    });
    turn = mine.catch(() => undefined);
    return mine;
  }
  http = (request) =>
    invocation(request.path === TELEGRAM_PATH ? "update" : "notification", async () => {
      const response = await service.http(request);
      await service.settled();
      return response;
    });

  async function workOff() {
    for (;;) {
      const job = waiting.shift();
      if (!job) return;
      const restSeconds = (job.dueAt.getTime() - clock.now().getTime()) / 1000;
      if (restSeconds > 0) clock.advance(restSeconds);
      const isVisit = job.reason === "scheduled" || job.reason === "withings_notified";
      await invocation(
        (used) => (!isVisit ? "other job" : used.garmin > 1 ? "run that brings a reading" : "run that finds nothing"),
        () => service.work({ ...job, attempts: 0 }),
      );
    }
  }
  async function say(text: string) {
    owner.say(text);
    while (telegram.pendingUpdates() > 0) await new Promise((resolve) => setImmediate(resolve));
    await workOff();
  }

  await keepWebhook(api, { ...webhook, force: true, clock, log });
  const { syncIntervalMinutes: intervalMinutes } = config.schedule;
  const swept = { schedule: app.store.schedule, queue, intervalMinutes, clock, log };
  await sweep(swept);
  await workOff();
  month.took.clear();
  for (let round = 0; round < DAYS * SWEEPS_A_DAY; round++) {
    const dueMs = START.getTime() + (round + 1) * SWEEP_MINUTES * 60_000;
    clock.advance(Math.max(0, (dueMs - clock.now().getTime()) / 1000));
    await invocation("sweep", async () => {
      await keepWebhook(api, { ...webhook, clock, log });
      log.info("swept", { ...(await sweep(swept)) });
    });
    await workOff();
    const day = Math.floor(round / SWEEPS_A_DAY);
    const at = (hour: number) => round % SWEEPS_A_DAY === (hour * 60) / SWEEP_MINUTES + 3;
    if (at(6)) {
      person.stepOnScale({ weightKg: 80 + Math.sin(day) / 2, fatRatioPercent: 18.3, siblings: true });
      month.readings++;
    }
    if (at(19) && [1, 4].includes(day % 7)) {
      person.takeBloodPressure({ systolic: 118 + (day % 5), diastolic: 76, pulse: 61 });
      month.readings++;
    }
    await withings.notifications.delivered();
    await workOff();
    if (at(7)) await say("/status");
    if (at(12)) await say("/help");
    if (at(20)) await say("/sync");
  }
  month.storedBytes = meter.storedBytes();
  if (harness.weights().length < DAYS) throw new Error(`only ${harness.weights().length} weigh-ins arrived`);
  await harness.close();
  await listener.close();
  return month;
}
