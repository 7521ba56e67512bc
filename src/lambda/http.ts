import { createApp } from "../app.ts";
import { wordsIn } from "../bot/words/words.ts";
import { createChat } from "../chat.ts";
import { systemClock } from "../clock.ts";
import { loadEnvironment, readConfig } from "../config.ts";
import { createHttp } from "../http.ts";
import { createLog } from "../log.ts";

export async function handler(): Promise<void> {
  const deps = { clock: systemClock, log: createLog({ level: "info" }) };
  const config = readConfig(loadEnvironment(), [
    "store",
    "sealing",
    "withings",
    "withingsLogin",
    "garmin",
    "telegram",
    "web",
  ]);
  const app = await createApp(config, deps);
  createChat(config.telegram, app, {
    ...deps,
    nextRunAt: () => undefined,
    version: "",
    answersByItself: true,
    doctor: undefined,
  } as never);
  createHttp({
    ...deps,
    words: (outcome: "linked", language: "en") => wordsIn(language).callbackPage[outcome],
  } as never);
}
