import type { InlineKeyboard } from "grammy/web";
import type { Clock } from "../../lib/clock.ts";
import { RetryLaterError } from "../../lib/errors.ts";
import { errorFacts, type Log } from "../../lib/log.ts";
import type { RunReport } from "../../sync/engine/run.ts";
import type { GarminSignIn } from "../../sync/links/garmin-sign-in.ts";
import type { SubscriptionNews } from "../../sync/links/subscriptions.ts";
import { type Account, type Accounts, zoneOf } from "../../sync/model/account.ts";
import { type Health, type HealthStore, isUnexpected } from "../../sync/model/health.ts";
import { RELINK } from "../../sync/model/link.ts";
import { afterRun, afterTelling, coveredByAnswer, type HealthNews, pendingNotices } from "../../sync/status/notices.ts";
import type { Overview } from "../../sync/status/overview.ts";
import { isGone } from "../telegram/errors.ts";
import { attention, noticeButtons, withFixes } from "../ui/keyboards.ts";
import { newsText } from "../views/news.ts";
import { type Words, wordsOf } from "../words/words.ts";

const TRIES = 5;
/** Telegram's notice that somebody is back can get lost, so they are tried again this often. */
const SILENCE_HOURS = 24;

/** What of a run that somebody asked for belongs into its answer. */
export interface Conclusion {
  /** All is well again after trouble that they knew of. */
  healed: Extract<HealthNews, { type: "healed" }> | undefined;
  /** To be called when the answer stands in the chat, or could not be brought there. */
  told: (wasShown: boolean) => Promise<void>;
}

export type Send = (
  telegramUserId: number,
  text: string,
  options: { isQuiet: boolean; keyboard?: InlineKeyboard | undefined },
) => Promise<unknown>;

/**
 * Tells owners what they did not ask for. What is to be told is stored before it is told, and as told only after Telegram
 * took it: a crash or an outage in between may repeat a message, and never loses one. Never throws.
 */
export function createNotifier(deps: {
  accounts: Accounts;
  health: HealthStore;
  overview: (account: Account) => Promise<Overview>;
  send: Send;
  garminSignIn: Pick<GarminSignIn, "pageUrl">;
  clock: Clock;
  log: Log;
}) {
  const { accounts, health, overview, send, garminSignIn, clock, log } = deps;
  /** Used only while the store cannot be written: of that, too, the owner has to hear, and not with every run. */
  const unsaved = new Map<number, Health>();
  /** Accounts whose last message was not accepted. */
  const undelivered = new Set<number>();

  async function change(account: number, to: (health: Health) => Health): Promise<Health> {
    let before = unsaved.get(account);
    try {
      // Nothing may outlive an account that was taken away while it was told of a run.
      if (!(await accounts.find(account))) return { attentionTold: [] };
      for (let tries = 1; tries <= TRIES; tries++) {
        const { value, version } = await health.read(account);
        before = unsaved.get(account) ?? value;
        const next = to(before);
        if (JSON.stringify(next) === JSON.stringify(value) || (await health.write(account, next, version))) {
          unsaved.delete(account);
          return next;
        }
      }
      throw new RetryLaterError("it kept changing while it was saved");
    } catch (error) {
      log.error("health_not_saved", errorFacts(error));
      const next = to(before ?? { attentionTold: [] });
      unsaved.set(account, next);
      return next;
    }
  }

  async function step(account: Account, report: RunReport) {
    const now = clock.now();
    const { attention, unreadable, links, facts, timezone, progress } = await lookAt(account);
    const { patienceHours } = account.settings;
    const next = await change(account.telegramUserId, (it) => afterRun(it, report, { now, attention, links, facts }));
    const { startAt } = progress ?? {};
    const news = pendingNotices(next, { attention: attention ?? [], startAt, unreadable, facts, now, patienceHours });
    return { news, timezone };
  }

  /** What cannot be read, with another sealing key for instance, must not keep the owner from hearing of it. */
  async function lookAt(account: Account): Promise<Partial<Overview> & { timezone: string }> {
    try {
      return await overview(account);
    } catch (error) {
      log.error("account_unreadable", errorFacts(error));
      return { timezone: zoneOf(account) };
    }
  }

  /** Whether Telegram accepted it. Somebody who has blocked the bot gets it once they are back. */
  async function deliver(
    account: Account,
    text: string,
    options: { isQuiet: boolean; keyboard?: InlineKeyboard | undefined },
  ): Promise<boolean> {
    if (account.blockedAt && isRecent(account.blockedAt)) return false;
    try {
      await send(account.telegramUserId, text, options);
      if (undelivered.delete(account.telegramUserId))
        log.info("notices_delivered_again", { account: account.telegramUserId });
      if (account.blockedAt) await setSilence(account, null);
      return true;
    } catch (error) {
      log.error("notice_not_delivered", { account: account.telegramUserId, ...errorFacts(error) });
      undelivered.add(account.telegramUserId);
      if (isGone(error)) await setSilence(account, clock.now());
      return false;
    }
  }

  /** A time in the future was written by a wrong clock. */
  function isRecent(blockedAt: Date): boolean {
    const hours = (clock.now().getTime() - blockedAt.getTime()) / 3_600_000;
    return hours >= 0 && hours < SILENCE_HOURS;
  }

  async function setSilence({ telegramUserId }: Account, blockedAt: Date | null) {
    log.info(blockedAt ? "owner_does_not_listen" : "owner_listens_again", { account: telegramUserId });
    await accounts
      .save(telegramUserId, { blockedAt })
      .catch((error: unknown) => log.warn("silence_not_saved", errorFacts(error)));
  }

  async function tell(account: Account, news: HealthNews[], timezone: string) {
    for (const each of news) {
      const words = wordsOf(account, { timezone, now: clock.now() });
      const { text, keyboard } = messageOf(each, words);
      if (!(await deliver(account, text, { isQuiet: each.isQuiet, keyboard }))) return;
      await remember(account, each);
    }
  }

  function messageOf(news: HealthNews, words: Words): { text: string; keyboard?: InlineKeyboard } {
    const text = newsText(news, words);
    if (news.type === "attention" || news.type === "before_start")
      return { text, keyboard: attention(news.items, words) };
    if (news.type === "notice") return { text, keyboard: noticeButtons(news.notice, words) };
    if (news.type === "expiry") return withFixes(text, [RELINK[news.vendor]], words, garminSignIn.pageUrl());
    if (news.type !== "trouble") return { text };
    const { what } = news.trouble;
    if (what === "broken" || what === "waiting" || isUnexpected(what)) return { text };
    return withFixes(text, [what], words, garminSignIn.pageUrl());
  }

  const remember = (account: Account, news: HealthNews) =>
    change(account.telegramUserId, (it) => afterTelling(it, news, clock.now()));

  return {
    deliver,

    /** That the owner has removed us at Withings. Whether Telegram took it. */
    tellUnlinked(account: Account): Promise<boolean> {
      const words = wordsOf(account, { timezone: "UTC", now: clock.now() });
      const { text, keyboard } = withFixes(
        words.withingsRemovedThere,
        ["relink_withings"],
        words,
        garminSignIn.pageUrl(),
      );
      return deliver(account, text, { isQuiet: false, keyboard });
    },

    /** What is new about Withings' notifications. Readings come without them, too, only later. */
    tellSubscriptions(account: Account, news: SubscriptionNews): Promise<boolean> {
      const words = wordsOf(account, { timezone: "UTC", now: clock.now() });
      return deliver(account, words.subscriptions[news], { isQuiet: true });
    },

    /** After a run that nobody asked for. */
    async afterRun(account: Account, report: RunReport) {
      if (report.busy) return;
      const { news, timezone } = await step(account, report);
      await tell(account, news, timezone);
    },

    /** After a run that the owner asked for, and whose outcome they are about to read in its answer. */
    async conclude(account: Account, report: RunReport): Promise<Conclusion> {
      if (report.busy) return { healed: undefined, told: async () => {} };
      const { news, timezone } = await step(account, report);
      const answered = coveredByAnswer(report, news);
      return {
        healed: answered.find((it) => it.type === "healed"),
        async told(wasShown) {
          if (!wasShown) return tell(account, news, timezone);
          for (const each of answered) await remember(account, each);
          const notices = news.filter((it) => it.type === "notice" || it.type === "before_start");
          await tell(account, notices, timezone);
        },
      };
    },
  };
}
export type Notifier = ReturnType<typeof createNotifier>;
