import { Api, InlineKeyboard } from "grammy/web";
import type { Clock } from "../../lib/clock.ts";
import { createTelegramFetch } from "../telegram/fetch.ts";
import type { AlarmMessage } from "./alarms.ts";

/** Sends alarms to one person's chat. Throws Telegram's answer if it refuses one. */
export function createAlarmSend(
  { botToken, apiRoot, owner }: { botToken: string; apiRoot: string; owner: number },
  clock: Clock,
) {
  const http = createTelegramFetch(clock);
  const api = new Api(botToken, { apiRoot, fetch: http.fetch });
  return {
    api,
    send: ({ text, isQuiet, button }: AlarmMessage) =>
      api.sendMessage(owner, text, {
        disable_notification: isQuiet,
        link_preview_options: { is_disabled: true },
        ...(button && { reply_markup: new InlineKeyboard().url(button.label, button.url) }),
      }),
    close: () => http.close(),
  };
}
