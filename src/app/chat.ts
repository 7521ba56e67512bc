import { type BotConfig, type BotDeps, createBot, type TelegramBot } from "../bot/bot.ts";
import { createNotifier, type Notifier } from "../bot/notifications/notifier.ts";
import { isUnchanged } from "../bot/telegram/errors.ts";
import { RetryLaterError } from "../lib/errors.ts";
import { lazy } from "../lib/lazy.ts";
import { errorFacts } from "../lib/log.ts";
import type { RunOptions, RunReport } from "../sync/engine/run.ts";
import { runSoon } from "../sync/jobs/handler.ts";
import { newsIn } from "../sync/links/subscriptions.ts";
import type { LinkResult } from "../sync/links/withings-consent.ts";
import type { Account } from "../sync/model/account.ts";
import type { JobQueue } from "../sync/model/jobs.ts";
import type { App } from "./app.ts";

const handingOn = () => import("./handing-on.ts");

export interface ChatDeps extends Pick<BotDeps, "answersByItself" | "doctor" | "report" | "paced" | "conflictSeconds"> {
  queue: JobQueue;
  version: string;
}

export interface Chat {
  telegram: TelegramBot;
  /** Sends the card of an account if it is due. `report`: of the run before, unless somebody has read it. */
  summarize(account: Account, report?: RunReport): Promise<void>;
  /** A consent came in at our own address. */
  onConsent(account: number, result: LinkResult): Promise<void>;
  /** The owner removed us at Withings. Throws `RetryLaterError` when they could not be notified. */
  onUnlinked(account: number): Promise<void>;
  /** After a run that nobody asked for in the chat. */
  notify(account: Account, report: RunReport): Promise<void>;
  /** A run that nobody asked for in the chat. */
  syncAndNotify(account: Account, options?: RunOptions): Promise<RunReport>;
  /** Checks Withings' notifications, and says what is new about them. */
  keepSubscriptions(account: Account): Promise<void>;
  /** The names on the page after a consent, which must be shown even when the store or Telegram fails. */
  namesOnPage(account: number | undefined): Promise<{ bot: string | undefined; person: string | undefined }>;
}

/** The bot on top of the program, and what it sends without being asked. */
export function createChat(config: BotConfig, app: App, deps: ChatDeps): Chat {
  const { store, overviews, garminSignIn, clock, log } = app;
  const { accounts, health, summary, leases } = store;
  const notifier = createNotifier({
    ...{ accounts, health, summary, overview: overviews.of, garminSignIn, clock, log },
    others: async (account, reading) => (await handingOn()).othersIn(store, config, account, reading),
    onUnanswered: async (account, handedOn) =>
      deps.queue.put((await handingOn()).unansweredJobs(account, handedOn, clock.now())),
    onHanded: async (account, ids) =>
      (await handingOn()).tellOfHanded(store, deps.queue, { account, ids, now: clock.now() }),
    async send(telegramUserId, text, { isQuiet, keyboard, entities, onSent }) {
      const shown = { ...(keyboard && { reply_markup: keyboard }), ...(entities && { entities }) };
      const options = { disable_notification: isQuiet, ...shown };
      const sent = telegram.bot.api.sendMessage(telegramUserId, text, options);
      const { message_id: messageId } = await sent.finally(() => store.snapshots.forget("account"));
      onSent?.(messageId);
      if (keyboard) await telegram.offered({ telegramUserId }, messageId, keyboard);
    },
  });
  const telegram = createBot(config, botDeps(app, notifier, deps));
  const summaries = lazy(async () =>
    (await import("../bot/notifications/daily-summary.ts")).createSummaries({
      ...{ summary, leases, overview: overviews.of, deliver: notifier.deliver, clock },
      edit: async ({ telegramUserId }, messageId, text, keyboard) =>
        telegram.bot.api.editMessageText(telegramUserId, messageId, text, { reply_markup: keyboard }).then(
          () => true,
          (error: unknown) => {
            if (isUnchanged(error)) return true;
            log.warn("card_not_edited", errorFacts(error));
            return false;
          },
        ),
    }),
  );

  return {
    telegram,
    summarize: async (account, report) => (await summaries())(account, report),
    async onConsent(id, result) {
      log.info("consent_answered", { account: id, result: result.type });
      const account = await accounts.find(id);
      if (account) await telegram.showConsent(account, result);
    },
    async onUnlinked(id) {
      log.info("unlinked_at_withings", { account: id });
      const account = await accounts.find(id);
      if (!account) return;
      const isAccepted = await notifier.notifyOfUnlinking(account);
      // A person who blocked the bot never takes the message, so the job would fail forever.
      if (!isAccepted && !(await accounts.find(id))?.blockedAt) {
        throw new RetryLaterError("the owner could not be told that Withings was unlinked");
      }
    },
    notify: notifier.afterRun,
    async syncAndNotify(account, options) {
      const report = await app.sync.run(account, options);
      await notifier.afterRun(account, report);
      return report;
    },
    async keepSubscriptions({ telegramUserId: id }) {
      const check = await app.subscriptions.keep(id);
      if (check.type === "callback_unreachable") log.warn(check.type, { account: id });
      if (check.type === "restored")
        log.info("subscriptions_restored", { account: id, applis: check.applis.join(",") });
      const news = newsIn(check);
      const account = news && (await accounts.find(id));
      if (account) await notifier.notifyOfSubscriptions(account, news);
    },
    async namesOnPage(id) {
      const { bot } = telegram;
      const account = id === undefined ? undefined : await accounts.find(id).catch(() => undefined);
      return { bot: bot.isInited() ? `@${bot.botInfo.username}` : undefined, person: account?.name };
    },
  };
}

/** What people can do in the chat, done by the program. */
export function botDeps(
  app: App,
  { conclude, noteAsked, others }: Pick<Notifier, "conclude" | "noteAsked" | "others">,
  deps: ChatDeps,
): BotDeps {
  const { store, sync, overviews, garminSignIn, withingsLinking, subscriptions, disconnect, clock, log } = app;
  const { accounts, people, links, typed, offers, leases, turns, once, dialogs, schedule } = store;
  const { queue, version } = deps;
  return {
    ...deps,
    ...{ accounts, people, links, typed, offers, leases, turns, once, dialogs, schedule },
    disconnect: async (account, what) => {
      const left = what === "everything" ? await offers.of(account.telegramUserId) : [];
      await disconnect(account, what);
      if (left.length > 0) await queue.put((await handingOn()).leftJobs(left, account.telegramUserId, clock.now()));
    },
    ...{ garminSignIn, withingsLinking, conclude, noteAsked, others, answers: app.vendors.answers, clock, log },
    overview: overviews.of,
    lastRun: (account) => overviews.lastRun(account),
    sync: (account, options) => sync.run(account, options),
    decideHeld: sync.decideHeld,
    goOn: sync.resume,
    ...{ lastSent: sync.lastSent, takeOut: sync.takeOut, restore: sync.restore, askAgain: sync.askAgain },
    ...{ keepGone: sync.keepGone, takeOutGone: sync.takeOutGone, restoreGone: sync.restoreGone },
    ...{ entryOf: sync.entryOf, handOn: sync.handOn, askAllAgain: sync.askAllAgain },
    history: async (account, since) => (await import("./history.ts")).historyOf(app, account, since),
    missing: async (account, kind) => (await import("./missing.ts")).whyMissing(app, account, kind),
    runSoon: (account) => runSoon({ schedule, queue, clock }, account),
    async noteFirstRead({ telegramUserId }) {
      const { value, version } = await store.summary.read(telegramUserId);
      await store.summary.write(telegramUserId, { ...value, lastSummaryAt: clock.now() }, version);
    },
    statusExtras: async ({ telegramUserId }) => {
      const dueAt = (await schedule.read(telegramUserId))?.dueAt;
      return {
        // What is due already runs at any moment.
        nextRunAt: dueAt && dueAt > clock.now() ? dueAt : undefined,
        notifications: await subscriptions.state(telegramUserId),
        signInRestsUntil: (await garminSignIn.rest(telegramUserId))?.until,
        typed: (await typed.read(telegramUserId)).filter((it) => it.settledIn === undefined),
        version,
      };
    },
  };
}
