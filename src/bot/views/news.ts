import { isUnexpected } from "../../sync/model/health.ts";
import type { GoneNews } from "../../sync/status/gone.ts";
import type { HealthNews } from "../../sync/status/notices.ts";
import type { Healed, TroubleNews } from "../../sync/status/outage.ts";
import type { Words } from "../words/words.ts";
import { delayLastsText, overText, unexpectedLastsText } from "./delay.ts";
import { attentionText, beforeStartText } from "./held.ts";
import { type NoticeInWords, noticeText } from "./notices.ts";
import { heldList, heldQuestion } from "./question.ts";
import { removedText } from "./undo.ts";
import { unreadableText } from "./unreadable.ts";
import { waitsForYou } from "./waits.ts";

const HOUR_MS = 3_600_000;
const HOURS_TOLD = 48;

/** The words of the others are loaded on demand. */
export type NewsInWords =
  | Exclude<HealthNews, GoneNews | { type: "notice" }>
  | { type: "notice"; notice: NoticeInWords };

export function newsText(news: NewsInWords, words: Words): string {
  const { news: say } = words;
  switch (news.type) {
    case "trouble": {
      const text = troubleText(news, words);
      return news.isReminder ? `${say.reminder(news.since)} ${text}` : text;
    }
    case "healed":
      return [healedText(news, words), ...leftLines(news, words)].join(" ");
    case "expiry":
      return say.expiry(news.vendor, news.daysLeft);
    case "question":
      return heldQuestion(news.item, news.lastReadings, words).text;
    case "questions":
      return heldList(news.items, 0, words).text;
    case "attention":
      return attentionText(news.items, words);
    case "before_start":
      return beforeStartText(news.items, news.startAt, words);
    case "removed":
      return removedText(news.removal, words);
    case "unreadable":
      return `${unreadableText(news.records, words)} ${say.unreadable(news.records.length)}`;
    case "subscriptions":
      return words.subscriptions[news.news];
    case "notice":
      return noticeText(news.notice, words);
  }
}

function troubleText({ trouble, since, runs, delay }: TroubleNews, words: Words): string {
  const { what, cause } = trouble;
  if (what === "waiting") return delayLastsText(delay ?? { cause: "us", since }, since, runs, words);
  if (isUnexpected(what)) return unexpectedLastsText(what, trouble.since ?? since, words);
  if (what !== "broken") return words.action(what);
  return `${words.news.broken} ${cause ? words.news.logSays(cause) : words.news.logHasMore}`;
}

/** Leaves out what is still missing: the answer lists that itself. */
export function healedText(news: Healed, words: Words): string {
  return [overText(news, words), ...missedText(news, words)].join(" ");
}

function missedText({ told, synced, since, left, only, isNamedNext }: Healed, words: Words): string[] {
  const { format, news: say } = words;
  if (isNamedNext) return [];
  // A clock that was wrong can't say since when.
  const isTimed = !told.some(({ what }) => what === "fix_clock");
  if (synced === 0) {
    const hasAll = left && left.held + left.failed + left.unreadable + left.paused.length === 0;
    return hasAll ? [say.noneMissed(isTimed ? since : undefined)] : [];
  }
  if (only) return [say.oneArrived(format.shortValues(only.values), isTimed ? only.takenAt : undefined)];
  const hours = Math.max(1, Math.round((format.now.getTime() - since.getTime()) / HOUR_MS));
  const span = hours < HOURS_TOLD ? say.lastHours(hours) : say.lastDays(Math.round(hours / 24));
  return [say.arrived(synced, isTimed ? span : undefined)];
}

/** Said instead of “No reading has been missed”. */
function leftLines({ left, synced }: Healed, words: Words): string[] {
  if (!left || synced > 0) return [];
  const { held, failed, paused } = left;
  return [
    ...paused.map(({ kind, pause }) =>
      pause.waiting > 0
        ? words.notices.pausedWait(words.held.counted(kind, pause.waiting), pause)
        : words.notices.paused(kind, "/status"),
    ),
    ...waitsForYou({ held, failed }, words),
  ];
}
