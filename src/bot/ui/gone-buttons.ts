import { InlineKeyboard } from "grammy/web";
import type { Gone } from "../../sync/model/ledger.ts";
import { goneQuestions } from "../../sync/status/gone.ts";
import { goneWords } from "../words/gone.ts";
import type { Words } from "../words/words.ts";

/** What a tap sends: a verb, and the id of one reading, or when several were asked about, in milliseconds. */
export const GONE_TAP = /^gone:(take_out|keep|restore|ask):(?:(\d{16}#\w+)|(\d{1,15}))$/;

const tap = (verb: string, about: string | number) => `gone:${verb}:${about}`;
const timeOf = ({ askedAt }: Gone) => askedAt?.getTime() ?? 0;

export function goneButtons([one]: Gone[], words: Words): InlineKeyboard {
  const { button } = goneWords(words);
  if (!one) return new InlineKeyboard();
  if (one.isOfMany) {
    return new InlineKeyboard()
      .text(button.removeAll, tap("take_out", timeOf(one)))
      .row()
      .text(button.keepAll, tap("keep", timeOf(one)));
  }
  return new InlineKeyboard().text(button.remove, tap("take_out", one.id)).text(button.keep, tap("keep", one.id));
}

/** Below /status: they bring the questions again. */
export function askGoneButtons(gone: Gone[] | undefined, words: Words, keyboard: InlineKeyboard): InlineKeyboard {
  const { button } = goneWords(words);
  for (const { items } of goneQuestions(gone)) {
    const [one] = items;
    if (one.isOfMany) keyboard.row().text(button.askMany(items.length), tap("ask", timeOf(one)));
    else keyboard.row().text(button.askOne(one), tap("ask", one.id));
  }
  return keyboard;
}

export const restoreAllButton = (askedAt: Date, words: Words) =>
  new InlineKeyboard().text(goneWords(words).button.restoreAll, tap("restore", askedAt.getTime()));

export const againButton = (verb: string, askedAt: Date, words: Words) => {
  const { button } = goneWords(words);
  const label = verb === "take_out" ? button.removeAll : verb === "keep" ? button.keepAll : button.restoreAll;
  return new InlineKeyboard().text(label, tap(verb, askedAt.getTime()));
};
