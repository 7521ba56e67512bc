import { Api, GrammyError } from "grammy/web";
import { type Clock, systemClock } from "../../lib/clock.ts";
import type { Problem } from "../../sync/status/checks.ts";
import type { DoctorWords } from "../words/doctor.ts";
import { createTelegramFetch } from "./fetch.ts";
import { webhookHealth } from "./webhook.ts";

export async function checkTelegram(
  config: { botToken: string; apiRoot: string; webhookUrl: string | undefined; isPolledElsewhere: boolean },
  words: DoctorWords,
  clock: Clock,
): Promise<string | Problem> {
  const { botToken, apiRoot, webhookUrl, isPolledElsewhere } = config;
  const http = createTelegramFetch(systemClock);
  const api = new Api(botToken, { apiRoot, fetch: http.fetch });
  try {
    const { username } = await api.getMe();
    const info = await api.getWebhookInfo();
    if (info.url && info.url !== webhookUrl) {
      return { verdict: "operator", text: words.webhookElsewhere(hostOf(info.url)) };
    }
    if (isPolledElsewhere) return { verdict: "operator", text: words.polledElsewhere };
    if (!webhookUrl) return words.telegram(username, false);
    if (!info.url) return { verdict: "later", text: words.webhookMissing };
    const { pending, lastError } = webhookHealth(info, webhookUrl, clock.now());
    if (lastError && pending > 0) return { verdict: "operator", text: words.webhookFails(pending) };
    return words.telegram(username, true);
  } catch (error) {
    if (error instanceof GrammyError && [401, 404].includes(error.error_code)) {
      return { verdict: "operator", text: words.telegramUnknown };
    }
    return { verdict: "later", text: words.telegramSilent };
  } finally {
    await http.close();
  }
}

/** Without the path of another program's address, which may hold its secret. */
export const hostOf = (url: string) => (URL.canParse(url) ? new URL(url).host : url);
