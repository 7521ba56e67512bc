import { InlineKeyboard } from "grammy/web";
import { type AttentionItem, asksWhose } from "../../sync/model/ledger.ts";
import { readingId } from "../../sync/model/reading.ts";
import { LISTED } from "../views/question.ts";
import type { Words } from "../words/words.ts";
import { CALLBACK, rangeOf } from "./keyboards.ts";

/** Taps on the question about one reading: a verb and its id. */
export const QUESTION_TAP = /^held:(yes|sure|no|undo|ask):(\d{16}#\w+)$/;
/** Taps on the list: a verb, and which readings it shows, or the page, or when it was answered. */
export const LIST_TAP = /^held:(none|all|page|back):([0-9a-z-]+)$/;
/** Taps of the one it came to: that it was this person, the list of people, and back to the question. */
export const HAND_ON_TAP = /^hand:(to|who|back):(\d+):(\d{16}#\w+)$/;
/** Taps of the one who is asked: a verb, the account it came to, and its id there. */
export const OFFER_TAP = /^offer:(yes|sure|no|undo|ask):(\d+):(\d{16}#\w+)$/;

const tap = (verb: string, id: string) => `held:${verb}:${id}`;

export function questionButtons(item: Pick<AttentionItem, "fate" | "kind" | "measureGroupId">, words: Words) {
  const { button } = words.question;
  const id = readingId(item);
  if (asksWhose(item)) return new InlineKeyboard().text(button.yes, tap("yes", id)).text(button.no, tap("no", id));
  const keyboard = new InlineKeyboard();
  if (item.fate.reason === "no_timezone") keyboard.text(words.button.setTimezone, CALLBACK.timezone).row();
  if (item.fate.reason === "impossible_date") keyboard.text(button.send, tap("sure", id)).row();
  return keyboard.text(button.ignore, tap("no", id));
}

export const sureButtons = (id: string, { question: { button } }: Words) =>
  new InlineKeyboard().text(button.sure, tap("sure", id)).text(button.no, tap("no", id));

/** Of the answer about several readings that was given at this time. */
export const undoAllButton = (at: Date, { undo: { button } }: Words, keyboard = new InlineKeyboard()) =>
  keyboard.row().text(button.undo, `held:back:${at.getTime().toString(36)}`);

export const undoAnswerButton = (id: string, { undo: { button } }: Words) =>
  new InlineKeyboard().text(button.undo, tap("undo", id));

/** `hasAll`: some of them are not far off. */
export function listButtons(items: AttentionItem[], page: number, words: Words, hasAll = true): InlineKeyboard {
  const { button } = words.question;
  const keyboard = new InlineKeyboard();
  const first = page * LISTED;
  for (const [index, item] of items.slice(first, first + LISTED).entries()) {
    keyboard.text(String(first + index + 1), tap("ask", readingId(item)));
  }
  const pages = Math.ceil(items.length / LISTED);
  if (pages > 1) keyboard.row();
  if (page > 0) keyboard.text("‹", tap("page", String(page - 1)));
  if (page < pages - 1) keyboard.text("›", tap("page", String(page + 1)));
  const range = rangeOf(items);
  keyboard.row().text(button.none, tap("none", range));
  return hasAll ? keyboard.row().text(button.all, tap("all", range)) : keyboard;
}
