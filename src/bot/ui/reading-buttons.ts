import { InlineKeyboard } from "grammy/web";
import type { Act } from "../../sync/model/jobs.ts";
import type { Words } from "../words/words.ts";

/** What a tap on a button about one reading sends: what is to be done, and the reading's id. Telegram allows 64 bytes. */
export const READING_TAP = /^reading:(take_out|keep|restore):(\d{16}#\w+)$/;

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

export const undoButton = (id: string, { undo: { button } }: Words) =>
  new InlineKeyboard().text(button.undo, tap("take_out", id));
