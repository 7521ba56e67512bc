import { createAlarmSend } from "../bot/notifications/alarm-send.ts";
import { type AlarmMessage, createMachineAlarmTeller } from "../bot/notifications/alarms.ts";
import type { Config } from "../config/config.ts";
import type { Clock } from "../lib/clock.ts";
import { createTransport } from "../lib/http-client.ts";
import type { Log } from "../lib/log.ts";
import type { Account } from "../sync/model/account.ts";
import { createAlarmUrl } from "./alarm-url.ts";
import type { Teller } from "./self-monitor.ts";

export type OwnerAlarms = ReturnType<typeof createOwnerAlarms>;

export function createOwnerAlarms(
  { telegram, outside: addresses }: Pick<Config, "telegram" | "outside">,
  deps: { owner: number; ownerAccount: () => Promise<Account | undefined>; clock: Clock; log: Log },
) {
  const { owner, ownerAccount, clock, log } = deps;
  const chat = createAlarmSend({ ...telegram, owner }, clock);
  const transport = createTransport();
  const outside = createAlarmUrl({ ...addresses, send: transport.send, clock, log });
  const teller = (send: (message: AlarmMessage) => Promise<unknown>, keepsQuiet = false): Teller =>
    createMachineAlarmTeller({ send, ownerAccount, keepsQuiet, clock, log });
  const tellInChat = teller(chat.send, true);
  const tellers: Record<string, Teller> = {
    telegram: async (alarm) => {
      // These two say that the owner can't be reached here.
      return alarm.key === "owner-away" || alarm.key === "owner-not-told" ? undefined : tellInChat(alarm);
    },
    ...(addresses.alarmUrl !== undefined && { ALARM_URL: teller(({ text }) => outside.tell(text)) }),
  };
  return {
    /** To the owner's chat. */
    send: chat.send,
    outside,
    tellers,
    async close() {
      await Promise.all([chat.close(), transport.close()]);
    },
  };
}
