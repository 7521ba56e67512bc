import type { InlineKeyboard } from "grammy/web";
import { RetryLaterError } from "../../lib/errors.ts";
import { errorFacts, type Log } from "../../lib/log.ts";
import type { RunReport } from "../../sync/engine/run.ts";
import type { SignInPages } from "../../sync/links/garmin-sign-in.ts";
import { type Account, type Accounts, zoneOf } from "../../sync/model/account.ts";
import { type Health, type HealthStore, isUnexpected, type SubscriptionNews } from "../../sync/model/health.ts";
import type { AttentionItem, HandedOn } from "../../sync/model/ledger.ts";
import { RELINK } from "../../sync/model/link.ts";
import type { SummaryStore } from "../../sync/model/people.ts";
import { isAboutGone } from "../../sync/status/gone.ts";
import {
  afterRun,
  afterTelling,
  coveredByAnswer,
  type HealthNews,
  isQuiet,
  needsOwner,
  pendingNotices,
  withSubscriptionNews,
} from "../../sync/status/notices.ts";
import type { Overview } from "../../sync/status/overview.ts";
import { isNight } from "../../sync/status/summary.ts";
import type { Others } from "../ui/hand-on-buttons.ts";
import { decisionButtons, noticeButtons, withFixes } from "../ui/keyboards.ts";
import { listButtons } from "../ui/question-buttons.ts";
import { cameButtons, restoreButton } from "../ui/reading-buttons.ts";
import { type NewsInWords, newsText } from "../views/news.ts";
import { type Formatted, heldList, heldQuestion } from "../views/question.ts";
import { type Words, wordsIn, wordsOf } from "../words/words.ts";
import { createDelivery, type DeliveryDeps } from "./delivery.ts";
import { firstOf } from "./first.ts";

const TRIES = 5;
/** What comes by itself after the answer to a run that somebody asked for. */
const AFTER_ANSWER: ReadonlyArray<HealthNews["type"]> = [
  "notice",
  "before_start",
  "removed",
  "removed_together",
  "gone",
  "question",
  "questions",
];

/** What belongs in the answer to a run that somebody asked for. */
export interface Conclusion {
  healed: Extract<HealthNews, { type: "healed" }> | undefined;
  answered: (wasShown: boolean) => Promise<void>;
}

export interface NotifierDeps extends DeliveryDeps {
  health: HealthStore;
  summary: Pick<SummaryStore, "read">;
  overview: (account: Account) => Promise<Overview>;
  garminSignIn: SignInPages;
  others: Others;
  /** Readings that were handed on days ago, without an answer. */
  onUnanswered: (account: number, handedOn: HandedOn[]) => Promise<void>;
  /** What was handed on to this account, by `readingId`, has come to its Garmin, or can't. */
  onHanded?: (account: number, ids: string[]) => Promise<void>;
}

export type Notifier = ReturnType<typeof createNotifier>;

/** News is stored before it is sent, and as sent only afterwards: a crash may repeat a message, but loses none. */
export function createNotifier(deps: NotifierDeps) {
  const { overview, clock, log } = deps;
  const deliver = createDelivery(deps);
  const change = createHealthMemory(deps);

  /** Stores what a run has changed. If the account can't be read, its owner still has to hear of that. */
  async function newsAfter(account: Account, report: RunReport, { isAsked }: { isAsked: boolean }) {
    const now = clock.now();
    const seen: Partial<Overview> = await overview(account).catch((error: unknown) => {
      log.error("account_unreadable", errorFacts(error));
      return {};
    });
    const { attention, unreadable, links, facts, timezone = zoneOf(account), progress } = seen;
    // Nothing is known of them if it couldn't be read.
    const removals = progress ? (progress.removals ?? []) : undefined;
    const after = { now, attention, links, facts, removals, progress };
    const health = await change(account, (it) => afterRun(it, report, after));
    // The demo's owner, whose patience is a minute, has no night.
    const isQuietTime = !isAsked && isNight(now, timezone) && account.settings.patienceHours >= 1;
    const handedOn = isQuietTime ? [] : (progress?.handedOn ?? []);
    await queueHandedOn(deps, account, handedOn, report.handed);
    const { patienceHours } = account.settings;
    const view = { attention, progress, unreadable, facts, removals, now, patienceHours };
    return { news: pendingNotices(health, view), timezone, isQuietTime };
  }

  async function sendAll(account: Account, news: HealthNews[], timezone: string) {
    for (const each of news) {
      const words = wordsOf(account, { timezone, now: clock.now() });
      const { text, keyboard, entities } = await messageOf(each, words, account, deps);
      if (!(await deliver(account, text, { isQuiet: isQuiet(each), keyboard, entities }))) return;
      await remember(account, each);
    }
  }

  const remember = (account: Account, news: HealthNews) => change(account, (it) => afterTelling(it, news, clock.now()));

  return {
    deliver,
    others: deps.others,

    noteAsked: (account: Account, items: AttentionItem[]) => remember(account, { type: "questions", items }),

    notifyOfUnlinking(account: Account): Promise<boolean> {
      const words = wordsIn(account.language ?? "en");
      const { text, keyboard } = withFixes(words.withingsRemovedThere, ["relink_withings"], words, deps.garminSignIn);
      return deliver(account, text, { isQuiet: false, keyboard });
    },

    async notifyOfSubscriptions(account: Account, news: SubscriptionNews): Promise<void> {
      if (isNight(clock.now(), (await overview(account)).timezone)) {
        await change(account, (it) => withSubscriptionNews(it, news));
      } else await deliver(account, wordsIn(account.language ?? "en").subscriptions[news], { isQuiet: true });
    },

    async afterRun(account: Account, report: RunReport) {
      if (report.busy) return;
      const { news, timezone, isQuietTime } = await newsAfter(account, report, { isAsked: false });
      const told = isQuietTime ? news.filter(needsOwner) : news;
      await sendAll(account, await withoutFirst(deps, account, told, report), timezone);
    },

    /** After a run that the owner asked for, and before its answer. */
    async conclude(account: Account, report: RunReport): Promise<Conclusion> {
      if (report.busy) return { healed: undefined, answered: async () => {} };
      const { news, timezone } = await newsAfter(account, report, { isAsked: true });
      const covered = coveredByAnswer(report, news);
      return {
        healed: covered.find((it) => it.type === "healed"),
        async answered(wasShown) {
          if (!wasShown) return sendAll(account, news, timezone);
          for (const each of covered) await remember(account, each);
          const notices = news.filter((it) => AFTER_ANSWER.includes(it.type));
          await sendAll(account, notices, timezone);
        },
      };
    },
  };
}

/** What others are told of readings that were handed on is done by jobs of theirs. */
async function queueHandedOn(
  { onUnanswered, onHanded, clock }: NotifierDeps,
  { telegramUserId }: Account,
  handedOn: HandedOn[],
  handed: string[] | undefined,
): Promise<void> {
  const unanswered = handedOn.filter(({ until }) => until <= clock.now());
  if (unanswered.length > 0) await onUnanswered(telegramUserId, unanswered);
  if (handed) await onHanded?.(telegramUserId, handed);
}

/** What came first has a message of its own, after this one. */
async function withoutFirst(
  { summary, overview }: NotifierDeps,
  account: Account,
  news: HealthNews[],
  report: RunReport,
): Promise<HealthNews[]> {
  const isBoth = news.some((it) => it.type === "healed" && it.synced > 0) && account.settings.cards !== "needed";
  if (!isBoth) return news;
  const { value: memory } = await summary.read(account.telegramUserId);
  const { progress } = await overview(account);
  if (!firstOf({ memory, progress }, report)) return news;
  return news.map((it) => (it.type === "healed" ? { ...it, isNamedNext: true } : it));
}

/** Changes what an owner was told. While the store can't be written, it is remembered here, so no run repeats it. */
function createHealthMemory({ accounts, health, log }: { accounts: Accounts; health: HealthStore; log: Log }) {
  const unsaved = new Map<number, Health>();

  return async ({ telegramUserId: account }: Account, to: (health: Health) => Health): Promise<Health> => {
    let before = unsaved.get(account);
    try {
      // An account that was removed meanwhile must not come back.
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
  };
}

interface Message extends Formatted {
  keyboard?: InlineKeyboard;
}

async function messageOf(
  news: HealthNews,
  words: Words,
  account: Account,
  { garminSignIn, ...deps }: Pick<NotifierDeps, "garminSignIn" | "others">,
): Promise<Message> {
  if (isAboutGone(news) || (news.type === "removed" && news.removal.because)) {
    return (await import("./gone-message.ts")).goneMessage(news, words);
  }
  if (news.type === "question") {
    const { buttonsFor } = await import("../ui/hand-on-buttons.ts");
    const keyboard = await buttonsFor(deps, account, news.item, words);
    return { ...heldQuestion(news.item, news.lastReadings, words), keyboard };
  }
  if (news.type !== "notice") return worded(news, words, garminSignIn);
  const { type, notice } = news;
  if (notice.type !== "height") return worded({ type, notice }, words, garminSignIn);
  return (await import("../ui/height-question.ts")).heightQuestion(words);
}

function worded(news: NewsInWords, words: Words, garminSignIn: SignInPages): Message {
  if (news.type === "questions") {
    return { ...heldList(news.items, 0, words), keyboard: listButtons(news.items, 0, words) };
  }
  const text = newsText(news, words);
  if (news.type === "attention" || news.type === "before_start") {
    return { text, keyboard: decisionButtons(news.items, words) };
  }
  if (news.type === "removed") {
    return { text, ...(!news.removal.isGivenBack && { keyboard: restoreButton(news.removal.id, words) }) };
  }
  if (news.type === "notice") return { text, keyboard: noticeButtons(news.notice, words) };
  if (news.type === "expiry") return withFixes(text, [RELINK[news.vendor]], words, garminSignIn);
  if (news.type === "healed" && news.only && !news.isNamedNext)
    return { text, keyboard: cameButtons([news.only], words) };
  if (news.type !== "trouble") return { text };
  const { what } = news.trouble;
  if (what === "broken" || what === "waiting" || isUnexpected(what)) return { text };
  return withFixes(text, [what], words, garminSignIn);
}
