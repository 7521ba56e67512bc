import type { Conversation, ConversationFlavor } from "@grammyjs/conversations";
import type { Context, InlineKeyboard } from "grammy/web";
import type { Account } from "../../sync/model/account.ts";
import type { ChatTurn } from "../../sync/model/people.ts";
import type { Words } from "../words/words.ts";

export interface Asked {
  account: Account;
  /** Times may be in UTC. To show times, use `wordsAt`. */
  words: Words;
  isOwner: boolean;
  /** What was typed into a sign-in; it is no longer in the update. */
  secret?: { text: string; isDeleted: boolean };
  isTapAnswered?: boolean;
  turn?: ChatTurn;
}

export interface Chat extends Pick<Asked, "account" | "words" | "secret"> {
  reply(text: string, options?: { reply_markup: InlineKeyboard }): Promise<{ message_id: number }>;
}

export type BotContext = ConversationFlavor<Context & Asked>;

/** The context inside a dialog is a plain one, so that nothing secret gets into the stored log. */
export type Dialog<Args extends unknown[] = []> = (
  conversation: Conversation<BotContext, Context>,
  ctx: Context,
  ...args: Args
) => Promise<void>;

/** Keeps the dialog of a chat between updates. The caller has the turn in it. */
export interface DialogStore {
  read(chatId: string): Promise<unknown>;
  write(chatId: string, state: unknown): Promise<void>;
  delete(chatId: string): Promise<void>;
}
