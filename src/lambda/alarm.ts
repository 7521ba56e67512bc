import type { SNSEvent } from "aws-lambda";
import { createAlarmSend } from "../bot/notifications/alarm-send.ts";
import { createAlarmTeller } from "../bot/notifications/alarms.ts";
import { markedLanguage } from "../bot/telegram/store-mark.ts";
import { readConfig } from "../config/config.ts";
import { clock, functionEnvironment, kept, logOf } from "./invocation.ts";

const ready = kept(async () => {
  const env = await functionEnvironment("alarm");
  const log = logOf(env);
  const { telegram } = readConfig(env, ["telegram"]);
  const [owner = 0] = telegram.allowedIds;
  const { send, api } = createAlarmSend({ ...telegram, owner }, clock);
  return createAlarmTeller({ send, languageOf: () => markedLanguage(api), stage: env.STAGE ?? "", clock, log });
});

/** Tells the owner of CloudWatch's alarms. If it throws, AWS calls it again. */
export async function handler(event: SNSEvent): Promise<void> {
  const tell = await ready();
  await tell(event);
}
