import { InlineKeyboard } from "grammy/web";
import type { Act } from "../../sync/model/jobs.ts";
import type { Arrival } from "../../sync/model/ledger.ts";
import type { Words } from "../words/words.ts";

/** What a tap on a button about one reading sends: what is to be done, and the reading's id. Telegram allows 64 bytes. */
export const READING_TAP = /^reading:(take_out|keep|restore|beside|ask):(\d{16}#\w+)$/;
/** Asks which of several: between which times they came, in a new message or in that of another page, and the page. */
export const CAME_TAP = /^reading:(came|page):([0-9a-z]+)-([0-9a-z]+):(\d+)$/;

const tap = (verb: string, id: string) => `reading:${verb}:${id}`;

export const takeOutButtons = (id: string, { undo: { button } }: Words) =>
  new InlineKeyboard().text(button.takeOut, tap("take_out", id)).text(button.keep, tap("keep", id));

export const restoreButton = (id: string, { undo: { button } }: Words) =>
  new InlineKeyboard().text(button.restore, tap("restore", id));

/** Asks for the same once more. */
export function retryButton(act: Act, id: string, { undo, question }: Words): InlineKeyboard {
  const [label, data] = {
    take_out: [undo.button.takeOut, tap("take_out", id)],
    keep: [undo.button.keep, `gone:keep:${id}`],
    restore: [undo.button.restore, tap("restore", id)],
    mine: [question.button.sure, `held:sure:${id}`],
    not_mine: [question.button.no, `held:no:${id}`],
    undo: [undo.button.undo, `held:undo:${id}`],
  }[act] as [string, string];
  return new InlineKeyboard().text(label, data);
}

const cameTap = (verb: "came" | "page", [from, to]: readonly [number, number], page: number) =>
  `reading:${verb}:${from.toString(36)}-${to.toString(36)}:${page}`;

/** Below a message that says that these came, among other things: what becomes of one of them is in a message of its own. */
export function cameButtons(came: Came[], { undo: { button } }: Words, keyboard = new InlineKeyboard()) {
  const [only, ...more] = came;
  if (!only) return keyboard;
  if (more.length === 0) return keyboard.row().text(button.undo, tap("beside", only.id));
  const times = came.map(({ arrivedAt }) => arrivedAt.getTime());
  return keyboard.row().text(button.undoOne, cameTap("came", [Math.min(...times), Math.max(...times)], 0));
}

export type Came = Pick<Arrival, "id" | "arrivedAt">;

/** One for each reading of this page, by its number. */
export function whichButtons(came: Came[], times: readonly [number, number], page: number, perPage: number) {
  const keyboard = new InlineKeyboard();
  const first = page * perPage;
  for (const [index, { id }] of came.slice(first, first + perPage).entries()) {
    keyboard.text(String(first + index + 1), tap("ask", id));
  }
  if (came.length > perPage) keyboard.row();
  if (page > 0) keyboard.text("‹", cameTap("page", times, page - 1));
  if (came.length > first + perPage) keyboard.text("›", cameTap("page", times, page + 1));
  return keyboard;
}

export const undoButton = (id: string, { undo: { button } }: Words) =>
  new InlineKeyboard().text(button.undo, tap("take_out", id));
