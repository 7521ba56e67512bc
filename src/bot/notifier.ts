import { GrammyError } from "grammy/web";
import type { Clock } from "../clock.ts";
import { RetryLaterError } from "../errors.ts";
import { errorFacts, type Log } from "../log.ts";
import type { Account } from "../sync/account.ts";
import {
  afterRun,
  afterTelling,
  answeredBy,
  type Health,
  type HealthNews,
  type HealthStore,
  newsOf,
} from "../sync/health.ts";
import type { Overview } from "../sync/overview.ts";
import type { RunReport } from "../sync/run.ts";
import { messages } from "./messages.ts";

const TRIES = 5;

/**
 * Tells owners what they did not ask for. What is to be told is stored before it is told, and as told only after Telegram
 * took it: a crash or an outage in between may repeat a message, and never loses one. Never throws.
 */
export function createNotifier(deps: {
  health: HealthStore;
  overview: (account: Account) => Promise<Overview>;
  send: (telegramUserId: number, text: string, options: { isQuiet: boolean }) => Promise<unknown>;
  clock: Clock;
  log: Log;
}) {
  const { health, overview, send, clock, log } = deps;
  /** Used only while the store cannot be written: of that, too, the owner has to hear, and not with every run. */
  const unsaved = new Map<number, Health>();

  async function change(account: number, to: (health: Health) => Health): Promise<Health> {
    let before = unsaved.get(account);
    try {
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
    const { attention, links, timezone } = await lookAt(account);
    const { patienceHours } = account.settings;
    const next = await change(account.telegramUserId, (it) => afterRun(it, report, { now, attention, links }));
    return { news: newsOf(next, { attention: attention ?? [], now, patienceHours }), timezone };
  }

  /** What cannot be read, with another sealing key for instance, must not keep the owner from hearing of it. */
  async function lookAt(account: Account): Promise<Partial<Overview> & { timezone: string }> {
    try {
      return await overview(account);
    } catch (error) {
      log.error("account_unreadable", errorFacts(error));
      return { timezone: account.timezone ?? "UTC" };
    }
  }

  async function isTaken({ telegramUserId }: Account, news: HealthNews, timezone: string): Promise<boolean> {
    try {
      await send(telegramUserId, messages.news(news, { account: telegramUserId, timezone, now: clock.now() }), news);
      return true;
    } catch (error) {
      log.error("notice_not_delivered", errorFacts(error));
      return isFinal(error);
    }
  }

  const remember = (account: Account, news: HealthNews) =>
    change(account.telegramUserId, (it) => afterTelling(it, news, clock.now()));

  return {
    /** After a run that nobody asked for. */
    async afterRun(account: Account, report: RunReport) {
      if (report.busy) return;
      const { news, timezone } = await step(account, report);
      for (const each of news) {
        if (!(await isTaken(account, each, timezone))) return;
        await remember(account, each);
      }
    },

    /** After a run that the owner asked for, and whose outcome they read in its answer. */
    async afterAnswer(account: Account, report: RunReport) {
      if (report.busy) return;
      const { news } = await step(account, report);
      for (const each of answeredBy(report, news)) await remember(account, each);
    },
  };
}

/** The owner has blocked the bot or never met it: the same message will never get through. */
function isFinal(error: unknown): boolean {
  return error instanceof GrammyError && [400, 403].includes(error.error_code);
}
