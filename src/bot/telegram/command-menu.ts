import type { Api } from "grammy/web";
import { errorFacts, type Log } from "../../lib/log.ts";
import { LANGUAGES, type Language } from "../../sync/model/account.ts";
import { type Words, wordsIn } from "../words/words.ts";

function commandList(words: Words, isOwner: boolean): Array<{ command: string; description: string }> {
  const commands: Record<string, string> = { ...words.commands, ...(isOwner && words.ownerCommands) };
  return Object.entries(commands).map(([command, description]) => ({ command, description }));
}

/** English is for all phones whose language we don't speak. */
const languageCode = (language: Language) => (language === "en" ? {} : { language_code: language });

/** Sets the menu of every chat in the language of the phone, and the owner's with more commands. */
export async function registerCommands(
  api: Api,
  owner: { telegramUserId: number; language: Language | undefined } | undefined,
  log: Log,
): Promise<void> {
  for (const language of LANGUAGES) {
    await api.setMyCommands(commandList(wordsIn(language), false), {
      scope: { type: "all_private_chats" },
      ...languageCode(language),
    });
  }
  if (!owner) return;
  // Telegram refuses the scope until the owner has opened the chat.
  await showMenu(api, owner.telegramUserId, { language: owner.language, isOwner: true }).catch((error: unknown) =>
    log.warn("owner_commands_not_set", errorFacts(error)),
  );
}

/** Sets the menu of one chat, in the language chosen there; in the phone's if none is. */
export async function showMenu(
  api: Api,
  chatId: number,
  { language, isOwner }: { language: Language | undefined; isOwner: boolean },
): Promise<void> {
  for (const phone of LANGUAGES) {
    await api.setMyCommands(commandList(wordsIn(language ?? phone), isOwner), {
      scope: { type: "chat", chat_id: chatId },
      ...languageCode(phone),
    });
  }
}
