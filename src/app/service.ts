import project from "../../package.json" with { type: "json" };
import { wordsIn } from "../bot/words/words.ts";
import type { Config } from "../config/config.ts";
import { WITHINGS_PATHS } from "../config/paths.ts";
import { createHttp } from "../http/routes.ts";
import { errorFacts } from "../lib/log.ts";
import type { RunOptions } from "../sync/engine/run.ts";
import { createJobHandler } from "../sync/jobs/handler.ts";
import { createManualSync } from "../sync/jobs/manual-sync.ts";
import { jobOf } from "../sync/jobs/worker.ts";
import type { Account } from "../sync/model/account.ts";
import type { JobQueue } from "../sync/model/jobs.ts";
import type { App } from "./app.ts";
import { createChat } from "./chat.ts";
import { createDoctor } from "./doctor.ts";
import { makeReport } from "./report.ts";

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
  keepsTelegram?: boolean;
  /** Whether this process does all the work while it runs. */
  runsAlone?: boolean;
  paced?: boolean | undefined;
  conflictSeconds?: (() => number) | undefined;
}

/**
 * What the program does for people, wherever it runs: the chat, the jobs, and the answers to HTTP requests. Updates, requests,
 * time and jobs reach it from one machine (`server.ts`) or from AWS (`lambda/`).
 */
export function createService(config: ServiceConfig, app: App, deps: ServiceDeps) {
  const { queue, isWell = () => true, keepsTelegram = false, runsAlone = false, paced = true, conflictSeconds } = deps;
  const { store, sync, withingsLinking, clock, log } = app;
  const { accounts, schedule } = store;
  const { version } = project;
  const webhookSecret = config.telegram.webhookSecret ?? store.webhookSecret;
  const doctor = createDoctor({
    ...{ ...config, ...config.schedule, app, clock, log },
    isPolledElsewhere: () => chat.telegram.telegramState() === "taken",
  });
  const chat = createChat(config.telegram, app, {
    answersByItself: isOurs(config),
    report: () => makeReport(config.given ?? {}, app, clock),
    ...{ doctor, queue, version, paced, conflictSeconds },
  });
  const { telegram, summarize } = chat;
  /** A run that nobody asked for in the chat. */
  const syncAndNotify = async (account: Account, options: RunOptions = {}) => {
    const report = await sync.run(account, options);
    await chat.notifier.afterRun(account, report);
    return report;
  };
  /** What outlives the request that started it. */
  const started = new Set<Promise<void>>();

  return {
    chat,
    /** What Telegram shows when it brings an update. */
    webhookSecret,

    /** Does a job. Throws when it has to be done again. */
    work: createJobHandler({
      ...{ accounts, schedule, summarize, runsAlone, clock, log },
      sync: syncAndNotify,
      answerSync: telegram.answerSync,
      answerDoctor: telegram.answerDoctor,
      confirmUnlink: (account) => app.confirmUnlink(account, chat.onUnlinked),
      keepSubscriptions,
      intervalMinutes: config.schedule.syncIntervalMinutes,
    }),

    http: createHttp({
      withCallback: withingsLinking.withCallback,
      onLinked: (account, result) => {
        const answered = chat
          .onConsent(account, result)
          .catch((error: unknown) => log.warn("consent_not_told", errorFacts(error)))
          .finally(() => started.delete(answered));
        started.add(answered);
      },
      words: async (outcome, language, account) => wordsIn(language).callbackPage(await whoseIs(account))[outcome],
      notifyKey: store.notifyKey,
      accountOf: store.withingsUsers.accountOf,
      queue: (account, reason) => queue.put([jobOf(account, reason, clock.now())]),
      webhookSecret: config.web?.publicUrl === undefined ? undefined : webhookSecret,
      handleUpdate: telegram.handleUpdate,
      manualSyncToken: config.manualSync?.token,
      manualSync: createManualSync({
        sync: (account) => syncAndNotify(account),
        ...{ accounts, isTimeUp: sync.isTimeUp, log },
      }),
      telegramState: keepsTelegram ? telegram.telegramState : undefined,
      ...{ isWell, version, log },
    }),

    /** Resolves when nothing is under way that a request has started. */
    async settled() {
      await Promise.all(started);
    },
  };

  /** For a page that must be shown even when the store or Telegram fails. */
  async function whoseIs(account: number | undefined) {
    const { bot } = telegram;
    const person = account === undefined ? undefined : await accounts.find(account).catch(() => undefined);
    return { bot: bot.isInited() ? `@${bot.botInfo.username}` : undefined, person: person?.name };
  }

  async function keepSubscriptions({ telegramUserId }: Account) {
    const check = await app.subscriptions.keep(telegramUserId);
    if (check.type === "callback_unreachable") log.warn(check.type, { account: telegramUserId });
    await chat.onSubscriptions(telegramUserId, check);
  }
}
export type Service = ReturnType<typeof createService>;

/** Whether Withings sends the owner's browser to this program itself. */
function isOurs({ web, withingsLogin }: Partial<Pick<Config, "web" | "withingsLogin">>): boolean {
  return web?.publicUrl !== undefined && withingsLogin?.redirectUrl === `${web.publicUrl}${WITHINGS_PATHS.callback}`;
}
