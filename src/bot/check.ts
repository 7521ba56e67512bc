import { Api, GrammyError } from "grammy/web";
import { type Clock, systemClock } from "../clock.ts";
import type { Problem } from "../sync/doctor.ts";
import { createTelegramFetch } from "./telegram-fetch.ts";
import type { DoctorWords } from "./words/en-doctor.ts";

/** An older error is no news: Telegram keeps the last one for good. */
const RECENT_MS = 3_600_000;

/** Whether Telegram knows the bot, and whether what people write gets to it. */
export async function checkTelegram(
  { botToken, apiRoot }: { botToken: string; apiRoot: string },
  words: DoctorWords,
  clock: Clock,
): Promise<string | Problem> {
  const http = createTelegramFetch(systemClock);
  const api = new Api(botToken, { apiRoot, fetch: http.fetch });
  try {
    const { username } = await api.getMe();
    const { url, last_error_date, pending_update_count } = await api.getWebhookInfo();
    const isRecent = clock.now().getTime() - (last_error_date ?? 0) * 1000 < RECENT_MS;
    if (url && isRecent && pending_update_count > 0) {
      return { verdict: "operator", text: words.webhookFails(pending_update_count) };
    }
    return words.telegram(username, Boolean(url));
  } catch (error) {
    if (error instanceof GrammyError && [401, 404].includes(error.error_code)) {
      return { verdict: "operator", text: words.telegramUnknown };
    }
    return { verdict: "later", text: words.telegramSilent };
  } finally {
    await http.close();
  }
}
