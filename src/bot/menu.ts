import type { Api } from "grammy/web";
import type { Language } from "../sync/account.ts";
import { LANGUAGES, type Words, wordsIn } from "./words/words.ts";

/** The commands Telegram offers in its menu. */
export function commandList(words: Words, isOwner: boolean): Array<{ command: string; description: string }> {
  const commands: Record<string, string> = { ...words.commands, ...(isOwner && words.ownerCommands) };
  return Object.entries(commands).map(([command, description]) => ({ command, description }));
}

/** How Telegram calls a list for those whose phone speaks it; English is for all whose language we do not speak. */
export const languageCode = (language: Language) => (language === "en" ? {} : { language_code: language });

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
