import project from "../../package.json" with { type: "json" };
import { wordsIn } from "../bot/words/words.ts";
import type { Config } from "../config/config.ts";
import { WITHINGS_PATHS } from "../config/paths.ts";
import { createHttp } from "../http/routes.ts";
import type { Clock } from "../lib/clock.ts";
import { errorFacts, type Log } from "../lib/log.ts";
import { type RunOptions, syncAccount } from "../sync/engine/run.ts";
import { createJobHandler } from "../sync/jobs/handler.ts";
import { createManualSync } from "../sync/jobs/manual-sync.ts";
import { jobOf } from "../sync/jobs/worker.ts";
import { confirmUnlink } from "../sync/links/confirm-unlink.ts";
import { isTimeUp } from "../sync/links/with-lease.ts";
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

/**
 * What the program does for people, wherever it runs: the chat, the jobs, and what comes in from outside. Who brings updates,
 * requests, time and jobs to it is the business of one machine (`server.ts`) or of AWS (`lambda/`).
 */
export function createService(
  config: ServiceConfig,
  app: App,
  deps: {
    queue: JobQueue;
    isWell?: () => boolean;
    /** Whether this process is the one that hears from Telegram and tracks whether that works. */
    keepsTelegram?: boolean;
    /** Whether this process does all the work while it runs. */
    runsAlone?: boolean;
    paced?: boolean | undefined;
    conflictSeconds?: (() => number) | undefined;
    clock: Clock;
    log: Log;
  },
) {
  const {
    queue,
    isWell = () => true,
    keepsTelegram = false,
    runsAlone = false,
    paced = true,
    conflictSeconds,
    clock,
    log,
  } = deps;
  const { version } = project;
  const webhookSecret = config.telegram.webhookSecret ?? app.webhookSecret;
  const chat = createChat(config.telegram, app, {
    answersByItself: isOurs(config),
    report: () => makeReport(config.given ?? {}, app, clock),
    doctor: createDoctor({
      ...{ ...config, ...config.schedule, app, clock, log },
      isPolledElsewhere: () => chat.telegram.telegramState() === "taken",
    }),
    queue,
    version,
    paced,
    conflictSeconds,
    clock,
    log,
  });
  /** A run that nobody asked for in the chat. */
  const sync = async (account: Account, options: RunOptions = {}) => {
    const report = await syncAccount(app.run, account, options);
    await chat.notifier.afterRun(account, report);
    return report;
  };
  /** What outlives the request that began it. */
  const begun = new Set<Promise<void>>();

  return {
    chat,
    /** What Telegram shows when it brings an update. */
    webhookSecret,

    /** Does a job. Throws when it has to be done again. */
    work: createJobHandler({
      ...app,
      sync,
      answerSync: chat.telegram.answerSync,
      answerDoctor: chat.telegram.answerDoctor,
      confirmUnlink: (account) => {
        const { onUnlinked } = chat;
        return confirmUnlink({ ...app, source: app.run.source, onUnlinked, now: clock.now(), log }, account);
      },
      keepSubscriptions,
      summarize: chat.summarize,
      intervalMinutes: config.schedule.syncIntervalMinutes,
      runsAlone,
      clock,
      log,
    }),

    http: createHttp({
      withCallback: app.withingsLinking.withCallback,
      onLinked: (account, result) => {
        const told = chat
          .onConsent(account, result)
          .catch((error: unknown) => log.warn("consent_not_told", errorFacts(error)))
          .finally(() => begun.delete(told));
        begun.add(told);
      },
      words: async (outcome, language, account) => wordsIn(language).callbackPage(await whoseIs(account))[outcome],
      notifyKey: app.notifyKey,
      accountOf: app.withingsUsers.accountOf,
      queue: (account, reason) => queue.put([jobOf(account, reason, clock.now())]),
      webhookSecret: config.web?.publicUrl === undefined ? undefined : webhookSecret,
      handleUpdate: (update) => chat.telegram.handleUpdate(update),
      manualSyncToken: config.manualSync?.token,
      manualSync: createManualSync({
        ...{ accounts: app.accounts, sync: (account) => sync(account), log },
        isTimeUp: () => isTimeUp(app.run.deadlineAt?.(), clock),
      }),
      isWell,
      telegramState: keepsTelegram ? chat.telegram.telegramState : undefined,
      version,
      log,
    }),

    /** Resolves when nothing is under way that a request has begun. */
    async settled() {
      await Promise.all(begun);
    },
  };

  /** For a page that must be shown whatever the store or Telegram does. */
  async function whoseIs(account: number | undefined) {
    const { bot } = chat.telegram;
    const person = account === undefined ? undefined : await app.accounts.find(account).catch(() => undefined);
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
