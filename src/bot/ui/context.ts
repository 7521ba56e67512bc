import type { Conversation, ConversationFlavor } from "@grammyjs/conversations";
import type { Context, InlineKeyboard } from "grammy/web";
import type { Account } from "../../sync/model/account.ts";
import type { Words } from "../words/words.ts";

/** What every handler finds beside grammY's own: who is asking, and the sentences in their language. */
export interface Asked {
  account: Account;
  /** With times in the zone the account chose, else in UTC. To show times, use `wordsAt`. */
  words: Words;
  isOwner: boolean;
  /** What was typed into a sign-in. It stands here only, and no longer in the update. */
  secret?: { text: string; isDeleted: boolean };
  /** The tap was answered already, with a word of its own. */
  isTapAnswered?: boolean;
}

/** A private chat with somebody who is served, whether it was they who wrote just now or not. */
export interface Chat extends Pick<Asked, "account" | "words" | "secret"> {
  reply(text: string, options?: { reply_markup: InlineKeyboard }): Promise<{ message_id: number }>;
}

export type BotContext = ConversationFlavor<Context & Asked>;

/** Inside, a context is a plain one: what has to be kept from the stored log of a dialog is reached from outside. */
export type Dialog<Args extends unknown[] = []> = (
  conversation: Conversation<BotContext, Context>,
  ctx: Context,
  ...args: Args
) => Promise<void>;

/** Where the dialog of a chat is kept between updates. The caller holds the lease of the chat. */
export interface DialogStore {
  read(chatId: string): Promise<unknown>;
  write(chatId: string, state: unknown): Promise<void>;
  delete(chatId: string): Promise<void>;
}
