import { openStore } from "../app.ts";
import { checkTelegram } from "../bot/check.ts";
import { wordsIn } from "../bot/words/words.ts";
import { systemClock } from "../clock.ts";
import { loadEnvironment, readConfig } from "../config.ts";
import { createLog } from "../log.ts";

export async function handler(): Promise<void> {
  const deps = { clock: systemClock, log: createLog({ level: "info" }) };
  const config = readConfig(loadEnvironment(), ["store", "telegram"]);
  const store = await openStore(config.store, deps);
  await store.accounts.list();
  await checkTelegram(config.telegram, wordsIn("en").doctor, systemClock);
}
