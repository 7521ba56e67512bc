import type { Api } from "grammy/web";
import { errorFacts, type Log } from "../../lib/log.ts";
import { LANGUAGES, type Language } from "../../sync/model/account.ts";
import { type Words, wordsIn } from "../words/words.ts";

/** The commands Telegram offers in its menu. */
function commandList(words: Words, isOwner: boolean): Array<{ command: string; description: string }> {
  const commands: Record<string, string> = { ...words.commands, ...(isOwner && words.ownerCommands) };
  return Object.entries(commands).map(([command, description]) => ({ command, description }));
}

/** How Telegram calls a list for those whose phone speaks it; English is for all whose language we do not speak. */
const languageCode = (language: Language) => (language === "en" ? {} : { language_code: language });

/** The menus Telegram offers: to everybody in the language of their phone, to the owner some more. */
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
  // Until the owner has opened the chat, Telegram knows no such scope.
  await showMenu(api, owner.telegramUserId, { language: owner.language, isOwner: true }).catch((error: unknown) =>
    log.warn("owner_commands_not_set", errorFacts(error)),
  );
}

/** The menu of one chat: in the language chosen there, whatever the phone speaks; in the phone's as long as none is. */
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
