import { InlineKeyboard } from "grammy/web";
import type { Account } from "../../sync/model/account.ts";
import { type AttentionItem, asksWhose } from "../../sync/model/ledger.ts";
import type { Offer } from "../../sync/model/offers.ts";
import { readingId } from "../../sync/model/reading.ts";
import { handOnWords } from "../words/hand-on.ts";
import type { Words } from "../words/words.ts";
import { questionButtons } from "./question-buttons.ts";

/** Somebody else of this bot, whom a reading can be handed on to. */
export interface Other {
  id: number;
  name: string;
}

/** Whom this reading of an account can be handed on to. */
export type Others = (account: number, reading: string) => Promise<Other[]>;

export async function buttonsFor(
  { others }: { others: Others },
  { telegramUserId }: Pick<Account, "telegramUserId">,
  item: Pick<AttentionItem, "fate" | "kind" | "measureGroupId">,
  words: Words,
): Promise<InlineKeyboard> {
  const keyboard = questionButtons(item, words);
  const id = readingId(item);
  return asksWhose(item) ? withOthers(keyboard, id, await others(telegramUserId, id), words) : keyboard;
}

/** Names below one question. */
const SHOWN = 8;

/** Below a question whose a reading is. The data is `HAND_ON_TAP`. */
export function withOthers(keyboard: InlineKeyboard, id: string, others: Other[], words: Words): InlineKeyboard {
  const { button } = handOnWords(words);
  const [only, ...more] = others;
  if (!only) return keyboard;
  keyboard.row();
  if (more.length === 0) return keyboard.text(button.itWas(only.name), `hand:to:${only.id}:${id}`);
  return keyboard.text(button.itWasSomebody, `hand:who:0:${id}`);
}

export function otherButtons(id: string, others: Other[], wanted: number, words: Words): InlineKeyboard {
  const { button } = handOnWords(words);
  const keyboard = new InlineKeyboard();
  const pages = Math.max(1, Math.ceil(others.length / SHOWN));
  const page = Math.min(wanted, pages - 1);
  for (const { id: other, name } of others.slice(page * SHOWN, (page + 1) * SHOWN)) {
    keyboard.text(button.itWas(name), `hand:to:${other}:${id}`).row();
  }
  if (page > 0) keyboard.text("‹", `hand:who:${page - 1}:${id}`);
  if (page < pages - 1) keyboard.text("›", `hand:who:${page + 1}:${id}`);
  return keyboard.text(button.back, `hand:back:0:${id}`);
}

type Named = Pick<Offer, "from" | "reading">;
const offerTap = (verb: string, { from, reading }: Named) => `offer:${verb}:${from}:${reading}`;

/** Below the question in the other one's chat. The data is `OFFER_TAP`. */
export function offerButtons(offer: Named, words: Words): InlineKeyboard {
  const { button } = handOnWords(words);
  return new InlineKeyboard().text(button.yes, offerTap("yes", offer)).text(button.no, offerTap("no", offer));
}

/** After a yes to a weight that is far from their last one. */
export function sureOfferButtons(offer: Named, words: Words): InlineKeyboard {
  const { sure } = words.question.button;
  return new InlineKeyboard()
    .text(sure, offerTap("sure", offer))
    .text(handOnWords(words).button.no, offerTap("no", offer));
}

export const undoOfferButton = (offer: Named, words: Words) =>
  new InlineKeyboard().text(handOnWords(words).button.undo, offerTap("undo", offer));

export const answerOfferData = (offer: Named) => offerTap("ask", offer);
