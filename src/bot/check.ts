import { Api, GrammyError } from "grammy/web";
import { systemClock } from "../clock.ts";
import { RetryLaterError, UsageError } from "../errors.ts";
import { createTelegramFetch } from "./telegram-fetch.ts";

/** Whether Telegram knows the bot, and whether a webhook keeps messages away from long polling. */
export async function checkTelegram({ botToken, apiRoot }: { botToken: string; apiRoot: string }): Promise<string> {
  const http = createTelegramFetch(systemClock);
  const api = new Api(botToken, { apiRoot, fetch: http.fetch });
  try {
    const { username } = await api.getMe();
    const { url } = await api.getWebhookInfo();
    return url ? `@${username} with a webhook` : `@${username}, ready for long polling`;
  } catch (error) {
    if (error instanceof GrammyError && [401, 404].includes(error.error_code)) {
      throw new UsageError("Telegram does not know TELEGRAM_BOT_TOKEN. Copy it anew from @BotFather.");
    }
    throw new RetryLaterError("Telegram gave no answer");
  } finally {
    await http.close();
  }
}
