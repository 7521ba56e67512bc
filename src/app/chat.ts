import { type BotConfig, type BotDeps, createBot, type TelegramBot } from "../bot/bot.ts";
import { createSummaries } from "../bot/notifications/daily-summary.ts";
import { createNotifier, type Notifier } from "../bot/notifications/notifier.ts";
import type { Clock } from "../lib/clock.ts";
import { RetryLaterError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { decideHeld } from "../sync/engine/held-decision.ts";
import { resume } from "../sync/engine/resume.ts";
import { syncAccount } from "../sync/engine/run.ts";
import { runSoon } from "../sync/jobs/handler.ts";
import { newsIn, type SubscriptionCheck } from "../sync/links/subscriptions.ts";
import type { LinkResult } from "../sync/links/withings-consent.ts";
import type { Account } from "../sync/model/account.ts";
import type { JobQueue } from "../sync/model/jobs.ts";
import { lastRunOf, overviewOf } from "../sync/status/overview.ts";
import type { App } from "./app.ts";

export interface ChatDeps extends Pick<BotDeps, "answersByItself" | "doctor" | "report" | "paced" | "conflictSeconds"> {
  queue: JobQueue;
  version: string;
  clock: Clock;
  log: Log;
}

export interface Chat {
  telegram: TelegramBot;
  notifier: Notifier;
  /** Tells the daily summary of an account if it is due, and answers when the next one is. */
  summarize(account: Account): Promise<Date | undefined>;
  /** What became of a consent that came in by our own address. */
  onConsent(account: number, result: LinkResult): Promise<void>;
  /** The owner has removed us at Withings. Throws `RetryLaterError` when they could not be told. */
  onUnlinked(account: number): Promise<void>;
  /** What a check of Withings' notifications found. Tells what is news. */
  onSubscriptions(account: number, check: SubscriptionCheck): Promise<void>;
}

/** The bot on top of the program, and what it says by itself. */
export function createChat(config: BotConfig, app: App, deps: ChatDeps): Chat {
  const { log } = deps;
  const notifier = createNotifier({
    ...app,
    ...deps,
    overview: overviewsOf(app, deps.clock),
    async send(telegramUserId, text, { isQuiet, keyboard }) {
      const { message_id: messageId } = await telegram.bot.api.sendMessage(telegramUserId, text, {
        disable_notification: isQuiet,
        ...(keyboard && { reply_markup: keyboard }),
      });
      if (keyboard) await telegram.offered({ telegramUserId }, messageId, keyboard);
    },
  });
  const telegram = createBot(config, botDeps(app, notifier, deps));

  return {
    telegram,
    notifier,
    summarize: createSummaries({ ...app, ...deps, ...notifier, overview: overviewsOf(app, deps.clock) }),
    async onConsent(id, result) {
      log.info("consent_answered", { account: id, result: result.type });
      const account = await app.accounts.find(id);
      if (account) await telegram.tellConsent(account, result);
    },
    async onUnlinked(id) {
      log.info("unlinked_at_withings", { account: id });
      const account = await app.accounts.find(id);
      if (!account) return;
      const isTold = await notifier.tellUnlinked(account);
      // A person who has blocked the bot is not waited for.
      if (!isTold && !(await app.accounts.find(id))?.blockedAt) {
        throw new RetryLaterError("the owner could not be told that Withings was unlinked");
      }
    },
    async onSubscriptions(id, check) {
      if (check.type === "restored")
        log.info("subscriptions_restored", { account: id, applis: check.applis.join(",") });
      const news = newsIn(check);
      const account = news && (await app.accounts.find(id));
      if (account) await notifier.tellSubscriptions(account, news);
    },
  };
}

const overviewsOf = (app: App, clock: Clock) => (account: Account) => overviewOf({ ...app, now: clock.now() }, account);

/** Everything the bot can do, done by the program. */
export function botDeps(app: App, { conclude }: Pick<Notifier, "conclude">, deps: ChatDeps): BotDeps {
  const { version, clock } = deps;
  return {
    ...app,
    ...deps,
    overview: overviewsOf(app, clock),
    lastRun: (account) => lastRunOf(app, account),
    sync: (account, options) => syncAccount(app.run, account, options),
    conclude,
    runSoon: (account) => runSoon({ ...app, ...deps }, account),
    decideHeld: (account, readingIds, decision) => decideHeld({ ...app, clock }, account, readingIds, decision),
    goOn: (account, kind) => resume({ ...app, clock }, account, kind),
    statusExtras: async ({ telegramUserId }) => ({
      nextRunAt: later((await app.schedule.read(telegramUserId))?.dueAt, clock),
      notifications: await app.subscriptions.state(telegramUserId),
      signInRestsUntil: (await app.garminSignIn.rest(telegramUserId))?.until,
      version,
    }),
  };
}

/** What is due already comes at any moment, and not at a time. */
function later(at: Date | undefined, clock: Clock): Date | undefined {
  return at && at > clock.now() ? at : undefined;
}
