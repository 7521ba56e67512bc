import { createHash } from "node:crypto";
import type { Api } from "grammy/web";
import type { Log } from "../../lib/log.ts";
import { LANGUAGES, type Language } from "../../sync/model/account.ts";
import { ABOUT } from "../words/about.ts";
import { wordsIn } from "../words/words.ts";
import { registerCommands } from "./command-menu.ts";

/** The bot's description in Latin says what was set: no Telegram client offers that language, so people never see it. */
const MARK_LANGUAGE = "la";
const markOf = (hash: string) => `Weighbridge has set the descriptions and commands ${hash} of this bot.`;

export interface Owner {
  telegramUserId: number;
  language: Language | undefined;
}

/**
 * Sets what people see of the bot before they write to it, and the menus of commands. If Telegram has all of that already, it
 * costs one call.
 */
export async function keepProfile(api: Api, owner: Owner | undefined, log: Log): Promise<void> {
  const mark = markOf(hashOf(owner));
  const { description } = await api.getMyDescription({ language_code: MARK_LANGUAGE });
  if (description === mark) return;
  for (const language of LANGUAGES) {
    const { description: text, shortDescription } = ABOUT[language];
    // English is for all phones whose language we don't speak.
    const where = language === "en" ? {} : ({ language_code: language } as const);
    await api.setMyDescription(text, where);
    await api.setMyShortDescription(shortDescription, where);
  }
  // The owner's menu can't be set before they have opened the chat. Until then, nothing is complete.
  if (await registerCommands(api, owner, log)) await api.setMyDescription(mark, { language_code: MARK_LANGUAGE });
}

function hashOf(owner: Owner | undefined): string {
  const menus = LANGUAGES.map((language) => {
    const { commands, ownerCommands } = wordsIn(language);
    const { description, shortDescription } = ABOUT[language];
    return { language, commands, ownerCommands, description, shortDescription };
  });
  const text = JSON.stringify([menus, owner?.telegramUserId, owner?.language]);
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}
