import { checkTelegram } from "../bot/check.ts";
import { wordsIn } from "../bot/words/words.ts";
import { systemClock } from "../clock.ts";
import { loadEnvironment, readConfig } from "../config.ts";

export async function handler(): Promise<void> {
  const { telegram } = readConfig(loadEnvironment(), ["telegram"]);
  await checkTelegram(telegram, wordsIn("en").doctor, systemClock);
}
