import type { SNSEvent } from "aws-lambda";
import { createAlarmSend } from "../bot/notifications/alarm-send.ts";
import { createAlarmTeller } from "../bot/notifications/alarms.ts";
import { readConfig } from "../config/config.ts";
import { clock, functionEnvironment, kept, logOf } from "./invocation.ts";

const ready = kept(async () => {
  const env = await functionEnvironment("alarm");
  const log = logOf(env);
  const { telegram, store } = readConfig(env, ["telegram", "store"]);
  const [owner = 0] = telegram.allowedIds;
  return createAlarmTeller({
    send: createAlarmSend({ ...telegram, owner }, clock).send,
    // Loaded on demand, because the alarm may be about the store.
    async languageOf() {
      const { openStore } = await import("../app/open-stores.ts");
      const { accounts, close } = await openStore(store, { clock, log });
      return await accounts.languageOf(owner).finally(close);
    },
    stage: env.STAGE ?? "",
    clock,
    log,
  });
});

/** Tells the owner of CloudWatch's alarms. If it throws, AWS calls it again. */
export async function handler(event: SNSEvent): Promise<void> {
  const tell = await ready();
  await tell(event);
}
