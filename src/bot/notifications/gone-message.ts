import type { InlineKeyboard } from "grammy/web";
import { restorableUntil } from "../../sync/model/ledger.ts";
import type { GoneNews } from "../../sync/status/gone.ts";
import type { HealthNews } from "../../sync/status/notices.ts";
import { goneButtons, restoreAllButton } from "../ui/gone-buttons.ts";
import { restoreButton } from "../ui/reading-buttons.ts";
import { goneText } from "../views/gone.ts";
import type { Formatted } from "../views/question.ts";
import { goneWords } from "../words/gone.ts";
import type { Words } from "../words/words.ts";

type RemovedNews = Extract<HealthNews, { type: "removed" }>;

/** What is said without being asked, with the buttons to answer it. */
export function goneMessage(news: GoneNews | RemovedNews, words: Words): Formatted & { keyboard: InlineKeyboard } {
  const say = goneWords(words);
  switch (news.type) {
    case "gone":
      return { ...goneText(news.question.items, words), keyboard: goneButtons(news.question.items, words) };
    case "removed": {
      const { because, removedAt, id } = news.removal;
      const removed = words.summary.removed(words.format.short(news.removal), because);
      const until = removedAt ? [say.restorable(restorableUntil(removedAt))] : [];
      return { text: [removed, ...until].join(" "), keyboard: restoreButton(id, words) };
    }
    case "removed_together": {
      const [first] = news.removals;
      const text = say.removedMany(news.removals.length, first?.removedAt && restorableUntil(first.removedAt));
      return { text, keyboard: restoreAllButton(news.askedAt, words) };
    }
  }
}
