import type { BotCommandScope } from "grammy/types";
import type { Api } from "grammy/web";
import { errorFacts, type Log } from "../../lib/log.ts";
import { LANGUAGES, type Language } from "../../sync/model/account.ts";
import { type Words, wordsIn } from "../words/words.ts";

/** Sets the menu of every chat in the language of the phone, and the owner's with more commands. False if that one can't be set yet. */
export async function registerCommands(
  api: Api,
  owner: { telegramUserId: number; language: Language | undefined } | undefined,
  log: Log,
): Promise<boolean> {
  const scope = { type: "all_private_chats" } as const;
  for (const phone of LANGUAGES) await setMenu(api, scope, phone, wordsIn(phone), false);
  if (!owner) return true;
  try {
    // Telegram refuses the scope until the owner has opened the chat.
    await showMenu(api, owner.telegramUserId, { language: owner.language, isOwner: true });
    return true;
  } catch (error) {
    log.warn("owner_commands_not_set", errorFacts(error));
    return false;
  }
}

/** Sets the menu of one chat, in the language chosen there; in the phone's if none is. */
export async function showMenu(
  api: Api,
  chatId: number,
  { language, isOwner }: { language: Language | undefined; isOwner: boolean },
): Promise<void> {
  const scope = { type: "chat", chat_id: chatId } as const;
  for (const phone of LANGUAGES) await setMenu(api, scope, phone, wordsIn(language ?? phone), isOwner);
}

async function setMenu(api: Api, scope: BotCommandScope, phone: Language, words: Words, isOwner: boolean) {
  const all: Record<string, string> = { ...words.commands, ...(isOwner && words.ownerCommands) };
  const commands = Object.entries(all).map(([command, description]) => ({ command, description }));
  // English is for all phones whose language we don't speak.
  await api.setMyCommands(commands, { scope, ...(phone !== "en" && { language_code: phone }) });
}
