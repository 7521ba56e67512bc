import type { InlineKeyboard } from "grammy/web";
import type { Account } from "../../sync/model/account.ts";
import type { AttentionItem } from "../../sync/model/ledger.ts";
import { readingId } from "../../sync/model/reading.ts";
import type { Overview } from "../../sync/status/overview.ts";
import { buttonsFor, type Others } from "../ui/hand-on-buttons.ts";
import { type Formatted, heldQuestion } from "../views/question.ts";
import type { Words } from "../words/words.ts";

export interface AskingDeps {
  overview: (account: Account) => Promise<Overview>;
  /** The questions about these are in the chat, so no run asks them again. */
  noteAsked: (account: Account, items: AttentionItem[]) => Promise<unknown>;
  others: Others;
}

export interface Answer extends Formatted {
  keyboard?: InlineKeyboard | undefined;
}

/** The question about a held reading, once more. `because`: a sentence before it. Undefined if it isn't held. */
export async function askedAgain(
  { overview, noteAsked, others }: AskingDeps,
  account: Account,
  id: string,
  words: Words,
  because?: string,
): Promise<Answer | undefined> {
  const { lastReadings, attention } = await overview(account);
  const item = attention.find((it) => readingId(it) === id);
  if (!item) return undefined;
  await noteAsked(account, [item]);
  const question = heldQuestion(item, lastReadings, words);
  const keyboard = await buttonsFor({ others }, account, item, words);
  return { ...(because ? after(because, question) : question), keyboard };
}

function after(sentence: string, { text, entities = [] }: Formatted): Formatted {
  const moved = entities.map((it) => ({ ...it, offset: it.offset + sentence.length + 1 }));
  return { text: `${sentence} ${text}`, entities: moved };
}
