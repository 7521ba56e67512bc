import project from "../../package.json" with { type: "json" };
import { wordsIn } from "../bot/words/words.ts";
import type { Config } from "../config/config.ts";
import { WITHINGS_PATHS } from "../config/paths.ts";
import { createHttp, type Http, type HttpDeps } from "../http/routes.ts";
import { lazy } from "../lib/lazy.ts";
import { errorFacts } from "../lib/log.ts";
import { createJobHandler } from "../sync/jobs/handler.ts";
import { createManualSync } from "../sync/jobs/manual-sync.ts";
import { queueDue } from "../sync/jobs/sweep.ts";
import { jobOf } from "../sync/jobs/worker.ts";
import type { JobQueue } from "../sync/model/jobs.ts";
import { nextSummaryAt } from "../sync/status/summary.ts";
import type { App } from "./app.ts";
import { type Chat, createChat } from "./chat.ts";

/** What a program that serves people reads of its configuration. */
export const SERVICE_SECTIONS = [
  "store",
  "sealing",
  "withings",
  "withingsLogin",
  "garmin",
  "telegram",
  "schedule",
  "web",
  "manualSync",
  "outside",
  "logging",
  "given",
] as const;

export type ServiceConfig = Pick<
  Config,
  "store" | "sealing" | "withings" | "garmin" | "telegram" | "schedule" | "outside"
> &
  Partial<Pick<Config, "withingsLogin" | "web" | "manualSync" | "given">>;

export interface ServiceDeps {
  queue: JobQueue;
  isWell?: () => boolean;
  /** Whether this process is the one that hears from Telegram and tracks whether that works. */
  reportsTelegram?: boolean;
  /** Whether this process does all the work while it runs. */
  runsAlone?: boolean;
  paced?: boolean | undefined;
  conflictSeconds?: (() => number) | undefined;
}

/**
 * What the program does for people, wherever it runs: the chat, the jobs, and the answers to HTTP requests. Updates, requests
 * and jobs reach it from one machine (`server.ts`) or from AWS (`lambda/`); a sweep only queues jobs.
 */
export function createService(config: ServiceConfig, app: App, deps: ServiceDeps) {
  const {
    queue,
    isWell = () => true,
    reportsTelegram = false,
    runsAlone = false,
    paced = true,
    conflictSeconds,
  } = deps;
  const { store, sync, clock, log } = app;
  const { accounts, schedule } = store;
  const { syncIntervalMinutes: intervalMinutes } = config.schedule;
  const { version } = project;
  const webhookSecret = config.telegram.webhookSecret ?? store.webhookSecret;
  const doctor = lazy(async () =>
    (await import("./doctor.ts")).createDoctor({
      ...{ ...config, ...config.schedule, app, clock, log },
      isPolledElsewhere: () => chat.telegram.telegramState() === "taken",
    }),
  );
  const chat = createChat(config.telegram, app, {
    answersByItself: hasOwnCallback(config),
    doctor: async (...asked) => (await doctor())(...asked),
    report: async () => (await import("./report.ts")).makeReport(config.given ?? {}, app, clock),
    ...{ queue, version, paced, conflictSeconds },
  });
  const { telegram, summarize, syncAndNotify } = chat;
  const { afterwards, settled } = createAfterwards();

  return {
    chat,
    /** The secret that Telegram sends with each update. */
    webhookSecret,

    /** Does a job. Throws when it has to be done again. */
    work: createJobHandler({
      ...{ accounts, schedule, runsAlone, clock, log },
      ...{ snapshots: store.snapshots, alone: sync.alone },
      sync: sync.run,
      notify: chat.notify,
      ...{ summarize, nextSummaryAt },
      answerSync: telegram.answerSync,
      answerLook: telegram.answerLook,
      answerPicture: telegram.answerPicture,
      answerReading: telegram.answerReading,
      confirmUnlink: (account) => app.confirmUnlink(account, chat.onUnlinked),
      keepSubscriptions: chat.keepSubscriptions,
      queueDue: () => queueDue({ schedule, queue, clock, intervalMinutes }),
      intervalMinutes,
    }),

    http: createHttp({
      withCallback: app.withingsLinking.withCallback,
      onLinked: (account, result) =>
        afterwards(
          chat.onConsent(account, result).catch((error: unknown) => log.warn("consent_not_told", errorFacts(error))),
        ),
      words: callbackWords(chat),
      signInPage: signInPageOf(config, app, { telegram, afterwards }),
      notifyKey: store.notifyKey,
      accountOf: store.withingsUsers.accountOf,
      queue: (account, reason) => queue.put([jobOf(account, reason, clock.now())]),
      webhookSecret: config.web?.publicUrl === undefined ? undefined : webhookSecret,
      handleUpdate: telegram.handleUpdate,
      manualSyncToken: config.manualSync?.token,
      manualSync: createManualSync({ accounts, sync: syncAndNotify, isTimeUp: sync.isTimeUp, log }),
      telegramState: reportsTelegram ? telegram.telegramState : undefined,
      ...{ isWell, version, log },
    }),

    /** Resolves when nothing is under way that a request has started. */
    settled,
  };
}
export type Service = ReturnType<typeof createService>;

/** What outlives the request that started it. */
function createAfterwards() {
  const started = new Set<Promise<void>>();
  return {
    afterwards(work: Promise<void>) {
      const ended = work.finally(() => started.delete(ended));
      started.add(ended);
    },
    async settled() {
      await Promise.all(started);
    },
  };
}

/** What the page after a consent at Withings says, and its way back to the chat. */
function callbackWords({ namesOnPage }: Pick<Chat, "namesOnPage">): HttpDeps["words"] {
  return async (outcome, language, account) => {
    const names = await namesOnPage(account);
    const { callbackPage, backToChat } = wordsIn(language);
    const back = names.bot && { url: `https://t.me/${names.bot.slice(1)}`, label: backToChat };
    return { ...callbackPage(names)[outcome], ...(back && { back }) };
  };
}

function signInPageOf(
  config: ServiceConfig,
  app: App,
  deps: { telegram: Chat["telegram"]; afterwards: (work: Promise<void>) => void },
): Http | undefined {
  const publicUrl = config.web?.publicUrl;
  if (publicUrl === undefined) return undefined;
  const page = lazy(async () => (await import("./sign-in-page.ts")).createPage(config, app, { ...deps, publicUrl }));
  return async (request) => (await page())(request);
}

/** Whether Withings sends people back to this program after they consent. */
function hasOwnCallback({ web, withingsLogin }: Partial<Pick<Config, "web" | "withingsLogin">>): boolean {
  return web?.publicUrl !== undefined && withingsLogin?.redirectUrl === `${web.publicUrl}${WITHINGS_PATHS.callback}`;
}
