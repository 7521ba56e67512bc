import { Agent, fetch } from "undici";
import type { Clock } from "../clock.ts";

/** Telegram holds a long poll open for the 30 seconds that grammY asks for. */
const POLL_SECONDS = 45;
const CALL_SECONDS = 15;
const LONGEST_WAIT_SECONDS = 60;
const TRIES = 3;

/**
 * How the bot talks to Telegram. Limits are waited out here and nowhere above: a retry inside a conversation would be
 * repeated at every replay of it.
 */
export function createTelegramFetch(clock: Clock): { fetch: typeof globalThis.fetch; close: () => Promise<void> } {
  const dispatcher = new Agent({ connect: { timeout: 10_000 } });

  const send = async (...[url, init]: Parameters<typeof fetch>) => {
    const isPoll = String(url).endsWith("/getUpdates");
    for (let tries = 1; ; tries++) {
      const timeout = AbortSignal.timeout((isPoll ? POLL_SECONDS : CALL_SECONDS) * 1000);
      const signal = init?.signal ? AbortSignal.any([init.signal, timeout]) : timeout;
      const response = await fetch(url, { ...init, signal, dispatcher });
      if (response.status !== 429 || tries === TRIES) return response;
      const seconds = await retryAfterSeconds(response.clone());
      if (seconds > LONGEST_WAIT_SECONDS) return response;
      await clock.sleep(seconds);
    }
  };
  // grammY's types name the platform's fetch; ours is the same with a dispatcher of its own.
  return { fetch: send as unknown as typeof globalThis.fetch, close: () => dispatcher.destroy() };
}

async function retryAfterSeconds(response: { json(): Promise<unknown> }): Promise<number> {
  const body = (await response.json().catch(() => undefined)) as { parameters?: { retry_after?: number } } | undefined;
  return body?.parameters?.retry_after ?? 1;
}
