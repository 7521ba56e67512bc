import type { SNSEvent } from "aws-lambda";
import { createAlarmSend } from "../bot/notifications/alarm-send.ts";
import { createAlarmTeller } from "../bot/notifications/alarms.ts";
import { readConfig } from "../config/config.ts";
import { clock, environmentOf, kept, logOf } from "./invocation.ts";

const ready = kept(async () => {
  const env = await environmentOf("alarm");
  const log = logOf(env);
  const { telegram, store } = readConfig(env, ["telegram", "store"]);
  const [owner = 0] = telegram.allowedIds;
  return createAlarmTeller({
    send: createAlarmSend({ ...telegram, owner }, clock).send,
    // Loaded on demand: an alarm has to be told also where the store, or what it takes to read it, is what broke.
    async languageOf() {
      const { openStore } = await import("../app/open-stores.ts");
      const { accounts, close } = await openStore(store, { clock, log });
      return (await accounts.find(owner).finally(close))?.language;
    },
    stage: env.STAGE ?? "",
    clock,
    log,
  });
});

/** Brings what CloudWatch has to say into the owner's chat. Throws when that cannot be done, and is called again then. */
export async function handler(event: SNSEvent): Promise<void> {
  const tell = await ready();
  await tell(event);
}
